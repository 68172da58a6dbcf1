package catalogue

import (
	"strings"

	"sidian/gbcode"
)

// A masking keeps the first head and the last tail characters; strictly, fewer.
type masking struct{ head, tail, strictHead, strictTail int }

// maskings are the masks that count characters. No national standard sets any;
// these are the usual ones. What is strict shows nothing that the usual one
// hides: of two masked copies of a value none tells more than the usual.
var maskings = map[string]masking{
	"id":       {6, 4, 1, 1}, // citizen number: where, and the last four
	"phone":    {3, 4, 0, 4},
	"passport": {1, 2, 0, 2}, // and permits to enter
	"bank":     {6, 4, 0, 4},
	"code":     {4, 4, 0, 4},
}

const strict = "-strict"

// strictly is the strict mask for a usual one.
func strictly(rule string) string {
	switch _, counts := maskings[rule]; {
	case counts:
		return rule + strict
	case rule == "name":
		return rule // the family name is what staff tell people by
	}
	return "all"
}

// Mask hides what a rule says: name (keeps the family name), id, phone,
// passport, bank, code (head and tail, see each), their -strict kin, address
// (keeps the district), all; "" hides nothing. Line breaks stay.
func Mask(rule, text string) string {
	switch rule {
	case "":
		return text
	case "name":
		return gbcode.MaskName(text)
	case "address":
		return maskAddress(text)
	}
	usual, less := strings.CutSuffix(rule, strict)
	if m, ok := maskings[usual]; ok {
		return m.of(text, less)
	}
	return strings.Repeat("*", len([]rune(text)))
}

// of masks a text. One of which two thirds would show is shown by quarters: a
// short value is masked more, and never shown whole.
func (m masking) of(text string, less bool) string {
	r := []rune(text)
	if 3*(m.head+m.tail) > 2*len(r) {
		m.head, m.tail = min(m.head, len(r)/4), min(m.tail, len(r)/4)
	}
	if less {
		m.head, m.tail = min(m.head, m.strictHead), min(m.tail, m.strictTail)
	}
	return string(r[:m.head]) + strings.Repeat("*", len(r)-m.head-m.tail) + string(r[len(r)-m.tail:])
}

// maskAddress keeps what names a district and hides what names a street or a
// door; without a district it keeps the city or the province, else nothing.
func maskAddress(text string) string {
	r := []rune(text)
	keep := 0
	for i, c := range r[:min(len(r), districtWithin)] {
		if strings.ContainsRune("省市州盟", c) {
			keep = i + 1
		}
		if c == '县' || c == '旗' || c == '区' && (i == 0 || !strings.ContainsRune(notDistricts, r[i-1])) {
			keep = i + 1
			break
		}
	}
	return string(r[:keep]) + strings.Repeat("*", len(r)-keep)
}

const (
	// districtWithin is how far into an address a district's name may end: the
	// longest, of an autonomous county in an autonomous prefecture, is shorter.
	districtWithin = 36
	// notDistricts are what stands before 区 in names that are no district's:
	// 自治区, and 小区, 社区 and their like.
	notDistricts = "治小社园厂校片街住库营景"
)

// MaskHolder masks the name and the id of a holder by the holder's type:
// organisations are public, persons are not.
func MaskHolder(h Holder) Holder {
	if h.Type == "person" {
		h.Name, h.ID = gbcode.MaskName(h.Name), Mask(maskOfID(h.IDType), h.ID)
	}
	return h
}

func maskOfID(idType string) string {
	if idType == "111" {
		return "id"
	}
	return "passport"
}
