package transfers

import (
	"net/http"
	"slices"
	"strings"

	"sidian/internal/cert"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// newPage is the form, after the kind was chosen.
func (s *Service) newPage(r *http.Request) (*page.Sheet, error) {
	ctx, v := r.Context(), r.FormValue
	name := v("kind")
	if name == "" {
		return s.choosePage(r)
	}
	k, err := s.Catalogue.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	units, err := s.issuers(r, k.Name)
	if err != nil {
		return nil, err
	}
	p := s.sheet(r, "移交“"+k.Title+"”的颁发职责", "写明哪个单位移交给哪个单位、自哪天起；提出后由双方的共同上级同意，到那天才移交。", page.Middle).Under("提出移交", New)
	if len(units) == 0 {
		return p.Add(page.Part{ID: "none", Title: "您不能提出这类证照的移交", Text: "这类证照现在没有由您单位签发，您单位也不管理签发它的单位。请换一类证照，或者由它的签发单位提出。"}), nil
	}
	issuer := page.Field{ID: "issuer", Name: "issuer", Label: "移交单位", Value: v("issuer"), Required: true, Options: units, Hint: "现在签发这类证照的单位"}
	if len(units) == 1 {
		issuer.Value = units[0].Value
	}
	f := &page.Form{ID: "propose", Action: New, Hidden: []page.Hidden{{Name: "kind", Value: k.Name}}, Button: "提出移交", Busy: "正在提出…", Cancel: Home, Fields: []page.Field{
		issuer,
		{ID: "successor", Name: "successor", Label: "承接单位", Value: v("successor"), Required: true, Max: 100, Hint: "单位的法定名称或统一社会信用代码"},
		{ID: "from", Name: "from", Label: "移交之日", Value: v("from"), Type: "date", Required: true, Short: true, Hint: "今天起一年之内；从这天零时起由承接单位办理"},
		{ID: "basis", Name: "basis", Label: "依据", Value: v("basis"), Required: true, Max: 200, Hint: "机构改革方案、权责清单调整的文号等"},
		{ID: "reason", Name: "reason", Label: "事由", Value: v("reason"), Required: true, Lines: 2, Max: 200, Hint: "不写个人信息"},
	}}
	return p.Add(page.Part{Form: f}), nil
}

// choosePage asks which kind it is about.
func (s *Service) choosePage(r *http.Request) (*page.Sheet, error) {
	all, err := s.Catalogue.Published(r.Context())
	if err != nil {
		return nil, err
	}
	f := page.Field{ID: "kind", Name: "kind", Label: "证照", Required: true}
	for _, k := range all {
		f.Options = append(f.Options, page.Option{Value: k.Name, Label: k.Title})
	}
	p := s.sheet(r, "提出移交", "先选移交哪一类证照的颁发职责；下一步写移交给谁、自哪天起。", page.Middle).Under("颁证职责移交", Home)
	return p.Add(page.Part{Choose: &page.Search{Action: New, Label: "选择证照", Fields: []page.Field{f}, Button: "下一步"}}), nil
}

// issuers are the units that issue a kind and for which the reader may propose.
func (s *Service) issuers(r *http.Request, kind string) (out []page.Option, err error) {
	ctx := r.Context()
	ids, err := s.Cert.Issuers(ctx, kind)
	for _, id := range ids {
		if err != nil || !iam.MayAny(ctx, id, permIssue, permAgree) {
			continue
		}
		var o iam.Org
		o, err = s.IAM.Org(ctx, id)
		out = append(out, page.Option{Value: o.ID, Label: o.Name})
	}
	return out, err
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newPage(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

// unit finds a unit that was typed by name or credit code; what is none stays as it
// is, and the domain says so.
func (s *Service) unit(r *http.Request, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", nil
	}
	all, err := s.IAM.Organisations(r.Context())
	if err != nil {
		return "", err
	}
	is := func(o iam.Org) bool { return o.ID == typed || o.Name == typed || o.USCC == typed }
	i := slices.IndexFunc(all, func(o iam.Org) bool { return !o.Closed && is(o) })
	if i < 0 {
		i = slices.IndexFunc(all, is)
	}
	if i < 0 {
		return typed, nil
	}
	return all[i].ID, nil
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	v := r.PostFormValue
	q := cert.TransferRequest{Kind: v("kind"), Issuer: v("issuer"), From: v("from"), Basis: v("basis"), Reason: v("reason")}
	var err error
	if q.Successor, err = s.unit(r, v("successor")); err != nil {
		return err
	}
	t, err := s.Cert.ProposeTransfer(r.Context(), q)
	if err != nil {
		return s.again(w, r, err, s.newPage)
	}
	return page.See(w, r, page.Asking(at(t.ID), "done", "propose"))
}
