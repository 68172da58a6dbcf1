package sealapply

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// kinds are what may be applied for, as people choose.
var kinds = []struct {
	kind  sealapply.Kind
	title string
	text  string
	why   string // of the reason that must be given
}{
	{sealapply.Apply, "申请新印章", "单位还没有这枚印章，或原印章已注销、已到期。逐级审核。", ""},
	{sealapply.Renew, "续期", "印章到期前 30 天内办理，到期后须申请新印章。由本级审核。", "如：印章将于某日到期，继续使用"},
	{sealapply.Change, "变更", "单位名称、印模或数字证书有变化。逐级审核，新章备案后旧章失效。", "写明变更什么、依据的文件"},
	{sealapply.Remake, "补办", "印章丢失、损坏或密钥失控，制作新印章代替。逐级审核。", "写明丢失、损坏的时间和经过"},
	{sealapply.Cancel, "注销", "单位撤并、更名或停止使用。须书面申请和身份证明，由本级审核后立即注销。", "写明单位撤并、更名、停用等情况"},
}

func kindAt(k sealapply.Kind) int {
	for i, x := range kinds {
		if x.kind == k {
			return i
		}
	}
	return -1
}

type startPage struct {
	draft
	Kind     sealapply.Kind
	Title    string
	Choices  []page.Tab // what to do, where that is not chosen yet
	Action   string
	Unit     []page.Field
	Seals    page.Field // that it is about
	Fields   []page.Field
	KindWord string
	SealKind string
	Options  []page.Option // kinds of seals
	Wrong    string        // at the kind of seal
	None     *page.Empty
	New      bool
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	if holder(r.Context()) {
		return page.See(w, r, page.Asking(Wallet+"/new", "kind", r.URL.Query().Get("kind"), "seal", r.URL.Query().Get("seal")))
	}
	p, err := s.newPage(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "start", p)
}

// newPage is the first step, before there is a draft.
func (s *Service) newPage(r *http.Request) (*startPage, error) {
	k := sealapply.Kind(r.FormValue("kind"))
	p := &startPage{Kind: k, Action: Home + "/new", New: true}
	p.Frame = s.Kit.Frame(r, "申请印章", "seal-applications", page.Middle)
	if r.Method == http.MethodPost {
		p.Path = page.Asking(Home+"/new", "kind", string(k))
	}
	i := kindAt(k)
	if i < 0 {
		for _, x := range kinds {
			p.Choices = append(p.Choices, page.Tab{Label: x.title, Href: page.Asking(Home+"/new", "kind", string(x.kind)), Count: 0})
		}
		return p, nil
	}
	p.Frame.Title, p.Title, p.KindWord = kinds[i].title, kinds[i].title, kinds[i].text
	p.Wizard = wizardOf(k, "", "start", "", nil)
	if k == sealapply.Apply {
		return p, s.newSeal(r, p)
	}
	return p, s.aboutSeal(r, p, kinds[i].why)
}

func (s *Service) newSeal(r *http.Request, p *startPage) error {
	units, err := s.units(r.Context())
	if err != nil {
		return err
	}
	p.Unit = []page.Field{unitField(units, unitNamed(units, r.FormValue("org")))}
	p.Options, p.SealKind = s.sealKinds(), r.FormValue("seal_kind")
	p.Fields = []page.Field{
		{ID: "seal_name", Name: "seal_name", Label: "印模上的名称", Value: r.FormValue("seal_name"), Max: 100, Hint: "与印模图像上的文字一致；法定名称章可不填，即单位法定名称。电子名章填姓名"},
		{ID: "person", Name: "person", Label: "本人的用户名", Value: r.FormValue("person"), Max: 64, Code: true, Autocomplete: "off", Hint: "只有电子名章填写：印章属于谁"},
		{ID: "reason", Name: "reason", Label: "申请事由", Value: r.FormValue("reason"), Lines: 3, Max: 500},
	}
	return nil
}

func (s *Service) aboutSeal(r *http.Request, p *startPage, hint string) error {
	list, err := s.about(r.Context(), p.Kind)
	if err != nil {
		return err
	}
	p.Seals = page.Field{ID: "seal", Name: "seal", Label: "哪一枚印章", Required: true, Value: r.FormValue("seal")}
	for _, x := range list {
		p.Seals.Options = append(p.Seals.Options, page.Option{Value: x.ID, Label: x.Name + "（" + seal.Label(x.Kind) + "，" + page.Day(x.ValidTo) + " 到期）"})
	}
	if len(list) == 0 {
		p.Seals.ID = ""
		p.None = &page.Empty{Title: "没有可以" + p.Kind.Label() + "的印章", Text: "在“印章”里可以查看本单位印章的状态和有效期。", Href: "/console/seals", Action: "查看印章"}
		if p.Kind == sealapply.Renew {
			p.None.Text = "续期在印章到期前 30 天内办理，到时会提醒保管人；已到期的请申请新印章。"
		}
	}
	if len(list) == 1 {
		p.Seals.Value = list[0].ID
	}
	p.Fields = []page.Field{{ID: "reason", Name: "reason", Label: "事由", Value: r.FormValue("reason"), Lines: 3, Max: 500, Required: true, Hint: hint}}
	return nil
}

// postNew makes the draft, and leads to its next step.
func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	a, err := s.create(r)
	if err == nil {
		return page.See(w, r, page.At(Home, a.ID, "form"))
	}
	code := page.StatusOf(err)
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound && r.PostFormValue("seal") != "" {
		code = http.StatusUnprocessableEntity
		err = fault.Invalid.Wrap(err, "%s", e.Msg).WithCode(e.Code).WithHint("请从本单位的印章中选择").WithField("seal", "unknown", e.Msg)
	}
	if code == 0 {
		return err
	}
	p, e := s.newPage(r)
	if e != nil {
		return e
	}
	all := slices.Concat(p.Unit, p.Fields, []page.Field{p.Seals, {ID: "kind-" + seal.LegalName, Name: "seal_kind", Label: "印章种类"}})
	p.Problem = page.Mark(err, all)
	u, f := len(p.Unit), len(p.Fields)
	p.Unit, p.Fields, p.Seals, p.Wrong = all[:u], all[u:u+f], all[u+f], all[u+f+1].Error
	p.Frame.Title = "有错误：" + p.Frame.Title
	return s.set.Show(w, code, "start", p)
}

func (s *Service) create(r *http.Request) (*sealapply.Application, error) {
	ctx := r.Context()
	q := sealapply.CreateRequest{Kind: sealapply.Kind(r.PostFormValue("kind")), Seal: r.PostFormValue("seal"), Reason: r.PostFormValue("reason"), SealName: strings.TrimSpace(r.PostFormValue("seal_name"))}
	if q.Kind != sealapply.Apply {
		return s.createAbout(ctx, q)
	}
	units, err := s.units(ctx)
	if err != nil {
		return nil, err
	}
	q.Seal, q.Org, q.SealKind = "", unitNamed(units, r.PostFormValue("org")), r.PostFormValue("seal_kind")
	if i := slices.IndexFunc(units, func(o iam.Org) bool { return o.ID == q.Org }); i >= 0 {
		if q.SealKind == seal.LegalName && q.SealName == "" {
			q.SealName = units[i].Name
		}
	} else if q.Org != "" && len(units) > mostChoices {
		return nil, fault.Invalid.New("没有找到用章单位").WithCode("sealapply.request").WithHint("请填写单位的法定名称或统一社会信用代码").WithField("org", "unknown", "没有这个单位，或不由您申请")
	}
	if q.SealKind == seal.NameSeal {
		if q.Person, err = s.accountOf(ctx, "person", r.PostFormValue("person")); err != nil {
			return nil, err
		}
	}
	if fits, err := s.keepers(ctx, q.Org); err == nil && slices.Contains(fits, iam.Self(ctx)) {
		q.Custodian = iam.Self(ctx) // to be changed in its step
	}
	if q.Fields, err = s.registered(ctx, q.Org, q.Kind, q.SealKind); err != nil {
		return nil, err
	}
	return s.Apply.Create(ctx, q)
}

// createAbout begins what is about a seal: its name stays, until it is changed.
func (s *Service) createAbout(ctx context.Context, q sealapply.CreateRequest) (*sealapply.Application, error) {
	if q.Seal != "" {
		x, err := s.Seal.Get(ctx, q.Seal)
		if err != nil {
			return nil, err
		}
		q.SealName = x.Name
		if q.Fields, err = s.registered(ctx, x.Org, q.Kind, x.Kind); err != nil {
			return nil, err
		}
	}
	return s.Apply.Create(ctx, q)
}

// registered are the fields of a form that the register knows already.
func (s *Service) registered(ctx context.Context, org string, k sealapply.Kind, sealKind string) (map[string]string, error) {
	if org == "" || seal.Label(sealKind) == "" {
		return nil, nil
	}
	o, err := s.IAM.Org(ctx, org)
	if fault.As(err) != nil {
		return nil, nil // the domain says so
	}
	if err != nil {
		return nil, err
	}
	_, fields, _, err := s.Apply.FormFor(ctx, org, k, sealKind)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, f := range fields {
		if v := map[string]string{"org_name": o.Name, "uscc": o.USCC}[f.Code]; v != "" {
			out[f.Code] = v
		}
	}
	return out, nil
}

// accountOf is the account of a user name that was typed, or nothing.
func (s *Service) accountOf(ctx context.Context, field, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" || s.Account == nil {
		return "", nil
	}
	id, err := s.Account(ctx, typed)
	if err != nil {
		return "", err
	}
	if id == "" {
		return "", fault.Invalid.New("没有这个用户名").WithCode("account.unknown").WithHint("请向系统管理员核对用户名").WithField(field, "unknown", "没有这个用户名")
	}
	return id, nil
}

// startStep is the first step of a draft.
func (s *Service) startStep(r *http.Request, d draft) (*startPage, error) {
	a := d.A
	p := &startPage{draft: d, Kind: a.Kind, Title: kinds[kindAt(a.Kind)].title, KindWord: kinds[kindAt(a.Kind)].text, Action: d.At + "/start"}
	name, reason := a.SealName, a.Reason
	if r.Method == http.MethodPost {
		name, reason = r.PostFormValue("seal_name"), r.PostFormValue("reason")
	}
	if a.Kind.Makes() && a.Kind != sealapply.Renew {
		p.Fields = append(p.Fields, page.Field{ID: "seal_name", Name: "seal_name", Label: "印模上的名称", Value: name, Max: 100, Hint: "与印模图像上的文字一致"})
	}
	if a.SealKind == seal.NameSeal && a.Kind == sealapply.Apply {
		p.Fields = append(p.Fields, page.Field{ID: "person", Name: "person", Label: "本人的用户名", Value: r.PostFormValue("person"), Max: 64, Code: true, Autocomplete: "off", Hint: "印章属于谁；不修改的留空"})
	}
	p.Fields = append(p.Fields, page.Field{ID: "reason", Name: "reason", Label: "事由", Value: reason, Lines: 3, Max: 500})
	return p, nil
}

func (s *Service) postStart(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	e := sealapply.Edit{Reason: ptr(r.PostFormValue("reason"))}
	if r.PostForm.Has("seal_name") {
		e.SealName = ptr(r.PostFormValue("seal_name"))
	}
	who, err := s.accountOf(ctx, "person", r.PostFormValue("person"))
	if err == nil {
		if who != "" {
			e.Person = &who
		}
		_, err = s.Apply.Edit(ctx, id, e)
	}
	return s.after(w, r, "start", err)
}

func ptr[T any](v T) *T { return &v }
