// Package composite has the pages of composite permits (行业综合许可证): schemes that
// say what folds in, composing with a preview of what does and what is missing, and
// each composite with its members as they stand today.
//
// What may be done, and by whom, is decided by package composite of the domain.
package composite

import (
	"context"
	"errors"
	"net/http"

	"sidian/internal/catalogue"
	"sidian/internal/composite"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	Kit       *page.Kit
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Composite *composite.Service
}

// Addresses of the pages.
const (
	Home    = "/console/composites"
	Schemes = "/console/composite-schemes"
)

// Load puts the pages into the navigation. It must be called once, before Routes.
func (s *Service) Load() error {
	s.Kit.Add(
		page.Item{Key: "composites", Label: "综合许可", Href: Home, Group: page.Certificates, Order: 20, For: composite.NeedSee},
		page.Item{Key: "composite-schemes", Label: "综合许可方案", Href: Schemes, Group: page.Catalogue, Order: 40, For: composite.NeedAgree},
	)
	return nil
}

// Routes mounts the pages.
func (s *Service) Routes(r *httpx.Router) {
	httpx.HandlePage(r, "GET "+Home, composite.NeedSee, s.getHome)
	httpx.HandlePage(r, "GET "+Home+"/new", composite.NeedDraft, s.getNew)
	httpx.HandlePage(r, "POST "+Home+"/new", composite.NeedDraft, s.postNew)
	httpx.HandlePage(r, "GET "+Home+"/{id}", composite.NeedSee, s.getComposite)
	httpx.HandlePage(r, "POST "+Home+"/{id}/{action}", composite.NeedDecide, s.postDecision)
	httpx.HandlePage(r, "GET "+Schemes, composite.NeedAgree, s.getSchemes)
	httpx.HandlePage(r, "GET "+Schemes+"/new", composite.NeedDesign, s.getDefine)
	httpx.HandlePage(r, "POST "+Schemes+"/new", composite.NeedDesign, s.postDefine)
	httpx.HandlePage(r, "GET "+Schemes+"/{id}", composite.NeedSchemes, s.getScheme)
	httpx.HandlePage(r, "POST "+Schemes+"/{id}/{action}", composite.NeedAgree, s.postScheme)
}

func (s *Service) sheet(r *http.Request, nav, heading, lead, width string) *page.Sheet {
	return s.Kit.Sheet(r, nav, heading, lead, width).Said(r, done)
}

// done are what was done, as the page that follows says it.
var done = map[string]page.Notice{
	"propose":  {Class: page.Good, Title: "已提出", Text: "由另一位签发人核对后签发。"},
	"issue":    {Class: page.Good, Title: "已签发", Text: "综合许可证的状态从现在起随归集的许可变化。"},
	"refuse":   {Class: page.Good, Title: "已退回"},
	"define":   {Class: page.Good, Title: "已起草", Text: "核对后提交，由目录管理员同意。"},
	"submit":   {Class: page.Good, Title: "已提交", Text: "由本单位或上级单位的目录管理员同意后发布。"},
	"publish":  {Class: page.Good, Title: "已发布", Text: "本单位和下级单位可以按它组合综合许可证。"},
	"return":   {Class: page.Good, Title: "已退回起草人"},
	"withdraw": {Class: page.Good, Title: "已撤回"},
}

// again shows a page anew with what was wrong.
func (s *Service) again(w http.ResponseWriter, r *http.Request, why error, show func(*http.Request) (*page.Sheet, error)) error {
	if page.StatusOf(why) == 0 || errors.Is(why, fault.NotFound) { // what is filled in wrongly is another mistake
		return why
	}
	p, err := show(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowAgain(w, p, why)
}

// unitField chooses one of the units for which the reader holds a permission.
func (s *Service) unitField(ctx context.Context, permission, label, value string) (page.Field, error) {
	f := page.Field{ID: "unit", Name: "unit", Label: label, Value: value, Required: true}
	for _, id := range iam.Orgs(ctx, permission) {
		o, err := s.IAM.Org(ctx, id)
		if err != nil {
			return f, err
		}
		if !o.Closed {
			f.Options = append(f.Options, page.Option{Value: o.ID, Label: o.Name})
		}
	}
	if p, ok := iam.From(ctx); ok && f.Value == "" {
		f.Value = p.Org
	}
	return f, nil
}

// kinds are all that may be chosen.
func (s *Service) kinds(ctx context.Context) (out []page.Option, err error) {
	all, err := s.Catalogue.Published(ctx)
	for _, k := range all {
		out = append(out, page.Option{Value: k.Name, Label: k.Title})
	}
	return out, err
}
