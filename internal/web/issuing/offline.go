package issuing

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/web/page"
)

// Offline is where batches of what was made offline (离线生成) are.
const Offline = "/console/offline"

const offlineLead = "断网等情况下离线生成的证照，业务办结后在时限内推送到这里；晚于时限的仍然收下，计为超时。收到的逐件由另一位审核人审核。"

func (s *Service) getOffline(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	list, err := s.Issuing.Batches(ctx, 20, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	p := s.Kit.Sheet(r, "issuing", "离线批次", offlineLead, page.Wide).Under("证照经办", Home)
	if iam.May(ctx, "cert.draft", "") {
		p.Doors = []page.Door{{ID: "push", Label: "上传离线批次", Href: Offline + "/new", First: true}}
	}
	t := &page.Table{ID: "batches", Caption: "离线批次", Quiet: true, Head: []string{"证照", "推送时间", "件数", "收到", "情况"},
		Empty: page.Empty{Title: "还没有离线批次", Text: "离线生成的证照，用表格上传，或由业务系统推送。"}}
	for _, b := range list.Items {
		t.Rows = append(t.Rows, page.Row{ID: "batch-" + b.ID, Cells: []page.Cell{{Text: b.KindName, Sub: b.UnitName, Href: page.At(Offline, b.ID)}, {At: b.PushedAt},
			{Text: strconv.Itoa(b.Items) + " 件"}, {Text: strconv.Itoa(b.Taken) + " 件"}, {Chips: batchChips(b)}}})
	}
	if list.Next != "" {
		t.Pager.Next = page.Asking(Offline, "cursor", list.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{ID: "list", Table: t}))
}

func batchChips(b *issuing.Batch) (out []page.Chip) {
	add := func(class, word string, n int) {
		if n > 0 {
			out = append(out, page.Chip{Class: class, Word: fmt.Sprintf("%s %d 件", word, n)})
		}
	}
	add(page.Bad, "推送超时", b.Late)
	add(page.Bad, "未收", b.Refused)
	add(page.Plain, "以前已收", b.Again)
	if b.FinishedAt.IsZero() {
		out = append(out, page.Chip{Class: page.Care, Word: "推送曾中断"})
	}
	if len(out) == 0 {
		out = []page.Chip{{Class: page.Good, Word: "全部按时收到"}}
	}
	return out
}

// pushPage chooses a kind, and then takes its table.
func (s *Service) pushPage(r *http.Request) (*page.Sheet, error) {
	p := s.Kit.Sheet(r, "issuing", "上传离线批次", offlineLead, page.Narrow).Under("离线批次", Offline)
	name := r.URL.Query().Get("kind")
	if name == "" {
		return p.Add(page.Part{ID: "kinds", Choose: &page.Search{Action: Offline + "/new", Label: "证照种类", Button: "下一步",
			Fields: []page.Field{{ID: "kind", Name: "kind", Label: "证照种类", Required: true, Options: s.kindsOf(r)}}}}), nil
	}
	k, err := s.Catalogue.Get(r.Context(), name)
	if err != nil {
		return nil, err
	}
	issuers, err := s.issuersOf(r, k.Name)
	if err != nil {
		return nil, err
	}
	if len(issuers) == 0 {
		return nil, errNotIssuer(k.Title)
	}
	p.Heading = "上传离线批次：" + k.Title
	p.Doors = []page.Door{{ID: "template", Label: "下载表格模板", Href: page.Asking(Offline+"/template", "kind", k.Name), File: true}}
	u := &page.Upload{Label: "表格文件", Accept: page.TableFiles, Hint: ".xlsx，或 UTF-8、GB 18030 编码的 .csv；一行一件，至多 200 行",
		Form: page.Form{ID: "upload", Title: "上传填好的表格", Action: page.Asking(Offline+"/new", "kind", k.Name), Button: "上传", Busy: "正在推送…"}}
	unit := page.Field{ID: "unit", Name: "unit", Label: "签发单位", Value: r.PostFormValue("unit"), Required: true}
	for _, o := range issuers {
		unit.Options = append(unit.Options, page.Option{Value: o.ID, Label: o.Name})
	}
	if len(issuers) == 1 {
		u.Text, u.Hidden = "签发单位："+issuers[0].Name, []page.Hidden{{Name: "unit", Value: issuers[0].ID}}
	} else {
		u.Fields = []page.Field{unit}
	}
	return p.Add(page.Part{Upload: u}), nil
}

func (s *Service) getPush(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pushPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) getTemplate(w http.ResponseWriter, r *http.Request) error {
	k, err := s.Catalogue.Get(r.Context(), r.URL.Query().Get("kind"))
	if err != nil {
		return err
	}
	data, err := s.Issuing.SheetTemplate(r.Context(), k.Name)
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: page.FileName("离线批次-"+k.Title, ".xlsx"), Media: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Data: data})
}

// postPush pushes a table. Where something was not taken, the answer says why,
// line by line: nothing else ever does.
func (s *Service) postPush(w http.ResponseWriter, r *http.Request) error {
	ctx, kind := r.Context(), r.URL.Query().Get("kind")
	data, err := fileOf(r)
	var items []issuing.BatchItem
	if err == nil {
		items, err = s.Issuing.ReadSheet(ctx, kind, data)
	}
	var out *issuing.BatchAnswer
	if err == nil {
		out, err = s.Issuing.Push(ctx, issuing.BatchRequest{Kind: kind, Unit: r.PostFormValue("unit"), Items: items})
	}
	if err != nil {
		p, wrong := s.pushPage(r)
		if wrong != nil {
			return wrong
		}
		return s.Kit.ShowAgain(w, p, err)
	}
	var bad []page.Row
	for _, x := range out.Items {
		if x.Draft != "" {
			continue
		}
		why := x.Message
		for i, f := range x.Fields {
			if i < 3 {
				why += "；" + f.Message
			}
		}
		bad = append(bad, page.Row{Cells: []page.Cell{{Text: x.Ref, Code: true}, {Text: why}}})
	}
	if len(bad) == 0 {
		return page.See(w, r, page.Asking(page.At(Offline, out.Batch), "done", "pushed"))
	}
	p, err := s.batchPage(r, out.Batch)
	if err != nil {
		return err
	}
	p.Parts = append([]page.Part{{ID: "refused", Title: "没有收的", Text: "更正后可以整批重新上传，已收到的不会重复。", Table: &page.Table{ID: "refused-list", Caption: "没有收的", Quiet: true, Head: []string{"流水号", "为什么"}, Rows: bad}}}, p.Parts...)
	return s.Kit.ShowSheet(w, p)
}

// batchPage shows a batch: what was taken, what was late and why.
func (s *Service) batchPage(r *http.Request, id string) (*page.Sheet, error) {
	ctx := r.Context()
	b, err := s.Issuing.Batch(ctx, id)
	if err != nil {
		return nil, err
	}
	list, err := s.Issuing.List(ctx, issuing.Query{View: issuing.ViewAll, Batch: b.ID, Limit: 100, Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return nil, err
	}
	names, err := page.Named(ctx, s.IAM, personOf(b.PushedBy))
	if err != nil {
		return nil, err
	}
	p := s.Kit.Sheet(r, "issuing", b.KindName, b.UnitName+"的离线批次。收到的逐件在证照经办中审核、制作签发。", page.Wide).Under("离线批次", Offline).
		Said(r, map[string]page.Notice{"pushed": {Class: page.Good, Title: "已收到离线批次", Text: "填写完整的已提交审核；不完整的在采集环节补齐。"}})
	p.Path, p.Chips = page.At(Offline, b.ID), batchChips(b)
	p.Add(page.Part{ID: "facts", Facts: []page.Fact{{Label: "推送", At: b.PushedAt}, {Label: "推送人", Text: whoOf(names, b.PushedBy)}, {Label: "件数", Text: strconv.Itoa(b.Items)}, {Label: "收到", Text: strconv.Itoa(b.Taken)},
		{Label: "推送超时", Text: strconv.Itoa(b.Late)}, {Label: "以前已收", Text: strconv.Itoa(b.Again)}, {Label: "未收", Text: strconv.Itoa(b.Refused)}}})
	t := &page.Table{ID: "drafts", Caption: "收到的", Quiet: true, Head: []string{"流水号", "持证主体", "状态", "业务办结", "推送"}, Empty: page.Empty{Title: "没有新收到的", Text: "这一批中的都是以前已收，或没有收的。"}}
	for _, d := range list.Items {
		pushed := page.Cell{At: d.CreatedAt, Chips: []page.Chip{{Class: page.Good, Word: "按时"}}}
		if d.Late {
			pushed.Chips = []page.Chip{{Class: page.Bad, Word: "推送超时"}}
		}
		if d.PushDue != nil {
			pushed.Sub = "最迟应于 " + page.Moment(*d.PushDue)
		}
		finished := page.Cell{}
		if d.FinishedAt != nil {
			finished.At = *d.FinishedAt
		}
		t.Rows = append(t.Rows, page.Row{ID: "draft-" + d.ID, Cells: []page.Cell{{Text: d.Ref, Code: true, Href: page.At(Home, d.ID)}, {Text: d.Holder}, {Chips: []page.Chip{chip("", d.StateName)}}, finished, pushed}})
	}
	if list.Next != "" {
		t.Pager.Next = page.Asking(page.At(Offline, b.ID), "cursor", list.Next)
	}
	return p.Add(page.Part{ID: "taken", Title: "收到的", Table: t}), nil
}

func (s *Service) getBatch(w http.ResponseWriter, r *http.Request) error {
	p, err := s.batchPage(r, r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}
