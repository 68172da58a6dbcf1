package catalogue

import (
	"strings"

	"sidian/gbcode"
)

// Mask hides what a rule says: name, id, code, address, all; "" hides nothing.
func Mask(rule, text string) string {
	switch rule {
	case "":
		return text
	case "name":
		return gbcode.MaskName(text)
	case "id":
		return gbcode.Mask(text, 3, 4)
	case "code":
		return gbcode.Mask(text, 4, 4)
	case "address":
		return maskAddress(text)
	}
	return strings.Repeat("*", len([]rune(text)))
}

// maskAddress keeps what names a region and hides what names a door.
func maskAddress(text string) string {
	r := []rune(text)
	keep := len(r) / 3
	for i, c := range r {
		if strings.ContainsRune("省市区县旗", c) && i+1 < len(r)*2/3 {
			keep = max(keep, i+1)
		}
	}
	return string(r[:keep]) + strings.Repeat("*", len(r)-keep)
}

// MaskHolder masks the name or the id of a holder by the holder's type:
// organisations are public, persons are not.
func MaskHolder(h Holder) Holder {
	if h.Type == "person" {
		h.Name, h.ID = gbcode.MaskName(h.Name), gbcode.Mask(h.ID, 3, 4)
	}
	return h
}
