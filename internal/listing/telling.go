package listing

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/notice"
	"sidian/workday"
)

// behindOf are the kinds whose national code or standard was published anew
// (GEN-10), with the day, by name.
func behindOf(list []catalogue.Standing) map[string]string {
	behind := map[string]string{}
	for _, st := range list {
		if st.State == catalogue.StandingNewer && st.National != nil {
			behind[st.Name] = st.National.Since
		}
	}
	return behind
}

// Tell puts one notice into the inbox of each unit that left something lying (CAT-10,
// CAT-14, GEN-10), for those who report its lists, and reports to how many. A unit is
// told once in a quarter, however often and by however many processes it is called.
func (s *Service) Tell(ctx context.Context) (told int, err error) {
	if s.Notices == nil {
		return 0, nil
	}
	all, err := s.reports(ctx)
	if err != nil {
		return 0, err
	}
	for _, r := range all.units {
		one := false
		err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
			if one, err = insertTold(tx, r.Unit, all.quarter, len(r.Findings)); err != nil || !one {
				return err
			}
			return s.tell(tx, notice.Notice{ID: "listing/stale/" + all.quarter, Org: r.Unit, Permission: permReport, Topic: "listing.stale",
				Title: fmt.Sprintf("本季度有 %d 项清单、规范需要更新", len(r.Findings)), Text: wordsOf(r.Findings), Link: "/console/lists/report?org=" + url.QueryEscape(r.Unit)})
		})
		if err != nil {
			return told, err
		}
		if one {
			told++
		}
	}
	return told, ctx.Err()
}

// due is what is to be told in a quarter.
type due struct {
	quarter string
	units   []UnitReport
}

// reports are those of units that were not told in this quarter.
func (s *Service) reports(ctx context.Context) (d due, err error) {
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return d, err
	}
	standings, err := s.Catalogue.Standings(ctx)
	if err != nil {
		return d, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		d = due{quarter: quarterOf(workday.DateOf(tx.Now()))}
		told, err := toldIn(tx, d.quarter)
		if err != nil {
			return err
		}
		f, err := s.factsTx(tx, standings)
		if err != nil {
			return err
		}
		for _, o := range all {
			if o.Closed || told[o.ID] {
				continue
			}
			if r := f.of(o); len(r.Findings) > 0 {
				d.units = append(d.units, r)
			}
		}
		return nil
	})
	return d, err
}

func quarterOf(d workday.Date) string {
	return fmt.Sprintf("%dQ%d", d.Year, (int(d.Month)+2)/3)
}

// wordsOf says what is to be done, the kinds of findings together.
func wordsOf(list []Finding) string {
	var order []string
	about := map[string][]string{}
	for _, f := range list {
		if about[f.Message] == nil {
			order = append(order, f.Message)
		}
		about[f.Message] = append(about[f.Message], "“"+clip(f.About, 30)+"”")
	}
	var lines []string
	for _, message := range order {
		names, more := about[message], ""
		if n := len(names); n > 5 {
			names, more = names[:5], fmt.Sprintf(" 等 %d 项", n)
		}
		lines = append(lines, message+"："+strings.Join(slices.Compact(names), "、")+more)
	}
	return strings.Join(append(lines, "请更新、补报，或在清单编制中说明。本季度不再提醒。"), "\n")
}
