package lists

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/iam"
	"sidian/internal/listing"
	"sidian/internal/web/page"
)

func (s *Service) getGuides(w http.ResponseWriter, r *http.Request) error {
	ctx, asked := r.Context(), r.URL.Query()
	units, err := s.Listing.Units(ctx)
	if err != nil {
		return err
	}
	unit := unitOf(asked.Get("org"), units)
	p := tabs(s.sheet(r, "lists", "应用场景和指南", "本单位在哪些地方收电子证照、怎样用；由本单位写好公布，过时的撤下，不用他人批准。", page.Wide), Guides)
	p.Search = chooseUnit(Guides, unit, units)
	t := &page.Table{ID: "scenes", Caption: "应用场景", Quiet: true, Head: []string{"场景", "可用的证照", "状态", "公布", "版本"}, Empty: page.Empty{Title: "还没有应用场景", Text: "写明在哪里可以用、用哪些证照、怎样出示，再公布。"}}
	if unit != "" {
		if iam.Allow(ctx, "list.report", unit) == nil {
			p.Doors = []page.Door{{ID: "new", Label: "写一个应用场景", Href: page.Asking(Guides+"/new", "org", unit), First: true}}
		}
		found, err := s.Listing.Scenes(ctx, unit, false, asked.Get("cursor"), 50)
		if err != nil {
			return err
		}
		for i := range found.Items {
			v := &found.Items[i]
			ends := "长期"
			if v.Ends != "" {
				ends = "至 " + v.Ends
			}
			t.Rows = append(t.Rows, page.Row{ID: "scene-" + v.ID, Cells: []page.Cell{{Text: v.Name, Href: page.At(Guides, v.ID)}, {Text: strings.Join(v.Titles, "、")}, {Chips: []page.Chip{chipOf(v.State)}, Sub: v.WithdrawnWhy}, {Text: v.Starts, Sub: ends}, {Text: versionWord(v.Version)}}})
		}
		if found.Next != "" {
			t.Pager.Next = page.Asking(Guides, "org", unit, "cursor", found.Next)
		}
	}
	p.Doors = append(p.Doors, page.Door{Label: "看公开的场景", Href: Scenes})
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// guideForm writes a scene; v is what its controls hold, kinds those that are ticked.
func (s *Service) guideForm(r *http.Request, action, cancel string, v func(string) string, kinds []string) (*page.Tick, error) {
	all, err := s.Listing.Kinds(r.Context())
	if err != nil {
		return nil, err
	}
	t := &page.Tick{Name: "kinds", Label: "可用的证照", Also: []page.Button{{Value: "look", Label: "预览"}}, Form: page.Form{ID: "scene", Action: action, Button: "公布", Busy: "正在公布…", Cancel: cancel, Fields: []page.Field{
		{ID: "name", Name: "name", Label: "场景名称", Value: v("name"), Required: true, Max: 100, Hint: "如 酒店入住登记"},
		{ID: "guide", Name: "guide", Label: "应用指南", Value: v("guide"), Required: true, Lines: 12, Max: 5000, Hint: "空行分段；“# ”开头的行是小标题，“- ”开头的行是列表。公开，不写个人信息"},
		{ID: "contact", Name: "contact", Label: "咨询", Value: v("contact"), Max: 100, Hint: "单位和座机，不写手机号码"},
		{ID: "starts", Name: "starts", Label: "公布日期", Type: "date", Value: v("starts"), Hint: "不填则为今天"},
		{ID: "ends", Name: "ends", Label: "结束日期", Type: "date", Value: v("ends"), Hint: "当天仍公布；不填则长期"},
	}}}
	for i, k := range all {
		t.Boxes = append(t.Boxes, page.Box{ID: "kind-" + strconv.Itoa(i+1), Value: k.Code, Label: k.Name, On: slices.Contains(kinds, k.Code)})
	}
	return t, nil
}

func sceneryOf(r *http.Request) listing.Scenery {
	v := r.PostFormValue
	_ = v("name") // reads the form
	return listing.Scenery{Name: v("name"), Kinds: r.PostForm["kinds"], Guide: v("guide"), Contact: v("contact"), Starts: v("starts"), Ends: v("ends")}
}

func (s *Service) newGuide(r *http.Request) (*page.Sheet, error) {
	units, err := s.Listing.Reporters(r.Context())
	if err != nil {
		return nil, err
	}
	said := sceneryOf(r)
	p := s.sheet(r, "lists", "写一个应用场景", "公布后自公布日期起向社会公开；以后可以修改、撤下。", page.Middle).Under("应用场景和指南", Guides)
	look(r, p)
	f, err := s.guideForm(r, Guides+"/new", Guides, r.PostFormValue, said.Kinds)
	if err != nil {
		return nil, err
	}
	asked := r.PostFormValue("org")
	if asked == "" {
		asked = r.URL.Query().Get("org")
	}
	f.Fields = append([]page.Field{orgField("org", "用证单位", asked, units)}, f.Fields...)
	return p.Add(page.Part{Tick: f}), nil
}

// look shows a guide as it will be read.
func look(r *http.Request, p *page.Sheet) {
	if r.PostFormValue("as") == "look" {
		p.Add(page.Part{ID: "look", Title: "预览，还没有公布", Blocks: blocksOf(listing.Blocks(r.PostFormValue("guide")))})
	}
}

func (s *Service) getGuideNew(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newGuide(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postGuideNew(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("as") == "look" {
		return s.getGuideNew(w, r)
	}
	v, err := s.Listing.AddScene(r.Context(), r.PostFormValue("org"), sceneryOf(r))
	if err != nil {
		return s.again(w, r, err, s.newGuide)
	}
	return page.See(w, r, page.Asking(page.At(Guides, v.ID), "done", "scene"))
}

// guidePage is one scene, with what who reports for its unit does with it.
func (s *Service) guidePage(r *http.Request) (*page.Sheet, error) {
	v, err := s.Listing.Scene(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "lists", v.Name, v.UnitName+"的应用场景；由本单位修改、撤下。", page.Middle).Under("应用场景和指南", page.Asking(Guides, "org", v.Unit))
	p.Chips = []page.Chip{chipOf(v.State)}
	if v.State == listing.Effective {
		p.Doors = []page.Door{{Label: "看公开的场景", Href: Scenes + "#scene-" + v.ID}}
	}
	facts := sceneFacts(v)
	if v.WithdrawnWhy != "" {
		facts = append(facts, page.Fact{Label: "撤下的理由", Text: v.WithdrawnWhy})
	}
	p.Add(page.Part{ID: "now", Title: versionWord(v.Version), Facts: facts, Blocks: blocksOf(v.Blocks)})
	if v.State == listing.Withdrawn || iam.Allow(r.Context(), "list.report", v.Unit) != nil {
		return p, nil
	}
	look(r, p)
	here := page.At(Guides, v.ID)
	had := map[string]string{"name": v.Name, "guide": v.Guide, "contact": v.Contact, "starts": v.Starts, "ends": v.Ends}
	value, kinds := func(name string) string { return had[name] }, v.Kinds
	if r.Method == http.MethodPost && r.PostFormValue("guide") != "" {
		value, kinds = r.PostFormValue, sceneryOf(r).Kinds
	}
	f, err := s.guideForm(r, here, "", value, kinds)
	if err != nil {
		return nil, err
	}
	f.Title, f.Text = "修改", "公布后立即替代现在的内容。"
	return p.Add(page.Part{Tick: f}, page.Part{Form: &page.Form{ID: "withdraw", Title: "撤下", Text: "撤下后不再公开，不能恢复；需要的重新公布。", Action: here + "/withdraw", Fields: []page.Field{reasonField(r, "withdraw-reason", "记入审计")}, Button: "撤下", Plain: true}}), nil
}

func (s *Service) getGuide(w http.ResponseWriter, r *http.Request) error {
	p, err := s.guidePage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postGuide(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("as") == "look" {
		return s.getGuide(w, r)
	}
	id := r.PathValue("id")
	if _, err := s.Listing.ChangeScene(r.Context(), id, sceneryOf(r)); err != nil {
		return s.again(w, r, err, s.guidePage)
	}
	return page.See(w, r, page.Asking(page.At(Guides, id), "done", "scene"))
}

func (s *Service) postGuideOver(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	if _, err := s.Listing.WithdrawScene(r.Context(), id, r.PostFormValue("reason")); err != nil {
		return s.again(w, r, err, s.guidePage)
	}
	return page.See(w, r, page.Asking(page.At(Guides, id), "done", "over"))
}
