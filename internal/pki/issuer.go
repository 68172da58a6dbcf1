package pki

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// An Issuer is an authority whose digital certificates are accepted here: an
// entry of the allow-list (SEAL-07).
type Issuer struct {
	ID          string          // empty: by configuration
	Name        string          // as people read it
	Certificate *gm.Certificate // what it signs with
	Region      string          // where it serves, 6 digits; empty: everywhere
	Basis       string          // why it is accepted, such as 省级政务外网电子认证服务机构
	From, Until time.Time       // when what it issues is accepted; zero: from ever, for ever
	State       string
	ProposedBy  string // account; empty: by configuration
	DecidedBy   string
	Reason      string // of the proposal
	Note        string // of the decision, or of the end
	At          time.Time
	DecidedAt   time.Time
}

// States of an issuer.
const (
	Proposed = "proposed" // waits for a second person
	Allowed  = "allowed"
	Refused  = "refused" // by the second person
	Ended    = "ended"   // taken off the list
)

// accepts reports whether the entry counts now, for a platform of a region.
func (i Issuer) accepts(now time.Time, region string) bool {
	return i.State == Allowed && !now.Before(i.From) && (i.Until.IsZero() || now.Before(i.Until)) && within(region, i.Region)
}

// within reports whether a region lies in another: 140902 in 140900, 140000.
func within(region, in string) bool {
	for strings.HasSuffix(in, "00") {
		in = in[:len(in)-2]
	}
	return region == "" || strings.HasPrefix(region, in)
}

// Issuers returns the allow-list: those by configuration, and those by the
// table, newest first. It needs pki.manage or policy.approve.
func (s *Service) Issuers(ctx context.Context) ([]Issuer, error) {
	decides := s.whole(ctx, "policy.approve")
	if decides == nil || s.whole(ctx, "pki.manage") == nil {
		return s.issuers(ctx)
	}
	if iam.Allow(ctx, "policy.approve", "") == nil {
		return nil, decides // they hold it, and not for the whole platform
	}
	return nil, s.whole(ctx, "pki.manage")
}

// issuers leaves out what was edited in the database.
func (s *Service) issuers(ctx context.Context) ([]Issuer, error) {
	g, err := s.guard(ctx)
	if err != nil {
		return nil, err
	}
	var rows []issuerRow
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { rows, err = issuers(tx, g); return err }); err != nil {
		return nil, err
	}
	out := slices.Clone(s.Outside.Issuers)
	for i := range out {
		out[i].State = Allowed
	}
	for _, r := range rows {
		if r.intact {
			out = append(out, r.Issuer)
		}
	}
	return out, nil
}

// checkIssuer asks whether an authority in the chain is on the list. Where the
// list is empty, whoever an anchor vouches for is accepted.
func (s *Service) checkIssuer(ctx context.Context, r gm.ChainResult) Finding {
	if !r.Reached {
		return Finding{CheckIssuer, Unknown, "证书链不完整，不能核对签发机构"}
	}
	own, err := s.authorities(ctx)
	if err != nil {
		return Finding{CheckIssuer, Unknown, "暂时不能核对签发机构"}
	}
	list, err := s.issuers(ctx)
	if err != nil {
		return Finding{CheckIssuer, Unknown, "暂时不能核对签发机构"}
	}
	empty := true
	for _, i := range list {
		empty = empty && i.State != Allowed
		if i.accepts(s.DB.Now(), s.Region) && slices.ContainsFunc(r.Chain[1:], func(c *gm.Certificate) bool { return sameAuthority(c, i.Certificate) }) {
			return Finding{CheckIssuer, Pass, "签发机构“" + i.Name + "”在名单中"}
		}
	}
	switch {
	case slices.ContainsFunc(r.Chain, own.isOurs):
		return Finding{CheckIssuer, Pass, "由本平台的签发机构签发"}
	case empty:
		return Finding{CheckIssuer, Pass, "由受信任的签发机构签发"}
	}
	return Finding{CheckIssuer, Fail, "签发机构“" + r.Chain[0].IssuerName() + "”不在本平台接受的签发机构名单中，或不在名单的有效期、适用地区内"}
}

// sameAuthority: a renewed or cross-signed certificate of the same key counts.
func sameAuthority(a, b *gm.Certificate) bool {
	if a.Equal(b) {
		return true
	}
	p, err := a.PublicKey()
	if err != nil {
		return false
	}
	q, err := b.PublicKey()
	return err == nil && p.Equal(q)
}

// ProposeIssuer asks that an authority be accepted. It needs pki.manage;
// another person decides. Its certificate must lead to an anchor: the list
// narrows whom the anchors vouch for, and adds nobody.
func (s *Service) ProposeIssuer(ctx context.Context, i Issuer, reason string) (*Issuer, error) {
	if err := s.whole(ctx, "pki.manage"); err != nil {
		return nil, err
	}
	if err := s.checkProposal(ctx, i, reason); err != nil {
		return nil, err
	}
	g, err := s.guard(ctx)
	if err != nil {
		return nil, err
	}
	p, _ := iam.From(ctx)
	r := &issuerRow{Issuer: i}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r.ID, r.State, r.ProposedBy, r.Reason, r.At = newID(), Proposed, p.Account, reason, tx.Now()
		r.From, r.Until = i.From.Truncate(time.Millisecond), i.Until.Truncate(time.Millisecond)
		if err := insertIssuer(tx, g, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "pki.issuer.propose", Object: "pki/issuer/" + r.ID, Reason: reason, After: r.Certificate.Digest()})
	})
	return &r.Issuer, err
}

func newID() string { return strings.ToLower(rand.Text()[:20]) }

func (s *Service) checkProposal(ctx context.Context, i Issuer, reason string) error {
	e := fault.Invalid.New("签发机构的登记内容不完整").WithCode("pki.issuer.proposal").WithHint("请补全后重新提出")
	if p, ok := iam.From(ctx); !ok || p.Account == "" {
		return fault.Forbidden.New("签发机构只能由人提出和批准").WithCode("pki.issuer.person").WithHint("请由系统管理员登录后提出")
	}
	if strings.TrimSpace(i.Name) == "" || len(i.Name) > maxName {
		e = e.WithField("name", "required", "须填写签发机构名称，不超过 100 个字")
	}
	if strings.TrimSpace(i.Basis) == "" || len(i.Basis) > 2*maxName {
		e = e.WithField("basis", "required", "须填写依据，例如 省级政务外网电子认证服务机构")
	}
	if strings.TrimSpace(reason) == "" {
		e = e.WithField("reason", "required", "须填写理由")
	}
	if !i.Until.IsZero() && !i.From.Before(i.Until) {
		e = e.WithField("until", "order", "截止时间须晚于开始时间")
	}
	if i.Region != "" && !isRegion(i.Region) {
		e = e.WithField("region", "format", "须为 6 位行政区划代码")
	}
	if i.Certificate == nil {
		e = e.WithField("certificate", "required", "须提交签发机构的数字证书")
	}
	if err := e.OrNil(); err != nil {
		return err
	}
	t, err := s.Trust(ctx)
	if err != nil {
		return err
	}
	if _, err := i.Certificate.PublicKey(); err != nil || !i.Certificate.IsCA {
		return fault.Invalid.New("提交的不是 SM2 签发机构（CA）的数字证书").WithCode("pki.issuer.proposal").WithHint("请提交签发机构签发用户证书所用的 CA 证书")
	}
	return Refusal([]Finding{checkChain(i.Certificate.BuildChain(t.Intermediates, t.Anchors), s.DB.Now()), checkValidity(i.Certificate, s.DB.Now())})
}

const maxName = 300 // bytes: 100 characters

func isRegion(s string) bool {
	return len(s) == 6 && strings.Trim(s, "0123456789") == ""
}

// DecideIssuer accepts or refuses a proposed authority. It needs
// policy.approve, and another person than who proposed.
func (s *Service) DecideIssuer(ctx context.Context, id string, allow bool, reason string) error {
	action, state := "pki.issuer.refuse", Refused
	if allow {
		action, state = "pki.issuer.allow", Allowed
	}
	return s.changeIssuer(ctx, "policy.approve", id, action, reason, func(r *issuerRow, account string) error {
		switch {
		case r.State != Proposed:
			return fault.Conflict.New("该签发机构不在待批准状态").WithCode("pki.issuer.state").WithHint("请刷新后查看")
		case r.ProposedBy == account:
			return fault.Forbidden.New("不能批准自己提出的签发机构").WithCode("pki.issuer.own").WithHint("请由另一名管理员批准")
		}
		r.State = state
		return nil
	})
}

// EndIssuer takes an authority off the list, at once. It needs pki.manage. What
// it issued is not accepted any more; what was signed before stays valid.
func (s *Service) EndIssuer(ctx context.Context, id, reason string) error {
	return s.changeIssuer(ctx, "pki.manage", id, "pki.issuer.end", reason, func(r *issuerRow, _ string) error {
		if r.State != Allowed && r.State != Proposed {
			return fault.Conflict.New("该签发机构已不在名单中").WithCode("pki.issuer.state").WithHint("请刷新后查看")
		}
		r.State = Ended
		return nil
	})
}

func (s *Service) changeIssuer(ctx context.Context, permission, id, action, reason string, change func(r *issuerRow, account string) error) error {
	if err := s.whole(ctx, permission); err != nil {
		return err
	}
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return fault.Forbidden.New("签发机构只能由人提出和批准").WithCode("pki.issuer.person").WithHint("请由管理员登录后处理")
	}
	if strings.TrimSpace(reason) == "" {
		return fault.Invalid.New("须填写理由").WithCode("pki.issuer.proposal").WithHint("请填写理由")
	}
	g, err := s.guard(ctx)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := issuerByID(tx, g, id)
		if err != nil {
			return err
		}
		if err := change(&r, p.Account); err != nil {
			return err
		}
		r.DecidedBy, r.DecidedAt, r.Note = p.Account, tx.Now(), reason
		if err := updateIssuer(tx, g, &r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: "pki/issuer/" + id, Reason: reason, After: r.Certificate.Digest()})
	})
	if e := fault.As(err); e != nil && (e.Kind == fault.Forbidden || e.Kind == fault.Conflict) {
		return s.refused(ctx, action, "pki/issuer/"+id, err)
	}
	return err
}

// Integrity says what is wrong with the allow-list in the database: what was
// edited, deleted or brought back.
func (s *Service) Integrity(ctx context.Context) (found []keys.Finding, err error) {
	g, err := s.guard(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := issuers(tx, g)
		if err != nil {
			return err
		}
		found, err = g.CheckTable(tx, func(see func(mac []byte, id string, fields ...any)) error {
			for _, r := range rows {
				see(r.mac, r.ID, r.Certificate.Raw, r.Region, r.From, r.Until, r.State, r.ProposedBy, r.DecidedBy)
			}
			return nil
		})
		return err
	})
	return found, err
}
