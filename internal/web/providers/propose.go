package providers

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/provider"
	"sidian/internal/web/page"
)

// A proposePage is the form for a provider, or for another version of one.
type proposePage struct {
	page.Frame
	Heading, Lead string
	Problem       *page.Problem
	Before        []page.Field
	Files         []upload
	Reason        page.Field
	Hidden        []page.Hidden
	Button        string
	Action        string
	Cancel        string
}

// An upload is digital certificates, or another text: as files, or pasted.
type upload struct {
	ID, Label, Hint, Error, Text string
	Many, Required               bool
	Accept                       string
}

// labels are the names of the controls of this form, by the names of fields.
var labels = map[string]string{
	"id": "服务商标识", "org": "登记单位", "name": "名称", "operator": "运营单位", "zone": "所在网络", "endpoint": "核验服务地址", "protocol": "协议",
	"certificate": "答复用的数字证书", "makers": "制章者的数字证书", "authorities": "签发机构的数字证书", "reason": "理由",
	"list": "信任列表", "signer": "对方的数字证书",
}

const certificates = ".pem,.cer,.crt,.der,application/x-x509-ca-cert,application/x-pem-file"

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	req := provider.Request{Zone: provider.Extranet}
	if id := r.URL.Query().Get("from"); id != "" {
		all, err := s.Providers.Get(r.Context(), id)
		if err != nil {
			return err
		}
		list := standings(all)
		if len(list) == 0 {
			return fault.Conflict.New("这项登记已经结束").WithCode("provider.state").WithHint("需要时请重新登记")
		}
		req = requestOf(list[0].shown())
	}
	p, err := s.propose(r, req)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "propose", p)
}

// requestOf is what would propose a version again; the reason is a new one.
func requestOf(e *provider.Entry) provider.Request {
	r := provider.Request{ID: e.ID, Org: e.Org, Name: e.Name, Operator: e.Operator, Zone: e.Zone, Endpoint: e.Endpoint, Protocol: e.Protocol, Certificate: e.Certificate}
	for _, m := range e.Makers {
		if m.Use == provider.UseAuthority {
			r.Authorities = append(r.Authorities, m.Certificate)
		} else {
			r.Makers = append(r.Makers, m.Certificate)
		}
	}
	return r
}

// propose is the form, filled in.
func (s *Service) propose(r *http.Request, q provider.Request) (*proposePage, error) {
	from := r.FormValue("from")
	p := &proposePage{Heading: "登记签章服务商", Button: "提出登记", Action: Home + "/new", Cancel: Home,
		Lead: "登记后，由它制作的签章交给它核验。您提出，由另一位印章管理人员批准后生效；批准前不向它询问。"}
	id := page.Field{ID: "id", Name: "id", Label: labels["id"], Value: q.ID, Required: true, Code: true, Max: 64, Autocomplete: "off", Hint: "对方平台的标识，通常是它的主机名，例如 seal.example.cn；由对方提供"}
	if from != "" {
		p.Heading, p.Button, p.Cancel = "变更签章服务商", "提出变更", at(from)
		p.Lead = "变更由另一位印章管理人员批准后生效；批准前仍按现有版本办理。"
		p.Hidden = []page.Hidden{{Name: "from", Value: from}, {Name: "id", Value: from}}
	}
	p.Frame = s.Kit.Frame(r, p.Heading, "providers", page.Middle)
	orgs, err := s.orgs(r.Context())
	if err != nil {
		return nil, err
	}
	if q.Org == "" && len(orgs) > 0 {
		q.Org = orgs[0].Value
	}
	if from == "" {
		p.Before = append(p.Before, id)
	}
	p.Before = append(p.Before,
		page.Field{ID: "name", Name: "name", Label: labels["name"], Value: q.Name, Required: true, Max: 100, Hint: "核验结果里这样称呼它"},
		page.Field{ID: "operator", Name: "operator", Label: labels["operator"], Value: q.Operator, Required: true, Max: 200, Hint: "运营它的单位全称"},
		page.Field{ID: "zone", Name: "zone", Label: labels["zone"], Value: q.Zone, Required: true, Options: zones},
		page.Field{ID: "endpoint", Name: "endpoint", Label: labels["endpoint"], Value: q.Endpoint, Required: true, Code: true, Max: 300, Mode: "url", Autocomplete: "off",
			Hint: "https 地址，末尾没有斜杠，例如 https://seal.example.cn/api/v1；主机须由系统管理员加入外联名单"},
		page.Field{ID: "org", Name: "org", Label: labels["org"], Value: q.Org, Required: true, Options: orgs, Hint: "以后由这个单位的印章管理人员管理"},
	)
	p.Files = []upload{
		{ID: "certificate", Label: labels["certificate"], Hint: "它答复时签名用的 SM2 数字证书，一张", Text: q.Certificate, Required: true, Accept: certificates},
		{ID: "makers", Label: labels["makers"], Hint: "只归它核验的制章者；可以多张。与下一项至少填一项", Text: strings.Join(q.Makers, ""), Many: true, Accept: certificates},
		{ID: "authorities", Label: labels["authorities"], Hint: "由这些机构签发的制章者和签名人都归它核验；可以多张", Text: strings.Join(q.Authorities, ""), Many: true, Accept: certificates},
	}
	p.Reason = page.Field{ID: "reason", Name: "reason", Label: labels["reason"], Value: q.Reason, Required: true, Lines: 3, Max: 500, Hint: "写明互认协议或文件，以及怎样核实了证书；记入审计"}
	return p, nil
}

// orgs are the organisations for which the reader may propose: their own first,
// and those that their role is for.
func (s *Service) orgs(ctx context.Context) (out []page.Option, err error) {
	var ids []string
	if p, ok := iam.From(ctx); ok && p.Org != "" && iam.Allow(ctx, provider.Manage, p.Org) == nil {
		ids = append(ids, p.Org)
	}
	for _, id := range iam.ScopeRoots(ctx, provider.Manage) {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		name, err := s.orgName(ctx, id)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Option{Value: id, Label: name})
	}
	return out, nil
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	if err := parse(r); err != nil {
		return err
	}
	defer r.MultipartForm.RemoveAll()
	req := provider.Request{
		ID: strings.TrimSpace(r.PostFormValue("id")), Org: r.PostFormValue("org"), Name: r.PostFormValue("name"), Operator: r.PostFormValue("operator"),
		Zone: r.PostFormValue("zone"), Endpoint: strings.TrimSpace(r.PostFormValue("endpoint")), Reason: r.PostFormValue("reason"),
	}
	var wrong *fault.Error
	one, err := texts(r, "certificate")
	if err == nil {
		req.Certificate = strings.Join(one, "") // of two, the service says that one is meant
		if req.Makers, err = texts(r, "makers"); err == nil {
			req.Authorities, err = texts(r, "authorities")
		}
	}
	if errors.As(err, &wrong) {
		return s.refused(w, r, req, err)
	}
	if err != nil {
		return err
	}
	if err := named(req.Org); err != nil {
		return s.refused(w, r, req, err)
	}
	e, err := s.Providers.Propose(r.Context(), req)
	if err == nil {
		return page.See(w, r, at(e.ID)+"?done=proposed")
	}
	return s.refused(w, r, req, err)
}

// named refuses a form that names no organisation: to the services that would
// mean any.
func named(org string) error {
	if org != "" {
		return nil
	}
	return fault.Invalid.New("请说明登记在哪个单位").WithCode("provider.org").WithField("org", "required", "请选择")
}

// parse reads a form with files, or one without.
func parse(r *http.Request) error {
	err := r.ParseMultipartForm(maxUpload)
	if errors.Is(err, http.ErrNotMultipart) {
		r.MultipartForm = &multipart.Form{}
		return r.ParseForm()
	}
	if err != nil {
		return fault.TooLarge.Wrap(err, "文件没有传完，或超过 2 MB").WithHint("请返回上一页，选择数字证书或信任列表的文件")
	}
	return nil
}

// maxCertificates bounds what a form may bring in one field: the service takes
// fewer.
const maxCertificates = 60

// texts are the digital certificates of a field, pasted and in files, each as
// PEM. What is none of that is passed on as it is, for the service to refuse.
func texts(r *http.Request, field string) (out []string, err error) {
	take := func(data []byte) {
		all, err := gm.ParseCertificates(data)
		if err != nil {
			out = append(out, strings.ToValidUTF8(string(data[:min(len(data), 2000)]), "?"))
			return
		}
		for _, c := range all[:min(len(all), maxCertificates)] {
			if text := string(c.PEM()); !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	if pasted := strings.TrimSpace(r.PostFormValue(field)); pasted != "" {
		take([]byte(pasted + "\n"))
	}
	if r.MultipartForm == nil {
		return out, nil
	}
	for _, h := range r.MultipartForm.File[field+"-file"] {
		data, err := contents(h)
		if err != nil {
			return nil, err
		}
		if len(data) > 0 {
			take(data)
		}
	}
	return out, nil
}

func contents(h *multipart.FileHeader) ([]byte, error) {
	f, err := h.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxUpload))
}

// refused shows the form again, with what was filled in. Files become text, so
// that they need not be chosen again.
func (s *Service) refused(w http.ResponseWriter, r *http.Request, req provider.Request, err error) error {
	status, shown := problem(err)
	if shown == nil {
		return err
	}
	p, e := s.propose(r, req)
	if e != nil {
		return e
	}
	p.Problem, p.Title = shown, "有错误："+p.Title
	for i := range p.Before {
		p.Before[i].Error = shown.At(p.Before[i].ID)
	}
	for i := range p.Files {
		p.Files[i].Error = shown.At(p.Files[i].ID)
	}
	p.Reason.Error = shown.At("reason")
	return s.set.Show(w, status, "propose", p)
}

// problem is a refusal of what was filled in: nil for what is another page's.
func problem(err error) (int, *page.Problem) {
	status := page.StatusOf(err)
	if status == 0 {
		return 0, nil
	}
	e := fault.As(err)
	p := &page.Problem{Msg: e.Msg, Hint: e.Hint}
	for _, f := range e.Fields {
		name, which, several := strings.Cut(f.Name, "[")
		message := f.Message
		if several { // makers[2] is the third
			message = "第 " + next(strings.TrimSuffix(which, "]")) + " 张：" + message
		}
		shown := page.FieldProblem{Label: labels[name], Message: message}
		if shown.Label != "" {
			shown.ID = name
		}
		p.Fields = append(p.Fields, shown)
	}
	return status, p
}
