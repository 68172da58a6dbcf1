package seal

import (
	"context"
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/seal/event"
)

// States of a use.
const (
	Intended  = "intended"
	Done      = "done"
	Withdrawn = "withdrawn"
)

// A Use is one use of a seal, for one purpose over one plan.
type Use struct {
	ID        string    `json:"id"`
	Seal      string    `json:"seal"`
	Policy    string    `json:"policy"`
	Object    string    `json:"object" doc:"cert/…：为何用印"`
	Plan      gm.Digest `json:"-"` // of the content that was intended
	State     string    `json:"state" enum:"intended,done,withdrawn"`
	Document  gm.Digest `json:"-"` // zero unless done
	Attempts  int64     `json:"attempts" doc:"调用密钥的次数至多为此"`
	Account   string    `json:"account"`
	App       string    `json:"app"`
	Approval  string    `json:"approval,omitempty" doc:"逐件审批的编号"`
	Operator  string    `json:"operator,omitempty" doc:"申请人账号"`
	Device    string    `json:"device,omitempty" doc:"批准时所用设备"`
	CreatedAt time.Time `json:"created_at"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`

	mac []byte // while it may be stamped
}

// ForTx returns the seal of an organisation that may stamp now, of the kind
// asked for.
func ForTx(tx *db.Tx, org, kind string) (*Seal, error) {
	x, err := newestOf(tx, org, kind)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Conflict.New("签发单位没有可用的%s，不能签发", labels[kind]).WithCode("seal.missing").
			WithHint("请先为该单位申请制作%s", labels[kind])
	}
	if err != nil {
		return nil, err
	}
	return x, x.usable(tx.Now())
}

// UsableTx returns a seal that may stamp now, or refuses with the rule.
func (s *Service) UsableTx(tx *db.Tx, id string) (*Seal, error) {
	x, err := byID(tx, id)
	if err != nil {
		return nil, err
	}
	if err := x.usable(tx.Now()); err != nil {
		return nil, err
	}
	return x, nil
}

// IntendTx records that the seal is about to be used for object over content,
// under a policy that allows it, and returns the right to do so: it comes into
// force when the transaction is committed.
func (s *Service) IntendTx(tx *db.Tx, x *Seal, object, purpose string, content gm.Digest) (*Token, error) {
	g, err := s.guard(tx.Context())
	if err != nil {
		return nil, err
	}
	a := audit.ActorFrom(tx.Context())
	policy, err := allowing(tx, g, x, a.App, purpose)
	if err != nil {
		return nil, err
	}
	u := &Use{ID: newID(), Seal: x.ID, Policy: policy, Object: object, Plan: content, State: Intended, Attempts: 1, Account: a.Account, App: a.App}
	if err := insertUse(tx, g, u); err != nil {
		return nil, err
	}
	return newToken(tx, u), nil
}

// AgainTx gives the right to repeat an intended use after a crash, over the
// same content: SM2 signatures are random, so a second valid stamp over the
// same plan may exist; the attempts count them. Stamp refuses it where the use was
// written by somebody else than this program.
func AgainTx(tx *db.Tx, use string, content gm.Digest) (*Token, error) {
	u, err := useByID(tx, use)
	if err != nil {
		return nil, err
	}
	if u.State != Intended || u.Plan != content {
		return nil, fault.Conflict.New("用印记录与待签内容不符，不能继续").WithCode("seal.use").WithHint("请重新签发")
	}
	x, err := byID(tx, u.Seal)
	if err != nil {
		return nil, err
	}
	if err := x.usable(tx.Now()); err != nil {
		return nil, err
	}
	if err := countAttempt(tx, use); err != nil {
		return nil, err
	}
	return newToken(tx, u), nil
}

// DoneTx closes a use: the stamped document exists.
func DoneTx(tx *db.Tx, use string, document gm.Digest) error {
	return closeUse(tx, use, Done, document)
}

// DoneTx is the function DoneTx, and tells the outbox that the seal stamped.
func (s *Service) DoneTx(tx *db.Tx, use string, document gm.Digest) error {
	u, err := useByID(tx, use)
	if err != nil {
		return err
	}
	if err := DoneTx(tx, use, document); err != nil {
		return err
	}
	return s.emit(tx, event.Stamped, u.ID, event.Use{
		ID: u.ID, Seal: u.Seal, Object: u.Object, Content: hexOf(u.Plan), Document: hexOf(document), Approval: u.Approval, Policy: u.Policy,
		At: tx.Now().UnixMilli(),
	}, []byte(u.ID), []byte(u.Seal), []byte(u.Object), u.Plan[:], document[:], []byte(u.Approval), []byte(u.Policy))
}

// WithdrawTx closes a use that came to nothing.
func WithdrawTx(tx *db.Tx, use string) error { return closeUse(tx, use, Withdrawn, gm.Digest{}) }

// UsesOf returns the uses for an object, oldest first.
func (s *Service) UsesOf(ctx context.Context, object string) (out []*Use, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = usesOf(tx, object); return err })
	return out, err
}
