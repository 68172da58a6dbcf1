package pki

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
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
	Use    string // Maker, Unit or Personal
	Org    string // id of the organisation it is for
	Name   string // common name; for a unit exactly its legal name
	Code   string // 统一社会信用代码, as organizationIdentifier; may be empty
	Public *gm.PublicKey
	Years  int // of validity; 0: five
}

const defaultYears = 5

// Issue signs a digital certificate for a public key and registers it.
func (s *Service) Issue(ctx context.Context, r IssueRequest) (*gm.Certificate, error) {
	if r.Public == nil || r.Name == "" {
		return nil, fault.Invalid.New("申请数字证书须有公钥和名称")
	}
	st, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	ca := st.authority(Issuing)
	if ca == nil {
		return nil, fault.Unavailable.New("本平台没有内置签发机构，数字证书须由配置的外部机构签发").WithHint("请登记外部机构签发的数字证书")
	}
	signer, err := s.Keys.Signer(ctx, ca.keyID, keys.Authority)
	if err != nil {
		return nil, err
	}
	c, err := gm.CreateCertificate(s.template(r, ca), r.Public, ca.Certificate, signer)
	if err != nil {
		return nil, fmt.Errorf("pki: issuing a digital certificate: %w", err)
	}
	return c, s.register(ctx, r.Use, r.Org, Issuing, c)
}

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

// Register keeps a digital certificate that an outside authority issued. Its
// chain must reach an anchor by configuration.
func (s *Service) Register(ctx context.Context, use, org string, c *gm.Certificate) error {
	t, err := s.Trust(ctx)
	if err != nil {
		return err
	}
	if !c.BuildChain(t.Intermediates, t.Anchors).Reached {
		return fault.Invalid.New("该数字证书不是受信任的签发机构签发的").WithCode("pki.untrusted").WithHint("请系统管理员在配置中加入其签发机构的根证书")
	}
	return s.register(ctx, use, org, "", c)
}

func (s *Service) register(ctx context.Context, use, org, authority string, c *gm.Certificate) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := insertCertificate(tx, use, org, authority, c); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "pki.issue", Object: "pki/certificate/" + serialText(c), After: gm.Sum(c.Raw)})
	})
}
