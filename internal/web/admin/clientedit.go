package admin

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// clientForm are the controls of an application, with what it has now.
func (s *Service) clientForm(r *http.Request, v func(string) string, scopes []string) *form {
	set := s.IAM.InForce()
	b := boxes{ID: "scopes", Name: "scopes", Label: "可以做什么", Hint: "只勾选业务需要的。应用不能有管理员的权限"}
	for _, p := range set.Permissions() {
		if !set.ForClients(p.Name) {
			continue
		}
		i := slices.IndexFunc(b.Groups, func(g boxGroup) bool { return g.Name == p.Group })
		if i < 0 {
			i, b.Groups = len(b.Groups), append(b.Groups, boxGroup{Name: p.Group})
		}
		b.Groups[i].Items = append(b.Groups[i].Items, box{Value: p.Name, Label: p.Label, Sub: p.Name, On: slices.Contains(scopes, p.Name)})
	}
	return &form{Form: page.Form{Fields: []page.Field{{ID: "name", Name: "name", Label: "应用名称", Value: v("name"), Required: true, Max: 100, Hint: "业务系统的全称"}}},
		Boxes: []boxes{b},
		Last: []page.Field{
			{ID: "orgs", Name: "orgs", Label: "可代表的单位", Value: v("orgs"), Lines: 3, Hint: "每行一个：单位全称，或单位编号；对它和它的下级都有效。不填为所属单位"},
			{ID: "until", Name: "until", Label: "最后一天", Type: "date", Value: v("until"), Hint: "到期自动停用；不填为长期"},
		}}
}

func (s *Service) newClient(r *http.Request) *sheet {
	p := s.sheet(r, "clients", "登记应用", "登记后得到应用编号和密钥，密钥只显示一次。立即生效并记入审计。").under("应用", at("clients"))
	f := s.clientForm(r, r.PostFormValue, ticked(r, "scopes"))
	f.Action, f.Button, f.Busy, f.Cancel = at("clients", "new"), "登记应用", "正在登记…", at("clients")
	f.Fields = append(f.Fields, page.Field{ID: "org", Name: "org", Label: "所属单位", Value: r.PostFormValue("org"), Required: true, Max: 100, Hint: "单位全称，或单位编号"})
	return p.add(part{Form: f})
}

func (s *Service) getNewClient(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, s.newClient(r))
}

func (s *Service) postNewClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.createClient(r)
	if err != nil {
		return s.refuse(w, s.newClient(r), err)
	}
	return s.told(w, r, c.Client, "应用已登记", c.Secret)
}

func (s *Service) createClient(r *http.Request) (iam.NewClient, error) {
	ctx := r.Context()
	if err := needScopes(ticked(r, "scopes")); err != nil {
		return iam.NewClient{}, err
	}
	o, err := s.unitNamed(ctx, "org", r.PostFormValue("org"))
	if err != nil {
		return iam.NewClient{}, err
	}
	orgs, end, err := s.reachOf(r)
	if err != nil {
		return iam.NewClient{}, err
	}
	q := iam.ClientRequest{Name: strings.TrimSpace(r.PostFormValue("name")), Org: o.ID, Scopes: ticked(r, "scopes"), Orgs: orgs, Until: end}
	if err := s.newName(r, q); err != nil {
		return iam.NewClient{}, err
	}
	return s.IAM.CreateClient(ctx, q)
}

func needScopes(scopes []string) error {
	if len(scopes) == 0 {
		return fault.Invalid.New("请勾选应用可以做什么").WithCode("client.scope").WithField("scopes", "required", "至少勾选一项")
	}
	return nil
}

// newName refuses a second application of the same name and unit: nobody could
// tell them apart, and a form that was sent twice makes one.
func (s *Service) newName(r *http.Request, q iam.ClientRequest) error {
	for cursor := ""; ; {
		found, err := s.IAM.ClientsPage(r.Context(), iam.ClientQuery{Text: q.Name, Cursor: cursor, Limit: 200})
		if err != nil {
			return err
		}
		for _, c := range found.Items {
			if c.Name == q.Name && c.Org == q.Org {
				return fault.Conflict.New("该单位已有同名的应用").WithCode("client.exists").WithHint("如果刚刚登记过，请从列表进入并增加密钥；否则换一个名称").WithField("name", "client.exists", "换一个能区分的名称")
			}
		}
		if cursor = found.Next; cursor == "" {
			return nil
		}
	}
}

// reachOf reads for whom an application may act, and until when.
func (s *Service) reachOf(r *http.Request) (orgs []string, end time.Time, err error) {
	for line := range strings.Lines(r.PostFormValue("orgs")) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		o, err := s.unitNamed(r.Context(), "orgs", line)
		if err != nil {
			return nil, end, err
		}
		if !slices.Contains(orgs, o.ID) {
			orgs = append(orgs, o.ID)
		}
	}
	end, err = untilOf("until", r.PostFormValue("until"))
	return orgs, end, err
}

func (s *Service) editClient(r *http.Request, c iam.Client, v func(string) string, scopes []string) *sheet {
	p := s.sheet(r, "clients", "修改应用", "改动立即生效，已换取的令牌随之改变。记入审计。").under(c.Name, at("clients", c.ID))
	f := s.clientForm(r, v, scopes)
	f.Action, f.Button, f.Busy, f.Cancel = at("clients", c.ID, "edit"), "保存修改", "正在保存…", at("clients", c.ID)
	f.Last = append(f.Last, reason(r, ""))
	return p.add(part{Form: f})
}

func (s *Service) getEditClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.client(r)
	if err != nil {
		return err
	}
	kept := map[string]string{"name": c.Name, "orgs": strings.Join(c.Orgs, "\n")}
	if !c.Until.IsZero() {
		kept["until"] = page.Day(c.Until)
	}
	return s.show(w, s.editClient(r, c, func(k string) string { return kept[k] }, c.Scopes))
}

func (s *Service) postEditClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.client(r)
	if err != nil {
		return err
	}
	if err := s.saveClient(r, c); err != nil {
		return s.refuse(w, s.editClient(r, c, r.PostFormValue, ticked(r, "scopes")), err)
	}
	return page.See(w, r, page.Asking(at("clients", c.ID), "done", "edited"))
}

func (s *Service) saveClient(r *http.Request, c iam.Client) error {
	name := strings.TrimSpace(r.PostFormValue("name"))
	scopes := ticked(r, "scopes")
	if err := needScopes(scopes); err != nil {
		return err
	}
	orgs, end, err := s.reachOf(r)
	if err != nil {
		return err
	}
	if len(orgs) == 0 {
		orgs = []string{c.Org}
	}
	_, err = s.IAM.EditClient(r.Context(), c.ID, iam.ClientEdit{Name: &name, Scopes: scopes, Orgs: orgs, Until: &end, Reason: r.PostFormValue("reason")})
	return err
}
