package signature

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/seal"
	"sidian/ofd"
	"sidian/ofd/draw"
	"sidian/ofd/sign"
)

// Sizes of the pages of evidence, mm: A4.
const (
	sheetW, sheetH = 210, 297
	margin         = 20
)

// evidencePlace is where the unit's seal stands: at the foot of the first page.
var evidencePlace = sign.Place{PageIndex: 0, X: sheetW - margin - 42, Y: sheetH - margin - 42, W: 42, H: 42}

// eventWords are the Chinese words for what happened.
var eventWords = map[string]string{
	"create": "发起", "link.sign": "生成签署链接", "link.pad": "生成手写二维码", "open": "打开链接", "pad": "手机打开手写页", "pad.draw": "手机手写签名",
	"claim": "认领（实名一致）", "view": "查看文件", "capture": "手写签名", "confirm": "确认签署意愿", "sign": "签名完成", "refuse": "拒签", "withdraw": "撤回", "read": "下载文件",
}

// factorWords are the Chinese words for ways to prove who one is.
var factorWords = map[string]string{"totp": "一次性口令", "password": "登录密码", "recent": "近时登录", "passkey": "通行密钥", "certificate": "数字证书"}

// drawEvidence draws the evidence of a task, the same each time, and its content's
// digest.
func (s *Service) drawEvidence(ctx context.Context, t *seen) (*ofd.Document, gm.Digest, error) {
	e, err := s.evidence(ctx, t)
	if err != nil {
		return nil, gm.Digest{}, err
	}
	raw, err := e.json()
	if err != nil {
		return nil, gm.Digest{}, err
	}
	id := gm.Sum([]byte("evidence\x00" + t.id))
	b := ofd.New(ofd.DocInfo{
		DocID: fmt.Sprintf("%x", id[:16]), Title: "电子签署证据", Creator: "sidian", CreationDate: e.Made.In(beijing).Format(time.DateOnly),
	})
	w := &sheet{b: b, d: draw.New(b), fonts: s.Fonts}
	if err := w.all(e, gm.Sum(raw)); err != nil {
		return nil, gm.Digest{}, fmt.Errorf("signature: drawing evidence: %w", err)
	}
	if err := w.d.Finish(); err != nil {
		return nil, gm.Digest{}, fmt.Errorf("signature: drawing evidence: %w", err)
	}
	b.Attach(ofd.AttachmentSpec{Name: "evidence.json", Format: "json", Usage: "evidence", FileName: "evidence.json", Data: raw,
		CreationDate: e.Made.In(beijing).Format("2006-01-02T15:04:05")})
	b.Signable()
	d, err := b.Build()
	if err != nil {
		return nil, gm.Digest{}, fmt.Errorf("signature: building evidence: %w", err)
	}
	content, err := seal.Content(d)
	return d, content, err
}

// A sheet is evidence on its way to paper: tables one below the other, on as many
// pages as they take.
type sheet struct {
	b     *ofd.Builder
	d     *draw.Drawing
	fonts *draw.Fonts
	page  *draw.Canvas
	y     float64
	limit float64 // of the page: the first leaves room for the seal
}

func (w *sheet) turn() {
	w.limit = sheetH - margin
	if w.page == nil {
		w.limit = evidencePlace.Y - 4
	}
	w.page, w.y = w.d.Page(w.b.AddPage(sheetW, sheetH)), margin
}

func (w *sheet) all(e *Evidence, digest gm.Digest) error {
	w.turn()
	_, err := w.page.Text(ofd.Box{X: margin, Y: w.y, W: sheetW - 2*margin, H: 12}, "电子签署证据", draw.Style{Font: w.fonts.Sans, Size: 7, Align: draw.Center})
	if err != nil {
		return err
	}
	w.y += 14
	rows := [][]string{
		{"任务编号", e.Task}, {"发起方", e.By}, {"结果", Word(e.State)}, {"发起时间", local(e.Created)}, {"结束时间", local(e.Closed)},
		{"原文件 SM3", e.Original}, {"最终文件 SM3", e.Document}, {"本证据数据 SM3（附件 evidence.json）", fmt.Sprintf("%x", digest)},
	}
	for _, i := range e.Intents {
		rows = append(rows, []string{"签署意愿文字（第 " + i.Version + " 版）", i.Text})
	}
	if err := w.table([]float64{45, 125}, rows); err != nil {
		return err
	}
	for _, r := range e.Signers {
		if err := w.table([]float64{45, 125}, signerRows(r)); err != nil {
			return err
		}
	}
	events := [][]string{{"时间", "事项", "签署人", "设备", "网络地址"}}
	for _, ev := range e.Events {
		number := ""
		if ev.Number > 0 {
			number = fmt.Sprintf("第 %d 位", ev.Number)
		}
		events = append(events, []string{local(ev.At), cmp.Or(eventWords[ev.Kind], ev.Kind), number, ev.Device, ev.Address})
	}
	return w.table([]float64{42, 48, 22, 28, 30}, events)
}

func signerRows(r EvidenceSigner) [][]string {
	rows := [][]string{{fmt.Sprintf("第 %d 位签署人", r.Number), strings.TrimSpace(r.Name + " " + r.Role)}, {"状态", Word(r.State)}}
	add := func(name, value string) {
		if value != "" {
			rows = append(rows, []string{name, value})
		}
	}
	add("查看文件", local(r.Viewed))
	add("手写签名", local(r.Captured))
	switch r.State {
	case Signed:
		add("确认意愿", local(r.Confirmed))
		add("验证方式", cmp.Or(factorWords[r.Factor], r.Factor))
		add("签名完成", local(r.Ended))
		add("设备和网络地址", strings.TrimSpace(r.Device+" "+r.Address))
		add("数字证书", r.Serial+"（"+r.Issuer+"）")
		add("签署前文件 SM3", r.Before)
		add("签署后文件 SM3", r.After)
	case Refused:
		add("拒签时间", local(r.Ended))
	}
	return rows
}

// table draws rows, going on to the next page where one is full.
func (w *sheet) table(columns []float64, rows [][]string) error {
	style := draw.Style{Font: w.fonts.Serif, Size: 3.2, VAlign: draw.Middle}
	for _, row := range rows {
		height := 6.
		cells := make([]draw.Cell, len(row))
		for i, text := range row {
			cells[i].Text = w.shown(text)
			h, err := draw.Height(columns[i]-2, cells[i].Text, style)
			if err != nil {
				return err
			}
			height = max(height, h+2)
		}
		if w.y+height > w.limit {
			w.turn()
		}
		placed, err := w.page.Table(ofd.Point{X: margin, Y: w.y}, draw.Table{
			Columns: columns, Rows: []draw.Row{{Height: height, Cells: cells}}, Pen: draw.Pen{Width: 0.15}, Style: style,
		})
		if err != nil {
			return err
		}
		w.y += placed.Box.H
	}
	w.y += 4
	return nil
}

// shown puts a mark in the place of characters that no font has: evidence must not
// fail because of a rare character in a role.
func (w *sheet) shown(text string) string {
	for _, r := range w.fonts.Serif.Missing(text) {
		text = strings.ReplaceAll(text, string(r), "〓")
	}
	return text
}

func local(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(beijing).Format("2006-01-02 15:04:05")
}
