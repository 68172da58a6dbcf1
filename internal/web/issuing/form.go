package issuing

import (
	"crypto/rand"
	"net/http"
	"slices"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/web"
	"sidian/internal/web/page"
)

type newPage struct {
	page.Frame
	Table page.Table // kinds to choose from
}

// A formPart is the form of a draft beside its face.
type formPart struct {
	web.Form
	Action   string // of the form
	Kind     string
	Version  int    // of the draft that the reader saw; 0 for a new one
	Once     string // stands for a new draft, however often the button is pressed
	Owed     string // what it makes up for
	Issuers  []iam.Org
	Issuer   string
	Preview  string // address that the script asks
	Face     web.Face
	Partners []page.Field // units that seal, too
}

// Look is where the form is sent to be shown again with the face, or with one
// more line.
func (f formPart) Look() string {
	if f.Version > 0 {
		return f.Action + "?look=1"
	}
	return f.Action + "&look=1"
}

type editPage struct {
	page.Frame
	KindName string
	Form     formPart
	Problem  *page.Problem
}

// issuersOf are the units for which the reader collects a kind.
func (s *Service) issuersOf(r *http.Request, kind string) (out []iam.Org, err error) {
	ids, err := s.Cert.Issuers(r.Context(), kind)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if !iam.May(r.Context(), "cert.draft", id) {
			continue
		}
		o, err := s.IAM.Org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	name := r.URL.Query().Get("kind")
	if name == "" {
		return s.chooseKind(w, r)
	}
	k, err := s.Catalogue.Get(r.Context(), name)
	if err != nil {
		return err
	}
	return s.showNew(w, r, http.StatusOK, k, map[string]string{"valid_from": page.Day(s.Cert.DB.Now()), "owed": r.URL.Query().Get("owed")}, nil)
}

// chooseKind lists what the reader's units issue.
func (s *Service) chooseKind(w http.ResponseWriter, r *http.Request) error {
	kinds, err := s.Catalogue.Published(r.Context())
	if err != nil {
		return err
	}
	p := &newPage{Frame: s.Kit.Frame(r, "采集新证照", "issuing", page.Middle)}
	p.Table = page.Table{ID: "kinds", Caption: "可以采集的证照", Quiet: true, Head: []string{"证照种类", "签发单位"},
		Empty: page.Empty{Title: "您的单位还没有登记要签发的证照", Text: "请管理单位在证照目录中登记签发单位。"}}
	for _, k := range kinds {
		issuers, err := s.issuersOf(r, k.Name)
		if err != nil {
			return err
		}
		if len(issuers) == 0 {
			continue
		}
		unit := page.Cell{Text: issuers[0].Name}
		if len(issuers) > 1 {
			unit.Sub = "等单位，下一步选择"
		}
		p.Table.Rows = append(p.Table.Rows, page.Row{Cells: []page.Cell{{Text: k.Title, Href: page.Asking(Home+"/new", "kind", k.Name)}, unit}})
	}
	return s.set.Show(w, http.StatusOK, "new", p)
}

func (s *Service) showNew(w http.ResponseWriter, r *http.Request, code int, k *catalogue.Kind, values map[string]string, refusal error) error {
	issuers, err := s.issuersOf(r, k.Name)
	if err != nil {
		return err
	}
	if len(issuers) == 0 {
		return errNotIssuer(k.Title)
	}
	p := &editPage{Frame: s.Kit.Frame(r, "采集"+k.Title, "issuing", ""), KindName: k.Title}
	p.Form = formPart{Form: web.NewForm(k, values), Action: page.Asking(Home+"/new", "kind", k.Name), Kind: k.Name, Once: values["once"], Owed: values["owed"], Issuers: issuers, Issuer: values["issuer"],
		Preview: page.Asking(Home+"/preview", "kind", k.Name)}
	if p.Form.Once == "" {
		p.Form.Once = rand.Text()
	}
	if p.Form.Face, err = s.face(k, values, issuers); err != nil {
		return err
	}
	at := max(slices.IndexFunc(issuers, func(o iam.Org) bool { return o.ID == values["issuer"] }), 0)
	if p.Form.Partners, err = s.partners(r, k, issuers[at].ID, values); err != nil {
		return err
	}
	p.Problem = problemOf(refusal, p.Form.Form)
	markPartners(p.Problem, refusal, p.Form.Partners)
	if p.Problem != nil {
		p.Title = "有错误：" + p.Title
	}
	return s.set.Show(w, code, "edit", p)
}

func errNotIssuer(title string) error {
	return fault.Forbidden.New("您的单位不签发“%s”", title).WithCode("issuing.issuer").WithHint("请由证照目录登记的签发单位办理；如需调整，请联系管理单位")
}

// problemOf is a refusal above the form, with what is wrong at each control.
func problemOf(refusal error, f web.Form) *page.Problem {
	e := fault.As(refusal)
	if e == nil {
		return nil
	}
	return &page.Problem{Msg: e.Msg, Hint: e.Hint, Fields: f.Refuse(e.Fields)}
}

// face draws what was given for the unit that was chosen.
func (s *Service) face(k *catalogue.Kind, values map[string]string, issuers []iam.Org) (web.Face, error) {
	i := max(slices.IndexFunc(issuers, func(o iam.Org) bool { return o.ID == values["issuer"] }), 0)
	return s.Web.Face(k, web.RequestOf(k, values), issuers[i])
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	k, err := s.Catalogue.Get(r.Context(), r.URL.Query().Get("kind"))
	if err != nil {
		return err
	}
	values, err := web.ReadForm(r, k)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("look") == "1" {
		return s.showNew(w, r, http.StatusOK, k, values, nil)
	}
	q := web.RequestOf(k, values)
	ref := ""
	if once := values["once"]; once != "" && len(once) <= 64 {
		ref = "表单 " + once
	}
	d, refusal := s.Issuing.Create(r.Context(), issuing.CreateRequest{Kind: k.Name, Unit: q.Issuer, Content: contentOf(q, values), CaseNo: q.CaseNo, Ref: ref, Owed: values["owed"]})
	if refusal == nil {
		return s.goOn(w, r, d, values["then"])
	}
	code := page.StatusOf(refusal)
	if code == 0 {
		return refusal
	}
	return s.showNew(w, r, code, k, values, refusal)
}

func contentOf(q cert.IssueRequest, values map[string]string) issuing.Content {
	return issuing.Content{Holders: q.Holders, Fields: q.Fields, ValidFrom: q.ValidFrom, ValidTo: q.ValidTo, Seals: namedOf(values)}
}

// goOn leads to a draft that was saved, and submits it where that was asked for.
// What is not complete stays, and the page says what is missing.
func (s *Service) goOn(w http.ResponseWriter, r *http.Request, d *issuing.Draft, then string) error {
	done := "saved"
	if then == "submit" && d.State == issuing.Drafted {
		if _, err := s.Issuing.Submit(r.Context(), issuing.Decision{ID: d.ID, Version: d.Version}); err != nil {
			if page.StatusOf(err) == 0 {
				return err
			}
			return s.showDraft(w, r, d.ID, page.StatusOf(err), nil, err)
		}
		done = "submitted"
	}
	return page.See(w, r, page.Asking(page.At(Home, d.ID), "done", done))
}

// postPreview answers the script of the form.
func (s *Service) postPreview(w http.ResponseWriter, r *http.Request) error {
	k, err := s.Catalogue.Get(r.Context(), r.URL.Query().Get("kind"))
	if err != nil {
		return err
	}
	values, err := web.ReadForm(r, k)
	if err != nil {
		return err
	}
	issuers, err := s.issuersOf(r, k.Name)
	if err != nil {
		return err
	}
	if len(issuers) == 0 {
		return errNotIssuer(k.Title)
	}
	f, err := s.face(k, values, issuers)
	if err != nil {
		return err
	}
	return page.ShowJSON(w, map[string]any{"pages": f.Pages, "note": f.Note})
}

func (s *Service) postSave(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	d, err := s.Issuing.Get(ctx, id)
	if err != nil {
		return err
	}
	k, err := s.Catalogue.Get(ctx, d.Kind)
	if err != nil {
		return err
	}
	values, err := web.ReadForm(r, k)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("look") == "1" {
		return s.showDraft(w, r, id, http.StatusOK, values, nil)
	}
	q := web.RequestOf(k, values)
	saved, refusal := s.Issuing.Save(ctx, issuing.SaveRequest{ID: id, Version: versionOf(values["version"]), Content: contentOf(q, values), CaseNo: q.CaseNo})
	if refusal == nil {
		return s.goOn(w, r, saved, values["then"])
	}
	code := page.StatusOf(refusal)
	if code == 0 {
		return refusal
	}
	return s.showDraft(w, r, id, code, values, refusal)
}
