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
	Use    string // Maker, Unit or Personal
	Org    string // id of the organisation it is for
	Name   string // common name; for a unit exactly its legal name
	Code   string // 统一社会信用代码, as organizationIdentifier; may be empty
	Public *gm.PublicKey
	Years  int // of validity; 0: five
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
	if err := s.register(ctx, "pki.issue", r.Use, r.Org, Issuing, c); err != nil {
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

// Register keeps a digital certificate that an outside authority issued. Its
// chain must reach an anchor by configuration, and it must be valid now.
func (s *Service) Register(ctx context.Context, use, org string, c *gm.Certificate) error {
	if err := iam.Allow(ctx, "pki.manage", org); err != nil {
		return err
	}
	if !isUse(use) {
		return fault.Invalid.New("没有这种数字证书用途").WithCode("pki.request").WithHint("请核对用途").WithField("use", "unknown", "可选 maker、unit、personal")
	}
	t, err := s.Trust(ctx)
	if err != nil {
		return err
	}
	if !c.BuildChain(t.Intermediates, t.Anchors).Reached {
		return fault.Invalid.New("该数字证书不是受信任的签发机构签发的").WithCode("pki.untrusted").WithHint("请系统管理员在配置中加入其签发机构的根证书")
	}
	if problems := c.CheckValidity(s.DB.Now()); len(problems) > 0 {
		return fault.Invalid.New("该数字证书不在有效期内：%s", problems[0].Message).WithCode("pki.validity").WithHint("请登记有效的数字证书")
	}
	return s.register(ctx, "pki.register", use, org, "", c)
}

func (s *Service) register(ctx context.Context, action, use, org, authority string, c *gm.Certificate) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := insertCertificate(tx, use, org, authority, c)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("该数字证书已经登记").WithCode("pki.registered")
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: object(c), After: c.Digest()})
	})
}

// object is how the audit names a digital certificate.
func object(c *gm.Certificate) string { return "pki/certificate/" + serialText(c) }
