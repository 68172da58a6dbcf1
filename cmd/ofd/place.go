package main

import (
	"math"

	"sidian/ofd"
	"sidian/ofd/find"
	"sidian/ofd/sign"
)

// places says where the seal of w × h mm goes: to x and y of a page, over each place of a word, or in slices to the right
// edge of all pages.
func (c *sealStampCommand) places(doc *ofd.Document, w, h float64) ([]sign.Place, error) {
	switch {
	case c.Page < 0:
		return nil, &problem{where: "--page", zh: "页码从 1 开始", en: "pages count from 1", todoZH: "改正页码", todoEN: "correct the page number"}
	case c.Straddle && c.Keyword == "" && c.X == nil && c.Page == 0:
		return c.straddle(doc, w, h)
	case c.Keyword != "" && !c.Straddle && c.X == nil && c.Y == nil:
		return c.atKeyword(doc, w, h)
	case c.Keyword == "" && !c.Straddle && c.X != nil && c.Y != nil:
		return []sign.Place{{PageIndex: max(c.Page, 1) - 1, X: *c.X, Y: *c.Y, W: w, H: h}}, nil
	}
	return nil, &problem{where: "--x --y --keyword --straddle", zh: "盖章位置没有说清", en: "do not say where the seal goes",
		todoZH: "给出 --x 与 --y，或 --keyword，或 --straddle（可加 --y），三者取一", todoEN: "give --x and --y, or --keyword, or --straddle (with or without --y): one of the three"}
}

// straddle slices the seal over all pages, in the middle of the first page's height unless y says otherwise.
func (c *sealStampCommand) straddle(doc *ofd.Document, w, h float64) ([]sign.Place, error) {
	boxes, err := doc.Body().Boxes()
	if err != nil {
		return nil, &problem{where: c.In, zh: "页面无法读取", en: "has a page that cannot be read", err: err, todoZH: "检查输入文件", todoEN: "check the input document"}
	}
	if len(boxes) < 2 {
		return nil, &problem{where: c.In, zh: "只有一页，不能盖骑缝章", en: "has one page: no seal can straddle it", todoZH: "改用 --x 与 --y", todoEN: "give --x and --y instead"}
	}
	y := (boxes[0].H - h) / 2
	if c.Y != nil {
		y = *c.Y
	}
	return sign.StraddlePages(boxes, 0, len(boxes)-1, y, w, h), nil
}

// atKeyword puts the seal's middle on the middle of each place of the word, moved so that the seal stays on the page.
func (c *sealStampCommand) atKeyword(doc *ofd.Document, w, h float64) ([]sign.Place, error) {
	var o find.Options
	if c.Page > 0 {
		o.Pages = []int{c.Page - 1}
		if n := len(doc.Body().Pages()); c.Page > n {
			return nil, &problem{where: "--page", zh: "文件没有这一页", en: "the document has no such page", todoZH: "改正页码", todoEN: "correct the page number"}
		}
	}
	hits, err := find.Keyword(doc, c.Keyword, o)
	switch {
	case err != nil:
		return nil, &problem{where: "--keyword", zh: "无法按关键字定位", en: "cannot be looked for", err: err, todoZH: "改用 --x 与 --y", todoEN: "give --x and --y instead"}
	case len(hits) == 0:
		return nil, &problem{where: "--keyword", zh: "文件中没有找到这些文字", en: "these words are not in the document", todoZH: "检查文字，或改用 --x 与 --y", todoEN: "check the words, or give --x and --y"}
	}
	boxes, err := doc.Body().Boxes()
	if err != nil {
		return nil, &problem{where: c.In, zh: "页面无法读取", en: "has a page that cannot be read", err: err, todoZH: "检查输入文件", todoEN: "check the input document"}
	}
	list := make([]sign.Place, len(hits))
	for i, hit := range hits {
		box := boxes[hit.Page]
		list[i] = sign.Place{PageIndex: hit.Page, X: inside(hit.X+hit.W/2-w/2, box.W-w), Y: inside(hit.Y+hit.H/2-h/2, box.H-h), W: w, H: h}
	}
	return list, nil
}

func inside(v, most float64) float64 { return math.Max(0, math.Min(v, most)) }
