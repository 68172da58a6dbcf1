package seals

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// kinds are the kinds of certificates by name.
func (s *Service) kinds(ctx context.Context) (out []page.Option, err error) {
	if s.Catalogue == nil {
		return nil, nil
	}
	all, err := s.Catalogue.Published(ctx)
	for _, k := range all {
		out = append(out, page.Option{Value: k.Name, Label: k.Title})
	}
	return out, err
}

func policyTable(x *seal.Seal, policies []seal.Policy, kinds []page.Option, uses bool, now time.Time) page.Table {
	t := page.Table{ID: "policies", Caption: "常备用印授权", Quiet: true, Head: []string{"证照种类", "谁使用", "次数", "期限", "依据", "状态"},
		Empty: page.Empty{Title: "没有常备用印授权", Text: "没有它，签发证照也要逐件审批用印。"}}
	if uses {
		t.Head = append(t.Head, "")
	}
	for _, p := range policies {
		who := page.Cell{Text: "本平台工作人员", Sub: "经审核签发的证照"}
		if p.App != "" {
			who = page.Cell{Text: "应用", Sub: p.App}
		}
		row := page.Row{ID: "policy-" + p.ID, Cells: []page.Cell{
			{Text: labelOf(kinds, purposeWord(p.Purpose))}, who, {Text: times(p)}, {Text: "至 " + page.Day(p.Until)}, {Text: p.Reason},
		}}
		chip, ended := page.Chip{Class: page.Good, Word: "生效"}, true
		switch {
		case !p.EndedAt.IsZero():
			chip = page.Chip{Class: page.Plain, Word: "已终止"}
		case now.After(p.Until):
			chip = page.Chip{Class: page.Plain, Word: "已到期"}
		default:
			ended = false
		}
		row.Cells = append(row.Cells, page.Cell{Chips: []page.Chip{chip}})
		if uses {
			last := page.Cell{Text: "—"}
			if !ended {
				last = page.Cell{Actions: []page.Action{{Label: "终止", Of: labelOf(kinds, purposeWord(p.Purpose)), Href: page.At(Home, x.ID, "policies", p.ID, "end")}}}
			}
			row.Cells = append(row.Cells, last)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func times(p seal.Policy) string {
	var out []string
	if p.Max > 0 {
		out = append(out, "共 "+strconv.FormatInt(p.Max, 10)+" 次")
	}
	if p.Daily > 0 {
		out = append(out, "每日 "+strconv.FormatInt(p.Daily, 10)+" 次")
	}
	if len(out) == 0 {
		return "不限"
	}
	return strings.Join(out, "，")
}

func policyForm(r *http.Request, x *seal.Seal, kinds []page.Option) *page.Form {
	v := r.PostFormValue
	kind := page.Field{ID: "kind", Name: "kind", Label: "证照种类", Required: true, Value: v("kind"), Max: 64}
	if len(kinds) > 0 {
		kind.Options = append(append([]page.Option{}, kinds...), page.Option{Value: seal.Any, Label: "全部证照"})
	} else {
		kind.Hint = "证照种类的代码；* 为全部"
	}
	return &page.Form{ID: "policy", Action: page.At(Home, x.ID, "policies"), Button: "批准授权", Busy: "正在批准…", Plain: true, Fields: []page.Field{
		kind,
		{ID: "app", Name: "app", Label: "应用编号", Value: v("app"), Max: 64, Code: true, Autocomplete: "off", Hint: "接入应用的 client_id；不填为本平台工作人员"},
		{ID: "most", Name: "most", Label: "至多用印几次", Value: v("most"), Type: "number", Mode: "numeric", Short: true, Hint: "不填为不限"},
		{ID: "daily", Name: "daily", Label: "每日至多几次", Value: v("daily"), Type: "number", Mode: "numeric", Short: true, Hint: "不填为不限"},
		{ID: "policy-until", Name: "until", Label: "期限", Required: true, Value: v("until"), Type: "date", Hint: "不晚于印章有效期 " + page.Day(x.ValidTo)},
		{ID: "policy-reason", Name: "reason", Label: "依据", Required: true, Value: v("reason"), Max: 200, Hint: "写明为何不必逐件审批，记入审计"},
	}}
}

func (s *Service) grant(r *http.Request) error {
	v := r.PostFormValue
	until, err := untilOf("until", v("until"))
	if err != nil {
		return err
	}
	most, err := number("most", v("most"))
	if err != nil {
		return err
	}
	daily, err := number("daily", v("daily"))
	if err != nil {
		return err
	}
	p := seal.Policy{Seal: r.PathValue("id"), App: strings.TrimSpace(v("app")), Purpose: strings.TrimSpace(v("kind")), Until: until, Reason: strings.TrimSpace(v("reason")), Max: most, Daily: daily}
	switch {
	case p.Purpose == "" || len([]rune(p.Purpose)) > 64:
		return fault.Invalid.New("请选择证照种类").WithCode("seal.policy-request").WithField("kind", "required", "请选择")
	case p.Reason == "":
		return fault.Invalid.New("请填写依据").WithCode("seal.policy-request").WithField("reason", "required", "必填")
	case len(p.App) > 64 || len([]rune(p.Reason)) > 500:
		return fault.Invalid.New("填写的内容过长").WithCode("seal.policy-request").WithField("reason", "length", "请精简")
	case !until.After(s.now()):
		return fault.Invalid.New("期限已过").WithCode("seal.policy-request").WithField("until", "past", "应晚于现在")
	}
	_, err = s.Seal.Grant(r.Context(), p)
	return err
}

func (s *Service) postPolicy(w http.ResponseWriter, r *http.Request) error {
	err := s.grant(r)
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id"), "rules"), "done", "granted"))
	}
	return s.rulesAgain(w, r, err, false)
}

func (s *Service) endPolicy(r *http.Request) (*confirmPage, error) {
	p, x, err := s.sealConfirm(r, rulesView, "终止常备用印授权", "终止后，这类证照的签发要逐件审批用印；已经登记的用印可以办完。", page.Confirm{Title: "终止授权", Button: "终止授权", Busy: "正在终止…"})
	if err != nil {
		return nil, err
	}
	kinds, err := s.kinds(r.Context())
	if err != nil {
		return nil, err
	}
	policies, err := s.Seal.Policies(r.Context(), x.ID)
	if err != nil {
		return nil, err
	}
	for _, one := range policies {
		if one.ID == r.PathValue("policy") {
			t := policyTable(x, []seal.Policy{one}, kinds, false, s.now())
			for i, c := range t.Rows[0].Cells {
				p.Confirm.Facts = append(p.Confirm.Facts, page.Fact{Label: t.Head[i], Text: strings.TrimSpace(c.Text + " " + c.Sub), Chips: c.Chips})
			}
			p.Confirm.Action = page.At(Home, x.ID, "policies", one.ID, "end")
			return p, nil
		}
	}
	return nil, fault.NotFound.New("没有这项常备用印授权").WithCode("seal.policy-unknown").WithHint("请返回印章页面核对")
}

func (s *Service) getEndPolicy(w http.ResponseWriter, r *http.Request) error {
	p, err := s.endPolicy(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postEndPolicy(w http.ResponseWriter, r *http.Request) error {
	p, err := s.endPolicy(r)
	if err != nil {
		return err
	}
	if err := s.Seal.EndGrant(r.Context(), r.PathValue("policy"), strings.TrimSpace(r.PostFormValue("reason"))); err != nil {
		return s.again(w, p, err)
	}
	return page.See(w, r, page.Asking(page.At(Home, r.PathValue("id"), "rules"), "done", "ended"))
}
