package sealapply

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// maxAttachments is how many files an application may have.
const maxAttachments = 40

// Attach adds a file. What it is, is seen from its content; its name is the
// applicant's, and encrypted.
func (s *Service) Attach(ctx context.Context, id string, u Upload) (*Application, error) {
	a, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	form, err := s.formOfApp(ctx, a)
	if err != nil {
		return nil, err
	}
	x, err := s.prepare(ctx, form, a.Kind, a.SealKind, id, u)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, id, "上传材料："+labelOf(form, u.Code), func(tx *db.Tx, r *row, _ *content, _ *Form) error {
		return s.putFile(tx, x)
	})
}

func (s *Service) formOfApp(ctx context.Context, a *Application) (form *Form, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { form, err = formOf(tx, a.FormRegion, a.FormDate); return err })
	return form, err
}

// prepare looks at a file by what the form says of it, and stores it.
func (s *Service) prepare(ctx context.Context, form *Form, k Kind, sealKind, object string, u Upload) (*attachmentRow, error) {
	_, wanted := form.For(k, sealKind)
	i := slices.IndexFunc(wanted, func(x FormAttachment) bool { return x.Code == u.Code })
	if i < 0 {
		return nil, fault.Invalid.New("申请表没有这份材料").WithCode("sealapply.attachment").WithHint("请从申请表要求的材料中选择").WithField("code", "unknown", "没有这份材料")
	}
	w := wanted[i]
	media := sniff(u.Data)
	switch {
	case len(u.Data) == 0:
		return nil, fault.Invalid.New("文件是空的").WithCode("sealapply.attachment").WithHint("请重新选择文件").WithField("file", "required", "请选择文件")
	case int64(len(u.Data)) > w.Max<<20:
		return nil, fault.TooLarge.New("“%s”最大 %d MiB", w.Label, w.Max).WithCode("sealapply.attachment-size").WithHint("请压缩或降低扫描分辨率").WithField("file", "length", "文件过大")
	case media == "" || !slices.Contains(w.Media, media):
		return nil, fault.Invalid.New("“%s”的文件类型不符", w.Label).WithCode("sealapply.attachment-media").
			WithHint("可用 %s；以文件内容为准，改扩展名无效", strings.ToUpper(joined(w.Media))).WithField("file", "media", "文件类型不符")
	}
	name := cleanName(u.Name)
	if name == "" {
		name = w.Label + "." + media
	}
	digest, err := s.Blobs.Put(ctx, u.Data)
	if err != nil {
		return nil, err
	}
	x := &attachmentRow{id: newID(), object: object, code: u.Code, media: mediaTypes[media], size: int64(len(u.Data)), digest: digest[:], account: audit.ActorFrom(ctx).Account}
	x.sealedName, err = s.box.Seal(nameCell(x.id), []byte(name))
	return x, err
}

// cleanName keeps of a file's name what is seen, without folders.
func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, name)
	if name == "." || name == "/" || name == ".." {
		return ""
	}
	if utf8.RuneCountInString(name) > 120 {
		r := []rune(name)
		name = string(r[len(r)-120:]) // the end says what it is
	}
	return strings.TrimSpace(name)
}

func (s *Service) putFile(tx *db.Tx, x *attachmentRow) error {
	files, err := attachmentsOf(tx, x.object)
	if err != nil {
		return err
	}
	if len(files) >= maxAttachments {
		return fault.TooLarge.New("一项申请至多 %d 份材料", maxAttachments).WithCode("sealapply.attachments").WithHint("请删除不需要的材料，或合并为一个文件")
	}
	x.created = milli(tx.Now())
	return insertAttachment(tx, x)
}

// Detach removes a file from an application that is being filled in. Its record
// stays.
func (s *Service) Detach(ctx context.Context, id, attachment string) (*Application, error) {
	return s.change(ctx, id, "删除材料", func(tx *db.Tx, r *row, _ *content, _ *Form) error {
		n, err := removeAttachment(tx, r.id, attachment)
		if err == nil && n == 0 {
			return fault.NotFound.New("没有这份材料").WithCode("sealapply.attachment").WithHint("请刷新后从列表中选择")
		}
		return err
	})
}

// A Document is a file that is handed out.
type Document struct {
	Name, Media string
	Digest      string
	Data        []byte
}

// Attachment returns a file of an application that the caller may see. Who read
// it is audited: it may be a copy of somebody's papers.
func (s *Service) Attachment(ctx context.Context, id, attachment string) (*Document, error) {
	var x *attachmentRow
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := appByID(tx, id, false)
		if err != nil {
			return err
		}
		steps, err := stepsOf(tx, id)
		if err != nil {
			return err
		}
		if err := s.seesTx(ctx, tx, r, steps); err != nil {
			return err
		}
		if x, err = findFile(tx, id, attachment); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "sealapply.read-file", Object: objectOf(id), Reason: x.code, After: gm.Digest(x.digest)})
	})
	if err != nil {
		return nil, err
	}
	return s.document(ctx, x)
}

func findFile(tx *db.Tx, object, attachment string) (*attachmentRow, error) {
	files, err := attachmentsOf(tx, object)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(files, func(f *attachmentRow) bool { return f.id == attachment })
	if i < 0 || len(files[i].digest) != len(gm.Digest{}) {
		return nil, fault.NotFound.New("没有这份材料").WithCode("sealapply.attachment").WithHint("请刷新后从列表中选择")
	}
	return files[i], nil
}

func (s *Service) document(ctx context.Context, x *attachmentRow) (*Document, error) {
	data, err := s.Blobs.Get(ctx, gm.Digest(x.digest))
	if err != nil {
		return nil, fmt.Errorf("sealapply: reading attachment %s: %w", x.id, err)
	}
	name, err := s.box.Open(nameCell(x.id), x.sealedName)
	if err != nil {
		return nil, fmt.Errorf("sealapply: opening the name of attachment %s: %w", x.id, err)
	}
	return &Document{Name: string(name), Media: x.media, Digest: hexOf(x.digest), Data: data}, nil
}

// filesTx are the files of an application or a campaign, as people see them.
func (s *Service) filesTx(tx *db.Tx, object string, form *Form) ([]Attachment, error) {
	rows, err := attachmentsOf(tx, object)
	out := []Attachment{}
	for _, x := range rows {
		name, err := s.box.Open(nameCell(x.id), x.sealedName)
		if err != nil {
			return nil, fmt.Errorf("sealapply: opening the name of attachment %s: %w", x.id, err)
		}
		out = append(out, Attachment{ID: x.id, Code: x.code, Label: labelOf(form, x.code), Name: string(name), Media: x.media, Size: x.size,
			Digest: hexOf(x.digest), By: x.account, At: moment(x.created)})
	}
	return out, err
}

func labelOf(f *Form, code string) string {
	if f != nil {
		if i := slices.IndexFunc(f.Attachments, func(x FormAttachment) bool { return x.Code == code }); i >= 0 {
			return f.Attachments[i].Label
		}
	}
	return clip(code, 40)
}

// Named tells, of digests of documents, which this package names: the
// others may be swept away.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (map[gm.Digest]bool, error) {
	named := map[gm.Digest]bool{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		clear(named)
		for some := range slices.Chunk(digests, 200) {
			if err := namedDigests(tx, some, named); err != nil {
				return err
			}
		}
		return nil
	})
	return named, err
}
