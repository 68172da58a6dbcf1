package feedback

import (
	"context"
	"errors"
	"slices"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A ReportQuery asks for sums of months; empty: the last six.
type ReportQuery struct {
	From, To string // "2026-06"
}

// A Report is how units answered what officers told them.
type Report struct {
	From string       `json:"from"`
	To   string       `json:"to"`
	Rows []ReportLine `json:"rows"`
	More bool         `json:"more,omitempty" doc:"行数过多，只列出前面的；请缩短月份"`
}

// A ReportLine is one unit in one month, by when the feedback was told.
type ReportLine struct {
	Month     string `json:"month"`
	Unit      string `json:"unit"`
	UnitName  string `json:"unit_name"`
	Filed     int64  `json:"filed" doc:"收到反馈"`
	Done      int64  `json:"done" doc:"已确认，状态已变更"`
	Moot      int64  `json:"moot" doc:"已确认，证照已是该状态"`
	Refused   int64  `json:"refused" doc:"未采纳"`
	Withdrawn int64  `json:"withdrawn" doc:"已撤回"`
	Open      int64  `json:"open" doc:"待确认"`
	Late      int64  `json:"late" doc:"超过期限"`
	Minutes   int64  `json:"minutes" doc:"从反馈到答复的平均时间，分钟；没有答复的不计"`
}

const mostLines = 2000

// Report adds up, for the units that whoever acts oversees or decides for.
func (s *Service) Report(ctx context.Context, q ReportQuery) (*Report, error) {
	if err := iam.Allow(ctx, permOversee, ""); err != nil && iam.Allow(ctx, permDecide, "") != nil {
		return nil, err
	}
	now := s.DB.Now().In(beijing)
	if q.From == "" && q.To == "" {
		q.From, q.To = now.AddDate(0, -5, 1-now.Day()).Format("2006-01"), now.Format("2006-01")
	}
	for name, m := range map[string]string{"from": q.From, "to": q.To} {
		if _, err := time.Parse("2006-01", m); err != nil {
			return nil, fault.Invalid.New("月份不正确").WithCode("feedback.month").WithHint("写作 2026-01；起止月份都要写").WithField(name, "malformed", "写作 2026-01")
		}
	}
	r := &Report{From: q.From, To: q.To, Rows: []ReportLine{}}
	var all []*sum
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		paths, err := iam.PathsTx(tx, slices.Concat(iam.ScopeRoots(ctx, permOversee), iam.ScopeRoots(ctx, permDecide)))
		if err != nil {
			return err
		}
		all, err = sums(tx, paths, q.From, q.To, milli(tx.Now()), mostLines+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if r.More = len(all) > mostLines; r.More {
		all = all[:mostLines]
	}
	names := map[string]string{}
	for _, x := range all {
		if _, ok := names[x.unit]; !ok {
			o, err := s.IAM.Org(ctx, x.unit)
			if err != nil && !errors.Is(err, fault.NotFound) {
				return nil, err
			}
			names[x.unit] = o.Name
		}
		l := ReportLine{Month: x.month, Unit: x.unit, UnitName: names[x.unit], Filed: x.filed, Done: x.done, Moot: x.moot, Refused: x.refused, Withdrawn: x.withdrawn, Open: x.open, Late: x.late}
		if x.answered > 0 {
			l.Minutes = x.spent / x.answered / int64(time.Minute/time.Millisecond)
		}
		r.Rows = append(r.Rows, l)
	}
	return r, nil
}
