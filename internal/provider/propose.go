package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Request proposes a provider, or another version of one.
type Request struct {
	ID          string   `json:"id" minLength:"3" maxLength:"64" doc:"服务商标识：小写字母、数字、点和连字符，也是其答复中的 provider"`
	Org         string   `json:"org" minLength:"1" maxLength:"64" doc:"登记单位"`
	Name        string   `json:"name" minLength:"1" maxLength:"100"`
	Operator    string   `json:"operator" minLength:"1" maxLength:"200" doc:"运营单位全称"`
	Zone        string   `json:"zone" enum:"extranet,internet" doc:"政务外网、互联网"`
	Endpoint    string   `json:"endpoint" minLength:"1" maxLength:"300" doc:"核验服务地址，https；主机须在外联名单中"`
	Protocol    string   `json:"protocol,omitempty" maxLength:"40" doc:"留空为 sidian-verify-1"`
	Certificate string   `json:"certificate" minLength:"1" maxLength:"20000" doc:"答复签名用的 SM2 数字证书，PEM"`
	Makers      []string `json:"makers,omitempty" maxItems:"50" doc:"制章者的数字证书，PEM"`
	Authorities []string `json:"authorities,omitempty" maxItems:"20" doc:"签发机构的数字证书，PEM；其下签发的制章者和签名人都归它核验"`
	Reason      string   `json:"reason" minLength:"1" maxLength:"500" doc:"理由"`
}

// Propose registers a provider, or another version of one, for somebody else to
// approve. Until then the version before, if any, stays in force.
func (s *Service) Propose(ctx context.Context, r Request) (*Entry, error) {
	if err := allowFor(ctx, r.Org); err != nil {
		return nil, s.refused(ctx, "provider.propose", r.ID, err)
	}
	me, err := person(ctx)
	if err != nil {
		return nil, s.refused(ctx, "provider.propose", r.ID, err)
	}
	e, err := s.entryOf(r)
	if err != nil {
		return nil, err
	}
	if err := s.checkMakers(ctx, e); err != nil {
		return nil, err
	}
	e.ProposedBy = me
	err = s.o.DB.Write(ctx, func(tx *db.Tx) error { return s.proposeTx(tx, e) })
	if err != nil {
		return nil, s.refused(ctx, "provider.propose", r.ID, err)
	}
	return e, nil
}

// proposeTx puts a proposal into the table.
func (s *Service) proposeTx(tx *db.Tx, e *Entry) error {
	if _, err := iam.OrgTx(tx, e.Org); err != nil {
		return err
	}
	if err := s.free(tx, e); err != nil {
		return err
	}
	last, err := lastVersion(tx, e.ID)
	if err != nil {
		return err
	}
	e.Entry, e.Version, e.State, e.StateName, e.ProposedAt = newID(), last+1, Proposed, stateNames[Proposed], tx.Now()
	if e.mac = s.rows.Mac(e.Entry, e.fields()...); e.mac == nil {
		return fmt.Errorf("provider: an entry of unknown shape")
	}
	if err := insertEntry(tx, e); err != nil {
		return err
	}
	if err := s.rows.Insert(tx, e.mac); err != nil {
		return err
	}
	if s.o.Tell != nil {
		if err := s.o.Tell(tx, e.Org, Manage, "待批准的签章服务商", "签章服务商“"+e.Name+"”的登记待另一位管理人员批准", "/console/providers/"+e.ID); err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "provider.propose", Object: object(e.ID), Reason: e.Reason, After: e.digest()})
}

// free refuses what stands in the way: a proposal that waits, another unit's
// provider, a maker that is somebody else's.
func (s *Service) free(tx *db.Tx, e *Entry) error {
	switch open, err := proposalOf(tx, e.ID); {
	case err == nil:
		return fault.Conflict.New("签章服务商“%s”已有待批准的登记", open.Name).WithCode("provider.proposed").WithHint("请先批准或退回该登记")
	case !errors.Is(err, fault.NotFound):
		return err
	}
	switch live, err := liveOf(tx, e.ID); {
	case err == nil && live.Org != e.Org:
		return fault.Conflict.New("该服务商标识已由另一单位登记").WithCode("provider.org").WithHint("请由原登记单位变更，或核对标识").WithField("id", "taken", "已由另一单位登记")
	case err != nil && !errors.Is(err, fault.NotFound):
		return err
	}
	for _, m := range e.Makers {
		name, err := claimed(tx, m.parsed.Digest(), e.ID)
		if err != nil {
			return err
		}
		if name != "" {
			return fault.Conflict.New("数字证书“%s”已登记在签章服务商“%s”名下，一个制章者只归一个服务商核验", m.Subject, name).
				WithCode("provider.maker-taken").WithHint("请核对证书，或先变更“%s”的登记", name).WithField("makers", "taken", "已归另一服务商")
		}
	}
	return nil
}

// entryOf reads a request, and names everything that is wrong with it.
func (s *Service) entryOf(r Request) (*Entry, error) {
	f := fault.Invalid.New("签章服务商的登记信息不完整或不正确").WithCode("provider.request").WithHint("请按每一项的说明更正后重试")
	e := &Entry{ID: r.ID, Org: r.Org, Name: strings.TrimSpace(r.Name), Operator: strings.TrimSpace(r.Operator), Zone: r.Zone, Endpoint: r.Endpoint, Protocol: r.Protocol, Reason: strings.TrimSpace(r.Reason)}
	if e.Protocol == "" {
		e.Protocol = Protocol
	}
	if !idForm.MatchString(r.ID) || r.ID == s.o.Self {
		f = f.WithField("id", "form", "小写字母、数字、点和连字符，3 到 64 个字符，且不是本平台自己的标识")
	}
	for name, v := range map[string]string{"name": e.Name, "operator": e.Operator, "reason": e.Reason} {
		if v == "" || len(v) > 2000 || !utf8.ValidString(v) {
			f = f.WithField(name, "required", "必填")
		}
	}
	if r.Zone != Extranet && r.Zone != Internet {
		f = f.WithField("zone", "unknown", "可选 extranet（政务外网）、internet（互联网）")
	}
	if e.Protocol != Protocol {
		f = f.WithField("protocol", "unknown", "目前只支持 "+Protocol)
	}
	if why := s.o.checkEndpoint(r.Endpoint); why != "" {
		if len(f.Fields) == 0 && validCertificates(r) {
			return nil, errEndpoint(why)
		}
		f = f.WithField("endpoint", "address", why)
	}
	return e, e.readCertificates(r, f).OrNil()
}

func validCertificates(r Request) bool {
	return (&Entry{}).readCertificates(r, fault.Invalid.New("")).OrNil() == nil
}

// readCertificates parses the digital certificates of a request.
func (e *Entry) readCertificates(r Request, f *fault.Error) *fault.Error {
	c, err := oneCertificate(r.Certificate)
	switch {
	case err != nil:
		f = f.WithField("certificate", "form", "须是一张 PEM 格式的数字证书")
	case c.KeyAlgorithm != "SM2":
		f = f.WithField("certificate", "algorithm", "答复须以 SM2 签名，请提供 SM2 数字证书")
	case len(c.CheckSigningUsage()) > 0:
		f = f.WithField("certificate", "usage", "该数字证书不能用于签名")
	default:
		e.key, e.Certificate = c, string(c.PEM())
	}
	seen := map[string]bool{}
	for use, texts := range map[string][]string{UseMaker: r.Makers, UseAuthority: r.Authorities} {
		field := map[string]string{UseMaker: "makers", UseAuthority: "authorities"}[use]
		for i, text := range texts {
			c, err := oneCertificate(text)
			name := fmt.Sprintf("%s[%d]", field, i)
			switch {
			case err != nil:
				f = f.WithField(name, "form", "须是一张 PEM 格式的数字证书")
				continue
			case use == UseAuthority && c.HasConstraints && !c.IsCA:
				f = f.WithField(name, "usage", "不是签发机构的证书；制章者的证书请填在 makers")
				continue
			}
			m := newMaker(use, c)
			if seen[m.Digest] {
				f = f.WithField(name, "duplicate", "重复")
				continue
			}
			seen[m.Digest] = true
			e.Makers = append(e.Makers, m)
		}
	}
	if len(r.Makers)+len(r.Authorities) == 0 {
		f = f.WithField("makers", "required", "至少登记一张制章者或签发机构的数字证书")
	}
	return f
}

func oneCertificate(text string) (*gm.Certificate, error) {
	all, err := gm.ParseCertificates([]byte(text))
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, fmt.Errorf("provider: %d certificates, want one", len(all))
	}
	return all[0], nil
}

// checkMakers refuses what is ours: nobody else answers for it.
func (s *Service) checkMakers(ctx context.Context, e *Entry) error {
	for _, m := range e.Makers {
		ours, err := s.isOurs(ctx, m.parsed)
		if err != nil {
			return err
		}
		if ours {
			return fault.Invalid.New("数字证书“%s”属于本平台，由本平台核验，不能登记给他人", m.Subject).WithCode("provider.maker-ours").
				WithHint("请核对制章者或签发机构的数字证书").WithField("makers", "ours", "属于本平台")
		}
	}
	return nil
}

// person is the account of whoever acts: programs neither propose nor approve.
func person(ctx context.Context) (string, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return "", fault.Forbidden.New("签章服务商须由本人登录后登记、批准").WithCode("provider.person").WithHint("请由印章管理人员登录后办理")
	}
	return p.Account, nil
}

func object(id string) string {
	if len(id) > 100 {
		id = strings.ToValidUTF8(id[:100], "")
	}
	return "provider/" + id
}

// digest is of what decides whom we believe, for the audit row.
func (e *Entry) digest() gm.Digest {
	b, err := json.Marshal(e.fields())
	if err != nil {
		return gm.Digest{} // texts, numbers, bytes and times always marshal
	}
	return gm.Sum(append([]byte("sidian-provider-1 "), b...))
}

// refused audits a refusal of a rule, in a transaction of its own, and returns it.
func (s *Service) refused(ctx context.Context, action, id string, err error) error {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Forbidden && f.Kind != fault.Conflict || !idForm.MatchString(id) {
		return err
	}
	put := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: action, Object: object(id), Result: audit.Refused, Rule: f.Code})
	})
	if put != nil {
		return errors.Join(err, put)
	}
	return err
}

// allowFor asks whether the caller manages providers for an organisation, which
// must be named: nobody manages them for none.
func allowFor(ctx context.Context, org string) error {
	if org == "" {
		return fault.Invalid.New("须写明由哪个单位登记").WithCode("provider.org").WithHint("请选择您所在的印章管理单位").WithField("org", "required", "必填")
	}
	return iam.Allow(ctx, Manage, org)
}
