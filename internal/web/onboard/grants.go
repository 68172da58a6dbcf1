package onboard

import (
	"fmt"
	"net/http"
	"strconv"

	"sidian/internal/web/page"
)

// A grantsPage lists the roles that a run proposed, to who decides on them.
type grantsPage struct {
	page.Frame
	Notice  *page.Notice
	Problem *page.Problem
	Table   page.Table
	Action  string
	Items   []string // ids of the grants that are listed: what is decided is what was seen
	Reason  page.Field
	Next    string
}

func (s *Service) grants(r *http.Request) (*grantsPage, error) {
	id := r.PathValue("id")
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	list, err := s.Onboard.Grants(r.Context(), id, max(after, 0), 100)
	if err != nil {
		return nil, err
	}
	p := &grantsPage{Frame: s.Kit.Frame(r, "批量导入的角色", "grants", page.Wide), Action: at(id, "/grants"),
		Reason: page.Field{ID: "reason", Name: "reason", Label: "理由", Required: true, Lines: 3, Max: 200, Value: r.PostFormValue("reason"), Hint: "写明核对了什么，记入每一项授权的审计"}}
	p.Table = page.Table{ID: "grants", Caption: "待批准的角色", Quiet: true, Head: []string{"人员", "角色", "范围", "期限", "依据", "提出人"},
		Empty: page.Empty{Title: "没有等您批准的角色", Text: "这次导入提出的角色都已决定，或不在您的范围内。", Href: "/console/admin/grants", Action: "查看全部授权"}}
	for _, g := range list.Items {
		p.Items = append(p.Items, g.ID)
		until := "长期"
		if !g.Until.IsZero() {
			until = "至 " + page.Day(g.Until)
		}
		basis := g.Basis
		if basis == "" {
			basis = "—"
		}
		p.Table.Rows = append(p.Table.Rows, page.Row{Cells: []page.Cell{
			{Text: g.AccountName, Sub: g.Username}, {Text: g.RoleName}, {Text: g.OrgName}, {Text: until}, {Text: basis}, {Text: g.ByName},
		}})
	}
	if list.Next > 0 {
		p.Next = at(id, "/grants?after="+strconv.Itoa(list.Next))
	}
	return p, nil
}

func (s *Service) getGrants(w http.ResponseWriter, r *http.Request) error {
	p, err := s.grants(r)
	if err != nil {
		return err
	}
	if n := r.URL.Query().Get("done"); n != "" {
		p.Notice = &page.Notice{Class: page.Good, Title: "已决定"}
		if refused, _ := strconv.Atoi(r.URL.Query().Get("refused")); refused > 0 {
			p.Notice = &page.Notice{Class: page.Care, Title: "已决定一部分", Text: fmt.Sprintf("%d 项没有决定：不能由您决定，或状态已变。", refused)}
		}
	}
	return s.set.Show(w, http.StatusOK, "grants", p)
}

func (s *Service) postGrants(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	id := r.PathValue("id")
	done, err := s.Onboard.Decide(r.Context(), id, r.PostForm["grant"], r.PostFormValue("decision") == "approve", r.PostFormValue("reason"))
	if err == nil {
		return page.See(w, r, at(id, fmt.Sprintf("/grants?done=%d&refused=%d", done.Done, done.Refused)))
	}
	status, wrong := statusOf(err)
	if wrong == nil {
		return err
	}
	p, e := s.grants(r)
	if e != nil {
		return e
	}
	p.Problem, p.Title, p.Reason.Error = wrong, "有错误："+p.Title, wrong.At("reason")
	for i := range wrong.Fields {
		wrong.Fields[i].Label = "理由"
	}
	return s.set.Show(w, status, "grants", p)
}
