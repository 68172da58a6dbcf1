package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"image/png"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/ses"
)

// A MakeRequest asks for a seal.
type MakeRequest struct {
	ID      string // chosen by the caller: the same again is the same seal; empty: a new one
	Org     string // id of the organisation
	OrgName string // its legal name, as registered: the digital certificate's name
	OrgCode string // 统一社会信用代码, as registered
	Kind    string
	Name    string // what the imprint says: begins with the legal name, or is a person's
	Imprint Imprint
	// Custodian keeps the seal; filing needs one. Person is whose seal it is, for
	// seals of persons. Both are accounts.
	Custodian, Person string
	// Certificate is the serial number or id of a registered digital certificate
	// to be used, and Key the id of its key; empty: the built-in authority issues
	// one for a new key.
	Certificate, Key string
	Replaces         string    // the seal whose place it takes when it is filed
	Application      string    // the application that it comes from
	Statement        gm.Digest // of the applicant's signed statement about the imprint
}

// An Imprint is the picture of a seal, as its owner gave it.
type Imprint struct {
	PNG           []byte
	Width, Height int // mm
}

// Bounds of an imprint. It goes into every document that the seal stamps.
const (
	maxImprint = 64 << 10 // octets
	maxPixels  = 1200     // a side
	maxSide    = 100      // mm
)

// Make makes a seal: a key, the unit's digital certificate for it, and the
// seal over the imprint, signed by the maker. It is valid exactly as long as
// the digital certificate.
func (s *Service) Make(ctx context.Context, r MakeRequest) (*Seal, error) {
	if err := iam.Allow(ctx, "seal.manage", r.Org); err != nil {
		return nil, err
	}
	var o iam.Org
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { o, err = iam.OrgTx(tx, r.Org); return err }); err != nil {
		return nil, err
	}
	if err := r.validate(o); err != nil {
		return nil, err
	}
	maker, makerCertificate, err := s.maker(ctx)
	if err != nil {
		return nil, fmt.Errorf("seal: the maker: %w", err)
	}
	keyID, key, err := s.newKey(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Org: r.Org, Name: o.Name, Code: o.USCC, Public: key.Public()})
	if err != nil {
		return nil, err
	}
	x := &Seal{
		ID: newID(), Org: r.Org, Kind: r.Kind, Name: r.Name, State: Effective,
		ValidFrom: c.NotBefore, ValidTo: c.NotAfter, Certificate: c.SerialNumber.Text(16),
	}
	made, err := ses.MakeSeal(ses.SealOptions{
		ID: x.ID, VendorID: "sidian", Type: 1, Name: x.Name, Signers: []*gm.Certificate{c},
		Created: s.DB.Now(), ValidFrom: x.ValidFrom, ValidTo: x.ValidTo,
		Picture: ses.Picture{Type: "PNG", Data: r.Imprint.PNG, Width: r.Imprint.Width, Height: r.Imprint.Height},
	}, maker, makerCertificate)
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "印章不能制作：印模或名称不符合 GB/T 38540").WithCode("seal.make").WithHint("请核对印章名称与印模")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		x.CreatedAt = tx.Now()
		if err := insertSeal(tx, x, keyID, made.Raw, c.Raw); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.make", Object: "seal/" + x.ID, After: gm.Sum(made.Raw)})
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (r *MakeRequest) validate(o iam.Org) error {
	f := fault.Invalid.New("印章申请不完整或不一致").WithCode("seal.request").WithHint("请按每一项的说明更正后重试")
	if labels[r.Kind] == "" {
		f = f.WithField("kind", "unknown", "没有这种印章")
	}
	switch {
	case o.Closed:
		f = f.WithField("org", "closed", "单位已停用，不能制作印章")
	case r.OrgName != o.Name:
		f = f.WithField("org_name", "name.mismatch", "单位名称须与登记的法定名称一致")
	case r.OrgCode != o.USCC:
		f = f.WithField("org_code", "code.mismatch", "统一社会信用代码须与登记的一致")
	}
	// 印模名称与数字证书名称一致: the seal of a unit's department or purpose adds words behind the unit's name.
	switch {
	case !strings.HasPrefix(r.Name, o.Name):
		f = f.WithField("name", "name.mismatch", "印模名称须与数字证书的单位名称一致（专用章在其后加用途）")
	case r.Kind == LegalName && r.Name != o.Name:
		f = f.WithField("name", "name.mismatch", "法定名称章的名称须与单位法定名称完全一致")
	}
	return r.Imprint.validate(f).OrNil()
}

func (i *Imprint) validate(f *fault.Error) *fault.Error {
	if i.Width <= 0 || i.Height <= 0 || i.Width > maxSide || i.Height > maxSide {
		f = f.WithField("imprint", "size", fmt.Sprintf("印模须写明尺寸，长宽为 1 到 %d 毫米", maxSide))
	}
	switch c, err := png.DecodeConfig(bytes.NewReader(i.PNG)); {
	case len(i.PNG) > maxImprint:
		f = f.WithField("imprint", "length", fmt.Sprintf("印模图像最大 %d KiB", maxImprint>>10))
	case err != nil:
		f = f.WithField("imprint", "picture", "印模须是 PNG 图像")
	case c.Width > maxPixels || c.Height > maxPixels:
		f = f.WithField("imprint", "pixels", fmt.Sprintf("印模图像的边长最大 %d 像素", maxPixels))
	default:
		if _, err := png.Decode(bytes.NewReader(i.PNG)); err != nil {
			f = f.WithField("imprint", "picture", "印模图像已损坏")
		}
	}
	return f
}

// newID returns an identifier that sorts by nothing and tells nothing.
func newID() string { return strings.ToLower(rand.Text()[:20]) }
