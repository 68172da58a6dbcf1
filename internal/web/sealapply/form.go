package sealapply

import (
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// A slot is one of the files that a form asks for.
type slot struct {
	ID, Name, Label, Hint, Accept, Error string
	Required                             bool
	Files                                []file
}

// A file is one that was given.
type file struct {
	ID, Name, Href, Size string
}

type formPage struct {
	draft
	Form   *sealapply.Form
	Fields []page.Field
	Slots  []slot
	Short  int // how many are still missing
}

// formOf is the form of an application in the version that it was made with.
func (s *Service) formOf(ctx context.Context, a *sealapply.Application) (*sealapply.Form, error) {
	all, err := s.Apply.Forms(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if f.Region == a.FormRegion && f.Version.String() == a.FormDate {
			return f, nil
		}
	}
	return nil, fmt.Errorf("web: no form of %q from %s", a.FormRegion, a.FormDate)
}

// controls are the fields of a form as controls, with what is in them.
func controls(fields []sealapply.FormField, value func(code string) string) (out []page.Field) {
	for _, x := range fields {
		f := page.Field{ID: "f-" + x.Code, Name: "fields." + x.Code, Label: x.Label, Hint: x.Help, Value: value(x.Code), Required: x.Required, Max: 200}
		switch x.Type {
		case "long":
			f.Lines, f.Max = 3, 2000
		case "uscc":
			f.Code, f.Max = true, 18
		case "citizen":
			f.Code, f.Max = true, 18
		case "phone":
			f.Mode, f.Max, f.Autocomplete = "tel", 20, "off"
		case "date":
			f.Type = "date"
		case "number":
			f.Mode, f.Short = "decimal", true
		case "choice":
			for _, c := range x.Choices {
				f.Options = append(f.Options, page.Option{Value: c, Label: c})
			}
			if f.Required {
				f.Any = "请选择"
			} else {
				f.Any = "不填"
			}
		}
		if x.Personal {
			f.Autocomplete = "off"
			if strings.Contains(f.Value, "*") { // masked
				f.Hint = strings.TrimPrefix(f.Hint+"；已加密保存，这里脱敏显示，不改即保持原样", "；")
			}
		}
		out = append(out, f)
	}
	return out
}

var extensions = map[string]string{"pdf": ".pdf", "png": ".png", "jpg": ".jpg,.jpeg", "ofd": ".ofd"}

// slots are the files of a form, with those that were given.
func slots(list []sealapply.FormAttachment, given []sealapply.Attachment, at string) (out []slot) {
	for _, x := range list {
		var accept []string
		for _, m := range x.Media {
			accept = append(accept, extensions[m])
		}
		v := slot{ID: "a-" + x.Code, Name: "file." + x.Code, Label: x.Label, Required: x.Required, Accept: strings.Join(accept, ","),
			Hint: strings.TrimPrefix(x.Help+"；"+strings.ToUpper(strings.Join(x.Media, "、"))+"，最大 "+itoa(x.Max)+" MB", "；")}
		for _, g := range given {
			if g.Code == x.Code {
				v.Files = append(v.Files, file{g.ID, g.Name, at + "/attachments/" + g.ID, size(g.Size)})
			}
		}
		out = append(out, v)
	}
	return out
}

func (s *Service) formStep(r *http.Request, d draft) (*formPage, error) {
	form, err := s.formOf(r.Context(), d.A)
	if err != nil {
		return nil, err
	}
	fields, files := form.For(d.A.Kind, d.A.SealKind)
	p := &formPage{draft: d, Form: form, Slots: slots(files, d.A.Attachments, d.At)}
	p.Fields = controls(fields, func(code string) string {
		if r.PostForm.Has("fields." + code) {
			return r.PostFormValue("fields." + code)
		}
		return d.A.Fields[code]
	})
	return p, nil
}

func (p *formPage) wrong(err error) {
	all := p.Fields
	for _, v := range p.Slots {
		all = append(all, page.Field{ID: v.ID, Name: v.Name, Label: v.Label})
	}
	n := len(p.Fields)
	p.says(page.Mark(err, all))
	p.Fields = all[:n]
	for i := range p.Slots {
		p.Slots[i].Error = all[n+i].Error
	}
}

// postForm keeps what was typed and the files, each by itself, and then tells
// what is wrong or missing.
func (s *Service) postForm(w http.ResponseWriter, r *http.Request) error {
	if err := takeForm(r); err != nil {
		return s.show(w, r, "form", err)
	}
	defer r.MultipartForm.RemoveAll()
	ctx, id := r.Context(), r.PathValue("id")
	a, err := s.Apply.Get(ctx, id)
	if err != nil {
		return err
	}
	if gone := r.PostFormValue("remove"); gone != "" {
		if _, err := s.Apply.Detach(ctx, id, gone); err != nil {
			return s.show(w, r, "form", err)
		}
		return page.See(w, r, page.Asking(page.At(baseOf(r), id, "form"), "done", "removed"))
	}
	form, err := s.formOf(ctx, a)
	if err != nil {
		return err
	}
	fields, files := form.For(a.Kind, a.SealKind)
	_, err = s.Apply.Edit(ctx, id, sealapply.Edit{Fields: typed(r, fields)})
	if err = s.attach(r, id, files, err); err != nil {
		return s.show(w, r, "form", err)
	}
	if a, err = s.Apply.Get(ctx, id); err != nil {
		return err
	}
	if r.PostFormValue("then") != "stay" {
		err = missing(fields, files, a)
	}
	return s.after(w, r, "form", err)
}

// typed are the fields as they were sent.
func typed(r *http.Request, fields []sealapply.FormField) map[string]string {
	out := map[string]string{}
	for _, x := range fields {
		if r.PostForm.Has("fields." + x.Code) {
			out[x.Code] = r.PostFormValue("fields." + x.Code)
		}
	}
	return out
}

// attach keeps each file that was sent; what was wrong with one does not lose
// the others. before is what was wrong already.
func (s *Service) attach(r *http.Request, id string, files []sealapply.FormAttachment, before error) error {
	wrong := fault.As(before)
	if before != nil && wrong == nil {
		return before
	}
	for _, x := range files {
		for _, h := range r.MultipartForm.File["file."+x.Code] {
			if h.Filename == "" {
				continue
			}
			data, err := read(h)
			if err == nil {
				_, err = s.Apply.Attach(r.Context(), id, sealapply.Upload{Code: x.Code, Name: h.Filename, Data: data})
			}
			e := fault.As(err)
			switch {
			case err != nil && (e == nil || page.StatusOf(err) == 0):
				return err
			case err != nil && wrong == nil:
				wrong = fault.Invalid.New("%s", e.Msg).WithCode(e.Code).WithHint("%s", e.Hint).WithField("file."+x.Code, "file", e.Msg+"。"+e.Hint)
			case err != nil:
				wrong = wrong.WithField("file."+x.Code, "file", e.Msg+"。"+e.Hint)
			}
		}
	}
	if wrong == nil {
		return nil
	}
	return wrong
}

func read(h *multipart.FileHeader) ([]byte, error) {
	in, err := h.Open()
	if err != nil {
		return nil, fmt.Errorf("web: opening an upload: %w", err)
	}
	defer in.Close()
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "文件没有传完").WithCode("sealapply.upload").WithHint("请重新上传")
	}
	return data, nil
}

// missing says at each place what is still to be filled in.
func missing(fields []sealapply.FormField, files []sealapply.FormAttachment, a *sealapply.Application) error {
	e := fault.Invalid.New("已保存，还有必填的内容").WithCode("sealapply.missing").WithHint("补齐后继续；也可以先到别的步骤，草稿不会丢失")
	for _, x := range fields {
		if x.Required && a.Fields[x.Code] == "" {
			e = e.WithField("fields."+x.Code, "required", "必填")
		}
	}
	for _, x := range files {
		if x.Required && !slices.ContainsFunc(a.Attachments, func(g sealapply.Attachment) bool { return g.Code == x.Code }) {
			e = e.WithField("file."+x.Code, "required", "必须上传")
		}
	}
	return e.OrNil()
}

// getAttachment hands out a file: pictures and PDF to look at, others to keep.
func (s *Service) getAttachment(w http.ResponseWriter, r *http.Request) error {
	d, err := s.Apply.Attachment(r.Context(), r.PathValue("id"), r.PathValue("file"))
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: d.Name, Inline: d.Media != "application/ofd", Media: d.Media, Data: d.Data})
}
