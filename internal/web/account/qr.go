package account

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"github.com/boombuler/barcode/qr"

	"sidian/internal/fault"
)

// A key is a secret of one-time codes as a page shows it to the person it is for.
type key struct {
	Address string       // otpauth://…; the form carries it along, see keyOf
	Link    template.URL // the same, for an app on this very phone
	Picture template.URL // a QR code, dark on white whatever the page is
	Groups  []string     // of four characters, which an eye can hold
}

// keyOf shows the secret of an address. A form carries the address along, so
// that a wrong code does not cost the person another scan; what counts is what
// the server keeps.
func keyOf(address string) (*key, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "otpauth" || u.Host != "totp" || len(address) > 600 {
		return nil, fault.Invalid.New("表单不完整").WithCode("form").WithHint("请重新打开这一页")
	}
	k := &key{Address: address, Link: template.URL(address)}
	secret := u.Query().Get("secret")
	for len(secret) > 4 {
		k.Groups, secret = append(k.Groups, secret[:4]), secret[4:]
	}
	k.Groups = append(k.Groups, secret)
	k.Picture, err = drawQR(address)
	return k, err
}

// quiet is the margin of a QR code in modules (ISO/IEC 18004 §6.3.8).
const quiet = 4

// drawQR draws a text as SVG, a bar for each run of dark modules.
func drawQR(text string) (template.URL, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return "", fmt.Errorf("account: drawing a QR code: %w", err)
	}
	n := code.Bounds().Dx()
	dark := func(x, y int) bool {
		r, _, _, _ := code.At(x, y).RGBA()
		return r < 0x8000
	}
	var path strings.Builder
	for y := range n {
		for x := 0; x < n; x++ {
			from := x
			for x < n && dark(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
			}
		}
	}
	side := n + 2*quiet
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`, side, side, side, side, path.String())
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg))), nil
}
