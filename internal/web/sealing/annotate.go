package sealing

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

type annotatePage struct {
	page.Frame
	Tabs     page.Tabs
	Problem  *page.Problem
	File     page.Field
	Seal     page.Field
	Fields   []page.Field
	Once     string
	Rules    string // where the seal's custodian allows what was refused
	Megabyte int
	Absent   []page.Link // seals that have no standing policy for this
	None     bool        // there is no seal to ask for
}

// kindTabs are the tabs of what people ask of seals.
func kindTabs(ask bool, current string) page.Tabs {
	t := page.Tabs{Label: "用印申请", Items: []page.Tab{{Label: "逐件用印", Href: Home}, {Label: "批量用印", Href: Batches}}}
	if ask {
		t.Items = append(t.Items, page.Tab{Label: "加注", Href: Annotate})
	}
	for i := range t.Items {
		t.Items[i].Current = t.Items[i].Href == current
	}
	return t
}

func (s *Service) annotate(r *http.Request) (*annotatePage, error) {
	v := func(name string) string {
		if r.Method == http.MethodPost {
			return strings.TrimSpace(r.PostFormValue(name))
		}
		return ""
	}
	p := &annotatePage{Frame: s.Kit.Frame(r, "制作加注件", "sealing", page.Middle), Tabs: kindTabs(true, Annotate), Once: newOnce(), Megabyte: sealing.MaxFile>>20 - 1}
	p.Path = Annotate
	p.File = page.Field{ID: "file", Name: "file", Label: "原件"}
	p.Seal = page.Field{ID: "seal", Name: "seal", Label: "选择印章", Required: true, Value: v("seal")}
	p.Fields = []page.Field{
		{ID: "title", Name: "title", Label: "文件名称", Required: true, Max: 200, Value: v("title"), Hint: "原件的名称，如：准予许可决定书"},
		{ID: "purpose", Name: "purpose", Label: "用途", Required: true, Max: 200, Value: v("purpose"), Hint: "这一份只用于什么，如：办理贷款"},
		{ID: "recipient", Name: "recipient", Label: "收件单位或收件人", Required: true, Max: 200, Value: v("recipient")},
		{ID: "matter", Name: "matter", Label: "事项或办件编号", Required: true, Max: 200, Value: v("matter"), Hint: "不填公民身份号码和手机号码"},
		{ID: "until", Name: "until", Label: "有效期至", Type: "date", Short: true, Value: v("until"), Hint: "不填则不限"},
	}
	var err error
	p.Seal.Options, p.Absent, err = s.standing(r.Context(), sealing.Annotated)
	p.None = len(p.Seal.Options)+len(p.Absent) == 0
	return p, err
}

func (s *Service) getAnnotate(w http.ResponseWriter, r *http.Request) error {
	p, err := s.annotate(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "annotate", p)
}

// postAnnotate hands out the annotated copy, sealed. The form stays where it is:
// sent again as it is, it gives the same copy, and another once it is changed.
func (s *Service) postAnnotate(w http.ResponseWriter, r *http.Request) error {
	q, err := s.annotationOf(r)
	if err == nil {
		ctx := r.Context()
		meta := httpx.MetaFrom(ctx)
		meta.Idempotency = "annotate/" + q.Number
		var data []byte
		if data, _, err = s.Sealing.Annotate(httpx.WithMeta(ctx, meta), *q); err == nil {
			return page.Send(w, page.File{Name: page.FileName("加注件 "+q.Number+" "+q.Title, ".ofd"), Media: "application/ofd", Data: data})
		}
	}
	code := statusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.annotate(r)
	if e != nil {
		return e
	}
	all := append([]page.Field{p.File, p.Seal}, p.Fields...)
	p.Problem, p.Title = page.Mark(err, all), "有错误："+p.Title
	p.File, p.Seal, p.Fields = all[0], all[1], all[2:]
	offered := slices.ContainsFunc(p.Seal.Options, func(o page.Option) bool { return o.Value == p.Seal.Value })
	if offered && isStanding(err) {
		p.Rules = page.At("/console/seals", p.Seal.Value, "rules")
	}
	return s.set.Show(w, code, "annotate", p)
}

// isStanding tells whether the seal's rules, or its standing policies, refused.
func isStanding(err error) bool {
	e := fault.As(err)
	return e.Kind == fault.Forbidden && slices.Contains([]string{"seal.policy", "seal.policy-limit", "seal.rule"}, e.Code)
}

// annotationOf reads the form. Package sealing looks at what is said, and at the
// original, once more.
func (s *Service) annotationOf(r *http.Request) (*sealing.AnnotateRequest, error) {
	_, data, err := upload(r)
	if err != nil {
		return nil, err
	}
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	q := &sealing.AnnotateRequest{Seal: v("seal"), Annotation: sealing.Annotation{
		Title: v("title"), Purpose: v("purpose"), Recipient: v("recipient"), Matter: v("matter"), Original: data,
	}}
	f := fault.Invalid.New("还不能制作加注件").WithCode("sealing.annotation").WithHint("请按每一项的说明更正，再选一次原件后重试")
	if len(data) == 0 {
		f = f.WithField("file", "required", "请选择 OFD 文件")
	}
	if q.Seal == "" {
		f = f.WithField("seal", "required", "请选择印章")
	}
	for _, x := range []struct{ field, name, text string }{{"title", "文件名称", q.Title}, {"purpose", "用途", q.Purpose}, {"recipient", "收件单位或收件人", q.Recipient}, {"matter", "事项或办件编号", q.Matter}} {
		f = said(f, x.field, x.name, x.text, 200)
	}
	if day := v("until"); day != "" {
		here := page.In(s.now())
		q.Until, err = time.ParseInLocation(time.DateOnly, day, here.Location())
		switch {
		case err != nil:
			f = f.WithField("until", "format.date", "应为日期，如 2026-01-02")
		case q.Until.AddDate(0, 0, 1).Before(here):
			f = f.WithField("until", "past", "有效期已过，应为今天或以后")
		}
	}
	if err := f.OrNil(); err != nil {
		return nil, err
	}
	q.Number = copyNumber(iam.Self(r.Context()), v("once"), v("until"), q)
	return q, nil
}

// copyNumber numbers a copy by all that it is made of, and the form that it was
// asked for on.
func copyNumber(account, once, until string, q *sealing.AnnotateRequest) string {
	all := fmt.Sprintf("%q %x", []string{account, once, q.Seal, q.Title, q.Purpose, q.Recipient, q.Matter, until}, gm.Sum(q.Original))
	sum := gm.Sum([]byte(all))
	return fmt.Sprintf("JZ-%X", sum[:8])
}
