package records

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"sidian/internal/auditor"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// alarmsShown is how many alarms a page shows.
const alarmsShown = 20

type alarmsView struct {
	page.Frame
	Tabs   page.Tabs
	Done   *page.Notice
	Cards  []alarmCard
	Empty  page.Empty
	Pager  page.Pager
	Count  string
	Failed *page.Problem
}

// An alarmCard is one alarm, told in a sentence.
type alarmCard struct {
	ID, Name, Sentence string
	Chip               page.Chip
	Facts              []page.Fact
	Act                *page.Confirm
	Problem            *page.Problem
}

// alarmsCounted bounds how many open alarms are counted.
const alarmsCounted = 100

// openAlarms counts the open alarms, as a text: "3", "100+".
func (s *Service) openAlarms(ctx context.Context) (n int, text string, err error) {
	p, err := s.Auditor.Alarms(ctx, auditor.Open, "", alarmsCounted)
	if err != nil {
		return 0, "", err
	}
	text = fmt.Sprint(len(p.Alarms))
	if p.Next != "" {
		text += "+"
	}
	return len(p.Alarms), text, nil
}

func (s *Service) getAlarms(w http.ResponseWriter, r *http.Request) error {
	return s.alarms(w, r, r.URL.Query().Get("state"), "", nil)
}

// alarms lists them; wrong is what is wrong with acknowledging the one with id.
func (s *Service) alarms(w http.ResponseWriter, r *http.Request, state, id string, wrong error) error {
	ctx := r.Context()
	if state == "" {
		state = auditor.Open
	}
	n, count, err := s.openAlarms(ctx)
	if err != nil {
		return err
	}
	list, err := s.Auditor.Alarms(ctx, state, r.URL.Query().Get("cursor"), alarmsShown)
	if err != nil {
		return err
	}
	p := alarmsView{Frame: s.Kit.Frame(r, "告警", "alarms", page.Middle), Count: count}
	if n > 0 {
		p.Title = "告警（" + count + " 条待处置）"
	}
	p.Tabs = page.Tabs{Label: "告警", Items: []page.Tab{
		{Label: "待处置", Href: "/console/alarms", Current: state == auditor.Open, Count: n},
		{Label: "已处置", Href: "/console/alarms?state=" + auditor.Acknowledged, Current: state == auditor.Acknowledged},
	}}
	p.Empty = page.Empty{Title: "没有待处置的告警", Text: "有人发起应急查阅、管理员账号被锁定或重置、访问控制数据或审计链被改动，或签章服务商的答复不可信时，这里会出现告警。"}
	if state == auditor.Acknowledged {
		p.Empty = page.Empty{Title: "还没有处置过告警", Text: "处置后的告警和处置说明列在这里。"}
	}
	if r.URL.Query().Get("done") == "1" {
		p.Done = &page.Notice{Class: page.Good, Title: "已处置", Text: "处置说明已记入审计，可在“已处置”中查看。"}
	}
	if list.Next != "" {
		p.Pager = page.Pager{Next: address("/console/alarms", "state", state, "cursor", list.Next), NextWord: "更早的告警"}
	}
	names, err := s.alarmNames(ctx, list.Alarms)
	if err != nil {
		return err
	}
	status := http.StatusOK
	nm := s.namer(ctx)
	for i := range list.Alarms {
		a := &list.Alarms[i]
		c := s.alarmCard(ctx, nm, names, a)
		if wrong != nil && a.ID == id {
			shown, ok := page.ProblemOf(wrong, map[string]string{"reason": "note-" + a.ID})
			if !ok {
				return wrong
			}
			p.Failed, status = shown, http.StatusUnprocessableEntity
			p.Title = "有错误：" + p.Title
			if c.Act != nil {
				c.Act.Reason.Error, c.Act.Reason.Value = shown.At("note-"+a.ID), r.PostFormValue("note")
			}
		}
		p.Cards = append(p.Cards, c)
	}
	if nm.err != nil {
		return nm.err
	}
	if wrong != nil && p.Failed == nil {
		return wrong
	}
	return s.set.Show(w, status, "alarms", p)
}

func (s *Service) alarmNames(ctx context.Context, list []auditor.Alarm) (map[string]string, error) {
	var ids []string
	for i := range list {
		ids = append(ids, compact(list[i].Account, list[i].By)...)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.Usernames(ctx, ids)
}

func (s *Service) alarmCard(ctx context.Context, n *namer, names map[string]string, a *auditor.Alarm) alarmCard {
	user := func(id string) string {
		if names[id] != "" {
			return "“" + names[id] + "”"
		}
		return id
	}
	c := alarmCard{ID: a.ID, Name: a.Name, Sentence: sentence(a, user(a.Account), n.org(a.Org)), Chip: page.Chip{Class: page.Bad, Word: "待处置"}}
	if c.Name == "" {
		c.Name = a.Kind
	}
	audits := iam.Allow(ctx, auditor.Read, "") == nil
	link := func(to string) string {
		if audits {
			return to
		}
		return ""
	}
	c.Facts = []page.Fact{{Label: "发生时间", At: a.At}}
	if a.Account != "" {
		c.Facts = append(c.Facts, page.Fact{Label: "涉及账号", Text: strings.Trim(user(a.Account), "“”"), Href: link(personPage(a.Account))})
	}
	if a.Object != "" {
		sort, id := objectWord(a.Object)
		to := link(lookBackPage(a.Object))
		if a.Kind == auditor.Distrusted && iam.Allow(ctx, "provider.read", "") == nil {
			to = providerPage(id)
		}
		c.Facts = append(c.Facts, page.Fact{Label: "对象", Text: sort + " " + id, Href: to})
	}
	if a.Kind == auditor.Glass && a.Reason == "" { // events carry no reasons: they may name persons
		c.Facts = append(c.Facts, page.Fact{Label: "事由", Text: "见应急查阅记录", Href: "/console/admin/glasses"})
	}
	if a.Reason != "" {
		c.Facts = append(c.Facts, page.Fact{Label: "事由", Text: a.Reason})
	}
	me, _ := iam.From(ctx)
	switch {
	case a.State == auditor.Acknowledged:
		c.Chip = page.Chip{Class: page.Good, Word: "已处置"}
		c.Facts = append(c.Facts, page.Fact{Label: "处置人", Text: strings.Trim(user(a.By), "“”")}, page.Fact{Label: "处置时间", At: a.Seen}, page.Fact{Label: "处置说明", Text: a.Note})
	case me != nil && me.Account == a.Account:
		c.Facts = append(c.Facts, page.Fact{Label: "处置", Text: "涉及您本人，由另一位安全管理员或审计管理员处置"})
	default:
		c.Act = &page.Confirm{ID: "act-" + a.ID, Action: (&url.URL{Path: "/console/alarms/" + a.ID + "/acknowledge"}).String(), Button: "确认处置",
			Reason: page.Field{ID: "note-" + a.ID, Name: "note", Label: "处置说明", Hint: "写明核实了什么、做了什么；记入审计", Max: 500}}
	}
	return c
}

// sentence tells what happened.
func sentence(a *auditor.Alarm, user, org string) string {
	if user == "" {
		user = "（账号不明）"
	}
	of := ""
	if org != "" {
		of = "对" + org + "的记录"
	}
	switch a.Kind {
	case auditor.Glass:
		return fmt.Sprintf("用户%s%s发起了应急查阅：半小时内可以看到未脱敏的内容。请核对事由是否属实、查阅是否限于所需。", user, of)
	case auditor.Locked:
		return fmt.Sprintf("管理员账号%s多次登录失败，已被锁定。请确认是本人忘记口令，还是有人在试探。", user)
	case auditor.Recovered:
		return fmt.Sprintf("管理员账号%s的登录凭据正由一次性链接重置。请确认是本人申请。", user)
	case auditor.Tampered:
		return "数据库中一行访问控制数据的校验值不符：它可能是绕过平台改动的，已按无权处理。请平台运维人员运行 sidian doctor。"
	case auditor.Broken:
		return "审计链的检查发现记录与链不符。请立即保全数据库和备份，再查明原因。"
	case auditor.Distrusted:
		return "签章服务商的一份核验答复与事实不符，没有采信。请核实它是出了差错还是被冒用；印章管理人员可在“签章服务商”中立即暂停它。"
	}
	return "发生了需要处置的事件。"
}

func (s *Service) postAcknowledge(w http.ResponseWriter, r *http.Request) error {
	id := r.PathValue("id")
	_, err := s.Auditor.Acknowledge(r.Context(), id, r.PostFormValue("note"))
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
		return s.alarms(w, r, auditor.Open, id, err)
	}
	if err != nil {
		return err
	}
	return page.See(w, r, "/console/alarms?done=1")
}
