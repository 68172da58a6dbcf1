package batch

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/batch"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// A batchPage is a batch at the step where it is.
type batchPage struct {
	page.Frame
	Batch    *batch.Batch
	Chip     page.Chip
	Lead     string
	Notice   *page.Notice
	Problem  *page.Problem
	Steps    []page.Step
	Facts    []page.Fact
	Problems page.Table
	Samples  *page.Table
	Decide   []*page.Confirm
	Follow   bool // it goes on by itself
	At       string
	Template string
	Kind     string // with the unit, as the form of uploads has it
}

// May tells whether an action is the reader's now.
func (p *batchPage) May(action string) bool { return may(p.Batch, action) }

// Shown tells whether there is progress to show.
func (p *batchPage) Shown() bool {
	return p.Batch.State == batch.Running || p.Batch.State == batch.Paused || p.Batch.State == batch.Done
}

// leads say what the page is for and who goes on.
var leads = map[string]string{
	batch.Reading:   "正在逐行检查，请稍后刷新。",
	batch.Checked:   "这是逐行检查的结果，还没有签发任何证照。由上传人送审；有错误的行不签发，改好后用一张新表上传。",
	batch.Submitted: "等待审核人核对样例后整批审核。审核人不能是上传人。",
	batch.Approved:  "已审核，等待签发人开始签发。签发人不能是上传人和审核人。",
	batch.Running:   "正在逐件签发，可以离开这个页面，签发会继续。",
	batch.Paused:    "签发已暂停，已签发的有效；由签发人继续，或取消剩下的行。",
	batch.Done:      "这一批已结束。没有签发的行见下表，改好后用一张新表上传，签发过的行不会重复签发。",
	batch.Over:      "这一批已终止，没有签发。",
}

func (s *Service) page(r *http.Request) (*batchPage, error) {
	ctx := r.Context()
	b, err := s.Batch.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	found, err := s.Batch.Problems(ctx, b.ID, max(after, 0), 50)
	if err != nil {
		return nil, err
	}
	p := &batchPage{Frame: s.Kit.Frame(r, "批量签发"+b.Title, "batch", page.Wide), Batch: b, Chip: chips[b.State], Lead: leads[b.State], At: at(b.ID, ""),
		Template: page.Asking(Home+"/template", "kind", b.Kind, "unit", b.Unit), Kind: b.Kind + "/" + b.Unit}
	p.Steps, p.Problems = stepsOf(b), problemTable(b, found, after)
	if p.Facts, err = s.factsOf(r, b); err != nil {
		return nil, err
	}
	p.decisions(r)
	if b.State == batch.Submitted && p.May(batch.ActApprove) {
		if p.Samples, err = s.samples(r, b); err != nil {
			return nil, err
		}
	}
	if b.State == batch.Running {
		p.Follow = true
		p.Frame = p.WithScript("follow.js")
	}
	switch {
	case b.Trouble != "":
		p.Notice = &page.Notice{Class: page.Bad, Title: "签发已停下", Text: b.Trouble}
	case b.State == batch.Over && b.Note != "":
		p.Notice = &page.Notice{Class: page.Care, Title: "终止的理由", Text: b.Note}
	}
	return p, nil
}

func stepsOf(b *batch.Batch) []page.Step {
	order := map[string]int{batch.Reading: 0, batch.Checked: 1, batch.Submitted: 2, batch.Approved: 3, batch.Running: 4, batch.Paused: 4, batch.Done: 5, batch.Over: 5}
	list := []page.Step{{Title: "上传表格", At: b.Created}, {Title: "检查并送审", At: b.Submitted}, {Title: "整批审核", At: b.Decided}, {Title: "开始签发", At: b.Started}, {Title: "逐件签发"}, {Title: "领取结果", At: b.Ended}}
	for i := range list {
		switch now := order[b.State]; {
		case i < now:
			list[i].State = "done"
		case i == now:
			list[i].State = "now"
		default:
			list[i].State = "todo"
		}
	}
	return list
}

func (s *Service) factsOf(r *http.Request, b *batch.Batch) ([]page.Fact, error) {
	list := []page.Fact{{Label: "数据行数", Text: count(b.Total)}, {Label: "已签发", Text: count(b.Issued)}, {Label: "待签发", Text: count(b.Pending)},
		{Label: "检查未通过", Text: count(b.Refused)}, {Label: "签发未通过", Text: count(b.Failed)}}
	if b.Repeated > 0 {
		list = append(list, page.Fact{Label: "内容相同的已签发过", Text: count(b.Repeated)})
	}
	if b.Cancelled > 0 {
		list = append(list, page.Fact{Label: "已取消", Text: count(b.Cancelled)})
	}
	if b.State == batch.Running && b.Rate > 0 {
		list = append(list, page.Fact{Label: "速度", Text: fmt.Sprintf("每秒 %.0f 件，约剩 %s", b.Rate, page.Lasting(b.Left))})
	}
	list = append(list, page.Fact{Label: "签发单位", Text: b.UnitName})
	names, err := s.IAM.Names(r.Context(), []string{b.Uploader, b.Approver, b.Starter})
	if err != nil {
		return nil, err
	}
	for _, x := range []struct{ label, account string }{{"上传人", b.Uploader}, {"审核人", b.Approver}, {"签发人", b.Starter}} {
		if x.account != "" {
			list = append(list, page.Fact{Label: x.label, Text: names[x.account]})
		}
	}
	if b.Corrects != "" {
		list = append(list, page.Fact{Label: "更正", Text: "较早的批次", Href: at(b.Corrects, "")})
	}
	return append(list, page.Fact{Label: "文件摘要（SM3）", Text: b.Digest[:16] + "…", Code: true}), nil
}

// problemTable shows each problem at its cell.
func problemTable(b *batch.Batch, found *batch.ProblemPage, after int) page.Table {
	t := page.Table{ID: "problems", Caption: "没有通过的行", Quiet: true, Head: []string{"位置", "列", "违反的规则", "怎么改"}}
	for _, x := range found.Items {
		column := x.Column
		if column == "" {
			column = "整行"
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: "第 " + count(x.Line) + " 行", Sub: x.Cell}, {Text: column}, {Text: x.Rule}, {Text: x.Fix}}})
	}
	if found.Next > 0 {
		t.Pager.Next = at(b.ID, "?after="+count(found.Next)+"#problems")
	}
	if after > 0 {
		t.Pager.First = at(b.ID, "#problems")
	}
	return t
}

// samples shows some rows to who approves.
func (s *Service) samples(r *http.Request, b *batch.Batch) (*page.Table, error) {
	list, err := s.Batch.Samples(r.Context(), b.ID)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	t := &page.Table{ID: "samples", Caption: "样例行", Quiet: true, Head: []string{"行"}}
	column := map[string]int{}
	for _, row := range list {
		for _, c := range row.Shown {
			if _, there := column[c.Label]; !there {
				t.Head = append(t.Head, c.Label)
				column[c.Label] = len(column) + 1
			}
		}
	}
	for _, row := range list {
		cells := make([]page.Cell, len(t.Head))
		cells[0].Text = "第 " + count(row.Line) + " 行"
		for _, c := range row.Shown {
			cells[column[c.Label]].Text = c.Value
		}
		t.Rows = append(t.Rows, page.Row{Cells: cells})
	}
	return t, nil
}

// decisions are the forms by which the reader goes on.
func (p *batchPage) decisions(r *http.Request) {
	b, value := p.Batch, r.PostFormValue("reason")
	add := func(action string, c page.Confirm) {
		if p.May(action) {
			c.ID, c.Action, c.Busy = action, p.At+"/"+action, "正在办理…"
			c.Reason.ID, c.Reason.Max = action+"-reason", 300
			if r.PathValue("action") == action {
				c.Reason.Value = value
			}
			p.Decide = append(p.Decide, &c)
		}
	}
	add(batch.ActSubmit, page.Confirm{Title: fmt.Sprintf("送审 %d 件", b.Pending), Text: "送审后由另一位审核人整批审核。", NoReason: true, Button: "送审"})
	add(batch.ActApprove, page.Confirm{Title: fmt.Sprintf("审核 %d 件", b.Pending), Text: "请核对上面的样例行。通过后由第三人开始签发。", NoReason: true, Button: "整批通过"})
	add(batch.ActReturn, page.Confirm{Title: "退回", Text: "退回后这一批终止，表格内容即删除，由上传人改好后重新上传。", Button: "退回", Grave: true, Reason: page.Field{Hint: "写明哪里不对，上传人会看到；不要写个人信息"}})
	add(batch.ActStart, page.Confirm{Title: fmt.Sprintf("签发 %d 件", b.Pending), Text: "按本单位的用印规则逐件加盖电子印章，签发后立即生效。", Button: "开始签发", Reason: page.Field{Hint: "写明依据，如批准文件的文号，记入审计"}})
	if b.State == batch.Paused {
		add(batch.ActCancel, page.Confirm{Title: "取消剩下的行", Text: "已签发的仍然有效；剩下的不再签发，表格内容即删除。", Button: "取消剩下的行", Grave: true})
	}
}

func (s *Service) getBatch(w http.ResponseWriter, r *http.Request) error {
	p, err := s.page(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "batch", p)
}

func (s *Service) postAction(w http.ResponseWriter, r *http.Request) error {
	id, action := r.PathValue("id"), r.PathValue("action")
	b, err := s.Batch.Act(r.Context(), batch.Decision{ID: id, Action: action, Reason: r.PostFormValue("reason")})
	if err == nil {
		return page.See(w, r, at(b.ID, ""))
	}
	if f := fault.As(err); f != nil && f.Code == "batch.action" {
		return fault.NotFound.New("没有这个页面").WithCode("route.unknown")
	}
	status := page.StatusOf(err)
	if status == 0 {
		return err
	}
	p, e := s.page(r)
	if e != nil {
		return e
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{"reason": action + "-reason"})
	p.Title = "有错误：" + p.Title
	for _, c := range p.Decide {
		if c.ID == action {
			c.Reason.Error = p.Problem.At(action + "-reason")
		}
	}
	for i := range p.Problem.Fields {
		p.Problem.Fields[i].Label = "理由"
	}
	return s.set.Show(w, status, "batch", p)
}
