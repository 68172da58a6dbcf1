package issuing

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// An IncidentState is where an incident stands.
type IncidentState string

// The states of incidents.
const (
	Open    IncidentState = "open"
	Cleared IncidentState = "cleared" // it is over, not all is made up for
	Closed  IncidentState = "closed"
)

var incidentNames = map[IncidentState]string{Open: "持续中", Cleared: "故障已排除，补办中", Closed: "已办结"}

// Label is the state in Chinese.
func (x IncidentState) Label() string { return incidentNames[x] }

// Operations that may be owed.
const (
	OweIssue  = "issue"
	OweCancel = "cancel"
	OweUpdate = "update"
)

var operationNames = map[string]string{OweIssue: "补签发", OweCancel: "补注销", OweUpdate: "补更新"}

const (
	maxWhat = 500
	maxOwed = 5000 // of one incident
)

// An Incident is a 突发情况 that keeps a unit from issuing in time (ISS-09).
type Incident struct {
	ID          string        `json:"id"`
	Unit        string        `json:"unit"`
	UnitName    string        `json:"unit_name"`
	Manager     string        `json:"manager" doc:"报告给哪个管理单位"`
	ManagerName string        `json:"manager_name"`
	State       IncidentState `json:"state" enum:"open,cleared,closed"`
	StateName   string        `json:"state_name"`
	What        string        `json:"what" doc:"情况"`
	Measures    string        `json:"measures" doc:"应急措施"`
	BeganAt     time.Time     `json:"began_at"`
	ClearedAt   time.Time     `json:"cleared_at,omitzero" doc:"故障排除时间"`
	Due         time.Time     `json:"due,omitzero" doc:"补办最迟"`
	Left        due.Left      `json:"left,omitzero"`
	Late        bool          `json:"late,omitempty" doc:"补办超过时限"`
	Owed        []Owed        `json:"owed,omitempty" doc:"待办清单；列表不含"`
	Remaining   int           `json:"remaining" doc:"还没有补办的"`
	DeclaredBy  string        `json:"declared_by"`
	CreatedAt   time.Time     `json:"created_at"`
	ClosedAt    time.Time     `json:"closed_at,omitzero"`
}

// Location is the address of the incident.
func (x *Incident) Location() string { return "/api/v1/issuing/incidents/" + x.ID }

// A DeclareRequest tells of an incident.
type DeclareRequest struct {
	Unit     string    `json:"unit" minLength:"1" maxLength:"64" doc:"签发单位编号"`
	What     string    `json:"what" minLength:"1" maxLength:"500" doc:"情况；不写个人信息"`
	Measures string    `json:"measures" minLength:"1" maxLength:"500" doc:"采取的应急措施"`
	BeganAt  time.Time `json:"began_at" doc:"开始时间"`
}

// Declare records an incident of a unit and reports it to the managing unit. One
// lasts at a time: the second is told of the first.
func (s *Service) Declare(ctx context.Context, req DeclareRequest) (*Incident, error) {
	if err := iam.Allow(ctx, permCollect, req.Unit); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.declare", Object: "unit/" + req.Unit}, err)
	}
	e := fault.Invalid.New("突发情况的报告不符合规则").WithCode("issuing.incident").WithHint("请按每一项的说明更正后重试")
	e = checkText(e, "what", req.What, true, maxWhat)
	e = checkText(e, "measures", req.Measures, true, maxWhat)
	if req.BeganAt.IsZero() || req.BeganAt.After(s.DB.Now().Add(slack)) || req.BeganAt.Before(s.DB.Now().AddDate(-1, 0, 0)) {
		e = e.WithField("began_at", "range", "开始时间应在过去一年之内")
	}
	if err := e.OrNil(); err != nil {
		return nil, err
	}
	r := &incidentRow{id: newID(), unit: req.Unit, state: Open, what: strings.TrimSpace(req.What), measures: strings.TrimSpace(req.Measures),
		began: milli(req.BeganAt), declaredBy: actorOf(ctx)}
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.declareTx(tx, r) })
	if err != nil {
		return nil, err
	}
	return s.Incident(ctx, r.id)
}

func (s *Service) declareTx(tx *db.Tx, r *incidentRow) error {
	old, err := openIncident(tx, r.unit)
	if err != nil {
		return err
	}
	if old != nil {
		return fault.Conflict.New("本单位已有一件持续中的突发情况").WithCode("issuing.incident-open").WithHint("请在原来的突发情况中登记待办；已经排除的，先登记排除")
	}
	above, err := iam.AboveTx(tx, r.unit)
	if err != nil {
		return err
	}
	r.path, r.region = above[0].Path(), iam.RegionOf(above)
	r.manager, r.created = managerOf(above), milli(tx.Now())
	if err := insertIncident(tx, r); err != nil {
		return err
	}
	if s.Notices != nil {
		err = s.Notices.PutTx(tx, notice.Notice{Topic: "issuing.incident", Org: r.manager, Permission: permOversee,
			Title: clip("突发情况报告："+above[0].Name, 150), Text: "该单位暂时不能及时签发、注销、更新证照，已采取应急措施。"})
		if err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "issuing.declare", Object: incidentObject(r.id), Reason: r.what})
}

// managerOf is the managing unit that an incident is reported to: the government
// above the unit, or the unit itself where there is none above it.
func managerOf(above []iam.Org) string {
	if len(above) > 1 {
		return above[1].ID
	}
	return above[0].ID
}

// incidentTx finds an incident that whoever acts may change.
func incidentTx(ctx context.Context, tx *db.Tx, id string) (*incidentRow, error) {
	r, err := incidentByID(tx, id, true)
	if err != nil {
		return nil, err
	}
	if !iam.MayAny(ctx, r.unit, append([]string{permOversee}, working...)...) {
		return nil, errNoIncident()
	}
	return r, iam.Allow(ctx, permCollect, r.unit)
}

func errClosed() error {
	return fault.Conflict.New("这件突发情况已经办结").WithCode("issuing.incident-closed").WithHint("新的情况请另行报告")
}

// Clear notes that the fault is cleared: from then on the clock of making up
// runs. Where nothing is owed the incident is closed.
func (s *Service) Clear(ctx context.Context, id string, at time.Time) (*Incident, error) {
	return s.change(ctx, id, "issuing.clear", func(tx *db.Tx, r *incidentRow) error {
		if r.state != Open {
			return fault.Conflict.New("这件突发情况已登记排除").WithCode("issuing.incident-cleared").WithHint("请按待办清单补办")
		}
		if at.IsZero() {
			at = tx.Now()
		}
		if milli(at) < r.began || at.After(tx.Now().Add(slack)) {
			return fault.Invalid.New("排除时间不对").WithCode("issuing.incident").WithHint("应在开始之后、现在之前").WithField("cleared_at", "range", "应在开始之后、现在之前")
		}
		ms := milli(at)
		r.state, r.cleared = Cleared, &ms
		if s.Due != nil {
			p, err := s.Due.Put(tx, due.Promise{Topic: dueMakeup, Object: r.id, Region: r.region, Org: r.unit, Permission: permCollect,
				Title: "补办突发情况期间的证照签发、注销、更新", Since: at})
			if err != nil {
				return err
			}
			r.due = milli(p.Due)
		}
		return s.closeTx(tx, r)
	})
}

// closeTx closes an incident that is over when nothing is owed any more.
func (s *Service) closeTx(tx *db.Tx, r *incidentRow) error {
	n, err := leftOwed(tx, r.id)
	if err != nil || n > 0 || r.state != Cleared {
		return err
	}
	now := milli(tx.Now())
	r.state, r.closed = Closed, &now
	if s.Due == nil {
		return nil
	}
	p, err := s.Due.Keep(tx, dueMakeup, r.id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	r.late = p.Late
	return err
}

// change changes an incident in one transaction.
func (s *Service) change(ctx context.Context, id, action string, how func(*db.Tx, *incidentRow) error) (*Incident, error) {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := incidentTx(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := how(tx, r); err != nil {
			return err
		}
		if err := saveIncident(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: incidentObject(r.id)})
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: action, Object: incidentObject(id)}, err)
	}
	return s.Incident(ctx, id)
}

// Incident is one incident with what is owed, to who works for the unit or
// oversees it.
func (s *Service) Incident(ctx context.Context, id string) (out *Incident, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := incidentByID(tx, id, false)
		if err != nil {
			return err
		}
		if !iam.MayAny(ctx, r.unit, append([]string{permOversee}, working...)...) {
			return errNoIncident()
		}
		out, err = s.incident(tx, r, true)
		return err
	})
	return out, err
}

func (s *Service) incident(tx *db.Tx, r *incidentRow, whole bool) (*Incident, error) {
	unit, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return nil, err
	}
	manager, err := iam.OrgTx(tx, r.manager)
	if err != nil {
		return nil, err
	}
	out := &Incident{ID: r.id, Unit: r.unit, UnitName: unit.Name, Manager: r.manager, ManagerName: manager.Name, State: r.state, StateName: r.state.Label(),
		What: r.what, Measures: r.measures, BeganAt: moment(r.began), ClearedAt: momentOf(r.cleared), Late: r.late, DeclaredBy: r.declaredBy,
		CreatedAt: moment(r.created), ClosedAt: momentOf(r.closed)}
	if r.due != 0 {
		out.Due = moment(r.due)
	}
	if r.state == Cleared && s.Due != nil {
		p, err := s.Due.Promise(tx, dueMakeup, r.id)
		if err != nil {
			return nil, err
		}
		out.Left = p.Left
	}
	all, err := owedOf(tx, r.id)
	if err != nil {
		return nil, err
	}
	for _, o := range all {
		if o.done == nil {
			out.Remaining++
		}
		if whole {
			out.Owed = append(out.Owed, Owed{ID: o.id, Operation: o.operation, OperationName: operationNames[o.operation], Kind: o.kind, About: o.about,
				Draft: o.draft, Note: o.note, DoneAt: momentOf(o.done), DoneBy: o.doneBy})
		}
	}
	return out, nil
}

// An IncidentPage is a page of incidents, newest first.
type IncidentPage struct {
	Items []*Incident `json:"items"`
	Next  string      `json:"next,omitempty"`
}

// Incidents pages through the incidents of units that whoever asks works for or
// oversees.
func (s *Service) Incidents(ctx context.Context, limit int, cursor string) (*IncidentPage, error) {
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
	page := &IncidentPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []*Incident{}, ""
		var below []string
		for _, p := range append([]string{permOversee}, working...) {
			paths, err := iam.PathsTx(tx, iam.ScopeRoots(ctx, p))
			if err != nil {
				return err
			}
			below = append(below, paths...)
		}
		slices.Sort(below)
		rows, err := listIncidents(tx, slices.Compact(below), before, id, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = db.Cursor(rows[limit-1].created, rows[limit-1].id)
		}
		for _, r := range rows {
			x, err := s.incident(tx, r, false)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, x)
		}
		return nil
	})
	return page, err
}
