package bound

import (
	"bytes"
	"context"
	"time"

	"sidian/gbcode"
	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/sealapply"
)

// A State is where an offer is.
type State string

// The states of an offer.
const (
	Open     State = "open"
	Taken    State = "taken"
	Done     State = "done"
	Declined State = "declined"
	Expired  State = "expired"
	Void     State = "void"
)

var stateNames = map[State]string{Open: "待申领", Taken: "申领办理中", Done: "已发放", Declined: "已谢绝", Expired: "已过期限", Void: "证照已失效"}

// States lists them, in the order in which an offer goes through them.
func States() []State { return []State{Open, Taken, Done, Declined, Expired, Void} }

// Label is the Chinese word for a state.
func (s State) Label() string { return stateNames[s] }

// An Offer is a seal that is offered with a certificate. Names of persons are
// masked.
type Offer struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	KindName    string    `json:"kind_name"`
	Sort        string    `json:"sort" enum:"enterprise,personal"`
	SealLabel   string    `json:"seal_kind_name"`
	Certificate string    `json:"certificate"`
	Identifier  string    `json:"identifier" doc:"电子证照标识"`
	Status      string    `json:"certificate_status"`
	StatusName  string    `json:"certificate_status_name"`
	Name        string    `json:"name" doc:"持证主体；个人脱敏"`
	Code        string    `json:"code,omitempty" doc:"企业的统一社会信用代码"`
	Issuer      string    `json:"issuer"`
	IssuerName  string    `json:"issuer_name"`
	State       State     `json:"state" enum:"open,taken,done,declined,expired,void"`
	StateName   string    `json:"state_name"`
	Wished      bool      `json:"wished" doc:"办理证照时已选择同时申领"`
	Agent       string    `json:"agent,omitempty" doc:"登记的经办人，脱敏"`
	Org         string    `json:"org,omitempty" doc:"企业在平台登记的单位编号；空：还没有登记"`
	Application string    `json:"application,omitempty" doc:"印章申请编号"`
	Progress    string    `json:"application_state,omitempty"`
	Seal        string    `json:"seal,omitempty"`
	SealState   string    `json:"seal_state,omitempty"`
	Reason      string    `json:"reason,omitempty"`
	Follow      *Follow   `json:"follow,omitempty" doc:"证照状态变化引起的印章事项"`
	Stages      []Stage   `json:"stages"`
	May         []string  `json:"may" doc:"您现在可以办理的：take、decline、later、agent、register、thaw、cancel"`
	Until       time.Time `json:"until" doc:"申领期限"`
	CreatedAt   time.Time `json:"created_at"`
	TakenAt     time.Time `json:"taken_at,omitzero"`
	DoneAt      time.Time `json:"done_at,omitzero"`
}

// A Stage is one part of the way from the certificate to the seal.
type Stage struct {
	Code  string    `json:"code" enum:"certificate,applied,approved,made,filed"`
	Name  string    `json:"name"`
	State string    `json:"state" enum:"done,now,ahead,stopped"`
	Text  string    `json:"text,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// A Follow is what became of a seal because its certificate stands no more.
type Follow struct {
	State     string    `json:"state" enum:"frozen,restore,cancel"`
	StateName string    `json:"state_name"`
	Reason    string    `json:"reason"`
	Since     time.Time `json:"since"`
}

// An asker is whoever acts, as far as offers may be theirs.
type asker struct {
	account, name string
	staff         bool
	person        []byte             // index of their citizen's number; nil: unknown
	units         map[string]iam.Org // that they act for, by the index of its code
}

// asks learns who acts: a holder whose identity is verified, or staff of an
// enterprise.
func (s *Service) asks(ctx context.Context) (*asker, error) {
	p, ok := iam.From(ctx)
	switch {
	case !ok:
		return nil, iam.Allow(ctx, permApply, "")
	case p.Account == "":
		return nil, fault.Forbidden.New("同步申领印章须由持证人办理").WithCode("bound.program").WithHint("请持证人登录后办理")
	case p.Kind == iam.Holder:
		if err := iam.Ask(ctx, iam.Question{Permission: permOwn, Owner: true}); err != nil {
			return nil, err
		}
	case len(iam.ScopeRoots(ctx, permApply)) == 0:
		return nil, iam.Allow(ctx, permApply, p.Org)
	}
	me, err := s.IAM.Self(ctx)
	if err != nil {
		return nil, err
	}
	a := &asker{account: me.Account, name: me.Name, staff: p.Kind != iam.Holder, units: map[string]iam.Org{}}
	if me.Citizen != "" {
		a.person = s.holderKey(Personal, me.Citizen)
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		orgs := iam.ScopeRoots(ctx, permApply)
		if !a.staff {
			if orgs, err = sealapply.ActsForTx(tx, me.Account); err != nil {
				return err
			}
		}
		for _, id := range orgs {
			o, err := iam.OrgTx(tx, id)
			if err != nil {
				return err
			}
			if o.USCC != "" && !o.Closed {
				a.units[string(s.holderKey(Enterprise, o.USCC))] = o
			}
		}
		return nil
	})
	return a, err
}

// has tells whether an offer is the asker's.
func (a *asker) has(r *row) bool {
	if a == nil {
		return false
	}
	if r.sort == Personal {
		return !a.staff && len(a.person) > 0 && bytes.Equal(a.person, r.holder)
	}
	if _, acts := a.units[string(r.holder)]; acts {
		return true
	}
	return a.isAgent(r)
}

func (a *asker) isAgent(r *row) bool {
	return !a.staff && len(a.person) > 0 && bytes.Equal(a.person, r.agent)
}

// standing is the status of the certificate of an offer now; of one that is not
// known it says that it does not stand.
func (s *Service) standing(tx *db.Tx, r *row) (state.Info, error) {
	c, err := s.Cert.ForCaseTx(tx, r.certificate, "")
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
		return state.Info{Status: cert.Withdrawn, Name: "未签发"}, nil
	}
	if err != nil {
		return state.Info{}, err
	}
	return infoOf(c.Status), nil
}

func infoOf(status string) state.Info {
	i, ok := state.Of(state.Status(status))
	if !ok {
		i = state.Info{Status: state.Status(status), Name: cert.Label(status)}
	}
	return i
}

// moved tells whether another version took the place of a certificate.
func moved(i state.Info) bool { return i.Status == state.Changed || i.Status == state.Replaced }

// unitOf is the unit of a code that is registered here, or nil.
func (s *Service) unitOf(ctx context.Context, code string) (o *iam.Org, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { o, err = iam.WithCodeTx(tx, code); return err })
	return o, err
}

// shownName is a holder's name as people see it.
func shownName(sort, name string) string {
	if sort == Personal {
		return gbcode.MaskName(name)
	}
	return name
}
