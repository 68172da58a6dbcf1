package providers

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"

	"sidian/gm"
	"sidian/internal/iam"
	"sidian/internal/provider"
	"sidian/internal/web/page"
)

type homePage struct {
	page.Frame
	Done  *page.Notice
	Table page.Table
	Ended bool // what is over is listed too
	Own   []page.Fact
	May   bool
}

var zones = []page.Option{{Value: provider.Extranet, Label: "政务外网"}, {Value: provider.Internet, Label: "互联网"}}

func zoneName(zone string) string {
	for _, o := range zones {
		if o.Value == zone {
			return o.Label
		}
	}
	return zone
}

// stateChip is the state of an entry.
func stateChip(e *provider.Entry) page.Chip {
	class := map[provider.State]string{provider.Active: page.Good, provider.Proposed: page.Care, provider.Suspended: page.Bad}[e.State]
	return page.Chip{Class: cmp.Or(class, page.Plain), Word: e.StateName}
}

// warningChips are why an entry is not, or not wholly, believed.
func warningChips(e *provider.Entry) (out []page.Chip) {
	if e.Altered {
		out = append(out, page.Chip{Class: page.Bad, Word: "登记被改动"})
	}
	if !e.FlaggedAt.IsZero() && (e.State == provider.Active || e.State == provider.Suspended) {
		out = append(out, page.Chip{Class: page.Bad, Word: "答复不可信"})
	}
	return out
}

// A standing is a provider as the list shows it: the version in force or
// suspended, and the one that waits for approval.
type standing struct{ live, proposal *provider.Entry }

// shown is the version that speaks for the provider.
func (p standing) shown() *provider.Entry {
	if p.live != nil {
		return p.live
	}
	return p.proposal
}

// standings gathers the versions of each provider, in the order of the list.
func standings(all []*provider.Entry) (out []standing) {
	place := map[string]int{}
	for _, e := range all {
		if e.State != provider.Active && e.State != provider.Suspended && e.State != provider.Proposed {
			continue
		}
		i, known := place[e.ID]
		if !known {
			i = len(out)
			place[e.ID] = i
			out = append(out, standing{})
		}
		if e.State == provider.Proposed {
			out[i].proposal = e
		} else {
			out[i].live = e
		}
	}
	return out
}

func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	p := homePage{Frame: s.Kit.Frame(r, "签章服务商", "providers", page.Wide), Ended: r.URL.Query().Get("ended") == "1", May: iam.Allow(ctx, provider.Manage, "") == nil}
	all, err := s.Providers.List(ctx, p.Ended)
	if err != nil {
		return err
	}
	p.Table = page.Table{ID: "providers", Caption: "登记的签章服务商", Quiet: true, Head: []string{"服务商", "状态", "答复情况", "所在网络", "登记单位"}, Empty: noProviders(p.May)}
	if p.Ended {
		p.Table.Empty = page.Empty{Title: "没有已结束的登记", Href: Home, Action: "返回"}
		err = s.endedRows(ctx, &p.Table, all)
	} else {
		err = s.rows(ctx, &p.Table, all)
	}
	if err != nil {
		return err
	}
	if p.Own, err = s.own(ctx); err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "home", p)
}

func noProviders(may bool) page.Empty {
	e := page.Empty{Title: "还没有登记签章服务商", Text: "其他平台制作的印章，目前只作密码学检查，结论多为“不能确认”。"}
	if may {
		e.Text += "先向对方平台索取标识、地址和数字证书，核实后在上面登记；批准后由它答复。"
	}
	return e
}

func (s *Service) rows(ctx context.Context, t *page.Table, all []*provider.Entry) error {
	for _, x := range standings(all) {
		e := x.shown()
		org, err := s.orgName(ctx, e.Org)
		if err != nil {
			return err
		}
		chips := append([]page.Chip{stateChip(e)}, warningChips(e)...)
		if x.live != nil && x.proposal != nil {
			chips = append(chips, page.Chip{Class: page.Care, Word: "新版本待批准"})
		}
		t.Rows = append(t.Rows, page.Row{ID: "p-" + e.ID, Cells: []page.Cell{
			{Text: e.Name, Href: at(e.ID), Sub: e.ID}, {Chips: chips}, health(e.Health), {Text: zoneName(e.Zone)}, {Text: org},
		}})
	}
	return nil
}

// endedRows are the versions that are over.
func (s *Service) endedRows(ctx context.Context, t *page.Table, all []*provider.Entry) error {
	t.Caption = "已结束的登记"
	t.Head = []string{"服务商", "状态", "版本", "结束时间", "登记单位"}
	for _, e := range all {
		if e.State == provider.Active || e.State == provider.Suspended || e.State == provider.Proposed {
			continue
		}
		org, err := s.orgName(ctx, e.Org)
		if err != nil {
			return err
		}
		end := e.EndedAt
		if end.IsZero() {
			end = e.DecidedAt
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{
			{Text: e.Name, Href: at(e.ID), Sub: e.ID}, {Chips: []page.Chip{stateChip(e)}}, {Text: "第 " + strconv.FormatInt(e.Version, 10) + " 版"}, {At: end}, {Text: org},
		}})
	}
	return nil
}

// health tells how a provider has answered, in a word and a line.
func health(h *provider.Health) page.Cell {
	switch {
	case h == nil:
		return page.Cell{Text: "—"}
	case h.Asked == 0:
		return page.Cell{Chips: []page.Chip{{Class: page.Plain, Word: "还没有问过"}}}
	}
	c := page.Cell{Sub: fmt.Sprintf("问过 %d 次，%d 次没有答复", h.Asked, h.Failed)}
	switch {
	case h.Resting:
		c.Chips = []page.Chip{{Class: page.Bad, Word: "连续未答复，暂不询问"}}
	case h.Row > 0:
		c.Chips = []page.Chip{{Class: page.Care, Word: "最近 " + strconv.Itoa(h.Row) + " 次未答复"}}
	case h.LastTrouble != "" && !h.TroubleAt.Before(h.LastAnswer): // it answered, and was not believed
		c.Chips = []page.Chip{{Class: page.Bad, Word: "最近的答复未采信"}}
	default:
		c.Chips = []page.Chip{{Class: page.Good, Word: "正常答复"}}
	}
	if h.P50 > 0 {
		c.Sub += "，通常 " + took(h.P50)
	}
	return c
}

// took is a time in milliseconds as people read it.
func took(ms int64) string {
	if ms < 1000 {
		return strconv.FormatInt(ms, 10) + " 毫秒"
	}
	return strconv.FormatFloat(float64(ms)/1000, 'f', 1, 64) + " 秒"
}

// own is what others need to register this platform.
func (s *Service) own(ctx context.Context) ([]page.Fact, error) {
	c, err := s.Providers.Certificate(ctx)
	if err != nil {
		return nil, err
	}
	return []page.Fact{
		{Label: "信任列表", Text: s.BaseURL + "/open/v1/providers", Href: "/open/v1/providers", Code: true},
		{Label: "公开页面", Text: s.BaseURL + Public, Href: Public, Code: true},
		{Label: "答复用的数字证书", Text: "下载（PEM）", Href: Public + "/certificate.pem"},
		{Label: "证书 SM3 摘要", Text: digest(c), Code: true},
		{Label: "证书有效期至", At: c.NotAfter},
	}, nil
}

func digest(c *gm.Certificate) string {
	d := c.Digest()
	return hex.EncodeToString(d[:])
}

func (s *Service) orgName(ctx context.Context, id string) (string, error) {
	o, err := s.IAM.Org(ctx, id)
	return o.Name, err
}

// at is the address of a provider's page; do is what a form there does.
func at(id string, do ...string) string {
	return page.At(Home, append([]string{id}, do...)...)
}
