package sealing

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/fault"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
)

// purposes are the kinds of document that custodians' rules usually name.
var purposes = []string{"公文", "协议", "凭据", "流转单", "证明"}

// A stage is one of the four steps of asking.
type stage struct {
	Label, Href string
	Current     bool
	Done        bool
}

var stageNames = []string{"文件", "印章", "位置", "核对"}

// stages leads back to the steps that are done.
func stages(d *draft, now int) (out []stage) {
	hrefs := []string{New, "", "", ""}
	if d != nil {
		hrefs = []string{d.at(), d.at("seals"), d.at("places"), d.at("check")}
	}
	for i, label := range stageNames {
		st := stage{Label: label, Current: i == now, Done: i < now}
		if st.Done {
			st.Href = hrefs[i]
		}
		out = append(out, st)
	}
	return out
}

type aboutPage struct {
	page.Frame
	Stages   []stage
	Problem  *page.Problem
	Fields   []page.Field
	Purpose  page.Field
	Purposes []string
	File     page.Field
	Kept     string // the file that is there already
	Action   string
	Megabyte int
}

func (s *Service) about(r *http.Request, d *draft, values map[string]string) *aboutPage {
	p := &aboutPage{Frame: s.Kit.Frame(r, "申请用印", "sealing", page.Middle), Stages: stages(d, 0), Action: New, Purposes: purposes, Megabyte: sealing.MaxFile >> 20}
	if d != nil {
		p.Action, p.Kept = d.at(), fmt.Sprintf("%s，%d 页", d.Name, d.Pages)
	}
	p.Fields = []page.Field{
		{ID: "title", Name: "title", Label: "文件标题", Required: true, Max: 200, Value: values["title"], Hint: "如：关于公布办事指南的通知。不填公民身份号码和手机号码"},
		{ID: "reason", Name: "reason", Label: "用印事由", Required: true, Lines: 3, Max: 500, Value: values["reason"], Hint: "批准人据此判断，记入审计"},
	}
	p.Purpose = page.Field{ID: "purpose", Name: "purpose", Label: "文件种类", Value: values["purpose"], Hint: "印章保管人按文件种类规定谁可以申请、由谁批准"}
	p.File = page.Field{ID: "file", Name: "file", Label: "要盖章的文件"}
	return p
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	return s.set.Show(w, http.StatusOK, "about", s.about(r, nil, map[string]string{"purpose": purposes[0]}))
}

func (s *Service) getDraft(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "about", s.about(r, d, map[string]string{"title": d.Title, "purpose": d.Purpose, "reason": d.Reason}))
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	return s.saveAbout(w, r, nil)
}

func (s *Service) postDraft(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	return s.saveAbout(w, r, d)
}

// saveAbout takes the first step. What was said is kept on the page when it is
// refused; a file must be chosen again, which browsers do not let us do.
func (s *Service) saveAbout(w http.ResponseWriter, r *http.Request, d *draft) error {
	name, data, err := upload(r)
	values := map[string]string{}
	for _, f := range []string{"title", "purpose", "reason"} {
		values[f] = strings.TrimSpace(r.PostFormValue(f))
	}
	next := &draft{}
	if d != nil {
		*next = *d
	}
	if values["title"] == "" && name != "" {
		values["title"] = strings.TrimSuffix(name, path.Ext(name))
	}
	next.Title, next.Purpose, next.Reason = values["title"], values["purpose"], values["reason"]
	if err == nil {
		err = s.fill(r.Context(), next, name, data)
	}
	if err == nil {
		err = s.save(r.Context(), next)
	}
	if err == nil {
		return page.See(w, r, next.at("seals"))
	}
	code := statusOf(err)
	if code == 0 {
		return err
	}
	p := s.about(r, d, values)
	all := append(p.Fields, p.Purpose, p.File)
	p.Problem, p.Title = page.Mark(err, all), "有错误："+p.Title
	p.Fields, p.Purpose, p.File = all[:2], all[2], all[3]
	p.Path = New
	return s.set.Show(w, code, "about", p)
}

// upload reads the form with its file; none is no error.
func upload(r *http.Request) (name string, data []byte, err error) {
	if err := r.ParseMultipartForm(8 << 20); err != nil {
		return "", nil, fault.Invalid.Wrap(err, "文件没有传完，或超过 %d MB", sealing.MaxFile>>20).WithCode("sealing.file").WithHint("请重新选择文件").
			WithField("file", "file", fmt.Sprintf("请选择不超过 %d MB 的文件", sealing.MaxFile>>20))
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // what is left is in the system's folder for it
	f, h, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fault.Invalid.Wrap(err, "文件没有传完").WithCode("sealing.file").WithHint("请重新选择文件").WithField("file", "file", "请重新选择")
	}
	defer f.Close()
	if h.Size > sealing.MaxFile {
		return "", nil, errLarge()
	}
	if data, err = io.ReadAll(f); err != nil {
		return "", nil, fault.Invalid.Wrap(err, "文件没有传完").WithCode("sealing.file").WithHint("请重新上传")
	}
	return path.Base(strings.ReplaceAll(h.Filename, `\`, "/")), data, nil
}

// fill checks what was said, and takes the file.
func (s *Service) fill(ctx context.Context, d *draft, name string, data []byte) error {
	f := fault.Invalid.New("还不能继续").WithCode("sealing.request").WithHint("请按每一项的说明更正后重试")
	f = said(f, "title", "文件标题", d.Title, 200)
	f = said(f, "purpose", "文件种类", d.Purpose, 40)
	f = said(f, "reason", "用印事由", d.Reason, 500)
	if len(data) == 0 {
		if d.Document == "" || name != "" {
			f = f.WithField("file", "required", "请选择 OFD 或 PDF 文件")
		}
		return f.OrNil()
	}
	doc, converted, err := read(data)
	if err != nil {
		e := fault.As(err)
		if e == nil {
			return err
		}
		if f.OrNil() == nil {
			return err
		}
		return f.WithField("file", "refused", e.Msg+"。"+e.Hint)
	}
	if err := f.OrNil(); err != nil {
		if d.Document == "" {
			return f.WithField("file", "again", "文件没有问题，改好其他各项后请再选一次")
		}
		return err
	}
	return s.keep(ctx, d, name, data, doc, converted)
}

// said checks what people write as package sealing does, so that it is told
// before the last step.
func said(f *fault.Error, field, name, text string, most int) *fault.Error {
	switch {
	case text == "":
		return f.WithField(field, "required", "请填写"+name)
	case utf8.RuneCountInString(text) > most:
		return f.WithField(field, "too-long", fmt.Sprintf("%s不超过 %d 字", name, most))
	case audit.Personal(text):
		return f.WithField(field, "personal", name+"不能含公民身份号码或手机号码")
	}
	return f
}

// keep stores the upload, and the OFD that it became. Places on another document
// mean nothing: they are chosen anew.
func (s *Service) keep(ctx context.Context, d *draft, name string, data []byte, doc interface{ Bytes() ([]byte, error) }, converted bool) error {
	original, err := s.Blob.Put(ctx, data)
	if err != nil {
		return fmt.Errorf("sealing: keeping an upload: %w", err)
	}
	document := original
	if converted {
		b, err := doc.Bytes()
		if err != nil {
			return fmt.Errorf("sealing: writing what was converted: %w", err)
		}
		if document, err = s.Blob.Put(ctx, b); err != nil {
			return fmt.Errorf("sealing: keeping what was converted: %w", err)
		}
	}
	if r := []rune(name); len(r) > 100 {
		name = string(r[len(r)-100:])
	}
	d.Name, d.Original, d.Document, d.Converted = name, hex.EncodeToString(original[:]), hex.EncodeToString(document[:]), converted
	opened, err := s.document(ctx, d)
	if err != nil {
		return err
	}
	d.Pages = len(opened.Body().Pages())
	for i := range d.Seals {
		d.Seals[i].Way = ""
	}
	return nil
}
