package signing

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

type walletPage struct {
	page.Frame
	Tabs     page.Tabs
	Cards    []taskCard
	Empty    page.Empty
	Pager    page.Pager
	Identity *page.Chip // nil: none yet
}

// A taskCard is a document as its signer sees it in a list.
type taskCard struct {
	Title, By, Href, Note string
	Chip                  page.Chip
	Mine                  bool // it is the reader's turn
}

// toSign is whether a task still waits for its reader, now or later.
func toSign(t *signature.Task, x signature.Signer) bool {
	return t.State == signature.Open && x.State != signature.Signed && x.State != signature.Refused
}

func (s *Service) getWallet(w http.ResponseWriter, r *http.Request) error {
	ended := r.URL.Query().Get("view") == "signed"
	p := walletPage{Frame: s.Kit.Frame(r, "我的签署", "wallet-signing", page.Middle)}
	p.Tabs = page.Tabs{Label: "我的签署", Items: []page.Tab{
		{Label: "待我签署", Href: Wallet, Current: !ended}, {Label: "我签过的", Href: Wallet + "?view=signed", Current: ended},
	}}
	p.Empty = page.Empty{Title: "没有等您签署的文件", Text: "单位请您签文件时，这里会出现；收到二维码或链接的，扫码或点开也能签。"}
	if ended {
		p.Empty = page.Empty{Title: "您还没有签过文件", Text: "签署或拒签过的文件会留在这里，可以随时下载。"}
	}
	next, err := s.cards(r.Context(), ended, r.URL.Query().Get("cursor"), &p.Cards)
	if err != nil {
		return err
	}
	view := url.Values{}
	if ended {
		view.Set("view", "signed")
	}
	if r.URL.Query().Has("cursor") {
		p.Pager.First = Wallet + "?" + view.Encode()
	}
	if next != "" {
		view.Set("cursor", next)
		p.Pager.Next, p.Pager.NextWord = Wallet+"?"+view.Encode(), "更早的"
	}
	x, err := s.Signature.Mine(r.Context())
	switch {
	case err == nil:
		c := chipOf(x.State)
		p.Identity = &c
	case !errors.Is(err, fault.NotFound):
		return err
	}
	return s.set.Show(w, http.StatusOK, "wallet", p)
}

// Pages of a list are looked through until there are this many cards, or so many
// were looked through.
const (
	someCards = 20
	mostLooks = 5
)

// cards collects what waits for the reader, or what does not any more. Whose turn
// it is comes from many rows: the list is looked through, newest first.
func (s *Service) cards(ctx context.Context, ended bool, cursor string, out *[]taskCard) (next string, err error) {
	for range mostLooks {
		list, err := s.Signature.ToSign(ctx, 50, cursor)
		if err != nil {
			return "", err
		}
		for _, t := range list.Items {
			if x, mine := own(t); mine && toSign(t, x) != ended {
				*out = append(*out, cardOf(t, x))
			}
		}
		if cursor = list.Next; cursor == "" || len(*out) >= someCards {
			break
		}
	}
	return cursor, nil
}

func cardOf(t *signature.Task, x signature.Signer) taskCard {
	c := taskCard{Title: t.Title, By: t.OrgName, Href: page.At(Sign, t.ID), Chip: chipOf(x.State), Mine: toSign(t, x) && x.State != signature.Waiting}
	switch {
	case x.State == signature.Waiting && t.State == signature.Open:
		c.Note = "前面的人签完后轮到您，" + page.Moment(t.Until) + " 截止"
	case toSign(t, x):
		c.Note = "请在 " + page.Moment(t.Until) + " 前签署"
	case x.State == signature.Signed:
		c.Note = page.Moment(x.SignedAt) + " 签署"
	case x.State == signature.Refused:
		c.Note = page.Moment(x.SignedAt) + " 拒签"
	default:
		c.Chip, c.Note = chipOf(t.State), "任务已结束，您没有签署"
	}
	return c
}

// getSign leads from a notice to where its reader goes on: a signer signs, who
// began it looks after it.
func (s *Service) getSign(w http.ResponseWriter, r *http.Request) error {
	t, err := s.Signature.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	x, mine := own(t)
	if !mine {
		return page.See(w, r, page.At(Home, t.ID))
	}
	return page.See(w, r, placeOf(t, x))
}

// placeOf is the page where a signer goes on.
func placeOf(t *signature.Task, x signature.Signer) string {
	base := signerAt(t.ID, x.Number)
	if !toSign(t, x) {
		return base + "/done"
	}
	return base
}
