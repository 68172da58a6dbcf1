package complaint

import (
	"cmp"
	"context"
	"slices"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// mostMonths is how many months a report covers at most; usualMonths without
// months asked for.
const (
	mostMonths  = 36
	usualMonths = 6
)

// repeated is from how many upheld complaints in a report a unit is one that
// refuses again and again.
const repeated = 2

// A ReportQuery asks for a report: months, both included, and one unit or all
// that whoever acts may see.
type ReportQuery struct {
	From, To string // "2026-11"
	Unit     string
}

// Sums are how many complaints were filed, and what came of them.
type Sums struct {
	Filed     int64 `json:"filed" doc:"收到"`
	Open      int64 `json:"open" doc:"尚未处理"`
	Upheld    int64 `json:"upheld" doc:"属实"`
	Dismissed int64 `json:"dismissed" doc:"不属实"`
	Exempt    int64 `json:"exempt" doc:"法定不适用情形"`
	Withdrawn int64 `json:"withdrawn" doc:"已撤回"`
	Mending   int64 `json:"mending" doc:"属实的中，尚未改正办结"`
}

func (s *Sums) add(t *tally) {
	s.Filed += t.filed
	s.Open += t.open
	s.Upheld += t.upheld
	s.Dismissed += t.dismissed
	s.Exempt += t.exempt
	s.Withdrawn += t.withdrawn
	s.Mending += t.n
}

// A UnitRow is a unit in a report.
type UnitRow struct {
	Org     string `json:"org"`
	OrgName string `json:"org_name"`
	Sums
	Median float64 `json:"median" doc:"处理用时的中位数，工作日；没有处理完的为 0"`
	Repeat bool    `json:"repeat" doc:"两件以上属实"`
}

// A MonthRow is a month in a report, by when complaints were filed.
type MonthRow struct {
	Month string `json:"month"`
	Sums
}

// A UnitMonth is a unit in a month.
type UnitMonth struct {
	Org     string `json:"org"`
	OrgName string `json:"org_name"`
	Month   string `json:"month"`
	Sums
}

// A Report tells who refuses seals. It knows no person.
type Report struct {
	From   string      `json:"from"`
	To     string      `json:"to"`
	Total  Sums        `json:"total"`
	Median float64     `json:"median" doc:"处理用时的中位数，工作日"`
	Units  []UnitRow   `json:"units" doc:"属实多的在前"`
	Months []MonthRow  `json:"months"`
	Each   []UnitMonth `json:"each" doc:"每个单位每个月"`
}

// Report adds up the complaints about the units for which whoever acts may read
// it: those below where they hold that, and those that stand beside their
// authority.
func (s *Service) Report(ctx context.Context, q ReportQuery) (*Report, error) {
	months, err := q.months(s.DB.Now())
	if err != nil {
		return nil, err
	}
	known, err := s.orgs(ctx)
	if err != nil {
		return nil, err
	}
	roots, err := reportRoots(ctx, known)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "complaint.report", Object: "complaint/report"}, err)
	}
	var rows []tally
	var took []span
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		paths, err := iam.PathsTx(tx, roots)
		if err != nil {
			return err
		}
		if q.Unit != "" && !reaches(tx, q.Unit, paths) {
			return errReach()
		}
		from, to := months[0], months[len(months)-1]
		if rows, err = tallies(tx, from, to, q.Unit, paths); err != nil {
			return err
		}
		took, err = spans(tx, from, to, q.Unit, paths)
		return err
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "complaint.report", Object: "complaint/report"}, err)
	}
	return addUp(months, rows, took, known.names), nil
}

func errReach() error {
	return fault.Forbidden.New("不能查看该单位的拒收统计").WithCode("auth.org").WithHint("请选择本单位或其下级单位")
}

// reportRoots are the units below which a report may look.
func reportRoots(ctx context.Context, known *register) (roots []string, err error) {
	if err := iam.Allow(ctx, permRead, ""); err != nil {
		return nil, err
	}
	held := iam.ScopeRoots(ctx, permRead)
	for i := range known.all {
		o := &known.all[i]
		if !slices.Contains(held, o.ID) {
			continue
		}
		if o.Type == authorityType && !o.Closed && o.Parent != "" {
			roots = append(roots, o.Parent) // an authority's reach: the units beside it
			continue
		}
		roots = append(roots, o.ID)
	}
	if len(roots) == 0 {
		return nil, errReach()
	}
	return roots, nil
}

func reaches(tx *db.Tx, unit string, paths []string) bool {
	at, err := iam.PathTx(tx, unit)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(paths, func(p string) bool { return len(at) >= len(p) && at[:len(p)] == p })
}

// months are those of a query, in order.
func (q ReportQuery) months(now time.Time) ([]string, error) {
	today := workday.DateOf(now)
	to := time.Date(today.Year, time.Month(today.Month), 1, 0, 0, 0, 0, time.UTC)
	from := to.AddDate(0, 1-usualMonths, 0)
	bad := fault.Invalid.New("月份不正确").WithCode("complaint.months").WithHint("写作 2026-11，至多 36 个月")
	var err error
	if q.To != "" {
		if to, err = time.Parse("2006-01", q.To); err != nil {
			return nil, bad.WithField("to", "malformed", "写作 2026-11")
		}
		if q.From == "" {
			from = to.AddDate(0, 1-usualMonths, 0)
		}
	}
	if q.From != "" {
		if from, err = time.Parse("2006-01", q.From); err != nil {
			return nil, bad.WithField("from", "malformed", "写作 2026-11")
		}
	}
	if from.After(to) || from.Year() < 2000 || from.AddDate(0, mostMonths, 0).Compare(to) <= 0 {
		return nil, bad.WithField("from", "range", "起始月份不能晚于截止月份，至多 36 个月")
	}
	var out []string
	for m := from; !m.After(to); m = m.AddDate(0, 1, 0) {
		out = append(out, m.Format("2006-01"))
	}
	return out, nil
}

func addUp(months []string, rows []tally, took []span, names map[string]string) *Report {
	r := &Report{From: months[0], To: months[len(months)-1], Units: []UnitRow{}, Each: make([]UnitMonth, 0, len(rows))}
	at := map[string]int{}
	for i, m := range months {
		at[m] = i
		r.Months = append(r.Months, MonthRow{Month: m})
	}
	for i := range rows {
		t := &rows[i]
		r.Total.add(t)
		r.Months[at[t.month]].add(t)
		if k := len(r.Units); k == 0 || r.Units[k-1].Org != t.org { // they come by unit
			r.Units = append(r.Units, UnitRow{Org: t.org, OrgName: names[t.org]})
		}
		r.Units[len(r.Units)-1].add(t)
		each := UnitMonth{Org: t.org, OrgName: names[t.org], Month: t.month}
		each.add(t)
		r.Each = append(r.Each, each)
	}
	of := map[string][]span{}
	for _, x := range took {
		of[x.org] = append(of[x.org], x)
	}
	for i := range r.Units {
		u := &r.Units[i]
		u.Median, u.Repeat = median(of[u.Org]), u.Upheld >= repeated
	}
	slices.SortStableFunc(took, func(a, b span) int { return cmp.Compare(a.days, b.days) })
	r.Median = median(took)
	slices.SortStableFunc(r.Units, func(a, b UnitRow) int {
		return cmp.Or(cmp.Compare(b.Upheld, a.Upheld), cmp.Compare(b.Filed, a.Filed), cmp.Compare(a.Org, b.Org))
	})
	return r
}

// median is that of working days, of spans in their order.
func median(list []span) float64 {
	var n int64
	for _, x := range list {
		n += x.n
	}
	if n == 0 {
		return 0
	}
	nth := func(k int64) int64 {
		for _, x := range list {
			if k < x.n {
				return x.days
			}
			k -= x.n
		}
		return 0
	}
	return float64(nth((n-1)/2)+nth(n/2)) / 2
}

// Export is a report as a file, for who may see it. That it was taken is audited.
func (s *Service) Export(ctx context.Context, q ReportQuery, format string) (*Copy, error) {
	r, err := s.Report(ctx, q)
	if err != nil {
		return nil, err
	}
	c, err := r.file(format)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "complaint.export", Object: "complaint/report", Reason: r.From + " 至 " + r.To})
	})
	return c, err
}
