package listing

import (
	"context"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// The lists that are compiled in three stages.
const (
	Issue    = "issue"    // 电子证照发证清单
	Material = "material" // 政务部门核发电子材料目录
)

// Lists are the lists with their names.
func Lists() []Word {
	return []Word{{Issue, "电子证照发证清单"}, {Material, "政务部门核发电子材料目录"}}
}

// ListName is the name of a list.
func ListName(code string) string { return nameOf(Lists(), code) }

// States of a round, of a part, and of a row.
const (
	Open      = "open" // of a part: 梳理
	Published = "published"
	Abandoned = "abandoned"

	Submitted = "submitted"
	Returned  = "returned"
	Accepted  = "accepted"
	Excused   = "excused"

	Draft   = "draft"
	Dropped = "dropped"
)

// StateName is what people call a state.
func StateName(state string) string {
	return nameOf([]Word{{Open, "梳理中"}, {Published, "已公布"}, {Abandoned, "已中止"}, {Submitted, "待审核"}, {Returned, "已退回"},
		{Accepted, "已通过"}, {Excused, "未报送，已说明"}, {Draft, "未报送"}, {Dropped, "已删除"}}, state)
}

// maxUnits is how many units a round asks.
const maxUnits = 500

// A Round is one compiling of a list.
type Round struct {
	ID       string    `json:"id"`
	List     string    `json:"list" enum:"issue,material" doc:"issue 电子证照发证清单；material 政务部门核发电子材料目录"`
	ListName string    `json:"list_name"`
	Org      string    `json:"org" doc:"编制单位"`
	OrgName  string    `json:"org_name"`
	Title    string    `json:"title"`
	Basis    string    `json:"basis,omitempty"`
	ReportBy string    `json:"report_by" doc:"报送截止日期，当天仍可报送；之后报送的记为逾期"`
	ReviewBy string    `json:"review_by" doc:"审核截止日期"`
	State    string    `json:"state" enum:"open,published,abandoned"`
	At       time.Time `json:"at"`
	EndedAt  time.Time `json:"ended_at,omitzero"`
	EndedWhy string    `json:"ended_why,omitempty"`
	Edition  string    `json:"edition,omitempty" doc:"已公布的版本；列表不含"`
	Units    []Part    `json:"units,omitempty" doc:"参加单位，其中调用者可以查看的；列表不含"`
	Waiting  int       `json:"waiting,omitempty" doc:"还没有审核通过的单位数；列表不含"`
	Twice    []Group   `json:"twice,omitempty" doc:"名称或代码重复而内容不同、须由编制单位选定的；列表不含"`
	Compile  bool      `json:"compile,omitempty" doc:"调用者可以统一编制；列表不含"`
}

// A Part is what one unit owes a round.
type Part struct {
	Round         string    `json:"round"`
	Unit          string    `json:"unit"`
	UnitName      string    `json:"unit_name"`
	Authority     string    `json:"authority" doc:"审核的同级主管部门"`
	AuthorityName string    `json:"authority_name"`
	State         string    `json:"state" enum:"open,submitted,returned,accepted,excused"`
	StateName     string    `json:"state_name"`
	Late          bool      `json:"late,omitempty" doc:"逾期报送"`
	Note          string    `json:"note,omitempty" doc:"报送说明"`
	SubmittedAt   time.Time `json:"submitted_at,omitzero"`
	DecidedAt     time.Time `json:"decided_at,omitzero"`
	DecidedWhy    string    `json:"decided_why,omitempty"`
	Accepted      int64     `json:"accepted" doc:"通过的行数"`
	Submitted     int64     `json:"submitted" doc:"待审核的行数"`
	Returned      int64     `json:"returned" doc:"退回的行数"`
	Draft         int64     `json:"draft" doc:"未报送的行数"`
	Rows          []Row     `json:"rows,omitempty" doc:"逐行内容；一轮的概况不含"`
	Report        bool      `json:"may_report,omitempty" doc:"调用者可以梳理报送"`
	Review        bool      `json:"may_review,omitempty" doc:"调用者可以审核"`
}

// A RoundPage is a page of rounds, newest first.
type RoundPage struct {
	Items []Round `json:"items"`
	Next  string  `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// Opening asks for a round.
type Opening struct {
	List     string   `json:"list" enum:"issue,material"`
	Org      string   `json:"org" minLength:"1" maxLength:"64" doc:"编制单位"`
	Title    string   `json:"title" minLength:"2" maxLength:"100"`
	Basis    string   `json:"basis,omitempty" maxLength:"500" doc:"依据"`
	ReportBy string   `json:"report_by" maxLength:"10" doc:"报送截止日期，2026-01-31"`
	ReviewBy string   `json:"review_by" maxLength:"10" doc:"审核截止日期"`
	Units    []string `json:"units,omitempty" maxItems:"500" doc:"参加单位；不填则为编制单位的全部下级单位，没有下级的为它自己"`
}

// OpenRound begins a round: units of the compiling one are asked for their rows.
func (s *Service) OpenRound(ctx context.Context, o Opening) (*Round, error) {
	id, err := newID(), error(nil)
	if err = o.check(); err != nil {
		return nil, err
	}
	if _, err = person(ctx); err == nil {
		err = iam.Allow(ctx, permReview, o.Org)
	}
	if err != nil {
		return nil, s.refused(ctx, "listing.open", "listing", err)
	}
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.openTx(tx, id, o, all) })
	if err != nil {
		return nil, s.refused(ctx, "listing.open", "listing", err)
	}
	return s.Round(ctx, id)
}

func (o *Opening) check() error {
	if err := check(text{"title", "名称", &o.Title, 2, 100, false}, text{"basis", "依据", &o.Basis, 0, 500, true}); err != nil {
		return err
	}
	if o.List != Issue && o.List != Material {
		return errField("list", "listing.list", "请选择电子证照发证清单或政务部门核发电子材料目录")
	}
	if err := dateOf("report_by", "报送截止日期", o.ReportBy); err != nil {
		return err
	}
	if err := dateOf("review_by", "审核截止日期", o.ReviewBy); err != nil {
		return err
	}
	if o.ReviewBy < o.ReportBy {
		return errField("review_by", "listing.dates", "审核截止日期不早于报送截止日期")
	}
	return nil
}

func (s *Service) openTx(tx *db.Tx, id string, o Opening, all []iam.Org) error {
	if o.ReportBy < today(tx) {
		return errField("report_by", "listing.dates", "报送截止日期不早于今天")
	}
	top, err := iam.OrgTx(tx, o.Org)
	if err != nil {
		return err
	}
	units, err := unitsTx(tx, top, o.Units, all)
	if err != nil {
		return err
	}
	r := &roundRow{id: id, list: o.List, org: o.Org, path: top.Path(), title: o.Title, basis: o.Basis, reportBy: o.ReportBy, reviewBy: o.ReviewBy, account: actor(tx.Context()), at: tx.Now().UnixMilli()}
	made, err := insertRound(tx, r)
	if err != nil {
		return err
	}
	if !made {
		return fault.Conflict.New("这个单位的这种清单正在编制").WithCode("listing.open").WithHint("请先公布或中止正在进行的一轮")
	}
	for _, u := range units {
		p := &partRow{round: id, unit: u.ID, path: u.Path()}
		if p.authority, err = authorityTx(tx, u.ID, top.ID); err != nil {
			return err
		}
		if err := insertPart(tx, p); err != nil {
			return err
		}
		err := s.tell(tx, notice.Notice{ID: "listing.open/" + id, Org: u.ID, Permission: permReport, Topic: "listing.open", Title: "请梳理报送：" + ListName(o.List),
			Text: "“" + clip(o.Title, 80) + "”已开始编制，请在 " + o.ReportBy + " 前梳理本单位的内容并报送。", Link: partLink(id, u.ID)})
		if err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "listing.open", Object: roundObject(id), After: gm.Sum([]byte(o.List + "\n" + o.Title + "\n" + o.ReportBy + "\n" + o.ReviewBy))})
}

// unitsTx are the units that a round asks: those named, else all below the
// compiling one, else itself.
func unitsTx(tx *db.Tx, top iam.Org, named []string, all []iam.Org) (units []iam.Org, err error) {
	for _, o := range all {
		if len(named) == 0 && !o.Closed && o.ID != top.ID && strings.HasPrefix(o.Path(), top.Path()) {
			units = append(units, o)
		}
	}
	seen := map[string]bool{}
	for _, id := range named {
		o, err := iam.OrgTx(tx, id)
		switch {
		case fault.As(err) != nil || err == nil && (o.Closed || !strings.HasPrefix(o.Path(), top.Path())):
			return nil, errField("units", "listing.units", "参加单位应是编制单位或它的下级，且没有停用")
		case err != nil:
			return nil, err
		case !seen[id]:
			units = append(units, o)
		}
		seen[id] = true
	}
	if len(units) == 0 {
		units = []iam.Org{top}
	}
	if len(units) > maxUnits {
		return nil, errField("units", "listing.units", "一轮至多 500 个单位，请指定参加单位或分级编制")
	}
	return units, nil
}

func roundObject(id string) string { return "list-round/" + id }

func partLink(round, unit string) string { return "/console/lists/rounds/" + round + "/units/" + unit }

// near tells whether paths have something to do with a place: one lies on or below
// the other.
func near(paths []string, place string) bool {
	for _, p := range paths {
		if strings.HasPrefix(p, place) || strings.HasPrefix(place, p) {
			return true
		}
	}
	return false
}

// Rounds pages through the rounds of the units for which whoever acts reports or
// reviews, newest first.
func (s *Service) Rounds(ctx context.Context, cursor string, limit int) (*RoundPage, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	p := &RoundPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []Round{}, ""
		paths, err := pathsTx(ctx, tx)
		if err != nil {
			return err
		}
		list, err := listRounds(tx, paths, before, id, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			p.Next = db.Cursor(list[limit-1].at, list[limit-1].id)
		}
		for _, r := range list {
			p.Items = append(p.Items, roundView(r, names))
		}
		return nil
	})
	return p, err
}

func roundView(r *roundRow, names map[string]string) Round {
	return Round{ID: r.id, List: r.list, ListName: ListName(r.list), Org: r.org, OrgName: names[r.org], Title: r.title, Basis: r.basis, ReportBy: r.reportBy, ReviewBy: r.reviewBy,
		State: r.state, At: moment(r.at), EndedAt: at(r.ended), EndedWhy: r.endedWhy}
}

// Round is a round with the parts that whoever acts may see.
func (s *Service) Round(ctx context.Context, id string) (*Round, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	var v Round
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := roundByID(tx, id, false)
		if err != nil {
			return err
		}
		paths, err := pathsTx(ctx, tx)
		if err != nil {
			return err
		}
		if !near(paths, r.path) {
			return maySee(ctx, r.org)
		}
		v = roundView(r, names)
		v.Compile = iam.Allow(ctx, permReview, r.org) == nil
		return s.roundTx(ctx, tx, r, &v, paths, names)
	})
	if err != nil {
		return nil, err
	}
	return &v, nil
}

func (s *Service) roundTx(ctx context.Context, tx *db.Tx, r *roundRow, v *Round, paths []string, names map[string]string) error {
	parts, err := partsOf(tx, r.id)
	if err != nil {
		return err
	}
	counts, err := countRound(tx, r.id)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if p.state != Accepted && p.state != Excused {
			v.Waiting++
		}
		if seen := below(paths, p.path); seen {
			v.Units = append(v.Units, s.partView(ctx, r, p, counts[p.unit], names))
		}
	}
	if r.state == Published {
		if v.Edition, err = editionOf(tx, r.id); err != nil {
			return err
		}
	}
	if !v.Compile {
		return nil
	}
	accepted, err := acceptedOf(tx, r.id)
	if err != nil {
		return err
	}
	for _, g := range groupsOf(accepted) {
		if g.differs() {
			v.Twice = append(v.Twice, groupView(g, names))
		}
	}
	return nil
}

// below tells whether a place lies on or below one of the paths.
func below(paths []string, place string) bool {
	for _, p := range paths {
		if strings.HasPrefix(place, p) {
			return true
		}
	}
	return false
}

func (s *Service) partView(ctx context.Context, r *roundRow, p *partRow, n map[string]int64, names map[string]string) Part {
	v := Part{Round: p.round, Unit: p.unit, UnitName: names[p.unit], Authority: p.authority, AuthorityName: names[p.authority], State: p.state, StateName: StateName(p.state),
		Late: p.late, Note: p.note, SubmittedAt: at(p.submitted), DecidedAt: at(p.decided), DecidedWhy: p.decidedWhy,
		Accepted: n[Accepted], Submitted: n[Submitted], Returned: n[Returned], Draft: n[Draft]}
	if r.state == Open {
		v.Report = iam.May(ctx, permReport, p.unit) && (p.state == Open || p.state == Returned)
		v.Review = p.state == Submitted && s.mayReview(ctx, r, p) == nil
	}
	return v
}

// Part is what a unit owes a round, row by row.
func (s *Service) Part(ctx context.Context, round, unit string) (*Part, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	var v Part
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := roundByID(tx, round, false)
		if err != nil {
			return err
		}
		p, err := partByID(tx, round, unit, false)
		if err != nil {
			return err
		}
		if err := maySee(ctx, p.unit); err != nil {
			return err
		}
		n, err := countLines(tx, round, unit)
		if err != nil {
			return err
		}
		v = s.partView(ctx, r, p, n, names)
		rows, err := linesOf(tx, round, unit)
		for _, l := range rows {
			v.Rows = append(v.Rows, rowView(l))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &v, nil
}

// Abandon ends a round without a list.
func (s *Service) Abandon(ctx context.Context, id, reason string) (*Round, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := roundByID(tx, id, true)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, permReview, r.org); err != nil {
			return err
		}
		if err := endRound(tx, id, Abandoned, actor(ctx), reason); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.abandon", Object: roundObject(id), Reason: reason})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.abandon", roundObject(id), err)
	}
	return s.Round(ctx, id)
}
