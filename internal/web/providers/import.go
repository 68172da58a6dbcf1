package providers

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/provider"
	"sidian/internal/web/page"
)

// An importPage takes in another platform's list of trust.
type importPage struct {
	page.Frame
	Problem *page.Problem
	Org     page.Field
	Files   []upload
	Repin   bool // the peer has another digital certificate than before: ask
	Reason  page.Field
}

// An importedPage says what came of a list.
type importedPage struct {
	page.Frame
	Notice   page.Notice
	Proposed page.Table
	Skipped  page.Table
}

func (s *Service) importForm(r *http.Request, q provider.ImportRequest) (*importPage, error) {
	orgs, err := s.orgs(r.Context())
	if q.Org == "" && len(orgs) > 0 {
		q.Org = orgs[0].Value
	}
	return &importPage{
		Frame: s.Kit.Frame(r, "引入信任列表", "providers", page.Middle),
		Org:   page.Field{ID: "org", Name: "org", Label: labels["org"], Value: q.Org, Required: true, Options: orgs, Hint: "列表中的服务商登记在这个单位名下"},
		Files: []upload{
			{ID: "list", Label: labels["list"], Hint: "对方 /open/v1/providers 的内容：整个文件，或其中的 jws", Text: q.List, Required: true, Accept: ".json,.txt,application/json,text/plain"},
			{ID: "signer", Label: labels["signer"], Hint: "对方签名用的 SM2 数字证书。须另行核实它的 SM3 摘要：以后只认这张", Text: q.Signer, Required: true, Accept: certificates},
		},
		Repin:  q.Repin,
		Reason: page.Field{ID: "reason", Name: "reason", Label: labels["reason"], Value: q.Reason, Required: true, Lines: 3, Max: 500, Hint: "写明怎样核实了对方的数字证书；记入审计"},
	}, err
}

func (s *Service) getImport(w http.ResponseWriter, r *http.Request) error {
	p, err := s.importForm(r, provider.ImportRequest{})
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "import", p)
}

func (s *Service) postImport(w http.ResponseWriter, r *http.Request) error {
	if err := parse(r); err != nil {
		return err
	}
	defer r.MultipartForm.RemoveAll()
	q := provider.ImportRequest{Org: r.PostFormValue("org"), Repin: r.PostFormValue("repin") == "1", Reason: r.PostFormValue("reason"), List: strings.TrimSpace(r.PostFormValue("list"))}
	for _, h := range r.MultipartForm.File["list-file"] {
		data, err := contents(h)
		if err != nil {
			return err
		}
		if len(data) > 0 {
			q.List = strings.TrimSpace(strings.ToValidUTF8(string(data), "?"))
		}
	}
	q.List = signedPart(q.List)
	signer, err := texts(r, "signer")
	if err != nil {
		return err
	}
	q.Signer = strings.Join(signer, "")
	if err = named(q.Org); err == nil {
		var report *provider.ImportReport
		if report, err = s.Providers.Import(r.Context(), q); err == nil {
			return s.imported(w, r, report)
		}
	}
	status, shown := problem(err)
	if shown == nil {
		return err
	}
	p, e := s.importForm(r, q)
	if e != nil {
		return e
	}
	if f := fault.As(err); f.Code == "provider.pin" {
		p.Repin = true
	}
	p.Problem, p.Title = shown, "有错误："+p.Title
	p.Org.Error, p.Reason.Error = shown.At("org"), shown.At("reason")
	for i := range p.Files {
		p.Files[i].Error = shown.At(p.Files[i].ID)
	}
	return s.set.Show(w, status, "import", p)
}

// signedPart is the signed list in what a peer publishes.
func signedPart(text string) string {
	var whole struct {
		JWS string `json:"jws"`
	}
	if strings.HasPrefix(text, "{") && json.Unmarshal([]byte(text), &whole) == nil && whole.JWS != "" {
		return whole.JWS
	}
	return text
}

func (s *Service) imported(w http.ResponseWriter, r *http.Request, report *provider.ImportReport) error {
	p := importedPage{Frame: s.Kit.Frame(r, "已引入信任列表", "providers", page.Wide)}
	p.Path = Home
	p.Notice = page.Notice{Class: page.Good, Title: "已提出 " + strconv.Itoa(len(report.Proposed)) + " 项登记", Text: "来自平台 " + report.Issuer + " 在 " + page.Moment(report.IssuedAt) + " 签发的列表。由另一位印章管理人员逐项批准后生效。"}
	if len(report.Proposed) == 0 {
		p.Notice = page.Notice{Class: page.Care, Title: "没有新的登记", Text: "来自平台 " + report.Issuer + " 在 " + page.Moment(report.IssuedAt) + " 签发的列表。原因见下。"}
	}
	p.Proposed = page.Table{Caption: "已提出，待批准", Head: []string{"服务商标识"}, Empty: page.Empty{Title: "没有"}}
	for _, id := range report.Proposed {
		p.Proposed.Rows = append(p.Proposed.Rows, page.Row{Cells: []page.Cell{{Text: id, Href: at(id)}}})
	}
	p.Skipped = page.Table{Caption: "没有引入", Head: []string{"服务商标识", "原因"}}
	for _, x := range report.Skipped {
		p.Skipped.Rows = append(p.Skipped.Rows, page.Row{Cells: []page.Cell{{Text: x.ID, Code: true}, {Text: x.Reason}}})
	}
	return s.set.Show(w, http.StatusOK, "imported", p)
}

// next is the number after a number, as a text.
func next(number string) string {
	n, err := strconv.Atoi(number)
	if err != nil {
		return number
	}
	return strconv.Itoa(n + 1)
}
