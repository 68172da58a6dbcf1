package complaints

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"sidian/internal/complaint"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// A card is a complaint on a phone.
type card struct {
	Title, Href string
	Chips       []page.Chip
	Facts       []page.Fact
}

type walletPage struct {
	page.Frame
	Running, Ended []card
	Pager          page.Pager
}

func (s *Service) getWallet(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Complaints.List(r.Context(), complaint.Query{View: complaint.ViewMine, Cursor: r.URL.Query().Get("cursor")})
	if err != nil {
		return err
	}
	p := &walletPage{Frame: s.Kit.Frame(r, "拒收投诉", "my-complaints", page.Middle)}
	for i := range list.Items {
		c := &list.Items[i]
		v := card{Title: c.OrgName, Href: page.At(Wallet, c.ID), Chips: append([]page.Chip{chipOf(c)}, clockOf(c)...),
			Facts: []page.Fact{{Label: "发生了什么", Text: c.WhatName}, {Label: "提交", Text: page.Day(c.CreatedAt)}}}
		if !c.Until.IsZero() {
			v.Facts = append(v.Facts, page.Fact{Label: "下一步最迟", Text: page.Day(c.Until)})
		}
		if c.State.Ended() {
			p.Ended = append(p.Ended, v)
		} else {
			p.Running = append(p.Running, v)
		}
	}
	if list.Next != "" {
		p.Pager = page.Pager{Next: page.Asking(Wallet, "cursor", list.Next), NextWord: "更早的"}
	}
	return s.set.Show(w, http.StatusOK, "wallet", p)
}

type newPage struct {
	page.Frame
	Problem *page.Problem
	// without a unit
	Search page.Search
	Units  []complaint.UnitItem
	More   bool
	Asked  string
	// with one
	Org, Unit string
	Fields    []page.Field
	Document  page.Field
	Named     bool
}

// newOf is the page for a unit; without one, or with one that is none, that where
// it is chosen.
func (s *Service) newOf(r *http.Request, org string) (*newPage, error) {
	ctx := r.Context()
	p := &newPage{Frame: s.Kit.Frame(r, "投诉拒收电子印章", "my-complaints", page.Middle), Org: org}
	name, err := s.Complaints.UnitName(ctx, org)
	if err != nil {
		return nil, err
	}
	if p.Unit = name; name == "" {
		p.Asked = strings.TrimSpace(r.URL.Query().Get("q"))
		p.Search = page.Search{Action: Wallet + "/new", Label: "查找单位", Button: "查找",
			Fields: []page.Field{{ID: "q", Name: "q", Label: "单位名称，或其中几个字", Value: p.Asked, Max: 100, Autocomplete: "off"}}}
		p.Units, p.More, err = s.Complaints.Units(ctx, p.Asked)
		return p, err
	}
	value := r.PostFormValue
	day := value("happened")
	if r.Method == http.MethodGet {
		day = page.In(s.Complaints.DB.Now()).Format(time.DateOnly)
	} else {
		p.Path = page.Asking(Wallet+"/new", "org", org)
	}
	p.Named = value("named") == "true"
	p.Fields = []page.Field{
		{ID: "what", Name: "what", Label: "发生了什么", Value: value("what"), Required: true, Options: options(complaint.Whats())},
		{ID: "happened", Name: "happened", Label: "哪一天", Value: day, Required: true, Type: "date"},
		{ID: "way", Name: "way", Label: "在哪里", Value: value("way"), Required: true, Options: options(complaint.Ways())},
		{ID: "text", Name: "text", Label: "经过", Value: value("text"), Required: true, Lines: 4, Max: 1000, Hint: "对方怎么说的、要求您补交什么。不必写证件号码"},
		{ID: "item", Name: "item", Label: "在办什么事", Value: value("item"), Max: 100, Hint: "可不填。如“企业变更登记”"},
		{ID: "number", Name: "number", Label: "文件或证照编号", Value: value("number"), Max: 100, Code: true, Hint: "可不填。印在文件或证照上面，如“〔2026〕12号”", Autocomplete: "off"},
	}
	p.Document = page.Field{ID: "document", Name: "document", Label: "被拒收的文件", Hint: "可不选。电子文件的名称以 .ofd 结尾，最大 20 MB；加密保存"}
	return p, nil
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newOf(r, r.URL.Query().Get("org"))
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "new", p)
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	var f complaint.Filing
	err := r.ParseMultipartForm(inMemory)
	if err != nil {
		err = fault.Invalid.Wrap(err, "表单没有传完，或文件超过 20 MB").WithCode("complaint.form").WithHint("请重新选择文件后提交").WithField("document", "file", "请选择不超过 20 MB 的 OFD")
	} else {
		defer r.MultipartForm.RemoveAll()
		f, err = complaint.FilingOf(r.MultipartForm)
	}
	if err == nil {
		var c *complaint.Complaint
		if c, err = s.Complaints.File(r.Context(), f); err == nil {
			done := "filed"
			if c.Already {
				done = "already"
			}
			return see(w, r, page.Asking(page.At(Wallet, c.ID), "done", done))
		}
	}
	code := statusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.newOf(r, cmp.Or(f.Org, r.URL.Query().Get("org")))
	if e != nil {
		return e
	}
	all := append(p.Fields, p.Document)
	p.Problem = mark(err, all)
	p.Fields, p.Document = all[:len(p.Fields)], all[len(p.Fields)]
	if len(f.Document) > 0 && p.Document.Error == "" {
		p.Document.Hint = "刚才选的文件没有保存，请重新选择。" + p.Document.Hint
	}
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "new", p)
}

var ownNotices = map[string]page.Notice{
	"filed":     {Class: page.Good, Title: "投诉已提交", Text: "每一步的进展都会在站内消息里告诉您。"},
	"already":   {Class: page.Care, Title: "您已经投诉过这件事", Text: "这是原来的投诉，没有重复提交。"},
	"withdrawn": {Class: page.Good, Title: "投诉已撤回"},
}

type ownPage struct {
	page.Frame
	C        *complaint.Complaint
	Lead     string
	Chips    []page.Chip
	Notice   *page.Notice
	Problem  *page.Problem
	Steps    []page.Step
	Facts    []page.Fact
	Withdraw *page.Confirm
}

func (s *Service) own(r *http.Request) (*ownPage, error) {
	c, err := s.Complaints.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	at := page.At(Wallet, c.ID)
	p := &ownPage{Frame: s.Kit.Frame(r, "对"+c.OrgName+"的投诉", "my-complaints", page.Middle), C: c, Lead: ownLead(c),
		Chips: []page.Chip{chipOf(c)}, Steps: stepsOf(c, true), Facts: ownFacts(c)}
	if n, ok := ownNotices[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		p.Notice = &n
	}
	if r.Method == http.MethodPost {
		p.Path = at
	}
	if may(c, complaint.ActWithdraw) {
		p.Withdraw = &page.Confirm{ID: "withdraw", Title: "撤回投诉", Text: "撤回后不再处理。同一件事以后还可以重新投诉。", Action: at + "/withdraw", NoReason: true, Grave: true, Button: "撤回投诉"}
	}
	return p, nil
}

func may(c *complaint.Complaint, a complaint.Action) bool {
	for _, x := range c.May {
		if x == a {
			return true
		}
	}
	return false
}

func (s *Service) getOwn(w http.ResponseWriter, r *http.Request) error {
	p, err := s.own(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "own", p)
}

func (s *Service) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Complaints.Withdraw(r.Context(), r.PathValue("id"), "")
	if err == nil {
		return see(w, r, page.Asking(page.At(Wallet, r.PathValue("id")), "done", "withdrawn"))
	}
	code := statusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.own(r)
	if e != nil {
		return e
	}
	p.Problem, _ = page.ProblemOf(err, nil)
	return s.set.Show(w, code, "own", p)
}

func (s *Service) getDocument(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Complaints.Document(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return send(w, c)
}
