package admin

import (
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) clientRoutes(r *httpx.Router) {
	manage := iam.Needs("client.manage")
	httpx.HandlePage(r, "GET "+Home+"/clients", needClients, s.getClients)
	httpx.HandlePage(r, "GET "+Home+"/clients/new", manage, s.getNewClient)
	httpx.HandlePage(r, "POST "+Home+"/clients/new", manage, s.postNewClient)
	httpx.HandlePage(r, "GET "+Home+"/clients/{id}", needClients, s.getClient)
	httpx.HandlePage(r, "GET "+Home+"/clients/{id}/edit", manage, s.getEditClient)
	httpx.HandlePage(r, "POST "+Home+"/clients/{id}/edit", manage, s.postEditClient)
	httpx.HandlePage(r, "POST "+Home+"/clients/{id}/secrets", manage, s.postSecret)
	httpx.HandlePage(r, "GET "+Home+"/clients/{id}/secrets/{secret}/end", manage, s.getEndSecret)
	httpx.HandlePage(r, "POST "+Home+"/clients/{id}/secrets/{secret}/end", manage, s.postEndSecret)
	httpx.HandlePage(r, "GET "+Home+"/clients/{id}/close", manage, s.getCloseClient)
	httpx.HandlePage(r, "POST "+Home+"/clients/{id}/close", manage, s.postCloseClient)
}

const clientsLead = "业务系统用应用编号和密钥接入，只能在授权范围内、以所列单位的名义办理。由安全管理员登记，立即生效并记入审计。"

func (s *Service) getClients(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	ask := iam.ClientQuery{Text: q.Get("q"), Org: q.Get("unit"), Closed: q.Get("closed") == "1", Cursor: q.Get("cursor"), Limit: perPage}
	found, err := s.IAM.ClientsPage(ctx, ask)
	if err != nil {
		return err
	}
	closed := ""
	if ask.Closed {
		closed = "1"
	}
	p := s.sheet(r, "clients", "应用", clientsLead)
	search := &page.Search{Action: at("clients"), Label: "查找应用", Fields: []page.Field{
		{ID: "q", Name: "q", Label: "应用名称", Value: ask.Text, Max: 100},
		{ID: "closed", Name: "closed", Label: "已停用的", Value: closed, Any: "不显示", Options: []page.Option{{Value: "1", Label: "也显示"}}},
	}}
	t := &page.Table{ID: "clients", Caption: "接入应用", Head: []string{"应用", "所属单位", "权限", "最近使用", "到期"},
		Empty: page.Empty{Title: "还没有应用", Text: "登记后得到应用编号和密钥，交给业务系统的管理员。"}}
	if ask.Text != "" || ask.Org != "" {
		search.Clear = at("clients")
		t.Empty = page.Empty{Title: "没有找到", Text: "换一个词再试：填写名称中连续的几个字即可。"}
	}
	for _, c := range found.Items {
		used := page.Cell{Text: "还没有用过"}
		if !c.Used.IsZero() {
			used.Text = page.Ago(c.Used, s.IAM.DB.Now())
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: c.Name, Href: at("clients", c.ID), Sub: c.ID, Chips: openChip(c.Closed)}, {Text: c.OrgName}, {Text: count(int64(len(c.Scopes))) + " 项"}, used, {Text: endOf(c)}}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(at("clients"), "q", ask.Text, "unit", ask.Org, "closed", closed, "cursor", found.Next)
	}
	p.add(part{Search: search}, part{Table: t})
	if iam.May(ctx, "client.manage", "") {
		p.add(part{Links: []link{{Label: "登记应用", Href: at("clients", "new"), First: true}}})
	}
	return s.show(w, p)
}

func endOf(c iam.Client) string {
	if c.Until.IsZero() {
		return "长期"
	}
	return page.Day(c.Until)
}

// client finds the application of a page, among those that the reader may see.
func (s *Service) client(r *http.Request) (iam.Client, error) {
	id := r.PathValue("id")
	for cursor := ""; ; {
		found, err := s.IAM.ClientsPage(r.Context(), iam.ClientQuery{Closed: true, Cursor: cursor, Limit: 200})
		if err != nil {
			return iam.Client{}, err
		}
		if i := slices.IndexFunc(found.Items, func(c iam.Client) bool { return c.ID == id }); i >= 0 {
			return found.Items[i], nil
		}
		if cursor = found.Next; cursor == "" {
			return iam.Client{}, fault.NotFound.New("没有这个应用").WithCode("client.unknown").WithHint("请从“应用”列表重新进入")
		}
	}
}

func (s *Service) getClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.client(r)
	if err != nil {
		return err
	}
	p, err := s.clientSheet(r, c)
	if err != nil {
		return err
	}
	return s.show(w, p)
}

func (s *Service) clientSheet(r *http.Request, c iam.Client) (*sheet, error) {
	ctx := r.Context()
	manage := iam.May(ctx, "client.manage", c.Org) && !c.Closed
	p := s.sheet(r, "clients", c.Name, clientsLead).under("应用", at("clients")).stands(r, at("clients", c.ID))
	p.Chips = openChip(c.Closed)
	var units []string
	for _, id := range c.Orgs {
		units = append(units, s.unitName(ctx, id)+"及其下级")
	}
	about := part{Card: true, Title: "基本信息", Facts: []page.Fact{
		{Label: "应用编号", Text: c.ID, Code: true}, {Label: "所属单位", Text: s.unitName(ctx, c.Org), Href: at("units", c.Org)},
		{Label: "可代表的单位", Text: strings.Join(units, "\n")}, {Label: "可以做什么", Text: mayOf(s.IAM.InForce(), c.Scopes)},
		{Label: "最后一天", Text: endOf(c)}, {Label: "登记时间", At: c.Created},
	}}
	if manage {
		about.Links = []link{{Label: "修改", Href: at("clients", c.ID, "edit")}, {Label: "停用应用", Href: at("clients", c.ID, "close")}}
	}
	p.add(about)
	if c.Closed {
		return p, nil
	}
	list, err := s.IAM.Secrets(ctx, c.ID)
	if err != nil {
		return nil, err
	}
	t := &page.Table{ID: "secrets", Caption: "有效的密钥", Quiet: true, Head: []string{"密钥", "开出", "最近使用", "到期", ""}, Empty: page.Empty{Title: "没有有效的密钥", Text: "增加一个，应用才能接入。"}}
	for _, k := range list {
		row := []page.Cell{{Text: k.ID, Code: true}, {Text: page.Moment(k.Created)}, {Text: "还没有用过"}, {Text: "长期"}, {}}
		if !k.Used.IsZero() {
			row[2].Text = page.Ago(k.Used, s.IAM.DB.Now())
		}
		if !k.Until.IsZero() {
			row[3].Text = page.Day(k.Until)
		}
		if manage {
			row[4].Actions = []page.Action{{Label: "停用", Of: "密钥 " + k.ID, Href: at("clients", c.ID, "secrets", k.ID, "end")}}
		} else {
			row[4].Text = "—"
		}
		t.Rows = append(t.Rows, page.Row{Cells: row})
	}
	keys := part{Title: "密钥", Text: "更换不必停机：增加第二个，业务系统换上并看到“最近使用”后，再停用第一个。至多同时有两个。", Table: t}
	p.add(keys)
	if manage && len(list) < 2 {
		p.add(part{Confirms: []page.Confirm{{Title: "增加密钥", Text: "新密钥只显示一次，原有的继续有效。", Action: at("clients", c.ID, "secrets"), NoReason: true, Button: "增加密钥", Busy: "正在生成…"}}})
	}
	return p, nil
}

// told shows a secret, this once.
func (s *Service) told(w http.ResponseWriter, r *http.Request, c iam.Client, heading, secret string) error {
	p := s.sheet(r, "clients", heading, "").under(c.Name, at("clients", c.ID)).stands(r, at("clients", c.ID))
	p.add(part{Notice: &page.Notice{Class: page.Care, Title: "密钥只显示这一次", Text: "平台只保存它的摘要。离开本页后不能再看到；丢了就增加一个新的。"}},
		part{Card: true, Copy: &page.Copy{ID: "client", Label: "应用编号", Text: c.ID}},
		part{Card: true, Copy: &page.Copy{ID: "secret", Label: "密钥", Text: secret, Hint: "交给业务系统的管理员，存入其密钥库；不要写进代码、邮件和聊天"}},
		part{Card: true, Copy: &page.Copy{ID: "curl", Label: "换取访问令牌", Text: "curl -u '" + c.ID + ":密钥' -d grant_type=client_credentials " + s.base(r) + "/oauth/token", Hint: "把“密钥”换成上面的内容"}},
		part{Links: []link{{Label: "已经存好", Href: at("clients", c.ID), First: true}}})
	return s.show(w, p)
}

func (s *Service) postSecret(w http.ResponseWriter, r *http.Request) error {
	c, err := s.client(r)
	if err != nil {
		return err
	}
	_, secret, err := s.IAM.AddSecret(r.Context(), c.ID)
	if err == nil {
		return s.told(w, r, c, "新的密钥", secret)
	}
	p, e := s.clientSheet(r, c)
	if e != nil {
		return e
	}
	return s.refuse(w, p, err)
}

func (s *Service) endSecret(r *http.Request, c iam.Client) *sheet {
	p := s.sheet(r, "clients", "停用密钥", "").under(c.Name, at("clients", c.ID))
	return p.add(part{Confirms: []page.Confirm{{Title: "停用“" + c.Name + "”的密钥", Text: "停用立即生效，用它换取的令牌一并失效，不能恢复。请先确认业务系统已经换用另一个。",
		Facts: []page.Fact{{Label: "密钥", Text: r.PathValue("secret"), Code: true}}, Action: r.URL.EscapedPath(), Reason: given(r), Button: "停用密钥", Busy: "正在停用…", Grave: true, Cancel: at("clients", c.ID)}}})
}

func (s *Service) getEndSecret(w http.ResponseWriter, r *http.Request) error {
	c, err := s.client(r)
	if err != nil {
		return err
	}
	return s.show(w, s.endSecret(r, c))
}

func (s *Service) postEndSecret(w http.ResponseWriter, r *http.Request) error {
	c, err := s.client(r)
	if err != nil {
		return err
	}
	if err := s.IAM.EndSecret(r.Context(), c.ID, r.PathValue("secret"), r.PostFormValue("reason")); err != nil {
		return s.refuse(w, s.endSecret(r, c), err)
	}
	return page.See(w, r, page.Asking(at("clients", c.ID), "done", "secret"))
}

func (s *Service) closeClient(r *http.Request, c iam.Client) *sheet {
	p := s.sheet(r, "clients", "停用应用", "").under(c.Name, at("clients", c.ID))
	return p.add(part{Confirms: []page.Confirm{{Title: "停用“" + c.Name + "”", Text: "停用立即生效，所有密钥和令牌一并失效，不能恢复。",
		Action: at("clients", c.ID, "close"), Reason: given(r), Button: "停用应用", Busy: "正在停用…", Grave: true, Cancel: at("clients", c.ID)}}})
}

func (s *Service) getCloseClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.client(r)
	if err != nil {
		return err
	}
	return s.show(w, s.closeClient(r, c))
}

func (s *Service) postCloseClient(w http.ResponseWriter, r *http.Request) error {
	c, err := s.client(r)
	if err != nil {
		return err
	}
	if err := s.IAM.CloseClient(r.Context(), c.ID, r.PostFormValue("reason")); err != nil {
		return s.refuse(w, s.closeClient(r, c), err)
	}
	return page.See(w, r, page.Asking(at("clients", c.ID), "done", "closed"))
}
