package sealing

import (
	"bytes"
	"mime/multipart"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/web/page"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// annotation fills in the form; what more says comes first, and so counts.
func annotation(id string, more ...string) []string {
	return append(more, "title", "准予许可决定书", "purpose", "办理贷款", "recipient", "样例银行", "matter", "授信 2026-001", "seal", id, "once", "form")
}

// original takes the original out of an annotated copy.
func original(t *testing.T, data []byte) []byte {
	t.Helper()
	d, err := ofd.Open(data)
	must(t, err)
	list, err := d.Attachments()
	must(t, err)
	if len(list) != 1 {
		t.Fatalf("%d attachments, want the original alone", len(list))
	}
	b, err := d.Part(list[0].File).Data()
	must(t, err)
	return b
}

// TestAnnotatePage makes a copy whose seal verifies, and whose original is the one
// that was sent.
func TestAnnotatePage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x := s.Seals[sealtest.Market]
		s.Standing(t, sealtest.Market, "", "公文", 0)
		s.Standing(t, sealtest.Market, "", sealing.Annotated, 2)
		doc, _, err := s.Sealing.StampNow(s.Asker, sealing.NowAsk{Name: "a.ofd", Data: sealingtest.Document(t, "准予许可决定书", 2), BatchAsk: sealing.BatchAsk{
			Title: "决定书", Purpose: "公文", Reason: "许可", Seal: x.ID, Places: []sealing.Place{{Page: 1, X: 120, Y: 200}},
		}})
		must(t, err)
		s.Get("clerk", Home).Is(200, `href="`+Annotate+`"`)
		s.Get("clerk", Batches).Is(200, `href="`+Annotate+`"`)
		s.Get("clerk", Annotate).Is(200, "按印章的常备用印授权（用途“加注”）立即盖章；原件及其原来的签章原样附在其中，仍可单独核验。", x.Name, "有效期至").Lacks(s.Seals[sealtest.Land].Name)

		until := s.DB.Now().AddDate(0, 1, 0).Format("2006-01-02")
		a := s.upload("clerk", Annotate, "决定书.ofd", doc, annotation(x.ID, "until", until)...).Is(200)
		if h := a.Header; h.Get("Content-Type") != "application/ofd" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment; ") || h.Get("Cache-Control") != "no-store" {
			t.Errorf("the copy is handed out with %v", h)
		}
		if !bytes.Equal(original(t, a.Raw), doc) {
			t.Error("the original was changed")
		}
		for what, data := range map[string][]byte{"copy": a.Raw, "original": original(t, a.Raw)} {
			if report := sign.Verify(data, sign.Options{Now: s.DB.Now()}); len(report.Signatures) != 1 || report.Verdict == sign.Invalid {
				t.Errorf("%s: %d signatures, %s", what, len(report.Signatures), report.Verdict)
			}
		}
		// Sent again it is the same copy, which spends nothing; another is another.
		if b := s.upload("clerk", Annotate, "决定书.ofd", doc, annotation(x.ID, "until", until)...).Is(200); !bytes.Equal(a.Raw, b.Raw) {
			t.Error("the same form made two copies")
		}
		if b := s.upload("clerk", Annotate, "决定书.ofd", doc, annotation(x.ID, "recipient", "另一银行")...).Is(200); bytes.Equal(a.Raw, b.Raw) {
			t.Error("another recipient got the same copy")
		}
		s.upload("clerk", Annotate, "决定书.ofd", doc, annotation(x.ID, "recipient", "第三家银行")...).Is(403, "授权次数已用完", page.At("/console/seals", x.ID, "rules"), "由印章保管人授权", `value="第三家银行"`, "请再选一次")
		s.Get("clerk", Batches).Is(200, "还没有批量用印") // a copy is no batch to look after
	})
}

// TestAnnotatePageRefused: what no copy is made of, and for whom there is none.
func TestAnnotatePageRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		x, foreign := s.Seals[sealtest.Market], s.Seals[sealtest.Land]
		doc := sealingtest.Document(t, "决定书", 1)
		rules := page.At("/console/seals", x.ID, "rules")

		s.upload("clerk", Annotate, "a.ofd", doc, annotation(x.ID)...).Is(403, "没有允许此用途的常备用印授权", `href="`+rules+`"`, "由印章保管人授权").Lacks("盖章并下载")
		s.Get("clerk", Annotate).Is(200, `href="`+rules+`"`, "没有允许此用途的常备用印授权，不能选").Lacks("盖章并下载", foreign.ID)
		s.Standing(t, sealtest.Market, "", "证明", 0) // for another purpose
		s.Standing(t, sealtest.Market, s.Prog.ID, sealing.Annotated, 0)
		s.upload("clerk", Annotate, "a.ofd", doc, annotation(x.ID)...).Is(403, `href="`+rules+`"`)

		s.Standing(t, sealtest.Market, "", sealing.Annotated, 0)
		s.upload("clerk", Annotate, "a.ofd", doc, annotation(foreign.ID)...).Is(403, "没有允许此用途的常备用印授权").Lacks(page.At("/console/seals", foreign.ID, "rules"))
		s.upload("clerk", Annotate, "a.ofd", doc, annotation("nosuchseal")...).Is(422)
		for _, who := range []string{"designer", "system"} {
			s.Get(who, Annotate).Is(403)
			s.upload(who, Annotate, "a.ofd", doc, annotation(x.ID)...).Is(403)
		}

		for _, c := range []struct {
			name string
			data []byte
			more []string
			says string
		}{
			{"no file", nil, nil, "请选择 OFD 文件"},
			{"not an OFD", []byte("no OFD"), nil, "原件不是可以读取的 OFD"},
			{"a PDF", []byte("%PDF-1.7\n"), nil, "原件不是可以读取的 OFD"},
			{"no seal", doc, []string{"seal", ""}, "请选择印章"},
			{"no purpose", doc, []string{"purpose", " "}, "请填写用途"},
			{"a person's number", doc, []string{"matter", "电话 13900139000"}, "不能含公民身份号码或手机号码"},
			{"too long", doc, []string{"title", strings.Repeat("长", 201)}, "文件名称不超过 200 字"},
			{"no day", doc, []string{"until", "明年"}, "应为日期"},
			{"a day gone by", doc, []string{"until", s.DB.Now().AddDate(0, 0, -2).Format("2006-01-02")}, "有效期已过"},
		} {
			a := s.upload("clerk", Annotate, "a.ofd", c.data, annotation(x.ID, c.more...)...)
			if a.Status != 422 || !strings.Contains(a.Body, c.says) || !strings.Contains(a.Body, "有错误：") || a.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s: status %d, or does not say %q", c.name, a.Status, c.says)
			}
		}

		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for i, pairs := 0, annotation(x.ID); i < len(pairs); i += 2 {
			must(t, w.WriteField(pairs[i], pairs[i+1]))
		}
		f, err := w.CreateFormFile("file", "a.ofd")
		must(t, err)
		_, err = f.Write(doc)
		must(t, err)
		must(t, w.Close())
		form := b.Bytes()
		s.Do("clerk", "POST", Annotate, w.FormDataContentType(), bytes.NewReader(form), "Sec-Fetch-Site", "cross-site").Is(403)
		s.Do("clerk", "POST", Annotate, w.FormDataContentType(), bytes.NewReader(form)).Is(200) // it was that alone
	})
}
