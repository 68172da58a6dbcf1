package issuing

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/web"
	"sidian/internal/web/page"
)

type showPage struct {
	page.Frame
	D       *issuing.Draft
	Lead    string
	Chips   []page.Chip
	Notice  *page.Notice
	Problem *page.Problem
	Changes *page.Table // of a next version: what differs from the one in force
	Differ  []changedPart
	Follows []page.Fact
	Reveal  *page.Form  // asks to see the changes in full
	Seals   *page.Table // who must seal, where, and who has
	Wrong   []string    // why it was sent back, a line each
	Edit    *formPart
	Face    web.Face
	Facts   []page.Fact
	Steps   []page.Step
	Pass    *page.Form
	Issue   *page.Form
	Return  *returning
	Drop    *page.Form
	Beside  []page.Link
}

// returning is the form that sends a draft back, with a line for each field.
type returning struct {
	Action string
	Hidden []page.Hidden
	Reason page.Field
	Fields []page.Field
}

var notices = map[string]page.Notice{
	"saved":      {Class: page.Good, Title: "已保存", Text: "补齐后提交审核，由另一位审核人审核。"},
	"correcting": {Class: page.Good, Title: "已按现行证照填好", Text: "图片和表格也已带过来。请改要改的项，再提交审核。"},
	"submitted":  {Class: page.Good, Title: "已提交审核", Text: "由没有经手采集的审核人审核，结果会在站内消息里告诉您。"},
	"passed":     {Class: page.Good, Title: "审核通过", Text: "由没有经手采集和审核的签发人制作签发。"},
	"returned":   {Class: page.Good, Title: "已退回补正", Text: "经办人已收到消息，补正后重新审核。"},
	"issued":     {Class: page.Good, Title: "已签发", Text: "证照已加盖电子印章并登记。"},
	"asked":      {Class: page.Good, Title: "已提请用印", Text: "印章盖齐后证照生效；有单位不予用印的，此件退回经办人，理由列在这里。"},
	"dropped":    {Class: page.Good, Title: "已终止", Text: "采集的信息已删除，办理经过保留。"},
}

func (s *Service) getDraft(w http.ResponseWriter, r *http.Request) error {
	return s.showDraft(w, r, r.PathValue("id"), http.StatusOK, nil, nil)
}

func may(d *issuing.Draft, a issuing.Action) bool {
	for _, x := range d.May {
		if x == a {
			return true
		}
	}
	return false
}

// showRevealed shows a draft with its changes in full, for this once.
func (s *Service) showRevealed(w http.ResponseWriter, r *http.Request, c *issuing.Correction) error {
	p, err := s.draftPage(r, r.PathValue("id"), nil, nil)
	if err != nil {
		return err
	}
	p.Changes, p.Differ, p.Reveal = changed(c), changedParts(c), nil
	p.Notice = &page.Notice{Class: page.Care, Title: "改动已完整显示", Text: "谁、何时、为什么看的，已记入审计。离开本页后重新遮蔽。"}
	return s.set.Show(w, http.StatusOK, "show", p)
}

// correction fills what a draft of a next version follows.
func (s *Service) correction(r *http.Request, p *showPage) {
	c := p.D.Correction
	if c == nil {
		return
	}
	p.Follows = []page.Fact{{Label: "办理", Text: c.ActionName}, {Label: "现行证照", Text: c.Number, Code: true, Href: "/console/certificates/" + c.Certificate}, {Label: "事由", Text: c.Reason}, {Label: "依据", Text: c.Basis}}
	if p.D.Content == nil {
		return
	}
	p.Changes, p.Differ = changed(c), changedParts(c)
	if masked(c) && iam.May(r.Context(), "cert.reveal", p.D.Unit) {
		p.Reveal = &page.Form{ID: "reveal", Action: page.At(Home, p.D.ID, "reveal"), Button: "显示完整内容", Plain: true,
			Fields: []page.Field{{ID: "reveal-reason", Name: "reason", Label: "显示的事由", Value: reasonOf(r, "/reveal"), Required: true, Max: 200, Hint: "与您的姓名、时间一起记入审计；请勿写个人信息"}}}
	}
}

// seals fills whose seals stand where, and who has sealed while others are
// waited for.
func (s *Service) seals(r *http.Request, p *showPage, k *catalogue.Kind) error {
	if p.D.Pending != "" && iam.May(r.Context(), "cert.read", p.D.Unit) {
		now, err := s.Cert.Sealings(r.Context(), p.D.Pending)
		if err != nil {
			return err
		}
		t := &page.Table{ID: "seals", Caption: "用印进度", Quiet: true, Head: []string{"单位", "位置", "情况"}}
		for i, x := range now.Seals {
			class := map[string]string{"stamped": page.Good, "dropped": page.Bad}[x.State]
			t.Rows = append(t.Rows, page.Row{ID: "seal-" + strconv.Itoa(i), Cells: []page.Cell{{Text: x.OrgName, Sub: orderOf(x.Order, len(now.Seals))}, {Text: placeOf(x.Page, x.X, x.Y)},
				{Chips: []page.Chip{chip(class, x.StateName)}, Sub: howFar(x)}}})
		}
		p.Seals = t
		return nil
	}
	if p.Pass == nil && p.Issue == nil {
		return nil
	}
	if t := planned(p.D, k); len(t.Rows) > 0 {
		p.Seals = t
	}
	return nil
}

// howFar says who approved a seal and when it was stamped, or what keeps it.
func howFar(x cert.Sealer) string {
	var parts []string
	if x.Approver != "" {
		parts = append(parts, x.Approver+"批准")
	}
	if x.At != "" {
		parts = append(parts, x.At)
	}
	if x.Trouble != "" {
		parts = append(parts, x.Trouble)
	}
	return strings.Join(parts, "，")
}

var sealNames = map[catalogue.SealKind]string{catalogue.LegalName: "法定名称章", catalogue.Special: "业务专用章"}

// showDraft shows a draft, with what was typed and refused.
func (s *Service) showDraft(w http.ResponseWriter, r *http.Request, id string, code int, values map[string]string, refusal error) error {
	p, err := s.draftPage(r, id, values, refusal)
	if err != nil {
		return err
	}
	return s.set.Show(w, code, "show", p)
}

func (s *Service) draftPage(r *http.Request, id string, values map[string]string, refusal error) (*showPage, error) {
	d, err := s.Issuing.Get(r.Context(), id)
	if err != nil {
		return nil, err
	}
	k, err := s.Catalogue.Version(r.Context(), d.Kind, d.KindVersion)
	if err != nil {
		return nil, err
	}
	p := &showPage{Frame: s.Kit.Frame(r, d.KindName, "issuing", ""), D: d, Lead: lead(d), Chips: chipsOf(d)}
	if d.Left.Text != "" {
		p.Chips = append(p.Chips, leftOf(d.Left))
	}
	if n, ok := notices[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		if d.Certificate != "" && iam.May(r.Context(), "cert.read", d.Unit) {
			n.Href, n.Action = "/console/certificates/"+d.Certificate, "查看证照"
		}
		p.Notice = &n
	}
	if r.Method == http.MethodPost {
		p.Path = page.At(Home, id)
	}
	return p, s.parts(r, p, k, values, refusal)
}

func lead(d *issuing.Draft) string {
	if d.State.Ended() {
		return d.UnitName + "。此件已办结，采集的信息不再保留在这里。"
	}
	if d.UnitName == "" { // its rows were edited: see issuing.altered
		return d.Waits + "。"
	}
	return d.UnitName + "。" + d.Waits + "。"
}

// parts fills a page by what the reader may do.
func (s *Service) parts(r *http.Request, p *showPage, k *catalogue.Kind, values map[string]string, refusal error) (err error) {
	d, at := p.D, page.At(Home, p.D.ID)
	version := []page.Hidden{{Name: "version", Value: strconv.Itoa(d.Version)}}
	var f web.Form
	if d.Content != nil {
		q := cert.IssueRequest{Issuer: d.Unit, Holders: d.Content.Holders, Fields: d.Content.Fields, ValidFrom: d.Content.ValidFrom, ValidTo: d.Content.ValidTo, CaseNo: d.CaseNo}
		if values == nil {
			values = web.ValuesOf(k, q)
			giveNamed(values, d.Content.Seals)
		}
		f = web.NewForm(k, values)
		o, err := s.IAM.Org(r.Context(), d.Unit)
		if err != nil {
			return err
		}
		if p.Face, err = s.face(k, values, []iam.Org{o}); err != nil {
			return err
		}
		p.Facts = factsOf(k, f, q)
		if may(d, issuing.ActSave) {
			p.Edit = &formPart{Form: f, Action: at + "/save", Kind: d.Kind, Version: d.Version, Issuers: []iam.Org{o}, Issuer: o.ID,
				Preview: page.Asking(Home+"/preview", "kind", d.Kind), Face: p.Face}
			if p.Edit.Partners, err = s.partners(r, k, d.Unit, values); err != nil {
				return err
			}
		}
	}
	if d.Returned != nil {
		for _, x := range d.Returned.Fields {
			label := x.Name
			if d.Content != nil {
				label = labelOf(f, x.Name)
			}
			p.Wrong = append(p.Wrong, label+"："+x.Message)
		}
	}
	if may(d, issuing.ActPass) {
		p.Pass = &page.Form{ID: "pass", Title: "审核", Text: "核对左侧信息与照面一致、完整、准确；通过后由另一位签发人制作签发。", Action: at + "/pass", Hidden: version, Button: "审核通过", Busy: "正在提交…"}
	}
	if may(d, issuing.ActIssue) && d.Pending == "" { // what waits for other units goes on by itself
		p.Issue = &page.Form{ID: "issue", Title: "制作签发", Text: "签发即加盖电子印章并登记，不能修改。", Action: at + "/issue", Hidden: version, Button: "制作签发", Busy: "正在用印…"}
	}
	if may(d, issuing.ActReturn) || may(d, issuing.ActSendBack) {
		p.Return = returningOf(r, k, f, at+"/return", version)
	}
	if may(d, issuing.ActDrop) {
		p.Drop = &page.Form{ID: "drop", Title: "终止办理", Action: at + "/drop", Hidden: version, Plain: true, Button: "终止", Busy: "正在提交…",
			Fields: []page.Field{{ID: "drop-reason", Name: "reason", Label: "终止的理由", Value: reasonOf(r, "/drop"), Required: true, Max: 500, Hint: "申领人会看到；不要写个人信息。采集的信息随即删除"}}}
	}
	if s.Beside != nil && may(d, issuing.ActSave) {
		p.Beside = s.Beside(r.Context(), d.ID, false)
	}
	s.correction(r, p)
	if err := s.seals(r, p, k); err != nil {
		return err
	}
	p.Problem = s.problem(p, f, refusal)
	p.Steps, err = s.steps(r, d)
	return err
}

func reasonOf(r *http.Request, end string) string {
	if strings.HasSuffix(r.URL.Path, end) {
		return r.PostFormValue("reason")
	}
	return ""
}

// problem shows a refusal at the controls that it names: those of the form, or
// the reasons of decisions.
func (s *Service) problem(p *showPage, f web.Form, refusal error) *page.Problem {
	e := fault.As(refusal)
	if e == nil {
		return nil
	}
	p.Title = "有错误：" + p.Title
	if p.Reveal != nil && e.Code == "issuing.reveal" {
		return page.Mark(refusal, p.Reveal.Fields)
	}
	if p.Edit != nil && !strings.HasPrefix(e.Code, "issuing.reason") {
		out := problemOf(refusal, f)
		markPartners(out, refusal, p.Edit.Partners)
		return out
	}
	var fields []page.Field
	if p.Return != nil {
		fields = append(fields, p.Return.Reason)
	} else if p.Drop != nil {
		fields = p.Drop.Fields
	}
	out := page.Mark(refusal, fields)
	if p.Return != nil {
		p.Return.Reason = fields[0]
	}
	return out
}

func returningOf(r *http.Request, k *catalogue.Kind, f web.Form, action string, hidden []page.Hidden) *returning {
	out := &returning{Action: action, Hidden: hidden, Reason: page.Field{ID: "return-reason", Name: "reason", Label: "退回的理由", Value: reasonOf(r, "/return"), Required: true, Lines: 3, Max: 500,
		Hint: "经办人按此补正；不要写个人信息"}}
	for i, name := range namesOf(k) {
		out.Fields = append(out.Fields, page.Field{ID: "wrong-" + strconv.Itoa(i), Name: "wrong." + name, Label: labelOf(f, name), Value: r.PostFormValue("wrong." + name), Max: 200})
	}
	return out
}

// labelOf is what a field is called: of the form, or of a place for a seal.
func labelOf(f web.Form, name string) string {
	return cmp.Or(f.LabelOf(name), strings.TrimPrefix(name, sealPrefix))
}

// namesOf are the fields that a reviewer can say something about.
func namesOf(k *catalogue.Kind) []string {
	names := []string{"holders[0].name", "holders[0].id"}
	for i := range k.Fields {
		if k.Fields[i].Source == "" {
			names = append(names, "fields."+k.Fields[i].Key)
		}
	}
	for _, x := range k.Seals {
		if x.Role != "issuer" && x.Role != "superior" && !slices.Contains(names, sealPrefix+x.Role) {
			names = append(names, sealPrefix+x.Role)
		}
	}
	names = append(names, "valid_from")
	if k.Validity.Rule != "none" {
		names = append(names, "valid_to")
	}
	return names
}

// factsOf is what was collected, for who reads it.
func factsOf(k *catalogue.Kind, f web.Form, q cert.IssueRequest) (out []page.Fact) {
	for i, h := range q.Holders {
		out = append(out, page.Fact{Label: f.LabelOf("holders[" + strconv.Itoa(i) + "].name"), Text: h.Name}, page.Fact{Label: catalogue.IDTypeName(h.IDType), Text: h.ID, Code: true})
	}
	for i := range k.Fields {
		x := &k.Fields[i]
		raw, given := q.Fields[x.Key]
		if !given {
			continue
		}
		text := ""
		switch x.Type {
		case catalogue.Pict:
			text = "已提供图片，见照面"
		case catalogue.Table:
			var rows []json.RawMessage
			if json.Unmarshal(raw, &rows) == nil {
				text = strconv.Itoa(len(rows)) + " 行，见照面"
			}
		default:
			if json.Unmarshal(raw, &text) != nil {
				text = ""
			}
		}
		out = append(out, page.Fact{Label: x.Label, Text: text})
	}
	for _, x := range []page.Fact{{Label: "有效期起", Text: q.ValidFrom}, {Label: "有效期止", Text: q.ValidTo}, {Label: "办件编号", Text: q.CaseNo, Code: true}} {
		if x.Text != "" {
			out = append(out, x)
		}
	}
	return out
}

// steps is what was done, newest last.
func (s *Service) steps(r *http.Request, d *issuing.Draft) (out []page.Step, err error) {
	var ids []string
	for _, x := range d.History {
		if !strings.HasPrefix(x.Actor, "app/") {
			ids = append(ids, x.Actor)
		}
	}
	names, err := page.Named(r.Context(), s.IAM, ids...)
	if err != nil {
		return nil, err
	}
	for _, x := range d.History {
		who := "平台"
		switch {
		case strings.HasPrefix(x.Actor, "app/"):
			who = "业务系统"
		case x.Actor != "":
			who = names.Person(x.Actor)
		}
		out = append(out, page.Step{Title: x.ActionName, Text: x.Reason, Who: who, At: x.At})
	}
	return out, nil
}

func versionOf(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// decide does what a button asks for, and leads on or shows what was refused.
func (s *Service) decide(w http.ResponseWriter, r *http.Request, done string, how func(issuing.Decision) (*issuing.Draft, error), wrong ...issuing.FieldWrong) error {
	id := r.PathValue("id")
	d, err := how(issuing.Decision{ID: id, Version: versionOf(r.PostFormValue("version")), Reason: r.PostFormValue("reason"), Fields: wrong})
	if err == nil {
		if done == "issued" && d.State != issuing.Issued {
			done = "asked"
		}
		return page.See(w, r, page.Asking(page.At(Home, id), "done", done))
	}
	code := page.StatusOf(err)
	if code == 0 || code == http.StatusNotFound {
		return err
	}
	return s.showDraft(w, r, id, code, nil, err)
}

func (s *Service) postPass(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, "passed", func(d issuing.Decision) (*issuing.Draft, error) { return s.Issuing.Pass(r.Context(), d) })
}

func (s *Service) postIssue(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, "issued", func(d issuing.Decision) (*issuing.Draft, error) { return s.Issuing.Issue(r.Context(), d) })
}

func (s *Service) postDrop(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, "dropped", func(d issuing.Decision) (*issuing.Draft, error) { return s.Issuing.Drop(r.Context(), d) })
}

// maxWrong is how many fields one return may name.
const maxWrong = 64

func (s *Service) postReturn(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return fault.Invalid.Wrap(err, "表单没有传完整").WithHint("请按“返回”重新提交")
	}
	var wrong []issuing.FieldWrong
	for name, v := range r.PostForm {
		field, ok := strings.CutPrefix(name, "wrong.")
		if text := strings.TrimSpace(v[0]); ok && text != "" && len(wrong) < maxWrong {
			wrong = append(wrong, issuing.FieldWrong{Name: field, Message: text})
		}
	}
	return s.decide(w, r, "returned", func(d issuing.Decision) (*issuing.Draft, error) { return s.Issuing.Return(r.Context(), d) }, wrong...)
}
