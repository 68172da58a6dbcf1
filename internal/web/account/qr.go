package account

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"net/url"

	"sidian/internal/fault"
	"sidian/internal/web/page"
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

// drawQR draws a text as a picture that a page shows.
func drawQR(text string) (template.URL, error) {
	q, err := page.DrawQR(text)
	if err != nil {
		return "", err
	}
	svg := fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`, q.Side, q.Side, q.Side, q.Side, q.Path)
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg))), nil
}
