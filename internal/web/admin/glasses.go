package admin

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) glassRoutes(r *httpx.Router) {
	open, review := iam.Needs("glass.open"), iam.Needs("glass.review")
	httpx.HandlePage(r, "GET "+Home+"/glasses", needGlass, s.getGlasses)
	httpx.HandlePage(r, "GET "+Home+"/glasses/new", open, s.getNewGlass)
	httpx.HandlePage(r, "POST "+Home+"/glasses/new", open, s.postNewGlass)
	httpx.HandlePage(r, "GET "+Home+"/glasses/{id}", needGlass, s.getGlass)
	httpx.HandlePage(r, "POST "+Home+"/glasses/{id}/close", needGlass, s.postCloseGlass)
	httpx.HandlePage(r, "POST "+Home+"/glasses/{id}/review", review, s.postReviewGlass)
}

const glassLead = "紧急情况下，系统管理员可以在 30 分钟内查阅一个单位的记录。发起时安全管理员和审计管理员即收到告警，事后由他们复核。"

func (s *Service) glassChip(g iam.Glass) page.Chip {
	switch {
	case g.Open:
		return page.Chip{Class: page.Bad, Word: "进行中"}
	case g.Verdict == iam.Proper:
		return page.Chip{Class: page.Good, Word: "复核：正当"}
	case g.Verdict == iam.Improper:
		return page.Chip{Class: page.Bad, Word: "复核：不正当"}
	}
	return page.Chip{Class: page.Care, Word: "待复核"}
}

// left tells how long an emergency reading still lasts.
func (s *Service) left(g iam.Glass) string {
	d := g.Until.Sub(s.IAM.DB.Now())
	if d < time.Minute {
		return "还剩不到 1 分钟"
	}
	return "还剩 " + strconv.Itoa(int(d/time.Minute)) + " 分钟"
}

func (s *Service) getGlasses(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	waiting := q.Get("view") != "all"
	found, err := s.IAM.Glasses(ctx, waiting, q.Get("cursor"), perPage)
	if err != nil {
		return err
	}
	p := s.sheet(r, "glasses", "应急查阅", glassLead)
	for _, g := range found.Items {
		if g.Open && g.Account == iam.Self(ctx) {
			p.add(part{Notice: &page.Notice{Class: page.Care, Title: "您正在应急查阅：" + g.OrgName, Text: s.left(g) + "，到 " + page.Moment(g.Until) + " 自动结束。查完请立即结束。", Href: at("glasses", g.ID), Action: "查看或结束"}})
		}
	}
	if iam.May(ctx, "glass.open", "") {
		p.add(part{Links: []link{{Label: "发起应急查阅", Href: at("glasses", "new"), First: true}}})
	}
	view := ""
	if !waiting {
		view = "all"
	}
	p.add(part{Tabs: &page.Tabs{Label: "范围", Items: []page.Tab{{Label: "待复核", Href: at("glasses"), Current: waiting}, {Label: "全部", Href: page.Asking(at("glasses"), "view", "all"), Current: !waiting}}}})
	t := &page.Table{ID: "glasses", Caption: "应急查阅", Head: []string{"谁查阅什么", "单位", "发起", "状态"}, Empty: page.Empty{Title: "没有待复核的", Text: "有人发起应急查阅时，会列在这里。"}}
	if !waiting {
		t.Empty.Title = "还没有过应急查阅"
	}
	for _, g := range found.Items {
		status := page.Cell{Chips: []page.Chip{s.glassChip(g)}}
		if g.Open {
			status.Sub = s.left(g)
		}
		t.Rows = append(t.Rows, page.Row{Cells: []page.Cell{{Text: g.AccountName + "：" + g.Object, Href: at("glasses", g.ID), Sub: g.Reason}, {Text: g.OrgName}, {Text: page.Moment(g.Opened)}, status}})
	}
	if found.Next != "" {
		t.Pager.Next = page.Asking(at("glasses"), "view", view, "cursor", found.Next)
	}
	return s.show(w, p.add(part{Table: t}))
}

func (s *Service) newGlass(r *http.Request) *sheet {
	v := r.PostFormValue
	p := s.sheet(r, "glasses", "发起应急查阅", "").under("应急查阅", at("glasses"))
	p.add(part{Notice: &page.Notice{Class: page.Care, Title: "发起即告警", Text: "安全管理员和审计管理员立即收到告警，您查阅的每一条都会记录，事后逐次复核。平常的查阅请找有权限的经办单位。"}})
	f := &form{Form: page.Form{Action: at("glasses", "new"), Button: "发起，我知道会告警", Busy: "正在发起…", Cancel: at("glasses"), Fields: []page.Field{
		{ID: "org", Name: "org", Label: "记录属于哪个单位", Value: v("org"), Required: true, Max: 100, Hint: "单位全称，或单位编号"},
		{ID: "object", Name: "object", Label: "要查阅的记录", Value: v("object"), Required: true, Max: 200, Code: true, Hint: "证照页面地址最后一段之前加 cert/，如 cert/证照的编号；不要填写姓名和身份证号码"},
		{ID: "reason", Name: "reason", Label: "事由", Value: v("reason"), Required: true, Lines: 3, Max: 500, Hint: "至少 10 个字：发生了什么，为什么等不到有权限的人"},
	}}}
	return p.add(part{Form: f})
}

func (s *Service) getNewGlass(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, s.newGlass(r))
}

func (s *Service) postNewGlass(w http.ResponseWriter, r *http.Request) error {
	o, err := s.unitNamed(r.Context(), "org", r.PostFormValue("org"))
	var g iam.Glass
	if err == nil {
		g, err = s.IAM.OpenGlass(r.Context(), iam.GlassRequest{Org: o.ID, Object: r.PostFormValue("object"), Reason: r.PostFormValue("reason")})
	}
	if err != nil {
		return s.refuse(w, s.newGlass(r), err)
	}
	return page.See(w, r, page.Asking(at("glasses", g.ID), "done", "opened"))
}

// glass finds the emergency reading of a page, among those that the reader may
// see.
func (s *Service) glass(r *http.Request) (iam.Glass, error) {
	id := r.PathValue("id")
	for cursor := ""; ; {
		found, err := s.IAM.Glasses(r.Context(), false, cursor, 200)
		if err != nil {
			return iam.Glass{}, err
		}
		if i := slices.IndexFunc(found.Items, func(g iam.Glass) bool { return g.ID == id }); i >= 0 {
			return found.Items[i], nil
		}
		if cursor = found.Next; cursor == "" {
			return iam.Glass{}, fault.NotFound.New("没有这次应急查阅").WithCode("glass.unknown").WithHint("请从“应急查阅”列表重新进入")
		}
	}
}

func (s *Service) glassSheet(r *http.Request, g iam.Glass) *sheet {
	ctx := r.Context()
	p := s.sheet(r, "glasses", "应急查阅："+g.OrgName, glassLead).under("应急查阅", at("glasses")).stands(r, at("glasses", g.ID))
	p.Chips = []page.Chip{s.glassChip(g)}
	mine := g.Account == iam.Self(ctx)
	opened := page.Step{Title: "发起", Text: g.Reason, Who: g.AccountName, At: g.Opened, State: "done"}
	running := page.Step{Title: "已结束", At: g.Closed, State: "done"}
	switch {
	case g.Open:
		running = page.Step{Title: "查阅", Text: s.left(g) + "，到时自动结束", State: "now"}
	case g.Closed.IsZero():
		running.Title, running.At = "到时自动结束", g.Until
	}
	review := page.Step{Title: "复核", Text: "由安全管理员或审计管理员办理", State: "todo"}
	switch {
	case g.Verdict != "":
		review = page.Step{Title: s.glassChip(g).Word, Text: g.Note, Who: g.ReviewedName, At: g.Reviewed, State: "done"}
	case !g.Open:
		review.State = "now"
	}
	p.add(part{Card: true, Title: "进展", Steps: []page.Step{opened, running, review}},
		part{Card: true, Title: "内容", Facts: []page.Fact{{Label: "谁", Text: g.AccountName}, {Label: "单位", Text: g.OrgName + "及其下级", Href: at("units", g.Org)}, {Label: "要查阅的记录", Text: g.Object, Code: true}, {Label: "事由", Text: g.Reason}, {Label: "最迟到", At: g.Until}}})
	if g.Open && (mine || iam.May(ctx, "glass.review", g.Org)) {
		text := "查完就结束，不必等到时。"
		if !mine {
			text = "情况不对时可以马上结束，对方立即失去权限。"
		}
		p.add(part{Confirms: []page.Confirm{{ID: "close", Title: "现在结束", Text: text, Action: at("glasses", g.ID, "close"), NoReason: true, Button: "结束应急查阅", Busy: "正在结束…", Grave: !mine}}})
	}
	switch {
	case g.Verdict != "":
	case mine:
		p.add(part{Notice: &page.Notice{Text: "由安全管理员或审计管理员复核，自己发起的自己不能复核。"}})
	case iam.May(ctx, "glass.review", g.Org):
		v := r.PostFormValue
		p.add(part{Form: &form{Form: page.Form{ID: "review", Title: "复核", Text: "对照审计记录：看了什么，与事由相符吗。复核后不能更改；还在进行的随即结束。", Action: at("glasses", g.ID, "review"), Button: "记录复核", Busy: "正在记录…", Fields: []page.Field{
			{ID: "verdict", Name: "verdict", Label: "结论", Value: v("verdict"), Required: true, Options: []page.Option{{Value: iam.Proper, Label: "正当：确有必要，查阅与事由相符"}, {Value: iam.Improper, Label: "不正当：没有必要，或超出事由"}}},
			{ID: "reason", Name: "reason", Label: "说明", Value: v("reason"), Required: true, Lines: 3, Max: 500, Hint: "依据什么得出结论；不正当的，写明如何处理"},
		}}}})
	}
	return p
}

func (s *Service) getGlass(w http.ResponseWriter, r *http.Request) error {
	g, err := s.glass(r)
	if err != nil {
		return err
	}
	return s.show(w, s.glassSheet(r, g))
}

func (s *Service) postCloseGlass(w http.ResponseWriter, r *http.Request) error {
	g, err := s.glass(r)
	if err != nil {
		return err
	}
	if err := s.IAM.CloseGlass(r.Context(), g.ID); err != nil {
		return s.refuse(w, s.glassSheet(r, g), err)
	}
	return page.See(w, r, page.Asking(at("glasses", g.ID), "done", "glassover"))
}

func (s *Service) postReviewGlass(w http.ResponseWriter, r *http.Request) error {
	g, err := s.glass(r)
	if err != nil {
		return err
	}
	if err := s.IAM.ReviewGlass(r.Context(), g.ID, r.PostFormValue("verdict"), r.PostFormValue("reason")); err != nil {
		return s.refuse(w, s.glassSheet(r, g), err)
	}
	return page.See(w, r, page.Asking(at("glasses", g.ID), "done", "reviewed"))
}
