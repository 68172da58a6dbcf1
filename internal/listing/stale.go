package listing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// Topics of periods.
const (
	NormTopic   = "norm"   // how old the newest norm of a kind may be
	ReviewTopic = "review" // how old a published list may be
)

// defaultMonths holds where nobody put a period.
const defaultMonths = 12

// A Period is after how many months what was published is stale, for a unit and all
// below it, from a day on.
type Period struct {
	Org    string `json:"org" minLength:"1" maxLength:"64"`
	Topic  string `json:"topic" enum:"norm,review" doc:"norm 技术和使用规范；review 清单的复核"`
	Months int    `json:"months" minimum:"1" maximum:"120"`
	Starts string `json:"starts" maxLength:"10" doc:"自哪一天起，不早于今天"`
	Basis  string `json:"basis" minLength:"1" maxLength:"500" doc:"依据"`
}

// Periods are the periods that were put.
type Periods struct {
	Items []Period `json:"items"`
}

// PutPeriod puts a period.
func (s *Service) PutPeriod(ctx context.Context, p Period) (*Periods, error) {
	if err := check(text{"basis", "依据", &p.Basis, 1, 500, true}); err != nil {
		return nil, err
	}
	if p.Topic != NormTopic && p.Topic != ReviewTopic || p.Months < 1 || p.Months > 120 {
		return nil, errField("months", "listing.period", "期限是 1 至 120 个月")
	}
	if err := dateOf("starts", "起用日期", p.Starts); err != nil {
		return nil, err
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := person(ctx); err != nil {
			return err
		}
		if err := iam.Allow(ctx, permReview, p.Org); err != nil {
			return err
		}
		if p.Starts < today(tx) {
			return errField("starts", "listing.date", "起用日期不早于今天")
		}
		r := &periodRow{newID(), p.Org, p.Topic, int64(p.Months), p.Starts, p.Basis, actor(ctx), tx.Now().UnixMilli()}
		made, err := insertPeriod(tx, r)
		if err != nil {
			return err
		}
		if !made {
			return fault.Conflict.New("这一天起已有取值").WithCode("listing.period-exists").WithHint("请另选起用日期").WithField("starts", "listing.period-exists", "已有取值")
		}
		return audit.Put(tx, audit.Entry{Action: "listing.period", Object: "period/" + p.Org + "/" + p.Topic, Reason: p.Basis, After: gm.Sum([]byte(fmt.Sprint(p.Months, " ", p.Starts)))})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.period", "period", err)
	}
	return s.Periods(ctx)
}

// Periods are the periods of the units for which whoever acts reports or reviews,
// and of those above.
func (s *Service) Periods(ctx context.Context) (*Periods, error) {
	v := &Periods{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		v.Items = []Period{}
		paths, err := pathsTx(ctx, tx)
		if err != nil {
			return err
		}
		list, err := periods(tx)
		if err != nil {
			return err
		}
		for _, p := range list {
			place, err := iam.PathTx(tx, p.org)
			if err != nil {
				return err
			}
			if near(paths, place) {
				v.Items = append(v.Items, Period{p.org, p.topic, int(p.months), p.starts, p.basis})
			}
		}
		return nil
	})
	return v, err
}

// monthsAt is the period of a place on a day: of the nearest unit that put one, the
// one that began last.
func monthsAt(list []*periodRow, place, topic, day string) int {
	months, depth, since := defaultMonths, -1, ""
	for _, p := range list {
		d := strings.Index(place, "/"+p.org+"/")
		if p.topic == topic && d >= 0 && p.starts <= day && (d > depth || d == depth && p.starts >= since) {
			months, depth, since = int(p.months), d, p.starts
		}
	}
	return months
}

// A Report tells what units left lying (CAT-10, CAT-14).
type Report struct {
	Units []UnitReport `json:"units" doc:"有问题的单位，至多 200 个；问了一个单位的，没有问题也列出"`
	Day   string       `json:"day" doc:"按哪一天计算"`
}

// A UnitReport is what one unit left lying.
type UnitReport struct {
	Unit     string    `json:"unit"`
	UnitName string    `json:"unit_name"`
	Items    int64     `json:"items" doc:"今天有效的事项；问一个单位的才有"`
	Missing  int64     `json:"missing" doc:"应关联结果证照而没有关联的事项；问一个单位的才有"`
	Findings []Finding `json:"findings"`
}

// A Finding is one thing that was left lying.
type Finding struct {
	Code    string `json:"code" enum:"norm.missing,norm.stale,list.stale,use.stale,part.late,item.unbound,standard.behind"`
	About   string `json:"about" doc:"证照、清单或事项"`
	Message string `json:"message"`
	Since   string `json:"since,omitempty" doc:"最近一次的日期"`
}

// Stale reports on a unit, or on all units for which whoever acts reports or reviews.
func (s *Service) Stale(ctx context.Context, unit string) (*Report, error) {
	if unit != "" {
		if err := maySee(ctx, unit); err != nil {
			return nil, err
		}
	}
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	standings, err := s.Catalogue.Standings(ctx)
	if err != nil {
		return nil, err
	}
	v := &Report{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		v.Units, v.Day = []UnitReport{}, today(tx)
		paths, err := pathsTx(ctx, tx)
		if err != nil {
			return err
		}
		f, err := s.factsTx(tx, standings)
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.Closed || unit != "" && o.ID != unit || unit == "" && !below(paths, o.Path()) || len(v.Units) == 200 {
				continue
			}
			if r := f.of(o); unit != "" || len(r.Findings) > 0 {
				v.Units = append(v.Units, r)
			}
		}
		return nil
	})
	if err == nil && unit != "" && len(v.Units) == 1 && iam.MayAny(ctx, unit, "item.read", "item.manage") {
		err = s.coverage(ctx, &v.Units[0])
	}
	return v, err
}

// coverage adds what items lack, as package item tells.
func (s *Service) coverage(ctx context.Context, r *UnitReport) error {
	c, err := s.Items.Coverage(ctx, r.Unit)
	if err != nil {
		return err
	}
	r.Items, r.Missing = c.Items, c.Missing
	for i := range c.Without {
		r.Findings = append(r.Findings, Finding{"item.unbound", c.Without[i].Name, "事项没有关联结果证照", c.Without[i].Starts})
	}
	return nil
}

// facts are what a report is made of.
type facts struct {
	day      workday.Date
	periods  []*periodRow
	norms    map[string]string
	uses     map[string]int64
	late     map[string]string
	editions []*editionRow
	contents []content
	behind   map[string]string // kinds that are behind the national standard, since when
}

func (s *Service) factsTx(tx *db.Tx, standings []catalogue.Standing) (f *facts, err error) {
	f = &facts{day: workday.DateOf(tx.Now()), behind: behindOf(standings)}
	if f.periods, err = periods(tx); err != nil {
		return nil, err
	}
	if f.norms, err = newestNorms(tx); err != nil {
		return nil, err
	}
	if f.uses, err = effectiveUses(tx); err != nil {
		return nil, err
	}
	if f.late, err = overdueParts(tx, f.day.String()); err != nil {
		return nil, err
	}
	if f.editions, err = newestEditions(tx); err != nil {
		return nil, err
	}
	for _, e := range f.editions {
		c, err := e.read()
		if err != nil {
			return nil, err
		}
		f.contents = append(f.contents, c)
	}
	return f, nil
}

// before is the first day that is not stale.
func (f *facts) before(place, topic string) string {
	return f.day.AddMonths(-monthsAt(f.periods, place, topic, f.day.String())).String()
}

func (f *facts) of(o iam.Org) UnitReport {
	r := UnitReport{Unit: o.ID, UnitName: o.Name, Findings: []Finding{}}
	add := func(code, about, message, since string) { // one list may stand in that of a tier above
		if one := (Finding{code, about, message, since}); !slices.Contains(r.Findings, one) {
			r.Findings = append(r.Findings, one)
		}
	}
	norm, review := f.before(o.Path(), NormTopic), f.before(o.Path(), ReviewTopic)
	if title, late := f.late[o.ID]; late {
		add("part.late", title, "逾期没有报送", "")
	}
	for i, e := range f.editions {
		day := workday.DateOf(moment(e.at)).String()
		if day < review && e.org == o.ID {
			add("list.stale", e.title, "清单超过复核期限没有重新编制", day)
		}
		for n := range f.contents[i].Entries {
			entry := &f.contents[i].Entries[n]
			if entry.Kind == "" || !slices.ContainsFunc(entry.Units, func(u Issuer) bool { return u.Unit == o.ID }) {
				continue
			}
			switch issued := f.norms[o.ID+" "+entry.Kind]; {
			case issued == "":
				add("norm.missing", entry.Name, "没有公布技术和使用规范", "")
			case issued < norm:
				add("norm.stale", entry.Name, "技术和使用规范超过期限没有更新", issued)
			}
			if since := f.behind[entry.Kind]; since != "" {
				add("standard.behind", entry.Name, "国家已公布新的代码或标准，证照类型还没有换版", since)
			}
		}
	}
	if at, has := f.uses[o.ID]; has {
		if day := workday.DateOf(moment(at)).String(); day < review {
			add("use.stale", "用证清单", "超过复核期限没有调整或确认", day)
		}
	}
	return r
}
