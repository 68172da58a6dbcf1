package account

import (
	"net/http"

	"sidian/internal/notice"
	"sidian/internal/web/page"
)

type channelsPage struct {
	page.Frame
	Problem *page.Problem
	Notice  *page.Notice
	Forms   []page.Form
	Sent    page.Table
	None    bool // the platform has no way out
}

var channelNotices = map[string]page.Notice{
	"set":     {Class: page.Good, Title: "已保存"},
	"sent":    {Class: page.Good, Title: "验证码已发送", Text: "请在 10 分钟内填写收到的 6 位数字。验证之前不会向这个地址发送消息。"},
	"checked": {Class: page.Good, Title: "地址已验证", Text: "今后的消息也会发到这里。"},
	"ended":   {Class: page.Good, Title: "已取消", Text: "消息仍可在平台的“消息”中查看。"},
}

func (s *Service) getChannels(w http.ResponseWriter, r *http.Request) error {
	p, err := s.channels(r, "", nil)
	if err != nil {
		return err
	}
	if n, ok := channelNotices[r.URL.Query().Get("done")]; ok {
		p.Notice = &n
	}
	return s.set.Show(w, http.StatusOK, "channels", p)
}

// channels is the page; wrong is what was refused about one of them.
func (s *Service) channels(r *http.Request, about string, wrong error) (*channelsPage, error) {
	all, err := s.Notices.Channels(r.Context())
	if err != nil {
		return nil, err
	}
	p := &channelsPage{Frame: s.Kit.Frame(r, "接收消息的方式", "me", page.Wide), None: true}
	p.Path = "/me/channels"
	for _, c := range all {
		if !c.Available && c.State == "" {
			continue
		}
		p.None = false
		p.Forms = append(p.Forms, channelForms(c)...)
	}
	if wrong != nil {
		ids := map[string]string{}
		for _, name := range []string{"address", "quiet_from", "quiet_to", "code"} {
			ids[name] = about + "-" + name
		}
		p.Problem, _ = page.ProblemOf(wrong, ids)
		p.Title = "有错误：" + p.Title
		for i := range p.Forms {
			for j := range p.Forms[i].Fields {
				f := &p.Forms[i].Fields[j]
				for k := range p.Problem.Fields {
					if p.Problem.Fields[k].ID == f.ID {
						p.Problem.Fields[k].Label, f.Error = f.Label, p.Problem.Fields[k].Message
					}
				}
			}
		}
	}
	return p, s.sent(r, p)
}

// channelForms are the form of a channel, the one for its code while its address
// is not shown to be one's own, and the one that ends it.
func channelForms(c notice.Choice) []page.Form {
	id, at := string(c.Channel), "/me/channels/"+string(c.Channel)
	posts := "own"
	if c.Posts {
		posts = "posts"
	}
	address := page.Field{ID: id + "-address", Name: "address", Label: "接收地址", Hint: c.Hint, Required: c.State == "", Max: 254, Autocomplete: "off"}
	text := "没有设置。设置后，平台的消息也会发到这里。"
	if c.State != "" {
		text = "现在的地址：" + c.Address + "（" + map[string]string{notice.Pending: "还没有验证，不发送", notice.Active: "已验证"}[c.State] + "）。"
		address.Label, address.Hint = "换成新的地址", "不换的不填。"+c.Hint
	}
	forms := []page.Form{{ID: id, Title: c.Name, Text: text, Action: at, Button: "保存", Busy: "正在保存…", Plain: c.State == notice.Pending, Fields: []page.Field{
		address,
		{ID: id + "-posts", Name: "posts", Label: "接收哪些消息", Value: posts, Options: []page.Option{{Value: "own", Label: "只接收发给本人的"}, {Value: "posts", Label: "也接收发给本人岗位的"}}},
		{ID: id + "-quiet_from", Name: "quiet_from", Label: "免打扰开始", Hint: "如 21:00；不设的，两处都留空", Value: c.QuietFrom, Short: true, Max: 5},
		{ID: id + "-quiet_to", Name: "quiet_to", Label: "免打扰结束", Hint: "如 08:00；这段时间内的消息之后再发", Value: c.QuietTo, Short: true, Max: 5},
	}}}
	if c.State == notice.Pending {
		code := codeField("验证码", "发到 "+c.Address+" 的 6 位数字；没有收到的，在上面重新填写地址", true)
		code.ID = id + "-code"
		forms = append(forms, page.Form{ID: id + "-confirm", Title: "验证" + c.Name, Action: at + "/confirm", Button: "验证", Busy: "正在核对…", Fields: []page.Field{code}})
	}
	if c.State != "" {
		forms = append(forms, page.Form{ID: id + "-end", Action: at + "/end", Button: "不再用" + c.Name + "接收", Plain: true})
	}
	return forms
}

var sentClasses = map[string]string{notice.Waiting: page.Care, notice.Sent: page.Good, notice.Delivered: page.Good, notice.Failed: page.Bad, notice.GaveUp: page.Bad, notice.Dropped: page.Care}

// sent is what left the platform lately.
func (s *Service) sent(r *http.Request, p *channelsPage) error {
	list, err := s.Notices.Deliveries(r.Context(), 20, "")
	if err != nil {
		return err
	}
	p.Sent = page.Table{ID: "sent", Caption: "最近发送的消息", Quiet: true, Head: []string{"消息", "方式", "状态", "时间"},
		Empty: page.Empty{Title: "还没有发送过", Text: "设置并验证一个地址后，发给您的消息会在这里列出送达情况。"}}
	for _, d := range list.Items {
		p.Sent.Rows = append(p.Sent.Rows, page.Row{Cells: []page.Cell{
			{Text: d.Title}, {Text: d.Channel.Name()},
			{Text: "", Sub: d.Trouble, Chips: []page.Chip{{Class: sentClasses[d.State], Word: d.StateName}}}, {At: d.Created},
		}})
	}
	return nil
}

func (s *Service) postChannel(w http.ResponseWriter, r *http.Request) error {
	c := notice.Channel(r.PathValue("channel"))
	x, err := s.Notices.SetChannel(r.Context(), notice.ChannelRequest{
		Channel: c, Address: r.PostFormValue("address"), Posts: r.PostFormValue("posts") == "posts",
		QuietFrom: r.PostFormValue("quiet_from"), QuietTo: r.PostFormValue("quiet_to"),
	})
	done := "set"
	if x.State == notice.Pending && r.PostFormValue("address") != "" {
		done = "sent"
	}
	return s.channelDone(w, r, c, done, err)
}

func (s *Service) postChannelCode(w http.ResponseWriter, r *http.Request) error {
	c := notice.Channel(r.PathValue("channel"))
	return s.channelDone(w, r, c, "checked", s.Notices.Confirm(r.Context(), c, tidyCode(r.PostFormValue("code"))))
}

func (s *Service) postChannelEnd(w http.ResponseWriter, r *http.Request) error {
	c := notice.Channel(r.PathValue("channel"))
	return s.channelDone(w, r, c, "ended", s.Notices.EndChannel(r.Context(), c))
}

// channelDone leads back to the page, or shows it with what was refused.
func (s *Service) channelDone(w http.ResponseWriter, r *http.Request, c notice.Channel, done string, refused error) error {
	if refused == nil {
		return page.See(w, r, "/me/channels?done="+done)
	}
	status := refusalStatus(refused)
	if status == 0 {
		return refused
	}
	p, err := s.channels(r, string(c), refused)
	if err != nil {
		return err
	}
	return s.set.Show(w, status, "channels", p)
}

// refusalStatus is the status of a page that shows a refusal beside its forms; 0:
// it is no matter of the forms.
func refusalStatus(err error) int {
	status, other := (&sheet{}).refuse(err, nil)
	if other != nil || code(err) == "notice.channel" || code(err) == "notice.person" {
		return 0
	}
	return status
}
