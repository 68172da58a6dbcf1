package seal

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/pki"
	"sidian/ses"
)

// Setup makes the maker of this instance: a key and its digital certificate. It
// does nothing where one stands already.
func (s *Service) Setup(ctx context.Context, name string) error {
	if _, _, err := s.maker(ctx); !errors.Is(err, fault.NotFound) {
		return err
	}
	id, key, err := s.newKey(ctx)
	if err != nil {
		return err
	}
	c, err := s.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Maker, Name: name, Public: key.Public(), Years: 10})
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := insertMaker(tx, id, c); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.setup", Object: "seal/maker", After: gm.Sum(c.Raw)})
	})
}

func (s *Service) newKey(ctx context.Context) (string, gm.Signer, error) {
	id, err := s.Keys.Generate(ctx, keys.Seal)
	if err != nil {
		return "", nil, fmt.Errorf("seal: making a key: %w", err)
	}
	key, err := s.Keys.Signer(ctx, id, keys.Seal)
	return id, key, err
}

func (s *Service) maker(ctx context.Context) (signer gm.Signer, c *gm.Certificate, err error) {
	var keyID string
	err = s.DB.Read(ctx, func(tx *db.Tx) error { keyID, c, err = makerOf(tx); return err })
	if err != nil {
		return nil, nil, err
	}
	signer, err = s.Keys.Signer(ctx, keyID, keys.Seal)
	return signer, c, err
}

// A MakeRequest asks for a seal.
type MakeRequest struct {
	Org     string // id of the organisation
	OrgName string // its legal name: the digital certificate's name
	OrgCode string // 统一社会信用代码
	Kind    string
	Name    string // what the imprint says: begins with the legal name
	Imprint Imprint
}

// An Imprint is the picture of a seal, as its owner gave it.
type Imprint struct {
	PNG           []byte
	Width, Height int // mm
}

// Make makes a seal: a key, the unit's digital certificate for it, and the
// seal over the imprint, signed by the maker. It is valid exactly as long as
// the digital certificate.
func (s *Service) Make(ctx context.Context, r MakeRequest) (*Seal, error) {
	if err := iam.Allow(ctx, "seal.manage", r.Org); err != nil {
		return nil, err
	}
	if err := r.validate(); err != nil {
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
	c, err := s.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Org: r.Org, Name: r.OrgName, Code: r.OrgCode, Public: key.Public()})
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
		return nil, fault.Invalid.Wrap(err, "印章不能制作：印模或名称不符合 GB/T 38540").WithCode("seal.make")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		x.CreatedAt = tx.Now()
		if err := insertSeal(tx, x, keyID, made.Raw, c.Raw); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.make", Object: "seal/" + x.ID, After: gm.Sum(made.Raw)})
	})
	return x, err
}

func (r *MakeRequest) validate() error {
	f := fault.Invalid.New("印章申请不完整或不一致").WithCode("seal.request")
	if labels[r.Kind] == "" {
		f = f.WithField("kind", "unknown", "没有这种印章")
	}
	if r.OrgName == "" {
		f = f.WithField("org", "required", "缺少单位的法定名称")
	}
	// 印模名称与数字证书名称一致: the seal of a unit's department or purpose adds words behind the unit's name.
	if r.Name == "" || !strings.HasPrefix(r.Name, r.OrgName) {
		f = f.WithField("name", "name.mismatch", "印模名称须与数字证书的单位名称一致（专用章在其后加用途）")
	}
	if r.Kind == LegalName && r.Name != r.OrgName {
		f = f.WithField("name", "name.mismatch", "法定名称章的名称须与单位法定名称完全一致")
	}
	if r.Imprint.Width <= 0 || r.Imprint.Height <= 0 || len(r.Imprint.PNG) == 0 {
		f = f.WithField("imprint", "required", "缺少印模图像或其尺寸（毫米）")
	}
	return f.OrNil()
}

// newID returns an identifier that sorts by nothing and tells nothing.
func newID() string { return strings.ToLower(rand.Text()[:20]) }

func (s *Service) material(ctx context.Context, id string) (*material, error) {
	if m, ok := s.loaded.Load(id); ok {
		return m.(*material), nil
	}
	var keyID string
	var sealDER, certificateDER []byte
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		keyID, sealDER, certificateDER, err = materialOf(tx, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	m := &material{}
	if m.seal, err = ses.ParseSeal(sealDER); err != nil {
		return nil, fmt.Errorf("seal: reading seal %s: %w", id, err)
	}
	if m.certificate, err = gm.ParseCertificate(certificateDER); err != nil {
		return nil, fmt.Errorf("seal: reading the digital certificate of seal %s: %w", id, err)
	}
	if m.signer, err = s.Keys.Signer(ctx, keyID, keys.Seal); err != nil {
		return nil, err
	}
	s.loaded.Store(id, m)
	return m, nil
}

// Get returns a seal.
func (s *Service) Get(ctx context.Context, id string) (x *Seal, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { x, err = byID(tx, id); return err })
	return x, err
}

// List returns the seals of organisations, newest first, at most limit.
func (s *Service) List(ctx context.Context, orgs []string, limit int) (out []*Seal, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = list(tx, orgs, limit); return err })
	return out, err
}

// SetState freezes, thaws or cancels a seal. What is cancelled stays so.
func (s *Service) SetState(ctx context.Context, id, state, reason string) error {
	if reason == "" {
		return fault.Invalid.New("变更印章状态须说明理由").WithField("reason", "required", "必填")
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, "seal.manage", x.Org); err != nil {
			return err
		}
		n, err := setState(tx, id, state)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("印章不存在，或者其状态不允许此变更").WithCode("seal.state")
		}
		return audit.Put(tx, audit.Entry{Action: "seal." + state, Object: "seal/" + id, Reason: reason})
	})
}

// Picture returns the imprint of a seal as a PNG.
func (s *Service) Picture(ctx context.Context, id string) ([]byte, error) {
	m, err := s.material(ctx, id)
	if err != nil {
		return nil, err
	}
	return m.seal.Picture.Data, nil
}

// Material returns the parsed seal and its signer's digital certificate, for
// pages that show them.
func (s *Service) Material(ctx context.Context, id string) (*ses.Seal, *gm.Certificate, error) {
	m, err := s.material(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	return m.seal, m.certificate, nil
}

func ms(v int64) time.Time { return time.UnixMilli(v).UTC() }
