package pki

import (
	"cmp"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// What a registered digital certificate is for.
const (
	Maker    = "maker"    // signs seals
	Unit     = "unit"     // an organisation: signs with its seals
	Personal = "personal" // a person
)

// An IssueRequest asks the built-in authority for a digital certificate.
type IssueRequest struct {
	Use     string // Maker, Unit or Personal
	Org     string // id of the organisation it is for
	Account string // id of the person; with Personal alone
	Name    string // common name; for a unit exactly its legal name
	Code    string // 统一社会信用代码, as organizationIdentifier; may be empty
	Public  *gm.PublicKey
	Key     string // id of its key in package keys; empty: it is not here
	// Replaces is the id of the one before, which is held no more from now on; it
	// is not revoked by this.
	Replaces string
	Years    int // of validity; 0: five
}

const defaultYears = 5

// Issue signs a digital certificate for a public key and registers it. Who may
// ask is the caller's to say: it stands in no request of anyone outside.
func (s *Service) Issue(ctx context.Context, r IssueRequest) (*gm.Certificate, error) {
	if r.Public == nil || r.Name == "" || !isUse(r.Use) {
		return nil, fault.Invalid.New("申请数字证书须有公钥、名称和用途").WithCode("pki.request")
	}
	set, err := s.authorities(ctx)
	if err != nil {
		return nil, err
	}
	ca := set.find(Issuing)
	if ca == nil {
		return nil, fault.Unavailable.New("本平台还没有签发机构").WithCode("pki.absent").WithHint("请系统管理员完成平台初始化")
	}
	if !s.DB.Now().Before(ca.Certificate.NotAfter) {
		return nil, fault.Unavailable.New("签发机构的证书已于 %s 到期，不能签发数字证书", ca.Certificate.NotAfter.Format(time.DateOnly)).
			WithCode("pki.expired").WithHint("请系统管理员更换签发机构")
	}
	signer, err := s.Keys.Signer(ctx, ca.keyID, keys.Authority)
	if err != nil {
		return nil, err
	}
	c, err := gm.CreateCertificate(s.template(r, ca), r.Public, ca.Certificate, signer)
	if err != nil {
		return nil, fmt.Errorf("pki: issuing a digital certificate: %w", err)
	}
	e := entry{use: r.Use, org: r.Org, account: r.Account, key: r.Key, authority: Issuing, certificate: c, replaces: unhex(r.Replaces)}
	if err := s.register(ctx, "pki.issue", e); err != nil {
		return nil, err // nobody has it: it was never given away
	}
	return c, nil
}

func isUse(use string) bool { return use == Maker || use == Unit || use == Personal }

func (s *Service) template(r IssueRequest, ca *Authority) *gm.CertificateTemplate {
	years := r.Years
	if years == 0 {
		years = defaultYears
	}
	now := s.DB.Now().UTC().Truncate(time.Second)
	until := now.AddDate(years, 0, 0)
	if until.After(ca.Certificate.NotAfter) {
		until = ca.Certificate.NotAfter
	}
	subject := pkix.Name{Country: []string{"CN"}, CommonName: r.Name}
	if r.Use != Personal {
		subject.Organization = []string{r.Name}
	}
	if r.Code != "" {
		subject.SerialNumber = r.Code
	}
	return &gm.CertificateTemplate{
		Subject:   subject,
		NotBefore: now.Add(-time.Minute), NotAfter: until,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
		CRLURL:   s.listURL(ca.ID),
	}
}

// Register keeps a digital certificate that an outside authority issued, whose
// key is not here. It must be valid now, may sign, and its chain must reach an
// anchor by configuration through an authority that is accepted.
func (s *Service) Register(ctx context.Context, use, org string, c *gm.Certificate) error {
	return s.RegisterFor(ctx, RequestFor{Use: use, Org: org}, c)
}

// RegisterFor is Register for a person too, or with the name that it must carry.
func (s *Service) RegisterFor(ctx context.Context, r RequestFor, c *gm.Certificate, chain ...*gm.Certificate) error {
	if err := iam.Allow(ctx, "pki.manage", r.Org); err != nil {
		return err
	}
	if !isUse(r.Use) {
		return fault.Invalid.New("没有这种数字证书用途").WithCode("pki.request").WithHint("请核对用途").WithField("use", "unknown", "可选 maker、unit、personal")
	}
	if err := Refusal(s.Check(ctx, CheckRequest{Certificate: c, Chain: chain, Name: r.Name, Code: r.Code, Use: r.Use})); err != nil {
		return s.refused(ctx, "pki.register", "pki/register", err)
	}
	e := entry{use: r.Use, org: r.Org, account: r.Account, certificate: c, replaces: unhex(r.Replaces)}
	return s.register(ctx, "pki.register", e, chain...)
}

func (s *Service) register(ctx context.Context, action string, e entry, chain ...*gm.Certificate) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return registerTx(tx, action, e, chain) })
	if err == nil && len(chain) > 0 {
		s.endTrust()
	}
	return err
}

func registerTx(tx *db.Tx, action string, e entry, chain []*gm.Certificate) error {
	n, err := insertCertificate(tx, e)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Conflict.New("该数字证书已经登记").WithCode("pki.registered")
	}
	for _, c := range chain {
		if err := insertBetween(tx, c); err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: action, Object: object(e.certificate), After: e.certificate.Digest()})
}

// refused audits that a rule refused something, and returns err as it is.
func (s *Service) refused(ctx context.Context, action, object string, err error) error {
	f := fault.As(err)
	if f == nil {
		return err
	}
	put := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: action, Object: object, Result: audit.Refused, Rule: f.Code})
	})
	return cmp.Or(put, err)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 {
		return nil
	}
	return b
}

// object is how the audit names a digital certificate.
func object(c *gm.Certificate) string { return "pki/certificate/" + serialText(c) }
