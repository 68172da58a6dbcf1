package annotations

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"sidian/gm"
	"sidian/internal/annotation"
	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/web/page"
)

type newPage struct {
	page.Frame
	C       *cert.Certificate
	Crumb   string
	Problem *page.Problem
	Facts   []page.Fact
	Action  string
	Key     string // the same for each time the form is sent
	Fields  []page.Field
	Picture template.URL // of the page as it would be; empty: not asked for
}

func (s *Service) form(r *http.Request, c *cert.Certificate) *newPage {
	p := &newPage{Frame: s.Kit.Frame(r, "制作加注件："+c.KindName, "annotations", page.Wide), C: c, Crumb: certificateAt(c.ID), Action: page.Asking(New, "certificate", c.ID), Key: keyOf(r)}
	p.Facts = []page.Fact{{Label: "证照", Text: c.KindName}, {Label: "证照编号", Text: c.Number, Code: true}, {Label: "签发单位", Text: c.IssuerName}, {Label: "状态", Text: c.StatusName}}
	for _, h := range c.Holders {
		p.Facts = append(p.Facts, page.Fact{Label: "持证主体", Text: h.Name})
	}
	if c.ValidTo != "" {
		p.Facts = append(p.Facts, page.Fact{Label: "证照有效期至", Text: c.ValidTo})
	}
	v := r.PostFormValue
	p.Fields = []page.Field{
		{ID: "purpose", Name: "purpose", Label: "用途", Value: v("purpose"), Required: true, Max: 100, Hint: "办什么事，如“办理住房公积金贷款”；印在每一页上"},
		{ID: "recipient", Name: "recipient", Label: "接收方", Value: v("recipient"), Required: true, Max: 100, Hint: "交给谁使用；印在每一页上"},
		{ID: "item", Name: "item", Label: "事项", Value: v("item"), Max: 100, Hint: "可不填；有事项名称的照写"},
		{ID: "case_no", Name: "case_no", Label: "办件编号", Value: v("case_no"), Max: 64, Code: true, Hint: "可不填"},
		{ID: "expires_at", Name: "expires_at", Label: "有效期至", Value: v("expires_at"), Type: "date", Required: true, Short: true, Hint: "到当日 24 时；至多一年，不晚于证照的有效期"},
	}
	if foreign(r, c.Unit()) {
		p.Fields = append(p.Fields, purposes(r, c.Unit(), "purpose_code"))
	}
	return p
}

// keyOf is the key of the form: what was sent, or a new one.
func keyOf(r *http.Request) string {
	if k := r.PostFormValue("key"); len(k) == 26 && strings.Trim(k, "abcdefghijklmnopqrstuvwxyz234567") == "" {
		return k
	}
	return strings.ToLower(rand.Text())
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	id := r.URL.Query().Get("certificate")
	c, err := s.Copies.Cert.Get(r.Context(), id)
	if err != nil {
		return err
	}
	if err := s.Copies.Cert.Given(r.Context(), c, "cert.annotate"); err != nil {
		return err
	}
	p := s.form(r, c)
	p.Fields[4].Value = page.Day(s.Copies.DB.Now().AddDate(0, 1, 0))
	if c.ValidTo != "" && c.ValidTo < p.Fields[4].Value {
		p.Fields[4].Value = c.ValidTo
	}
	return s.set.Show(w, http.StatusOK, "new", p)
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	c, err := s.Copies.Cert.Get(r.Context(), r.URL.Query().Get("certificate"))
	if err != nil {
		return err
	}
	v := r.PostFormValue
	q := annotation.Request{ID: c.ID, Purpose: v("purpose"), Recipient: v("recipient"), Item: v("item"), CaseNo: v("case_no"), ExpiresAt: v("expires_at"), PurposeCode: v("purpose_code")}
	p := s.form(r, c)
	ctx := r.Context()
	switch {
	case foreign(r, c.Unit()) && q.PurposeCode == "":
		err = fault.Invalid.New("须说明为何使用这份证照").WithCode("annotation.request").WithHint("请选择查阅用途；每次使用都会记录").WithField("purpose_code", "required", "请选择查阅用途")
	case v("as") == "preview":
		var svg []byte
		if svg, err = s.Copies.Preview(ctx, q); err == nil {
			p.Picture = template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)) // what we drew
			return s.set.Show(w, http.StatusOK, "new", p)
		}
	default:
		var made *annotation.Copy
		if made, err = s.makeOnce(ctx, q, p.Key); err == nil {
			return page.See(w, r, page.Asking(page.At(Home, made.ID), "done", "made"))
		}
	}
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p.Problem = page.Mark(err, p.Fields)
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "new", p)
}

// makeOnce makes one copy however often the button is pressed; a form that was
// changed is another.
func (s *Service) makeOnce(ctx context.Context, q annotation.Request, key string) (*annotation.Copy, error) {
	said, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	return s.Copies.Make(once(ctx, key, q.ID, said), q)
}

// once is the context of a form that is one request however often it is sent.
func once(ctx context.Context, key, id string, said []byte) context.Context {
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = fmt.Sprintf("form/%x", gm.Sum(slices.Concat([]byte(audit.ActorFrom(ctx).Account+"\x00"+key+"\x00"+id+"\x00"), said)))
	return httpx.WithMeta(ctx, meta)
}
