package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/pki"
)

// A ListItem is one provider as others may know it.
type ListItem struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Operator    string    `json:"operator"`
	Zone        string    `json:"zone" enum:"extranet,internet"`
	Endpoint    string    `json:"endpoint"`
	Protocol    string    `json:"protocol"`
	Certificate string    `json:"certificate" doc:"答复签名用的数字证书，PEM"`
	Makers      []Maker   `json:"makers"`
	Since       time.Time `json:"since,omitzero" doc:"本版本何时批准"`
	Self        bool      `json:"self,omitempty" doc:"发布本列表的平台自己"`
}

// A TrustList is whom an instance believes, itself included.
type TrustList struct {
	Issuer    string     `json:"issuer" doc:"发布平台的标识"`
	Name      string     `json:"name"`
	IssuedAt  time.Time  `json:"issued_at"`
	ExpiresAt time.Time  `json:"expires_at"`
	Providers []ListItem `json:"providers"`
}

// A SignedList is a TrustList in the clear, and signed.
type SignedList struct {
	TrustList
	JWS string `json:"jws" doc:"同一内容的签名（JWS 紧凑格式，SM2）"`
}

const (
	listLife = 7 * 24 * time.Hour
	maxList  = 1 << 20 // bytes of one that is imported
	maxItems = 500
)

// TrustList returns the public list, signed now.
func (s *Service) TrustList(ctx context.Context) (*SignedList, error) {
	r, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	k, err := s.answerKey(ctx)
	if err != nil {
		return nil, err
	}
	now := s.o.DB.Now().UTC().Truncate(time.Second)
	l := &SignedList{TrustList: TrustList{Issuer: s.o.Self, Name: s.o.Name, IssuedAt: now, ExpiresAt: now.Add(listLife)}}
	self, err := s.selfItem(ctx, k)
	if err != nil {
		return nil, err
	}
	l.Providers = append(l.Providers, self)
	for _, e := range r.entries {
		if !e.FlaggedAt.IsZero() {
			continue // we do not recommend who lied to us
		}
		l.Providers = append(l.Providers, e.item())
	}
	b, err := json.Marshal(l.TrustList)
	if err != nil {
		return nil, fmt.Errorf("provider: writing the list of trust: %w", err)
	}
	l.JWS, err = signJWS(typeList, b, k.signer, k.certificate)
	return l, err
}

func (e *Entry) item() ListItem {
	return ListItem{ID: e.ID, Name: e.Name, Operator: e.Operator, Zone: e.Zone, Endpoint: e.Endpoint, Protocol: e.Protocol, Certificate: e.Certificate, Makers: e.Makers, Since: e.DecidedAt}
}

// selfItem is this platform as a provider to others: it answers for its makers,
// or for what stands under its issuing authority.
func (s *Service) selfItem(ctx context.Context, k *ourKey) (ListItem, error) {
	x := ListItem{ID: s.o.Self, Name: s.o.Name, Operator: s.o.Name, Zone: s.o.Zone, Endpoint: s.o.BaseURL + "/api/v1", Protocol: Protocol, Certificate: string(k.certificate.PEM()), Makers: []Maker{}, Self: true}
	if s.o.Makers != nil {
		all, err := s.o.Makers(ctx)
		for _, c := range all {
			x.Makers = append(x.Makers, newMaker(UseMaker, c))
		}
		return x, err
	}
	all, err := s.o.PKI.Authorities(ctx)
	for _, a := range all {
		if a.ID == pki.Issuing {
			x.Makers = append(x.Makers, newMaker(UseAuthority, a.Certificate))
		}
	}
	return x, err
}

// An ImportRequest takes in the list of trust of another instance.
type ImportRequest struct {
	Org    string `json:"org" minLength:"1" maxLength:"64" doc:"登记单位"`
	List   string `json:"list" minLength:"1" maxLength:"1000000" doc:"对方 /open/v1/providers 的 jws"`
	Signer string `json:"signer" minLength:"1" maxLength:"20000" doc:"对方签名用的数字证书，PEM，须经核实；以后只认这张证书"`
	Repin  bool   `json:"repin,omitempty" doc:"对方已换发证书，经核实后改认新的证书"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// An ImportReport says what became of each provider of a list.
type ImportReport struct {
	Issuer   string       `json:"issuer"`
	IssuedAt time.Time    `json:"issued_at"`
	Proposed []string     `json:"proposed" doc:"已提出、待另一人批准的"`
	Skipped  []ImportSkip `json:"skipped"`
}

// An ImportSkip is one that was not taken in, and why.
type ImportSkip struct {
	ID     string `json:"id"`
	Reason string `json:"reason"`
}

// Import proposes the providers of another instance's list. The list must be
// signed by the key given, which is pinned: later lists of that instance must be
// signed by the same. An older list than the last one is refused.
func (s *Service) Import(ctx context.Context, r ImportRequest) (*ImportReport, error) {
	if err := allowFor(ctx, r.Org); err != nil {
		return nil, s.refused(ctx, "provider.import", s.o.Self, err)
	}
	me, err := person(ctx)
	if err != nil {
		return nil, s.refused(ctx, "provider.import", s.o.Self, err)
	}
	if r.Reason = strings.TrimSpace(r.Reason); r.Reason == "" {
		return nil, fault.Invalid.New("须写明理由").WithCode("provider.reason").WithHint("请写明如何核实对方的数字证书").WithField("reason", "required", "必填")
	}
	l, signer, err := s.readList(r)
	if err != nil {
		return nil, err
	}
	if err := s.pin(ctx, l, signer, r, me); err != nil {
		return nil, s.refused(ctx, "provider.import", l.Issuer, err)
	}
	out := &ImportReport{Issuer: l.Issuer, IssuedAt: l.IssuedAt, Proposed: []string{}, Skipped: []ImportSkip{}}
	for _, x := range l.Providers {
		why, err := s.take(ctx, r, l, x, me)
		if err != nil {
			return nil, err
		}
		if why == "" {
			out.Proposed = append(out.Proposed, x.ID)
		} else {
			out.Skipped = append(out.Skipped, ImportSkip{ID: x.ID, Reason: why})
		}
	}
	return out, nil
}

// readList checks who signed a list, and whether it is of now.
func (s *Service) readList(r ImportRequest) (*TrustList, *gm.Certificate, error) {
	bad := func(field, code, why string) error {
		return fault.Invalid.New("信任列表不能引入：%s", why).WithCode("provider.list").WithHint("请向对方重新获取 /open/v1/providers，并核实其数字证书").WithField(field, code, why)
	}
	c, err := oneCertificate(r.Signer)
	if err != nil || c.KeyAlgorithm != "SM2" {
		return nil, nil, bad("signer", "form", "须是一张 PEM 格式的 SM2 数字证书")
	}
	if len(r.List) > maxList {
		return nil, nil, bad("list", "length", "列表过大")
	}
	payload, err := openJWS(typeList, strings.TrimSpace(r.List), c)
	if err != nil {
		return nil, nil, bad("list", "signature", "签名不正确，或不是用所给的数字证书签名的")
	}
	l := &TrustList{}
	now := s.o.DB.Now()
	switch err := json.Unmarshal(payload, l); {
	case err != nil || !idForm.MatchString(l.Issuer) || len(l.Providers) > maxItems:
		return nil, nil, bad("list", "form", "内容不符合约定的格式")
	case l.Issuer == s.o.Self:
		return nil, nil, bad("list", "self", "这是本平台自己的列表")
	case l.IssuedAt.After(now.Add(answerSkew)) || !l.ExpiresAt.After(now):
		return nil, nil, bad("list", "time", "已过期，或时间在将来")
	}
	return l, c, nil
}

// pin holds an instance to its key, and refuses an older list.
func (s *Service) pin(ctx context.Context, l *TrustList, signer *gm.Certificate, r ImportRequest, me string) error {
	return s.o.DB.Write(ctx, func(tx *db.Tx) error {
		p, err := peerOf(tx, l.Issuer)
		if err != nil {
			return err
		}
		e := audit.Entry{Action: "provider.import", Object: object(l.Issuer), Reason: r.Reason, After: signer.Digest()}
		if p != nil {
			e.Before = gm.Sum(p.certificate)
			if !slices.Equal(p.certificate, signer.Raw) && !r.Repin {
				return fault.Conflict.New("平台 %s 以前的信任列表是用另一张数字证书签名的", l.Issuer).WithCode("provider.pin").WithHint("请向对方核实是否换发了证书；核实后勾选“改认新的证书”再引入")
			}
			if l.IssuedAt.Before(p.issued) {
				return fault.Conflict.New("这份信任列表比上次引入的旧").WithCode("provider.list-old").WithHint("请向对方获取最新的列表")
			}
		}
		if err := putPeer(tx, &peer{id: l.Issuer, certificate: signer.Raw, issued: l.IssuedAt}, me); err != nil {
			return err
		}
		return audit.Put(tx, e)
	})
}

// take proposes one provider of a list; what it returns says why not.
func (s *Service) take(ctx context.Context, r ImportRequest, l *TrustList, x ListItem, me string) (why string, err error) {
	if x.ID == s.o.Self {
		return "是本平台", nil
	}
	req := Request{
		ID: x.ID, Org: r.Org, Name: x.Name, Operator: x.Operator, Zone: x.Zone, Endpoint: x.Endpoint, Protocol: x.Protocol, Certificate: x.Certificate, Reason: r.Reason,
	}
	for _, m := range x.Makers {
		if m.Use == UseAuthority {
			req.Authorities = append(req.Authorities, m.Certificate)
		} else {
			req.Makers = append(req.Makers, m.Certificate)
		}
	}
	e, err := s.entryOf(req)
	if err == nil {
		err = s.checkMakers(ctx, e)
	}
	if err == nil {
		e.ProposedBy, e.Source = me, l.Issuer
		err = s.o.DB.Write(ctx, func(tx *db.Tx) error {
			live, err := liveOf(tx, e.ID)
			if err == nil && live.State == Active && live.same(e) {
				return errSame
			}
			if err != nil && !errors.Is(err, fault.NotFound) {
				return err
			}
			return s.proposeTx(tx, e)
		})
	}
	if errors.Is(err, errSame) {
		return "与现有登记相同", nil
	}
	if f := fault.As(err); f != nil && (f.Kind == fault.Invalid || f.Kind == fault.Conflict) {
		why = f.Msg
		if len(f.Fields) > 0 {
			why += "：" + f.Fields[0].Message
		}
		return why, nil
	}
	return "", err
}

var errSame = errors.New("provider: nothing new")

// same tells whether two versions say the same of a provider.
func (e *Entry) same(o *Entry) bool {
	return e.Name == o.Name && e.Operator == o.Operator && e.Zone == o.Zone && e.Endpoint == o.Endpoint && e.Protocol == o.Protocol &&
		e.key.Equal(o.key) && slices.Equal(e.digests(), o.digests()) && e.FlaggedAt.IsZero()
}
