package issuing

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// mostOpen is how many applications of one person may wait.
const mostOpen = 20

// citizenType is the id type of a citizen's number in GB/T 36903 appendix A.
const citizenType = "111"

// An Application is what a holder asked for (网上申领), as they see it.
type Application struct {
	ID          string    `json:"id"`
	Kind        string    `json:"kind"`
	KindName    string    `json:"kind_name"`
	Unit        string    `json:"unit"`
	UnitName    string    `json:"unit_name"`
	State       State     `json:"state" enum:"draft,submitted,passed,issuing,issued,dropped"`
	StateName   string    `json:"state_name" doc:"申领人看到的进度"`
	Reason      string    `json:"reason,omitempty" doc:"未予受理的理由"`
	Certificate string    `json:"certificate,omitempty"`
	MayWithdraw bool      `json:"may_withdraw,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	EndedAt     time.Time `json:"ended_at,omitzero"`
}

// Location is the address of the application.
func (a *Application) Location() string { return "/api/v1/issuing/applications/" + a.ID }

var applicantStates = map[State]string{
	Drafted: "已收到，经办人核对中", Submitted: "正在审核", Passed: "审核通过，待制作签发", Issuing: "正在签发", Issued: "已签发", Dropped: "未予受理",
}

// An ApplyRequest asks for a certificate of one's own.
type ApplyRequest struct {
	Kind string `json:"kind" minLength:"1" maxLength:"64" doc:"证照种类"`
	Unit string `json:"unit" minLength:"1" maxLength:"64" doc:"签发单位编号"`
	Content
}

// Apply begins a draft for whoever asks, who is one of its holders and whose
// identity is verified. One application for a kind of a unit may wait at a time.
func (s *Service) Apply(ctx context.Context, req ApplyRequest) (*Application, error) {
	req.Seals = nil // who else seals is the unit's to name
	own := "unit/" + req.Unit
	if err := iam.Ask(ctx, iam.Question{Permission: permApply, Owner: true}); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.apply", Object: own}, err)
	}
	me, err := s.IAM.Self(ctx)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(req.Holders, func(h catalogue.Holder) bool {
		return h.Type == "person" && h.IDType == citizenType && me.Citizen != "" && strings.EqualFold(h.ID, me.Citizen) && h.Name == me.Name
	}) {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.apply", Object: own}, fault.Forbidden.New("只能申领本人的证照").WithCode("issuing.not-own").
			WithHint("持证主体应有您本人，姓名和身份证号与实名信息一致").WithField("holders", "own", "应有您本人"))
	}
	k, err := s.kindOf(ctx, req.Kind)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, same, err := openOf(tx, me.Account, req.Unit, k.Name)
		switch {
		case err != nil:
			return err
		case same > 0:
			return fault.Conflict.New("您申领的“%s”正在办理", k.Title).WithCode("issuing.applied").WithHint("请等候办理结果，或撤回后重新申领")
		case all >= mostOpen:
			return fault.Conflict.New("正在办理的申领已有 %d 件", all).WithCode("issuing.applied").WithHint("请等候办理结果，或撤回不再需要的申领")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	id, _, err := s.begin(ctx, &CreateRequest{Kind: k.Name, Unit: req.Unit, Content: req.Content}, ByHolder, me.Account, ActApply)
	if err != nil {
		return nil, err
	}
	return s.Application(ctx, id)
}

// Application is one of the caller's own.
func (s *Service) Application(ctx context.Context, id string) (a *Application, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := s.ownTx(ctx, tx, id, false)
		if err != nil {
			return err
		}
		a, err = s.application(tx, r)
		return err
	})
	return a, err
}

// ownTx finds a draft that whoever acts asked for; to others there is none.
func (s *Service) ownTx(ctx context.Context, tx *db.Tx, id string, lock bool) (*row, error) {
	if err := iam.Ask(ctx, iam.Question{Permission: permApply, Owner: true}); err != nil {
		return nil, err
	}
	var r *row
	var err error
	if lock {
		r, err = s.takeTx(tx, id)
	} else {
		r, err = byID(tx, id, false)
	}
	if err == nil && (r.applicant == "" || r.applicant != iam.Self(ctx)) {
		err = errUnknown()
	}
	return r, err
}

func (s *Service) application(tx *db.Tx, r *row) (*Application, error) {
	k, err := s.Catalogue.VersionTx(tx, r.kind, int(r.kindVersion))
	if err != nil {
		return nil, err
	}
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return nil, err
	}
	a := &Application{ID: r.id, Kind: r.kind, KindName: k.Title, Unit: r.unit, UnitName: o.Name, State: r.state, StateName: applicantStates[r.state],
		Certificate: r.certificate, MayWithdraw: r.state == Drafted, CreatedAt: moment(r.created), EndedAt: momentOf(r.ended)}
	if r.state != Dropped {
		return a, nil
	}
	steps, err := stepsOf(tx, r.id)
	if err != nil {
		return nil, err
	}
	last := steps[len(steps)-1]
	if last.action == ActWithdraw {
		a.StateName = "已撤回"
	} else if last.note != nil {
		var n note
		if err := s.openFrom(noteCell(r.id, last.seq), last.note, &n); err != nil {
			return nil, err
		}
		a.Reason = n.Reason
	}
	return a, nil
}

// An ApplicationPage is a page of applications, newest first.
type ApplicationPage struct {
	Items []*Application `json:"items"`
	Next  string         `json:"next,omitempty"`
}

// Applications pages through the caller's own.
func (s *Service) Applications(ctx context.Context, limit int, cursor string) (*ApplicationPage, error) {
	if err := iam.Ask(ctx, iam.Question{Permission: permApply, Owner: true}); err != nil {
		return nil, err
	}
	before, id := newestOf, ""
	if cursor != "" {
		var err error
		if before, id, err = db.ParseCursor(cursor); err != nil {
			return nil, err
		}
	}
	if limit <= 0 || limit > 100 {
		limit = 20
	}
	page := &ApplicationPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []*Application{}, ""
		rows, err := ownList(tx, iam.Self(ctx), before, id, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = db.Cursor(rows[limit-1].created, rows[limit-1].id)
		}
		for _, r := range rows {
			a, err := s.application(tx, r)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, a)
		}
		return nil
	})
	return page, err
}

// Withdraw takes an application back, while nobody has submitted it to review.
func (s *Service) Withdraw(ctx context.Context, id string) (*Application, error) {
	err := s.rows(ctx, func(tx *db.Tx) error {
		r, err := s.ownTx(ctx, tx, id, true)
		if err != nil {
			return err
		}
		x := move(r.state, ActWithdraw)
		if x == nil {
			return fault.Conflict.New("申领%s，不能撤回", applicantStates[r.state]).WithCode("issuing.state").WithHint("请联系签发单位")
		}
		k, err := s.Catalogue.VersionTx(tx, r.kind, int(r.kindVersion))
		if err != nil {
			return err
		}
		return s.moveTx(tx, r, x, k, actorOf(ctx), nil)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.withdraw", Object: objectOf(id)}, err)
	}
	return s.Application(ctx, id)
}
