package complaint

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// Limits of what one person may file, and of what they write.
const (
	usualPerDay   = 5
	usualPerMonth = 20
	maxText       = 1000
	minText       = 5
	maxItem       = 100
	maxNumber     = 100
	oldest        = 365 // days
)

// File takes a complaint of whoever acts. The same one again, while it is open, is
// answered with the first.
func (s *Service) File(ctx context.Context, f Filing) (*Complaint, error) {
	if err := iam.Ask(ctx, iam.Question{Permission: permFile, Owner: true}); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "complaint.file", Object: "complaint/new"}, err)
	}
	f.Item, f.Number, f.Text = strings.TrimSpace(f.Item), strings.TrimSpace(f.Number), strings.TrimSpace(f.Text)
	if err := f.check(s.DB.Now()); err != nil {
		return nil, err
	}
	me, err := s.IAM.Self(ctx)
	if err != nil {
		return nil, err
	}
	known, err := s.orgs(ctx)
	if err != nil {
		return nil, err
	}
	r := &row{id: newID(), account: me.Account, org: f.Org, what: f.What, way: f.Way, happened: f.Happened, named: f.Named, state: Filed}
	same := s.same.Of(strings.Join([]string{r.account, r.org, r.what, r.happened, fold(f.Item)}, "\x00"))
	r.same = same[:]
	if r.sealed, err = s.sealTo(contentCell(r.id), content{me.Name, f.Item, f.Number, f.Text}); err != nil {
		return nil, err
	}
	var old *row
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if old, err = openLike(tx, r.same); err != nil || old != nil {
			return err
		}
		return s.fewTx(tx, r.account)
	})
	if err != nil {
		return nil, err
	}
	if old == nil && len(f.Document) > 0 { // nothing is kept of what is not taken
		digest, err := s.Blobs.Put(ctx, f.Document)
		if err != nil {
			return nil, err
		}
		r.document, r.size = digest[:], int64(len(f.Document))
		s.step("document")
	}
	id := ""
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) { id, err = s.fileTx(tx, *r, known.all); return err })
	if err != nil {
		return nil, err
	}
	s.step("filed")
	c, err := s.Get(ctx, id)
	if err == nil {
		c.Already = id != r.id
	}
	return c, err
}

// fileTx writes a complaint, and returns its id, or that of the one like it.
func (s *Service) fileTx(tx *db.Tx, r row, all []iam.Org) (string, error) {
	above, err := iam.AboveTx(tx, r.org)
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound || err == nil && above[0].Closed {
		return "", errUnit()
	}
	if err != nil {
		return "", err
	}
	r.path, r.region = above[0].Path(), iam.RegionOf(above)
	if r.authority = authorityFor(above, all); r.authority == "" {
		return "", fault.Conflict.New("平台上没有可以处理对该单位投诉的管理单位").WithCode("complaint.no-authority").WithHint("请拨打 12345 政务服务便民热线反映")
	}
	if old, err := openLike(tx, r.same); err != nil || old != nil {
		if err != nil {
			return "", err
		}
		return old.id, nil
	}
	if err := s.fewTx(tx, r.account); err != nil {
		return "", err
	}
	now := tx.Now()
	r.created, r.month = milli(now), monthOf(now)
	if err := s.beginTx(tx, &r, above[0].Name); err != nil {
		return "", err
	}
	made, err := insert(tx, &r)
	if err == nil && !made { // another process was first: the whole runs again, and finds it
		err = fault.Unavailable.New("投诉正在提交").WithCode("complaint.busy").WithHint("请稍后重试")
	}
	if err != nil {
		return "", err
	}
	return r.id, s.recordTx(tx, &r, ActFile, Complainant, nil, "complaint.file")
}

// fewTx refuses whoever has filed too many of late.
func (s *Service) fewTx(tx *db.Tx, account string) error {
	for _, x := range []struct {
		most int
		in   time.Duration
		word string
	}{{s.PerDay, 24 * time.Hour, "一天内"}, {s.PerMonth, 30 * 24 * time.Hour, "30 天内"}} {
		n, err := filedSince(tx, account, milli(tx.Now().Add(-x.in)))
		if err != nil {
			return err
		}
		if n >= int64(x.most) {
			return fault.TooMany.New("%s至多提交 %d 件投诉", x.word, x.most).WithCode("complaint.rate").WithHint("请稍后再提交；已提交的可以在“我的投诉”中查看")
		}
	}
	return nil
}

func errUnit() error {
	return fault.Invalid.New("没有这个单位，或已停用").WithCode("complaint.unit").WithHint("请重新选择单位").WithField("org", "unknown", "请从列表中选择单位")
}

// check tells all that is wrong with what a complainant told.
func (f *Filing) check(now time.Time) error {
	e := fault.Invalid.New("投诉填写不完整").WithCode("complaint.invalid").WithHint("请按提示更正后重新提交")
	bad := func(wrong bool, field, code, message string) {
		if wrong {
			e = e.WithField(field, code, message)
		}
	}
	day, err := workday.ParseDate(f.Happened)
	today := workday.DateOf(now)
	bad(f.Org == "", "org", "required", "请选择被投诉单位")
	bad(nameOf(whats, f.What) == "", "what", "unknown", "请选择发生了什么")
	bad(nameOf(ways, f.Way) == "", "way", "unknown", "请选择在哪里发生")
	bad(err != nil, "happened", "malformed", "请填写发生日期，如 2026-01-31")
	bad(err == nil && today.Before(day), "happened", "future", "发生日期不能在今天之后")
	bad(err == nil && day.Before(workday.DateOf(now.AddDate(0, 0, -oldest))), "happened", "old", "只受理一年内发生的")
	n := utf8.RuneCountInString(f.Text)
	bad(n < minText || n > maxText || !legible(f.Text), "text", "length", "请写明经过，5 至 1000 个字")
	bad(utf8.RuneCountInString(f.Item) > maxItem || !legible(f.Item), "item", "length", "至多 100 个字")
	bad(utf8.RuneCountInString(f.Number) > maxNumber || !legible(f.Number), "number", "length", "至多 100 个字")
	bad(len(f.Document) > MaxDocument, "document", "size", "文件最大 20 MB")
	bad(len(f.Document) > 0 && len(f.Document) <= MaxDocument && !isOFD(f.Document), "document", "media", "只能上传 OFD 文件；以文件内容为准，改扩展名无效")
	return e.OrNil()
}

// legible tells whether a text has nothing in it that cannot be seen.
func legible(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune("\r\n\t", r) || unicode.Is(unicode.Bidi_Control, r)
	}) < 0
}

// fold is a text as it is compared.
func fold(s string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(s, unicode.IsSpace), ""))
}

// maxParts bounds what is looked through for the entry part of a document.
const maxParts = 20000

// isOFD looks for the entry part of GB/T 33190-2016 §7.2. The document is kept,
// not opened: nothing of the container is unpacked.
func isOFD(data []byte) bool {
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return false
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(z.File) > maxParts {
		return false
	}
	for _, f := range z.File {
		if strings.TrimPrefix(f.Name, "/") == "OFD.xml" {
			return true
		}
	}
	return false
}

// monthOf is the month of a time in Beijing, "2026-11".
func monthOf(t time.Time) string { return workday.DateOf(t).String()[:7] }

// Document returns the document of a complaint, to those who may see it. Who read
// it is audited.
func (s *Service) Document(ctx context.Context, id string) (*Copy, error) {
	var r *row
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if r, err = byID(tx, id, false); err != nil {
			return err
		}
		sides, err := sidesOf(ctx, r)
		if err != nil {
			return err
		}
		if len(r.document) == 0 || !r.opens(sides) {
			return fault.NotFound.New("这件投诉没有可以查看的文件").WithCode("complaint.document").WithHint("投诉人没有上传，或者没有同意公开")
		}
		return audit.Put(tx, audit.Entry{Action: "complaint.read-file", Object: objectOf(id), After: digestOf(r.document)})
	})
	if err != nil {
		return nil, err
	}
	data, err := s.Blobs.Get(ctx, digestOf(r.document))
	if err != nil {
		return nil, err
	}
	return &Copy{Name: "被拒收的文件.ofd", Media: "application/ofd", Digest: hexOf(r.document), Data: data}, nil
}
