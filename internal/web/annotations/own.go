package annotations

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"strconv"

	"sidian/internal/annotation"
	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/fault"
	"sidian/internal/web/page"
)

// Own is where holders make copies of their own certificates.
const (
	Own    = "/wallet/copies"
	OwnNew = Own + "/new"
)

var ownDone = map[string]page.Notice{
	"made": {Class: page.Good, Title: "加注件已制成", Text: "下载后把文件交给接收方。对方可以在“核验”页面核对真伪，不用登录。"},
	"end":  {Class: page.Good, Title: "已撤回", Text: "从现在起，谁核验这份文件都会看到“已撤回”。"},
}

func (s *Service) ownSheet(r *http.Request, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, "own-copies", heading, lead, width).Said(r, ownDone)
}

func (s *Service) getOwn(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Copies.Own(r.Context(), 20, r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	p := s.ownSheet(r, "我的加注件", "把证照交给银行、单位或个人用的时候，不用交原件：做一份写明“做什么用、给谁、到哪天”的加注件。到期自动作废，也可以随时撤回。", page.Middle)
	p.Doors = []page.Door{{ID: "new", Label: "制作加注件", Href: OwnNew, First: true}}
	t := &page.Table{ID: "copies", Caption: "我的加注件", Quiet: true, Head: []string{"给谁", "做什么用", "证照", "有效期至", "状态"},
		Empty: page.Empty{Title: "还没有加注件", Text: "点“制作加注件”，选一份您的证照。"}}
	titles := map[string]string{}
	for _, c := range list.Items {
		if titles[c.Kind] == "" {
			if titles[c.Kind], err = s.kindTitle(r, c.Kind); err != nil {
				return err
			}
		}
		t.Rows = append(t.Rows, page.Row{ID: "copy-" + c.ID, Cells: []page.Cell{
			{Text: c.Recipient, Sub: c.Number, Href: page.At(Own, c.ID)}, {Text: c.Purpose}, {Text: titles[c.Kind]}, {At: c.ExpiresAt}, {Chips: []page.Chip{chipOf(c)}},
		}})
	}
	if list.Next != "" {
		t.Pager.Next = page.Asking(Own, "cursor", list.Next)
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{ID: "list", Table: t}))
}

// kindTitle is what people call a kind.
func (s *Service) kindTitle(r *http.Request, name string) (string, error) {
	k, err := s.Copies.Cert.Catalogue.Get(r.Context(), name)
	if err != nil {
		return "", err
	}
	return k.Title, nil
}

// ofOwn finds one of the reader's certificates by what the address asks for.
func (s *Service) ofOwn(r *http.Request) (*cert.Certificate, error) {
	list, err := s.Copies.Cert.Own(r.Context())
	if err != nil {
		return nil, err
	}
	for _, c := range list {
		if c.ID == r.URL.Query().Get("certificate") {
			return c, nil
		}
	}
	return nil, fault.NotFound.New("没有这份证照，或者不是您本人的").WithCode("cert.not-found").WithHint("请从“制作加注件”里列出的证照中选择")
}

func (s *Service) getOwnNew(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("certificate") == "" {
		return s.chooseOwn(w, r)
	}
	c, err := s.ofOwn(r)
	if err != nil {
		return err
	}
	p := s.ownForm(r, c)
	day := page.Day(s.Copies.DB.Now().AddDate(0, 1, 0))
	if c.ValidTo != "" && c.ValidTo < day {
		day = c.ValidTo
	}
	p.Form.Fields[2].Value = day
	return s.set.Show(w, http.StatusOK, "own", p)
}

// chooseOwn asks of which certificate; of one that does not stand none is made, and why
// is said by its status.
func (s *Service) chooseOwn(w http.ResponseWriter, r *http.Request) error {
	list, err := s.Copies.Cert.Own(r.Context())
	if err != nil {
		return err
	}
	p := s.ownSheet(r, "制作加注件", "第一步：选一份您的证照。只有现在有效的证照能制作。", page.Middle).Under("我的加注件", Own)
	t := &page.Table{ID: "certificates", Caption: "您的证照", Quiet: true, Head: []string{"证照", "签发单位", "有效期至", "状态"},
		Empty: page.Empty{Title: "没有您的电子证照", Text: "这里列出签发给您本人的电子证照。应当有而没有的，请联系签发单位。"}}
	for _, c := range list {
		i, ok := state.Of(state.Status(c.At(s.Copies.DB.Now())))
		chip, to := page.Chip{Class: page.Care, Word: c.StatusName}, ""
		if ok && i.Stands {
			chip.Class, to = page.Good, page.Asking(OwnNew, "certificate", c.ID)
		}
		until := c.ValidTo
		if until == "" {
			until = "长期"
		}
		t.Rows = append(t.Rows, page.Row{ID: "certificate-" + c.ID, Cells: []page.Cell{{Text: c.KindName, Sub: c.Number, Href: to}, {Text: c.IssuerName}, {Text: until}, {Chips: []page.Chip{chip}}}})
	}
	return s.Kit.ShowSheet(w, p.Add(page.Part{Table: t}))
}

// An ownPage is the form, and after it what will be made, to look at before.
type ownPage struct {
	page.Frame
	Step    string
	Problem *page.Problem
	Facts   []page.Fact
	Form    *page.Form
	Picture template.URL // of the page as it would be; empty: not yet
	Confirm *page.Confirm
	Back    string
}

func (s *Service) ownForm(r *http.Request, c *cert.Certificate) *ownPage {
	v, at := r.PostFormValue, page.Asking(OwnNew, "certificate", c.ID)
	p := &ownPage{Frame: s.Kit.Frame(r, "制作加注件："+c.KindName, "own-copies", page.Middle), Back: OwnNew,
		Step: "第二步：写明做什么用、给谁、到哪天。这些会印在文件的每一页上，不要写证件号码、手机号码。每天最多制作 " + strconv.Itoa(s.Copies.MostDaily()) + " 份。"}
	p.Facts = []page.Fact{{Label: "证照", Text: c.KindName}, {Label: "证照编号", Text: c.Number, Code: true}, {Label: "签发单位", Text: c.IssuerName}}
	if c.ValidTo != "" {
		p.Facts = append(p.Facts, page.Fact{Label: "证照有效期至", Text: c.ValidTo})
	}
	p.Form = &page.Form{ID: "copy", Action: at, Hidden: []page.Hidden{{Name: "key", Value: keyOf(r)}}, Button: "下一步：看一看", Busy: "正在画出来…", Cancel: Own, Fields: []page.Field{
		{ID: "purpose", Name: "purpose", Label: "做什么用", Value: v("purpose"), Required: true, Max: 100, Autocomplete: "off", Hint: "如“办理个人住房贷款”"},
		{ID: "recipient", Name: "recipient", Label: "给谁", Value: v("recipient"), Required: true, Max: 100, Autocomplete: "off", Hint: "写全称，如“青禾农村商业银行城关支行”"},
		{ID: "expires_at", Name: "expires_at", Label: "到哪天", Value: v("expires_at"), Type: "date", Required: true, Short: true, Hint: "到这天 24 时自动作废；最长一年，不晚于证照的有效期"},
	}}
	return p
}

func (s *Service) postOwnNew(w http.ResponseWriter, r *http.Request) error {
	c, err := s.ofOwn(r)
	if err != nil {
		return err
	}
	v, ctx := r.PostFormValue, r.Context()
	q := annotation.OwnRequest{ID: c.ID, Purpose: v("purpose"), Recipient: v("recipient"), ExpiresAt: v("expires_at")}
	p := s.ownForm(r, c)
	if v("as") == "make" {
		var made *annotation.Copy
		if made, err = s.makeOwnOnce(ctx, q, p.Form.Hidden[0].Value); err == nil {
			return page.See(w, r, page.Asking(page.At(Own, made.ID), "done", "made"))
		}
	} else {
		var svg []byte
		if svg, err = s.Copies.PreviewOwn(ctx, q); err == nil {
			p.Picture = template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)) // what we drew
			p.Step = "第三步：核对下面这一页，没有错就制作。现在还没有编号，没有盖章，不能使用。"
			p.Confirm = &page.Confirm{ID: "make", Title: "确认制作", Text: "制作后由签发单位的电子印章盖章，您可以下载，也可以随时撤回。", NoReason: true, Action: p.Form.Action, Button: "制作加注件", Busy: "正在盖章…",
				Hidden: []page.Hidden{{Name: "as", Value: "make"}, p.Form.Hidden[0], {Name: "purpose", Value: q.Purpose}, {Name: "recipient", Value: q.Recipient}, {Name: "expires_at", Value: q.ExpiresAt}}}
			p.Form.Title, p.Form.Button, p.Form.Plain = "要改的话", "改好了，再看一看", true
			return s.set.Show(w, http.StatusOK, "own", p)
		}
	}
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p.Problem = page.Mark(err, p.Form.Fields)
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "own", p)
}

// makeOwnOnce makes one copy however often the button is pressed.
func (s *Service) makeOwnOnce(ctx context.Context, q annotation.OwnRequest, key string) (*annotation.Copy, error) {
	said, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	return s.Copies.MakeOwn(once(ctx, key, q.ID, said), q)
}

// showOwn is the page of a copy, or the question before it is taken back.
func (s *Service) showOwn(r *http.Request, ending bool) (*page.Sheet, error) {
	c, err := s.Copies.GetOwn(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	title, err := s.kindTitle(r, c.Kind)
	if err != nil {
		return nil, err
	}
	p := s.ownSheet(r, "加注件 "+c.Number, "把下载的文件交给接收方；只能用于下面写明的用途。对方在“核验”页面核对，看到的是今天的状态。", page.Narrow).Under("我的加注件", Own)
	p.Chips = []page.Chip{chipOf(c)}
	facts := []page.Fact{{Label: "证照", Text: title}, {Label: "做什么用", Text: c.Purpose}, {Label: "给谁", Text: c.Recipient}, {Label: "有效期至", At: c.ExpiresAt}, {Label: "制作", At: c.MadeAt}, {Label: "编号", Text: c.Number, Code: true}}
	if !c.EndedAt.IsZero() {
		facts = append(facts, page.Fact{Label: "撤回", At: c.EndedAt})
	}
	p.Add(page.Part{ID: "facts", Facts: facts})
	at := page.At(Own, c.ID)
	switch {
	case c.Status != annotation.Made:
	case ending:
		p.Add(page.Part{Confirm: &page.Confirm{ID: "end", Title: "确定撤回吗？", Text: "撤回以后不能恢复；需要时重新制作一份。对方手里的文件还在，但核验时会显示已撤回。", NoReason: true,
			Action: at + "/end", Hidden: []page.Hidden{{Name: "sure", Value: "yes"}}, Button: "确定撤回", Busy: "正在撤回…", Grave: true, Cancel: at}})
	default:
		p.Add(page.Part{Form: &page.Form{ID: "file", Title: "取文件", Text: "下载的是电子文件（OFD），原件附在里面。打印出来的只是复印件。", Action: at + "/file", Button: "下载加注件"}},
			page.Part{Form: &page.Form{ID: "ask", Title: "不想再让对方用", Text: "撤回以后，谁核验这份文件都会看到“已撤回”。", Action: at + "/end", Button: "撤回", Plain: true}})
	}
	return p, nil
}

func (s *Service) getOwnOne(w http.ResponseWriter, r *http.Request) error {
	p, err := s.showOwn(r, false)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

// againOwn shows a copy again with what was refused.
func (s *Service) againOwn(w http.ResponseWriter, r *http.Request, err error) error {
	if page.StatusOf(err) == 0 || fault.As(err).Kind == fault.NotFound {
		return err
	}
	p, e := s.showOwn(r, false)
	if e != nil {
		return e
	}
	p.Path = page.At(Own, r.PathValue("id"))
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) postOwnFile(w http.ResponseWriter, r *http.Request) error {
	data, c, err := s.Copies.ReadOwn(r.Context(), r.PathValue("id"))
	if err != nil {
		return s.againOwn(w, r, err)
	}
	return page.Send(w, page.File{Name: page.FileName("加注件-"+c.Number, ".ofd"), Media: "application/ofd", Data: data})
}

// postOwnEnd asks first: it cannot be undone.
func (s *Service) postOwnEnd(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("sure") == "" {
		p, err := s.showOwn(r, true)
		if err != nil {
			return err
		}
		p.Path = page.At(Own, r.PathValue("id"))
		return s.Kit.ShowSheet(w, p)
	}
	if _, err := s.Copies.EndOwn(r.Context(), r.PathValue("id")); err != nil {
		return s.againOwn(w, r, err)
	}
	return page.See(w, r, page.Asking(page.At(Own, r.PathValue("id")), "done", "end"))
}
