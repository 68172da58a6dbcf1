package cert

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// prior is what a plan says of the certificate whose place the new version takes
// (变更、换证、更正): enough to finish it after a crash.
type prior struct {
	ID      string `json:"id"`
	Acts    int    `json:"acts"` // that it had when the new version was planned
	Number  string `json:"number"`
	Serial  string `json:"serial"`
	Version int    `json:"version"`
	Changes string `json:"changes"` // labels, no values
	// Issuer is who issued it, where another unit has taken the authority over.
	Issuer string `json:"issuer,omitempty"`

	Action  string `json:"action"`
	Reason  string `json:"reason"`
	Basis   string `json:"basis"`
	On      string `json:"on"`
	Account string `json:"account"`
	App     string `json:"app"`
	Org     string `json:"org"`

	kind    *catalogue.Kind
	content *catalogue.Content
}

// act is what is done to the prior certificate when the new one is issued.
func (p *prior) act(successor string) *Act {
	return &Act{
		Action: p.Action, Reason: p.Reason, Basis: p.Basis, On: p.On, Changes: p.Changes, Successor: successor,
		account: p.Account, app: p.App, org: p.Org,
	}
}

// next issues the version that takes the place of r. The old one ends in the
// transaction in which the new one becomes true, so that always exactly one of
// them stands.
func (s *Service) next(ctx context.Context, r *row, a state.Action, req *ActRequest, done *Act) (*Certificate, error) {
	if err := unissued(r); err != nil {
		return nil, err
	}
	p, err := s.priorOf(ctx, r, req, done)
	if err != nil {
		return nil, err
	}
	q := *req.Certificate
	if q.Issuer == "" {
		q.Issuer = r.Unit()
	}
	asked, err := s.ask(ctx, struct {
		ID, Action, Reason, Basis, At string
		Certificate                   IssueRequest
	}{r.ID, a.Code, req.Reason, req.Basis, req.At, q})
	if err != nil {
		return nil, err
	}
	c, err := s.issueAs(ctx, q, asked, p)
	if f := fault.As(err); f != nil && len(f.Fields) > 0 {
		return nil, below(f)
	}
	return c, err
}

// below names the fields of the new version's content as the request does.
func below(f *fault.Error) error {
	e := *f
	e.Fields = slices.Clone(f.Fields)
	for i := range e.Fields {
		e.Fields[i].Name = "certificate." + e.Fields[i].Name
	}
	return &e
}

func (s *Service) priorOf(ctx context.Context, r *row, req *ActRequest, done *Act) (*prior, error) {
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return nil, err
	}
	old, d, err := s.drafted(r, kind)
	if err != nil {
		return nil, err
	}
	p := &prior{
		ID: r.ID, Acts: r.Acts, Number: d.Number, Serial: d.Serial, Version: r.Version,
		Action: done.Action, Reason: done.Reason, Basis: done.Basis, On: done.On, Account: done.account, App: done.app, Org: done.org,
		kind: kind, content: old.Content,
	}
	if req.Acts != nil {
		p.Acts = *req.Acts
	}
	if r.Keeper != "" {
		p.Issuer = old.Issuance.Issuer.Name
	}
	return p, nil
}

// follow checks that a new version is one of the same certificate, and notes
// what is different in it.
func (p *prior) follow(w *work, content *catalogue.Content) error {
	f := fault.Invalid.New("新版本与原证照不相符").WithCode("cert.version").WithHint("更换种类、签发单位或持证主体的，请重新签发")
	if w.kind.Name != p.kind.Name {
		return f.WithField("kind", "other", "须与原证照同类")
	}
	same := func(h catalogue.Holder) bool {
		return slices.ContainsFunc(p.content.Holders, func(o catalogue.Holder) bool { return h.ID != "" && h.ID == o.ID || h.Name == o.Name })
	}
	if !slices.ContainsFunc(content.Holders, same) {
		return f.WithField("holders", "other", "须是原证照的持证主体：代码和名称至少有一项相同")
	}
	changes := p.differences(w.kind, content)
	if len(changes) == 0 && p.Action != state.Replace {
		return fault.Invalid.New("新版本的内容与原证照相同").WithCode("cert.same").WithHint("请核对要改的项；内容不变的请办理换证").WithField("fields", "same", "没有不同")
	}
	p.Changes = strings.Join(changes, "、")
	return nil
}

// differences are the labels of what differs, and never the values.
func (p *prior) differences(kind *catalogue.Kind, content *catalogue.Content) (out []string) {
	differs := func(a, b any) bool {
		x, err := json.Marshal(a)
		y, err2 := json.Marshal(b)
		return err != nil || err2 != nil || !bytes.Equal(x, y)
	}
	if differs(p.content.Holders, content.Holders) {
		out = append(out, "持证主体")
	}
	if p.content.ValidFrom != content.ValidFrom || p.content.ValidTo != content.ValidTo {
		out = append(out, "有效期")
	}
	seen := map[string]bool{}
	for _, k := range []*catalogue.Kind{kind, p.kind} {
		for i := range k.Fields {
			x := &k.Fields[i]
			if !seen[x.Key] && differs(p.content.Fields[x.Key], content.Fields[x.Key]) {
				out = append(out, x.Label)
			}
			seen[x.Key] = true
		}
	}
	return out
}

// mayFollow asks, before the seal is asked for, whether the prior certificate
// may still give way.
func (p *prior) mayFollow(s *Service, tx *db.Tx) error {
	_, _, err := p.check(s, tx)
	return err
}

func (p *prior) check(s *Service, tx *db.Tx) (*row, state.Action, error) {
	a, _ := state.Find(p.Action)
	r, err := byID(tx, p.ID)
	if err != nil {
		return nil, a, err
	}
	if err := s.vet(tx, r); err != nil {
		return nil, a, err
	}
	if r.Status == Altered {
		return nil, a, errAltered()
	}
	if r.Acts != p.Acts {
		return nil, a, stale()
	}
	if _, no := a.Apply(state.State{Status: state.Status(r.At(tx.Now())), Marks: state.ParseMarks(r.marks)}); no != nil {
		return nil, a, fault.Conflict.New("%s", no.Rule).WithCode(no.Code).WithHint("%s", no.Way)
	}
	return r, a, checkDates(a, r, p.act(""))
}

// giveWay ends the prior certificate; w takes its marks over.
func (s *Service) giveWay(tx *db.Tx, w *work) error {
	p := w.plan.Prior
	r, a, err := p.check(s, tx)
	if err != nil {
		return err
	}
	w.Prior, w.marks = p.ID, r.marks
	w.Marks = marksOf(w.marks)
	return s.actTx(tx, r, a, p.act(w.ID), nil)
}
