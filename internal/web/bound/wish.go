package bound

import (
	"net/http"
	"strings"

	"sidian/internal/bound"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// wish is the page on which a draft is told to bring the seal along.
func (s *Service) wish(r *http.Request) (*page.Sheet, error) {
	x, err := s.Bound.Wish(r.Context(), r.PathValue("draft"))
	if err != nil {
		return nil, err
	}
	back := page.Link{Label: "证照经办", Href: page.At("/console/issuing", x.Draft)}
	nav, at := "issuing", page.At(Wishes, x.Draft)
	if p, ok := iam.From(r.Context()); ok && p.Kind == iam.Holder {
		back, nav = page.Link{Label: "我的申领", Href: page.At("/wallet/applications", x.Draft)}, "own-applications"
		at = page.At(Own, x.Draft)
	}
	p := s.Kit.Sheet(r, nav, "同时申领"+x.SealLabel, "证照签发后，按证照上的信息申领"+x.SealLabel+"，名称等不用再填；由印章管理部门逐级审核。", page.Narrow).Under(back.Label, back.Href).Said(r, said)
	if r.Method == http.MethodPost {
		p.Path = at
	}
	if x.State == "waiting" {
		facts := []page.Fact{{Label: "印章", Text: x.SealLabel}, {Label: "选择时间", At: x.CreatedAt}}
		if x.Agent != "" {
			facts = append(facts, page.Fact{Label: "经办人", Text: x.Agent})
		}
		p.Add(page.Part{ID: "wish", Facts: facts}, page.Part{ID: "unwish", Confirm: &page.Confirm{ID: "unwish-form", Title: "取消", Text: "不再同时申领。证照签发后仍可在期限内申领。", NoReason: true, Action: at + "/end", Button: "取消同时申领"}})
	}
	if x.State != "met" {
		f := &page.Form{ID: "wish-form", Title: "同时申领" + x.SealLabel, Action: at, Button: "选择同时申领"}
		if x.Sort == bound.Enterprise {
			f.Text, f.Fields = "核验经办人的身份证件和企业委托书后填写。", agentFields(r)
		}
		if x.State == "waiting" {
			f.Title, f.Button, f.Plain = "更换经办人", "更换", true
		}
		if x.State != "waiting" || x.Sort == bound.Enterprise {
			p.Add(page.Part{ID: "choose", Form: f})
		}
	}
	return p, nil
}

func (s *Service) getWish(w http.ResponseWriter, r *http.Request) error {
	p, err := s.wish(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) wished(w http.ResponseWriter, r *http.Request, word string, err error) error {
	if err == nil {
		return page.See(w, r, page.Asking(strings.TrimSuffix(r.URL.Path, "/end"), "done", word))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.wish(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}

func (s *Service) postWish(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Bound.PutWish(r.Context(), bound.WishRequest{Draft: r.PathValue("draft"), AgentName: r.PostFormValue("agent_name"), AgentCitizen: r.PostFormValue("agent_citizen")})
	return s.wished(w, r, "wished", err)
}

func (s *Service) postUnwish(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Bound.EndWish(r.Context(), r.PathValue("draft"))
	return s.wished(w, r, "unwished", err)
}
