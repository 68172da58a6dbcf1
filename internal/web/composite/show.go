package composite

import (
	"net/http"
	"slices"
	"strconv"

	"sidian/internal/composite"
	"sidian/internal/web/page"
)

// leads say what is to be done, and by whom.
var leads = map[string]string{
	composite.Proposed:  "经办人提出了归集这些许可；由另一位签发人核对后签发或退回。",
	composite.Issuing:   "正在签发，没有签完的由平台继续。",
	composite.Issued:    "已签发。综合许可证的状态由平台按下列许可今天的状态变更，不用人工办理。",
	composite.Ended:     "这一份已终止，记录保留。",
	composite.Refused:   "签发人退回了这一件；需要时重新提出。",
	composite.Withdrawn: "提出人撤回了这一件。",
	composite.Altered:   altered,
}

// What is said of a registration that was edited in the database.
const (
	altered = "这份登记与平台写入的不一致，可能在数据库中被改动：下面的内容不可采信，不能办理。"
	wayOut  = "请联系平台运维人员核查数据库的访问记录，从备份恢复这条登记。"
)

func (s *Service) composite(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	c, err := s.Composite.Get(ctx, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	accounts := []string{c.ProposedBy, c.DecidedBy}
	for _, x := range c.Steps {
		accounts = append(accounts, x.Account)
	}
	names, err := page.Named(ctx, s.IAM, accounts...)
	if err != nil {
		return nil, err
	}
	names.Nobody = "平台"
	p := s.sheet(r, "composites", c.HolderName+"："+c.Title, leads[c.State], page.Wide).Under("行业综合许可", Home)
	p.Chips = chips(c)
	switch {
	case c.State == composite.Altered:
		p.Notice = &page.Notice{Class: page.Bad, Title: c.StateName, Text: "平台已告警。" + wayOut}
	case c.Trouble != "":
		p.Notice = &page.Notice{Class: page.Bad, Title: "没有办成", Text: c.Trouble}
	case p.Notice == nil && c.Standing == composite.Suspended:
		p.Notice = &page.Notice{Class: page.Care, Title: c.StandingName, Text: c.Because + "。恢复后由平台自动恢复。"}
	case p.Notice == nil && c.Standing == composite.Broken:
		p.Notice = &page.Notice{Class: page.Bad, Title: c.StandingName, Text: c.Because + "。请以新的许可重新组合，或注销综合许可证。", Href: page.Asking(Home+"/new", "unit", c.Unit), Action: "重新组合"}
	}
	facts := []page.Fact{{Label: "企业", Text: c.HolderName}, {Label: "行业", Text: c.Industry}, {Label: "方案", Text: c.Title, Href: page.At(Schemes, c.Scheme)}, {Label: "牵头单位", Text: c.UnitName}}
	if c.Certificate != "" {
		facts = append(facts, page.Fact{Label: "综合许可证", Text: c.Number, Code: true, Href: page.At("/console/certificates", c.Certificate), Chips: []page.Chip{statusChip(c.Status, c.StatusName)}})
	}
	facts = append(facts, page.Fact{Label: "提出", Text: names.Person(c.ProposedBy) + "，" + page.Moment(c.ProposedAt)})
	if c.DecidedBy != "" {
		facts = append(facts, page.Fact{Label: "办理", Text: names.Person(c.DecidedBy) + "，" + page.Moment(c.DecidedAt)})
	}
	if c.Prior != "" {
		facts = append(facts, page.Fact{Label: "代替", Text: "此前的综合许可", Href: page.At(Home, c.Prior)})
	}
	if c.Successor != "" {
		facts = append(facts, page.Fact{Label: "由它代替", Text: "新的综合许可", Href: page.At(Home, c.Successor)})
	}
	p.Add(page.Part{ID: "about", Title: "这一份", Facts: facts}, page.Part{ID: "permits", Title: "归集的许可", Table: memberTable(c.Members)})
	decisions(p, r, c)
	var steps []page.Step
	for _, x := range c.Steps {
		steps = append(steps, page.Step{Title: x.Text, Who: names.Person(x.Account), At: x.At})
	}
	return p.Add(page.Part{ID: "history", Title: "办理记录", Steps: steps}), nil
}

// decisions are the forms by which the reader goes on.
func decisions(p *page.Sheet, r *http.Request, c *composite.Composite) {
	add := func(action string, x page.Confirm) {
		if !slices.Contains(c.May, action) {
			return
		}
		x.ID, x.Action, x.Busy = action, page.At(Home, c.ID, action), "正在办理…"
		x.Hidden = []page.Hidden{{Name: "revision", Value: strconv.Itoa(c.Revision)}}
		x.Reason.ID, x.Reason.Max = action+"-reason", 200
		if r.PathValue("action") == action {
			x.Reason.Value = r.PostFormValue("reason")
		}
		p.Add(page.Part{ID: "do-" + action, Confirm: &x})
	}
	add("issue", page.Confirm{Title: "签发综合许可证", Text: "加盖本单位印章后立即生效。签发时平台再核对一次各项许可的状态。", NoReason: true, Button: "签发"})
	add("refuse", page.Confirm{Title: "退回", Button: "退回", Grave: true, Reason: page.Field{Hint: "提出人会看到；不要写个人信息"}})
	add("withdraw", page.Confirm{Title: "撤回", Button: "撤回", Grave: true, Reason: page.Field{Hint: "不要写个人信息"}})
}

func (s *Service) getComposite(w http.ResponseWriter, r *http.Request) error {
	p, err := s.composite(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

func (s *Service) postDecision(w http.ResponseWriter, r *http.Request) error {
	id, action := r.PathValue("id"), r.PathValue("action")
	if _, err := s.Composite.Decide(r.Context(), composite.Decision{ID: id, Action: action, Revision: seen(r), Reason: r.PostFormValue("reason")}); err != nil {
		return s.again(w, r, err, s.composite)
	}
	return page.See(w, r, page.Asking(page.At(Home, id), "done", action))
}

// seen is the revision that the reader decided on; of what is no number none is.
func seen(r *http.Request) int {
	n, err := strconv.Atoi(r.PostFormValue("revision"))
	if err != nil {
		return -1
	}
	return n
}
