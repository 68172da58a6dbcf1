package sealing

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/web/page"
)

type checkPage struct {
	page.Frame
	Stages   []stage
	Problem  *page.Problem
	Facts    []page.Fact
	Groups   []group
	Pictures []picture
	More     int // pages with seals that are not shown
	Action   string
	Places   string
	Seals    string
}

// A group is the seals that are decided on at a time.
type group struct {
	Word  string
	Seals []string
}

// A picture is a page of a document.
type picture struct {
	Src, Alt string
	Page     int
	Lazy     bool
	Sealed   bool // a seal stands on it, or will
}

// mostShown is how many pages are shown before the request is made.
const mostShown = 6

func (s *Service) checkPage(r *http.Request, d *draft) (*checkPage, error) {
	doc, err := s.document(r.Context(), d)
	if err != nil {
		return nil, err
	}
	found, err := s.spots(r.Context(), d, doc)
	if err != nil && fault.As(err) == nil {
		return nil, err
	}
	p := &checkPage{Frame: s.Kit.Frame(r, "核对并提交", "sealing", page.Wide), Stages: stages(d, 3), Action: d.at("check"), Places: d.at("places"), Seals: d.at("seals")}
	p.Path = d.at("check")
	p.Facts = []page.Fact{{Label: "文件", Text: d.Title, Href: d.at()}, {Label: "文件种类", Text: d.Purpose}, {Label: "事由", Text: d.Reason},
		{Label: "上传的文件", Text: fmt.Sprintf("%s，%d 页", d.Name, d.Pages)}}
	if d.Converted {
		p.Facts = append(p.Facts, page.Fact{Label: "格式", Text: "已由 PDF 转换为 OFD，盖章盖在 OFD 上"})
	}
	p.Groups = groupsOf(d, found)
	on := []int{}
	for _, f := range found {
		on = append(on, f.Page)
	}
	slices.Sort(on)
	on = slices.Compact(on)
	for i, n := range on {
		if i == mostShown {
			p.More = len(on) - mostShown
			break
		}
		p.Pictures = append(p.Pictures, picture{Src: page.Asking(d.at("pages", strconv.Itoa(n)), "seals", "1"), Alt: fmt.Sprintf("第 %d 页，将盖的印章已标出", n), Page: n, Lazy: i > 1})
	}
	return p, nil
}

func groupsOf(d *draft, found []spot) (out []group) {
	for i := range d.Seals {
		c := &d.Seals[i]
		n := 0
		for _, f := range found {
			if f.Seal == i {
				n++
			}
		}
		line := c.Name
		switch {
		case c.Way == onEdge:
			line += "：骑缝章"
		case c.straddles():
			line += fmt.Sprintf("：%s，并盖骑缝章", c.wayWord())
		default:
			line += "：" + c.wayWord()
		}
		if n > 1 && !c.straddles() {
			line += fmt.Sprintf("，共 %d 处", n)
		}
		if len(out) < c.Group {
			out = append(out, group{})
		}
		out[c.Group-1].Seals = append(out[c.Group-1].Seals, line)
	}
	for i := range out {
		out[i].Word = groupWord(i+1, len(out[i].Seals))
	}
	return out
}

func (c *chosen) wayWord() string {
	switch c.Way {
	case onWord:
		return "盖在“" + c.Word + "”字样上"
	case onAll:
		return "每一页"
	}
	return "第 " + c.On + " 页"
}

func (s *Service) getCheck(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	if len(d.Seals) == 0 {
		return page.See(w, r, d.at("seals"))
	}
	p, err := s.checkPage(r, d)
	if err != nil {
		return err
	}
	if err := s.try(r.Context(), d); statusOf(err) != 0 {
		p.Problem, _ = page.ProblemOf(err, nil)
	} else if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "check", p)
}

// try tells what would be refused, before anything is asked for: rules and limits
// may have changed since the seals were chosen. The document is the one that the
// upload is or became, so that a PDF is not converted again.
func (s *Service) try(ctx context.Context, d *draft) error {
	data, err := s.bytes(ctx, d.Document)
	if err != nil {
		return err
	}
	a, err := d.ask(data)
	if err == nil {
		_, err = s.Sealing.Try(ctx, a)
	}
	return err
}

// postCheck makes the request. However often the button is pressed, a draft
// becomes one request.
func (s *Service) postCheck(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	data, err := s.bytes(r.Context(), d.Original)
	if err != nil {
		return err
	}
	a, err := d.ask(data)
	if err == nil {
		ctx := r.Context()
		meta := httpx.MetaFrom(ctx)
		meta.Idempotency = fmt.Sprintf("draft/%x", gm.Sum([]byte(d.token)))
		made, e := s.Sealing.Ask(httpx.WithMeta(ctx, meta), a)
		if e == nil {
			return page.See(w, r, page.Asking(page.At(Home, made.ID), "done", "asked"))
		}
		err = e
	}
	code := statusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.checkPage(r, d)
	if e != nil {
		return e
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{})
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "check", p)
}
