package lists

import (
	"net/http"
	"strconv"

	"sidian/internal/listing"
	"sidian/internal/web/page"
)

var topics = map[string]string{listing.NormTopic: "技术和使用规范的更新", listing.ReviewTopic: "清单的复核"}

// periods adds after how many months what was published is stale, and for who reviews
// the form that puts one.
func (s *Service) periods(r *http.Request, p *page.Sheet) error {
	ctx := r.Context()
	v, err := s.Listing.Periods(ctx)
	if err != nil {
		return err
	}
	units, err := s.Listing.Compilers(ctx)
	if err != nil {
		return err
	}
	names := map[string]string{}
	for _, o := range units {
		names[o.ID] = o.Name
	}
	t := &page.Table{ID: "periods", Caption: "期限", Quiet: true, Head: []string{"单位", "内容", "期限", "自", "依据"}, Empty: page.Empty{Title: "没有登记期限", Text: "按平台默认的 12 个月计算。"}}
	for _, one := range v.Items {
		name := names[one.Org]
		if name == "" {
			o, err := s.Listing.IAM.Org(ctx, one.Org)
			if err != nil {
				return err
			}
			name = o.Name
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: name}, {Text: topics[one.Topic]}, {Text: strconv.Itoa(one.Months) + " 个月"}, {Text: one.Starts}, {Text: one.Basis}}})
	}
	p.Add(page.Part{ID: "period-list", Title: "更新和复核的期限", Text: "对单位和全部下级单位适用，离得最近的优先。", Table: t})
	if len(units) == 0 {
		return nil
	}
	f := r.PostFormValue
	topic := page.Field{ID: "topic", Name: "topic", Label: "内容", Value: f("topic"), Required: true, Options: []page.Option{{Value: listing.NormTopic, Label: topics[listing.NormTopic]}, {Value: listing.ReviewTopic, Label: topics[listing.ReviewTopic]}}}
	p.Add(page.Part{Form: &page.Form{ID: "period", Title: "登记期限", Text: "不能修改：要改的，登记自另一天起的期限。", Action: Report, Button: "登记期限", Plain: true, Fields: []page.Field{
		orgField("period-org", "单位", f("org"), units), topic,
		{ID: "months", Name: "months", Label: "月数", Value: f("months"), Required: true, Mode: "numeric", Short: true, Hint: "1 至 120"},
		{ID: "starts", Name: "starts", Label: "起用日期", Type: "date", Value: f("starts"), Required: true},
		{ID: "basis", Name: "basis", Label: "依据", Value: f("basis"), Required: true, Lines: 2, Max: 500},
	}}})
	return nil
}

func (s *Service) postPeriod(w http.ResponseWriter, r *http.Request) error {
	f := r.PostFormValue
	months, err := strconv.Atoi(f("months"))
	if err != nil {
		months = 0 // no number is refused as one that is too small
	}
	if _, err = s.Listing.PutPeriod(r.Context(), listing.Period{Org: f("org"), Topic: f("topic"), Months: months, Starts: f("starts"), Basis: f("basis")}); err == nil {
		return page.See(w, r, page.Asking(Report, "done", "period"))
	}
	return s.again(w, r, err, s.reportPage)
}

// again shows a page again with what was wrong; what is not the page's to show is
// returned.
func (s *Service) again(w http.ResponseWriter, r *http.Request, err error, make func(*http.Request) (*page.Sheet, error)) error {
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := make(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}
