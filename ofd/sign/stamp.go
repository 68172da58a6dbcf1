package sign

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"time"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ses"
)

// Provider is the product named in Signature.xml unless the options name another.
const Provider = "sidian"

// Place is where the imprint shows. Lengths are millimetres from the upper
// left corner of the page.
type Place struct {
	PageIndex  int // from 0, among the pages of the document signed
	X, Y, W, H float64
	Clip       *Clip // nil: the whole imprint
}

// Clip is the part of the imprint that shows, in its own coordinates (mm): a
// seal that straddles pages has a slice on each.
type Clip struct{ X, Y, W, H float64 }

// StampOptions say how a seal is put on a document.
type StampOptions struct {
	Seal        *ses.Seal // V4, listing the signer
	SealPart    *ofd.Part // optional, what SealPart gave for Seal: saves work where a seal is used often
	Signer      gm.Signer
	Certificate *gm.Certificate // the signer's
	Places      []Place         // at least one
	Time        time.Time       // signing time

	// Timestamp, when set, returns a time-stamp token over the octets of the
	// signature value.
	Timestamp func(value []byte) (token []byte, err error)

	Closed       bool   // cover Signatures.xml too: no further signature can be added
	ProviderName string // "" means Provider
	DocIndex     int    // which DocBody, from 0
}

// Stamp adds a seal signature of GB/T 38540-2020 and returns the document with
// it; d itself is unchanged. A *RefusedError says why a document may not be stamped.
func Stamp(d *ofd.Document, opts StampOptions) (*ofd.Document, error) {
	if err := checkStamp(&opts); err != nil {
		return nil, err
	}
	d, body, err := prepare(d, opts.DocIndex)
	if err != nil {
		return nil, err
	}
	t, err := newTarget(d, body, opts.Closed)
	if err != nil {
		return nil, err
	}
	stamps, err := place(body, t.id, opts.Places)
	if err != nil {
		return nil, err
	}
	seal, err := sealPart(&opts, t.dir+"/Seal.esl")
	if err != nil {
		return nil, err
	}
	x := signatureXML{provider: opts.ProviderName, time: opts.Time, stamps: stamps, seal: seal.Name}
	return t.add("Seal", &x, []*ofd.Part{seal}, func(xml []byte, loc string) ([]byte, error) {
		hash := gm.Sum(xml)
		return ses.Sign(ses.SignOptions{
			Seal: opts.Seal, DataHash: hash[:], PropertyInfo: loc, Time: opts.Time, Timestamp: opts.Timestamp,
		}, opts.Signer, opts.Certificate)
	})
}

// SealPart gives a seal as a part, digested once, for any number of documents.
func SealPart(s *ses.Seal) *ofd.Part {
	// The imprint is compressed already; the digital certificates beside it repeat each other.
	return ofd.Freeze("Seal.esl", s.Raw, ofd.Best)
}

func sealPart(o *StampOptions, name string) (*ofd.Part, error) {
	if o.SealPart == nil {
		return ofd.NewPart(name, o.Seal.Raw), nil
	}
	if data, err := o.SealPart.Data(); err != nil || !bytes.Equal(data, o.Seal.Raw) {
		return nil, errors.New("stamping: SealPart is not the seal's")
	}
	return o.SealPart.Renamed(name)
}

// SignOptions say how a document is signed without a seal.
type SignOptions struct {
	Signer      gm.Signer
	Certificate *gm.Certificate
	Chain       []*gm.Certificate // further certificates put in, optional
	Time        time.Time
	Form        gm.Form // FormAttributes (default), FormDigest or FormContent

	Closed       bool
	ProviderName string
	DocIndex     int
}

// Sign adds a digital signature of GB/T 35275 and returns the document with
// it; d itself is unchanged. A *RefusedError says why a document may not be signed.
func Sign(d *ofd.Document, opts SignOptions) (*ofd.Document, error) {
	if err := checkSigner(opts.Signer, opts.Certificate, opts.Time); err != nil {
		return nil, err
	}
	d, body, err := prepare(d, opts.DocIndex)
	if err != nil {
		return nil, err
	}
	t, err := newTarget(d, body, opts.Closed)
	if err != nil {
		return nil, err
	}
	x := signatureXML{provider: opts.ProviderName, time: opts.Time}
	return t.add("Sign", &x, nil, func(xml []byte, _ string) ([]byte, error) {
		return gm.SignData(xml, gm.SignDataOptions{
			Signer: opts.Signer, Certificate: opts.Certificate, Chain: opts.Chain, SigningTime: opts.Time, Form: opts.Form,
		})
	})
}

// RefusedError says by which rule a document may not be signed. Code is
// stable, Reason is Chinese and names the way out.
type RefusedError struct{ Code, Reason string }

func (e *RefusedError) Error() string { return "sign: refused: " + e.Code + ": " + e.Reason }

func refuse(code, reason string) error { return &RefusedError{Code: code, Reason: reason} }

// checkStamp refuses what the standard forbids before anything is made
// (GB/T 38540-2020 §7.2: the signer is one of the seal's, the seal is valid).
func checkStamp(o *StampOptions) error {
	if o.Seal == nil || o.Seal.Version != ses.V4 {
		return refuse("seal_version", "只能使用 GB/T 38540-2020（V4）结构的电子印章，请按该标准重新制章")
	}
	if err := checkSigner(o.Signer, o.Certificate, o.Time); err != nil {
		return err
	}
	if _, ok := o.Seal.Lists(o.Certificate.Raw); !ok {
		return refuse("signer_not_in_seal", "签章人的数字证书不在该电子印章的授权列表中，请使用授权证书，或变更印章")
	}
	if !o.Seal.ValidAt(o.Time) {
		return refuse("seal_not_valid", "电子印章在签章时间不在有效期内，请换用有效的印章")
	}
	if len(o.Places) == 0 {
		return refuse("no_place", "未指定盖章位置")
	}
	return nil
}

func checkSigner(signer gm.Signer, cert *gm.Certificate, at time.Time) error {
	if signer == nil || cert == nil || at.IsZero() {
		return errors.New("sign: signer, digital certificate or signing time missing")
	}
	pub, err := cert.PublicKey()
	if err != nil {
		return fmt.Errorf("signing: %w", err)
	}
	if !pub.Equal(signer.Public()) {
		return refuse("key_mismatch", "签名密钥与数字证书不匹配")
	}
	for _, p := range cert.CheckSigningUsage() {
		return refuse("certificate_usage", "该数字证书不能用于签名："+p.Message)
	}
	for _, p := range cert.CheckValidity(at) {
		return refuse("certificate_not_valid", "数字证书在签名时间不在有效期内，请更新证书："+p.Message)
	}
	return nil
}

// place turns places into StampAnnots, numbered from the signature's ID on.
func place(body *ofd.Body, id int, places []Place) ([]stampAt, error) {
	pages := body.Pages()
	out := make([]stampAt, len(places))
	for i, p := range places {
		if p.PageIndex < 0 || p.PageIndex >= len(pages) {
			return nil, refuse("no_such_page", fmt.Sprintf("文件没有第 %d 页，共 %d 页", p.PageIndex+1, len(pages)))
		}
		if !p.sound() {
			return nil, refuse("bad_place", "盖章位置的坐标或大小不正确，宽和高必须大于 0，裁剪区必须在印章之内")
		}
		page := pages[p.PageIndex].ID
		if body.Page(page) != pages[p.PageIndex] || page == 0 { // PageRef would mean another page
			return nil, refuse("page_id", fmt.Sprintf("文件第 %d 页的标识缺失或与其他页重复，印章无法定位，请由制作者重新生成文件", p.PageIndex+1))
		}
		out[i] = stampAt{id: id + 1 + i, page: page, place: p}
	}
	return out, nil
}

// sound tells whether the numbers make an ST_Box: finite, sizes above zero.
func (p *Place) sound() bool {
	list := []float64{p.X, p.Y, p.W, p.H}
	if p.Clip != nil {
		list = append(list, p.Clip.X, p.Clip.Y, p.Clip.W, p.Clip.H)
	}
	for _, v := range list {
		if math.IsNaN(v) || math.Abs(v) > 1e5 {
			return false
		}
	}
	const least = 0.001 // the resolution written
	if p.W < least || p.H < least {
		return false
	}
	c := p.Clip
	return c == nil || c.W >= least && c.H >= least && c.X > -least && c.Y > -least && c.X+c.W < p.W+least && c.Y+c.H < p.H+least
}
