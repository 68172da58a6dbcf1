package lists

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/listing"
	"sidian/internal/table"
	"sidian/internal/web/page"
)

// changePage draws up a use list. What was drawn up so far is carried by the forms:
// nothing is kept before it is proposed.
func (s *Service) changePage(r *http.Request, uses []listing.Use) (*page.Sheet, error) {
	ctx, unit, v := r.Context(), r.PathValue("org"), r.PostFormValue
	o, err := s.Listing.IAM.Org(ctx, unit)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "lists", "调整"+o.Name+"的用证清单", "列出调整后的全部内容，再提出；"+agreeing(o)+"同意后生效。", page.Wide).Under(o.Name+"的用证清单", useAt(unit))
	p.Doors = []page.Door{{Label: "下载表格模板", Href: Home + "/use-template", File: true}}
	keep := &page.Tick{Name: "use", Label: "保留的行", Form: page.Form{ID: "propose", Title: "调整后的清单", Text: "不要的行，去掉它的勾。内容较多的，可以在下面上传表格。", Action: useAt(unit, "change"), Button: "提出调整", Busy: "正在提出…", Cancel: useAt(unit), Fields: []page.Field{reasonField(r, "reason", "为什么调整；主管部门看得到")}}}
	var carried []page.Hidden
	for i, u := range uses {
		raw, err := json.Marshal(u)
		if err != nil {
			return nil, err
		}
		kind, item, purpose, fields := s.useWords(r, u)
		keep.Boxes = append(keep.Boxes, page.Box{ID: "use-" + strconv.Itoa(i+1), Value: string(raw), Label: kind, Sub: "事项：" + item + "；用途：" + purpose + "；照面项：" + fields, On: true})
		carried = append(carried, page.Hidden{Name: "use", Value: string(raw)})
	}
	if len(uses) == 0 {
		keep.Text = "还没有内容：先在下面增加一行，或上传表格。"
	}
	kind, err := s.kindField(r, "kind")
	if err != nil {
		return nil, err
	}
	purpose := page.Field{ID: "purpose", Name: "purpose", Label: "用途", Value: v("purpose"), Any: "不限"}
	for _, one := range s.Listing.Purposes() {
		purpose.Options = append(purpose.Options, page.Option{Value: one.Code, Label: one.Name})
	}
	add := &page.Form{ID: "add", Title: "增加一行", Action: useAt(unit, "change"), Hidden: append(carried, page.Hidden{Name: "as", Value: "add"}), Button: "增加", Plain: true, Fields: []page.Field{
		kind, {ID: "item", Name: "item", Label: "事项", Value: v("item"), Code: true, Max: 64, Hint: "本单位事项的实施编码；不填则用于各事项"}, purpose,
		{ID: "fields", Name: "fields", Label: "照面项", Value: v("fields"), Lines: 2, Hint: "只用到的照面项的名称，用、隔开；不填则为全部"},
	}}
	return p.Add(page.Part{Tick: keep}, page.Part{Form: add}, page.Part{Upload: &page.Upload{Label: "填好的表格", Hint: ".xlsx，或 UTF-8、GB 18030 编码的 .csv；至多 500 行、5 MB", Accept: page.TableFiles,
		Form: page.Form{ID: "upload", Title: "上传表格", Text: "表格的内容替代上面的清单，核对后再提出。", Action: useAt(unit, "table"), Button: "上传", Plain: true}}}), nil
}

func (s *Service) showChange(w http.ResponseWriter, r *http.Request, uses []listing.Use, wrong error) error {
	if wrong != nil && page.StatusOf(wrong) == 0 {
		return wrong
	}
	p, err := s.changePage(r, uses)
	if err != nil {
		return err
	}
	if wrong != nil {
		return s.Kit.ShowAgain(w, p, wrong)
	}
	return s.Kit.ShowSheet(w, p)
}

// mine refuses who does not report for the unit.
func mine(r *http.Request) error { return iam.Allow(r.Context(), "list.report", r.PathValue("org")) }

func (s *Service) getUseChange(w http.ResponseWriter, r *http.Request) error {
	if err := mine(r); err != nil {
		return err
	}
	v, err := s.Listing.UseList(r.Context(), r.PathValue("org"))
	if err != nil {
		return err
	}
	var uses []listing.Use
	if v.Effective != nil {
		uses = v.Effective.Uses
	}
	return s.showChange(w, r, uses, nil)
}

// usesOf are the uses that a form carries: what they say is looked at when they are
// proposed.
func usesOf(r *http.Request) ([]listing.Use, error) {
	bad := fault.Invalid.New("表单的内容不完整").WithCode("listing.uses").WithHint("请返回用证清单，重新调整")
	if err := r.ParseForm(); err != nil {
		return nil, bad
	}
	var uses []listing.Use
	for _, raw := range r.PostForm["use"] {
		var u listing.Use
		if json.Unmarshal([]byte(raw), &u) != nil || len(uses) == 500 {
			return nil, bad
		}
		u.Title = ""
		uses = append(uses, u)
	}
	return uses, nil
}

func (s *Service) postUseChange(w http.ResponseWriter, r *http.Request) error {
	if err := mine(r); err != nil {
		return err
	}
	unit, v := r.PathValue("org"), r.PostFormValue
	uses, err := usesOf(r)
	if err != nil {
		return s.showChange(w, r, nil, err)
	}
	if v("as") == "add" {
		u, err := s.useOf(r)
		if err == nil {
			uses = append(uses, u)
			for _, name := range []string{"kind", "item", "purpose", "fields"} {
				r.PostForm.Del(name)
			}
		}
		return s.showChange(w, r, uses, err)
	}
	if _, err = s.Listing.ProposeUse(r.Context(), listing.Proposal{Unit: unit, Uses: uses, Reason: v("reason")}); err != nil {
		return s.showChange(w, r, uses, renamed(err))
	}
	return page.See(w, r, page.Asking(useAt(unit), "done", "proposed"))
}

// renamed puts what is wrong with the uses at their boxes.
func renamed(err error) error {
	e := fault.As(err)
	if e == nil {
		return err
	}
	at := *e
	at.Fields = append([]fault.Field(nil), e.Fields...)
	for i := range at.Fields {
		if at.Fields[i].Name == "uses" || at.Fields[i].Name == "kind" || at.Fields[i].Name == "items" {
			at.Fields[i].Name = "use"
		}
	}
	return &at
}

// useOf is the line that a form adds.
func (s *Service) useOf(r *http.Request) (u listing.Use, err error) {
	v := r.PostFormValue
	k, err := s.Listing.Catalogue.Get(r.Context(), v("kind"))
	if err != nil {
		return u, fault.Invalid.New("请选择证照类型").WithCode("listing.kind").WithHint("从目录中选择").WithField("kind", "required", "请选择证照类型")
	}
	u = listing.Use{Kind: k.Name, Item: strings.TrimSpace(v("item")), Purpose: v("purpose")}
	for _, label := range strings.FieldsFunc(v("fields"), func(c rune) bool { return strings.ContainsRune("、,，;；\r\n", c) }) {
		key := listing.FieldKey(k, label)
		if key == "" {
			return u, fault.Invalid.New("“%s”没有所写的照面项", k.Title).WithCode("listing.fields").WithHint("照证照类型的照面项名称填写").WithField("fields", "listing.fields", "没有“"+page.FileName(strings.TrimSpace(label), "")+"”")
		}
		u.Fields = append(u.Fields, key)
	}
	return u, nil
}

func (s *Service) postUseTable(w http.ResponseWriter, r *http.Request) error {
	if err := mine(r); err != nil {
		return err
	}
	data, err := fileOf(r, table.MaxFile+1<<20)
	var uses []listing.Use
	if err == nil {
		uses, err = s.Listing.UseTable(r.Context(), r.PathValue("org"), data)
	}
	return s.showChange(w, r, uses, err)
}

// fileOf is the file of a form.
func fileOf(r *http.Request, most int64) ([]byte, error) {
	if err := r.ParseMultipartForm(most); err != nil {
		return nil, fault.Invalid.Wrap(err, "文件没有传完，或太大").WithCode("listing.file").WithHint("请重新选择文件").WithField("file", "file", "请重新选择文件")
	}
	defer r.MultipartForm.RemoveAll()
	return item.FileOf(r.MultipartForm)
}
