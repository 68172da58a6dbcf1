package cert

import (
	"context"
	"errors"
	"fmt"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/sealing"
	sealingevent "sidian/internal/sealing/event"
	"sidian/ofd"
)

// Consumer ends what waits for seals when the units have decided.
func (s *Service) Consumer() outbox.Consumer {
	return outbox.Consumer{
		Name: "cert.seals", Topics: []string{sealingevent.Done, sealingevent.Refused, sealingevent.Withdrawn}, Deliver: s.Settled,
	}
}

// Settled is told that a request for seals is over.
func (s *Service) Settled(ctx context.Context, ev outbox.Event) error {
	var id string
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { id, err = ofRequest(tx, ev.Key); return err })
	if err != nil || id == "" { // another's document
		return err
	}
	return s.settle(ctx, id)
}

// settle issues a certificate whose last seal stands, and withdraws one that a
// unit refused to seal. What still waits is left alone. It may be called any
// number of times.
func (s *Service) settle(ctx context.Context, id string) error {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil || r.Status != Sealing || r.desk != DeskWaiting {
		return err
	}
	var sealed *sealing.Sealed
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		sealed, err = sealing.SealedTx(tx, sealing.FromRequest, r.deskRequest)
		return err
	})
	switch {
	case err == nil:
		err = s.issueSealed(ctx, r, sealed.Document)
	case errors.Is(err, fault.NotFound):
		err = s.deskRefused(ctx, r)
	}
	if err != nil && !errors.Is(err, errMoved) && fault.Final(err) {
		err = s.withdraw(ctx, r, err)
	}
	if errors.Is(err, errMoved) { // another was faster
		return nil
	}
	return err
}

// deskRefused is why a request that is not done is over, or nil.
func (s *Service) deskRefused(ctx context.Context, r *row) error {
	q, err := s.request(ctx, r)
	if err != nil || q.State == sealing.Open {
		return err
	}
	said := q.Closing
	if p, err := s.openPlan(r); err == nil {
		said = hide(said, p.Content.Holders)
	}
	return fault.Conflict.New("%s：%s", q.StateName, said).WithCode("cert.refused").WithHint("请按理由处理后重新签发")
}

// request is the request for the seals of a certificate, as who asked sees it.
func (s *Service) request(ctx context.Context, r *row) (*sealing.Request, error) {
	as, err := s.IAM.As(ctx, r.deskAccount)
	if err != nil {
		return nil, fmt.Errorf("cert: looking at the seals of %s: %w", r.ID, err)
	}
	return s.Desk.Get(as, r.deskRequest)
}

// issueSealed issues a certificate with the document that every unit sealed.
func (s *Service) issueSealed(ctx context.Context, r *row, digest gm.Digest) error {
	w, err := s.rework(ctx, r)
	if err != nil {
		return err
	}
	data, err := s.Blob.Get(ctx, digest)
	if err != nil {
		return fmt.Errorf("cert: reading the sealed document of %s: %s", r.ID, err.Error()) // not the certificate's fault, whatever it is
	}
	d, err := ofd.Open(data)
	if err != nil {
		return fmt.Errorf("cert: opening the sealed document of %s: %w", r.ID, err)
	}
	if err := bears(w.document, d, len(w.plan.Sealers)); err != nil {
		return err
	}
	s.step("sealed")
	if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.issue(tx, w, digest, len(data)) }); err != nil {
		return err
	}
	s.step("issue")
	return nil
}

// A Sealer is one unit's seal on a certificate, and how it stands.
type Sealer struct {
	Step      string  `json:"step,omitempty" doc:"用印步骤编号，批准和不予用印时使用"`
	Role      string  `json:"role" doc:"用印位置：issuer、superior 或签发时指明的单位"`
	Org       string  `json:"org"`
	OrgName   string  `json:"org_name"`
	Order     int     `json:"order" doc:"小的先用印，相同的并列"`
	State     string  `json:"state" enum:"planned,draft,waiting,approved,stamping,stamped,dropped"`
	StateName string  `json:"state_name"`
	Approver  string  `json:"approver,omitempty" doc:"批准人姓名"`
	Trouble   string  `json:"trouble,omitempty"`
	At        string  `json:"at,omitempty" doc:"用印时间"`
	Page      int     `json:"page" doc:"用印位置所在的页，从 1 起"`
	X         float64 `json:"x" doc:"毫米，自页面左上角"`
	Y         float64 `json:"y"`
	W         float64 `json:"w"`
	H         float64 `json:"h"`
}

// A Sealings tells who seals a certificate of several seals, and how far it is.
type Sealings struct {
	Desk    string   `json:"desk" enum:"open,asking,waiting" doc:"open：等签发单位提请用印；waiting：等各单位用印"`
	Request string   `json:"request,omitempty" doc:"用印申请编号"`
	State   string   `json:"state,omitempty" doc:"用印申请的状态"`
	Seals   []Sealer `json:"seals"`
}

// Sealings tells how far the seals of a certificate are; nil for one that the
// issuer's one seal made.
func (s *Service) Sealings(ctx context.Context, id string) (*Sealings, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return nil, err
	}
	if _, err := s.mayLook(ctx, r, actView); err != nil {
		return nil, err
	}
	if r.desk == "" {
		return nil, fault.NotFound.New("这份证照由签发单位的一枚印章签发，没有用印进度").WithCode("cert.one-seal").WithHint("用印记录见追溯")
	}
	return s.sealings(ctx, r)
}

func (s *Service) sealings(ctx context.Context, r *row) (*Sealings, error) {
	p, err := s.openPlan(r)
	if err != nil {
		return nil, err
	}
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return nil, err
	}
	out := &Sealings{Desk: r.desk, Request: r.deskRequest, Seals: []Sealer{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		out.Seals = out.Seals[:0]
		for _, x := range p.Sealers {
			o, err := iam.OrgTx(tx, x.Org)
			if err != nil {
				return err
			}
			at := kind.Seals[x.Slots[0]]
			out.Seals = append(out.Seals, Sealer{
				Role: x.Role, Org: x.Org, OrgName: o.Name, Order: x.Order, State: "planned", StateName: "待提请", Page: at.Page + 1,
				X: at.At[0], Y: at.At[1], W: at.At[2], H: at.At[3],
			})
		}
		return nil
	})
	if err != nil || r.deskRequest == "" {
		return out, err
	}
	q, err := s.request(ctx, r)
	if err != nil {
		return nil, err
	}
	out.State = q.State
	for i, st := range q.Steps {
		if i >= len(out.Seals) {
			break
		}
		x := &out.Seals[i]
		x.Step, x.State, x.StateName, x.Trouble = st.ID, st.State, st.StateName, st.Trouble
		for _, a := range st.Approvals {
			if !a.Lapsed {
				x.Approver = a.Approver
			}
		}
		if !st.StampedAt.IsZero() {
			x.At = st.StampedAt.In(beijing).Format("2006-01-02 15:04")
		}
	}
	return out, nil
}
