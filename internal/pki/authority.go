package pki

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// What an authority of ours is for. Its id is its use: there is one of each.
const (
	Root      = "root"      // signs the two others, and nothing else
	Issuing   = "issuing"   // signs the digital certificates of units, people and seal makers
	Timestamp = "timestamp" // signs time stamps
)

// Lifetimes of the built-in authorities, in years. What is issued ends before
// its issuer does.
const (
	rootYears      = 30
	issuingYears   = 15
	timestampYears = 10
)

// An Authority signs under a key of its own.
type Authority struct {
	ID          string
	Certificate *gm.Certificate
	keyID       string
	between     []*gm.Certificate // its issuers below the anchor
}

// Given is an authority that somebody else's root signed, with its key: what
// the configuration names in place of a built-in one.
type Given struct {
	Certificate *gm.Certificate
	Key         *gm.PrivateKey
}

// A SetupRequest says what the authorities of an instance are. Name is that of
// whoever runs the instance. Without Issuing a root and an issuing authority
// are made; without Timestamp a time stamp authority under them.
type SetupRequest struct {
	Name               string
	Issuing, Timestamp *Given
}

// Setup makes or takes in the authorities of an instance. It does nothing where
// they stand already.
func (s *Service) Setup(ctx context.Context, r SetupRequest) error {
	set, err := s.authorities(ctx)
	if err != nil || len(set.all) > 0 {
		return err
	}
	all, err := s.authoritiesFor(ctx, r)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, a := range all {
			if err := insertAuthority(tx, a); err != nil {
				return err
			}
			if err := audit.Put(tx, audit.Entry{Action: "pki.setup", Object: "pki/" + a.ID, After: gm.Sum(a.Certificate.Raw)}); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Service) authoritiesFor(ctx context.Context, r SetupRequest) (all []*Authority, err error) {
	var root, issuing, stamp *Authority
	if r.Issuing != nil {
		issuing, err = s.takeIn(ctx, Issuing, keys.Authority, r.Issuing)
		root = issuing
	} else {
		if root, err = s.makeAuthority(ctx, Root, r.Name+"根签发机构", nil, rootYears); err != nil {
			return nil, err
		}
		all = append(all, root)
		issuing, err = s.makeAuthority(ctx, Issuing, r.Name+"签发机构", root, issuingYears)
	}
	if err != nil {
		return nil, err
	}
	if r.Timestamp != nil {
		stamp, err = s.takeIn(ctx, Timestamp, keys.Timestamp, r.Timestamp)
	} else {
		stamp, err = s.makeAuthority(ctx, Timestamp, r.Name+"时间戳服务", root, timestampYears)
	}
	return append(all, issuing, stamp), err
}

// takeIn keeps a given authority's key, after it has shown that it can serve.
func (s *Service) takeIn(ctx context.Context, use string, purpose keys.Purpose, g *Given) (*Authority, error) {
	if err := s.checkGiven(use, g); err != nil {
		return nil, err
	}
	a := &Authority{ID: use, Certificate: g.Certificate}
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) { a.keyID, err = s.Keys.ImportTx(tx, purpose, g.Key); return err })
	return a, err
}

// checkGiven refuses an authority whose signatures nobody would believe: of
// another key, of another use, out of its time, or below no root that is trusted.
func (s *Service) checkGiven(use string, g *Given) error {
	refuse := func(code, hint, format string, args ...any) error {
		return fault.Invalid.New(format, args...).WithCode(code).WithHint("%s", hint)
	}
	c := g.Certificate
	pub, err := c.PublicKey()
	if err != nil {
		return fault.Invalid.Wrap(err, "配置的签发机构证书不是 SM2 证书").WithCode("pki.key").WithHint("请使用 SM2 算法的证书和私钥")
	}
	if !pub.Equal(g.Key.Public()) {
		return refuse("pki.key", "请核对配置中 cert_file 与 key_file 是否成对", "配置的签发机构私钥与证书不是一对")
	}
	if problems := c.CheckValidity(s.DB.Now()); len(problems) > 0 {
		return refuse("pki.validity", "请换用在有效期内的证书", "配置的签发机构证书不能使用：%s", problems[0].Message)
	}
	const signs = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	switch {
	case use == Timestamp && !c.HasExtKeyUsage(gm.OIDTimeStamping):
		return refuse("pki.usage", "请换用扩展密钥用法为 timeStamping 的证书", "配置的时间戳证书没有时间戳用途")
	case use == Issuing && (!c.IsCA || c.HasKeyUsage && c.KeyUsage&signs != signs):
		return refuse("pki.usage", "请换用可签发证书和吊销列表（keyCertSign、cRLSign）的 CA 证书", "配置的签发机构证书不能签发证书或吊销列表")
	case !c.BuildChain(gm.NewPool(s.Outside.Intermediates...), gm.NewPool(s.Outside.Anchors...)).Reached:
		return refuse("pki.untrusted", "请在配置的 chain_file 或 trust_dir 中加入其上级直至根证书", "配置的签发机构证书不能追溯到受信任的根证书")
	}
	return nil
}

// makeAuthority makes a key and a digital certificate for it, signed by parent
// or, for the root, by itself.
func (s *Service) makeAuthority(ctx context.Context, use, name string, parent *Authority, years int) (*Authority, error) {
	purpose := keys.Authority
	if use == Timestamp {
		purpose = keys.Timestamp
	}
	id, err := s.Keys.Generate(ctx, purpose)
	if err != nil {
		return nil, fmt.Errorf("pki: making the key of %s: %w", use, err)
	}
	key, err := s.Keys.Signer(ctx, id, purpose)
	if err != nil {
		return nil, err
	}
	now := s.DB.Now().UTC().Truncate(time.Second)
	t := &gm.CertificateTemplate{
		Subject:   pkix.Name{Country: []string{"CN"}, CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(years, 0, 0),
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, IsCA: true, MaxPathLen: 1,
	}
	signer, issuer := key, (*gm.Certificate)(nil)
	switch {
	case use == Timestamp:
		t.IsCA, t.MaxPathLen, t.KeyUsage = false, 0, x509.KeyUsageDigitalSignature
		t.ExtKeyUsage = []asn1.ObjectIdentifier{gm.OIDTimeStamping}
	case parent != nil:
		t.MaxPathLen = 0
	}
	if parent != nil {
		if end := parent.Certificate.NotAfter; t.NotAfter.After(end) {
			t.NotAfter = end // it ends before its issuer does, or with it
		}
		t.CRLURL = s.listURL(parent.ID)
		issuer = parent.Certificate
		if signer, err = s.Keys.Signer(ctx, parent.keyID, keys.Authority); err != nil {
			return nil, err
		}
	}
	c, err := gm.CreateCertificate(t, key.Public(), issuer, signer)
	if err != nil {
		return nil, fmt.Errorf("pki: making the digital certificate of %s: %w", use, err)
	}
	return &Authority{ID: use, Certificate: c, keyID: id}, nil
}

func (s *Service) listURL(authority string) string { return s.BaseURL + "/pki/crl/" + authority }
