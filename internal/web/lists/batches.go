package lists

import (
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/listing"
	"sidian/internal/web/page"
)

func (s *Service) batchPage(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	units, err := s.Listing.Units(ctx)
	if err != nil {
		return nil, err
	}
	unit := unitOf(r.FormValue("org"), units)
	p := tabs(s.sheet(r, "lists", "推广批次", "成熟一批、推广一批：由一名目录管理员把证照类型标为成熟，由另一名选出公布。公布后不再改变。", page.Wide), Batches)
	p.Search = chooseUnit(Batches, unit, units)
	if unit == "" {
		return p.Add(page.Part{Table: &page.Table{Empty: page.Empty{Title: "没有可以查看的单位"}}}), nil
	}
	v, err := s.Listing.Batches(ctx, unit)
	if err != nil {
		return nil, err
	}
	review := iam.Allow(ctx, "list.review", unit) == nil
	ripe := &page.Table{ID: "mature", Caption: "标为成熟的证照类型", Quiet: true, Head: []string{"证照类型", "理由", "标记", "状态"}, Empty: page.Empty{Title: "还没有标为成熟的证照类型"}}
	pick := &page.Tick{Name: "kinds", Label: "证照类型", Form: page.Form{ID: "launch", Title: "公布一批", Text: "由没有标记过它们的目录管理员公布；立即向社会公开。", Action: Batches + "/launch", Hidden: []page.Hidden{{Name: "org", Value: unit}}, Button: "公布这一批", Busy: "正在公布…", Fields: []page.Field{
		{ID: "title", Name: "title", Label: "批次名称", Value: r.PostFormValue("title"), Required: true, Max: 100, Hint: "如 第一批推广使用的电子证照"}, reasonField(r, "launch-reason", "公布的依据，如文号，随批次公开")}}}
	for i := range v.Mature {
		m := &v.Mature[i]
		state := page.Chip{Class: page.Good, Word: "已公布"}
		if m.Batch == "" {
			state = page.Chip{Class: page.Care, Word: "等待公布"}
			pick.Boxes = append(pick.Boxes, page.Box{ID: "pick-" + strconv.Itoa(i+1), Value: m.Kind, Label: m.Title, Sub: m.Reason})
		}
		ripe.Rows = append(ripe.Rows, page.Row{ID: "mature-" + m.Kind, Cells: []page.Cell{{Text: m.Title}, {Text: m.Reason}, {Text: page.Day(m.At)}, {Chips: []page.Chip{state}}}})
	}
	p.Add(page.Part{Title: "标为成熟的证照类型", Table: ripe})
	if review && len(pick.Boxes) > 0 {
		p.Add(page.Part{Tick: pick})
	}
	if review {
		kind, err := s.kindField(r, "kind")
		if err != nil {
			return nil, err
		}
		mature := page.Field{ID: "mature-as", Name: "mature", Label: "标为", Value: r.PostFormValue("mature"), Options: []page.Option{{Value: "1", Label: "成熟"}, {Value: "0", Label: "取消成熟"}}}
		p.Add(page.Part{Form: &page.Form{ID: "mark", Title: "标记一种证照", Action: Batches, Hidden: []page.Hidden{{Name: "org", Value: unit}}, Button: "登记", Plain: true, Fields: []page.Field{kind, mature, reasonField(r, "mark-reason", "如 发证、用证都已稳定运行一年")}}})
	}
	t := &page.Table{ID: "batches", Caption: "公布的批次", Quiet: true, Head: []string{"批次", "证照", "公布"}, Empty: page.Empty{Title: "还没有公布过批次"}}
	for i := range v.Items {
		b := &v.Items[i]
		t.Rows = append(t.Rows, page.Row{ID: "batch-" + b.ID, Cells: []page.Cell{{Text: b.Title, Sub: "第 " + strconv.Itoa(b.Number) + " 批"}, {Text: strings.Join(b.Titles, "、")}, {Text: page.Day(b.At), Sub: b.Reason}}})
	}
	return p.Add(page.Part{Title: "公布的批次", Table: t}), nil
}

func (s *Service) getBatches(w http.ResponseWriter, r *http.Request) error {
	p, err := s.batchPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postMark(w http.ResponseWriter, r *http.Request) error {
	v := r.PostFormValue
	if _, err := s.Listing.Mark(r.Context(), listing.Marking{Org: v("org"), Kind: v("kind"), Mature: v("mature") == "1", Reason: v("reason")}); err != nil {
		return s.again(w, r, err, s.batchPage)
	}
	return page.See(w, r, page.Asking(Batches, "org", v("org"), "done", "mark"))
}

func (s *Service) postLaunch(w http.ResponseWriter, r *http.Request) error {
	v := r.PostFormValue
	if _, err := s.Listing.LaunchBatch(r.Context(), listing.Launch{Org: v("org"), Title: v("title"), Kinds: r.PostForm["kinds"], Reason: v("reason")}); err != nil {
		return s.again(w, r, err, s.batchPage)
	}
	return page.See(w, r, page.Asking(Batches, "org", v("org"), "done", "launch"))
}
