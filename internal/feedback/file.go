package feedback

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/feedback/event"
	"sidian/internal/iam"
)

// oldest is how many days ago a decision may lie that is told: the unit needs some,
// and what lies longer ago it cannot record (package cert).
const oldest = 20

// Tell takes a feedback of whoever acts, for their body. The same again is answered
// with the first.
func (s *Service) Tell(ctx context.Context, f Filing) (*Feedback, error) {
	p, _ := iam.From(ctx)
	org := ""
	if p != nil {
		org = p.Org
	}
	refuse := func(err error) (*Feedback, error) {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "feedback.make", Object: "feedback/new"}, err)
	}
	if err := iam.Allow(ctx, permTell, org); err != nil {
		return refuse(err)
	}
	if org == "" {
		return refuse(fault.Forbidden.New("没有所属单位的账号不能反馈").WithCode("feedback.org").WithHint("请由执法单位的人员或系统反馈"))
	}
	f.tidy()
	if err := f.check(s.DB.Now()); err != nil {
		return nil, err
	}
	c, err := s.locate(ctx, &f)
	if err != nil {
		return nil, err
	}
	r, err := s.rowOf(ctx, &f, c, org)
	if err != nil {
		return nil, err
	}
	if old, err := s.again(ctx, r); old != nil || err != nil {
		return old, err
	}
	if err := possible(r.action, c); err != nil {
		return nil, err
	}
	if len(f.Document) > 0 {
		digest, err := s.Blobs.Put(ctx, f.Document)
		if err != nil {
			return nil, err
		}
		r.document, r.size = digest[:], int64(len(f.Document))
		s.step("document")
	}
	id := ""
	if err = s.DB.Write(ctx, func(tx *db.Tx) (err error) { id, err = s.tellTx(tx, *r); return err }); err != nil {
		return nil, err
	}
	s.step("filed")
	out, err := s.Get(ctx, id)
	if err == nil {
		out.Already = id != r.id
	}
	return out, err
}

// again is what was told already by the same document; another thing told by it is
// refused.
func (s *Service) again(ctx context.Context, r *row) (*Feedback, error) {
	var old *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { old, err = like(tx, r.same); return err })
	if err != nil || old == nil {
		return nil, err
	}
	if err := sameAs(old, r); err != nil {
		return nil, err
	}
	out, err := s.Get(ctx, old.id)
	if err == nil {
		out.Already = true
	}
	return out, err
}

func sameAs(old, r *row) error {
	if old.action == r.action && old.on == r.on && old.until == r.until {
		return nil
	}
	return fault.Conflict.New("这份决定文书已就这份证照反馈过，内容不同").WithCode("feedback.document").
		WithHint("请核对文书编号；写错了的，请先撤回反馈 %s 再提交", old.number).WithField("document_no", "used", "这份文书已反馈过")
}

// tellTx writes a feedback, and returns its id, or that of the one like it.
func (s *Service) tellTx(tx *db.Tx, r row) (string, error) {
	if old, err := like(tx, r.same); err != nil || old != nil {
		if err == nil {
			err = sameAs(old, &r)
		}
		if err != nil {
			return "", err
		}
		return old.id, nil
	}
	region, err := s.placeTx(tx, &r)
	if err != nil {
		return "", err
	}
	now := tx.Now()
	r.created, r.month, r.looked = milli(now), dayOf(now)[:7], dayOf(now)
	if err := s.promiseTx(tx, &r, region); err != nil {
		return "", err
	}
	r.mac = s.mac(&r)
	made, err := insert(tx, &r)
	if err == nil && !made { // another process was first: who asks again finds it
		err = fault.Unavailable.New("反馈正在提交").WithCode("feedback.busy").WithHint("请稍后重试")
	}
	if err != nil {
		return "", err
	}
	if err := s.tellUnit(tx, &r); err != nil {
		return "", err
	}
	if err := s.eventTx(tx, &r, event.Made); err != nil {
		return "", err
	}
	return r.id, audit.Put(tx, audit.Entry{Action: "feedback.make", Object: objectOf(r.id), After: r.digest()})
}

// placeTx fills in where the unit stands, and returns its region.
func (s *Service) placeTx(tx *db.Tx, r *row) (region string, err error) {
	above, err := iam.AboveTx(tx, r.unit)
	if err != nil {
		return "", err
	}
	r.path = above[0].Path()
	return iam.RegionOf(above), nil
}

// promiseTx starts the unit's clock.
func (s *Service) promiseTx(tx *db.Tx, r *row, region string) error {
	if s.Due == nil {
		return nil
	}
	a, _ := actionOf(r.action)
	p, err := s.Due.Put(tx, due.Promise{Topic: dueDecide, Object: r.id, Region: region, Org: r.unit, Permission: permDecide, Title: "确认执法反馈：" + a.Name + " " + clip(r.kindName, 60), Link: linkOf(r.id)})
	r.due = milli(p.Due)
	return err
}

// rowOf is the feedback as it will be written.
func (s *Service) rowOf(ctx context.Context, f *Filing, c *cert.Certificate, org string) (*row, error) {
	by := audit.ActorFrom(ctx)
	n, err := s.numbers.Next(ctx)
	if err != nil {
		return nil, err
	}
	r := &row{id: newID(), number: fmt.Sprintf("FK%s%06d", s.DB.Now().In(beijing).Format("20060102"), n), org: org, account: by.Account, app: by.App,
		certificate: c.ID, identifier: c.Identifier, kind: c.Kind, kindName: c.KindName, unit: c.Unit(), action: f.Action, on: f.On, until: f.Until, state: Filed}
	same := s.same.Of(strings.Join([]string{org, c.ID, fold(f.DocumentNo)}, "\x00"))
	r.same = same[:]
	if len(f.Document) > 0 {
		r.media = mediaOf(f.Document)
	}
	r.content, err = s.seal(r.id, &content{Basis: f.Basis, DocumentNo: f.DocumentNo, Note: f.Note})
	return r, err
}

func errNone(field, rule, way string) error {
	return fault.Invalid.New("%s", rule).WithCode("feedback.certificate").WithHint("%s", way).WithField(field, "unknown", rule)
}

// possible refuses what the certificate does not allow as it stands.
func possible(action string, c *cert.Certificate) error {
	a, _ := actionOf(action)
	n := nowOf(a, c)
	switch {
	case n.Already:
		return fault.Conflict.New("证照的状态已经是“%s”，不用反馈", n.StatusName).WithCode("feedback.already").WithHint("请核对证照")
	case n.Barred != "":
		return fault.Conflict.New("%s", n.Barred).WithCode("feedback.state").WithHint("%s", n.Way)
	}
	return nil
}

// nowOf is how a certificate stands, and whether an action can be done to it.
func nowOf(a state.Action, c *cert.Certificate) *Now {
	n := &Now{Status: c.Status, StatusName: c.StatusName, Already: c.Status == string(a.To)}
	if _, no := a.Apply(c.State()); no != nil && !n.Already {
		n.Barred, n.Way = no.Rule, no.Way
	}
	return n
}

func (f *Filing) tidy() {
	for _, t := range []*string{&f.Certificate, &f.Kind, &f.Number, &f.Unit, &f.Basis, &f.DocumentNo, &f.Note} {
		*t = strings.TrimSpace(*t)
	}
	if i := strings.LastIndex(f.Certificate, "/v/"); i >= 0 {
		f.Certificate = f.Certificate[i+len("/v/"):]
		if j := strings.IndexAny(f.Certificate, "?#/"); j >= 0 {
			f.Certificate = f.Certificate[:j]
		}
	}
}

// Limits of what an officer writes, in characters: basis and document together are
// the basis of the act.
const (
	maxBasis    = 120
	maxDocument = 60
	maxNote     = 1000
)

// check tells all that is wrong with what an officer told.
func (f *Filing) check(now time.Time) error {
	e := fault.Invalid.New("反馈填写不完整").WithCode("feedback.invalid").WithHint("请按提示更正后重新提交")
	bad := func(wrong bool, field, code, message string) {
		if wrong {
			e = e.WithField(field, code, message)
		}
	}
	a, known := actionOf(f.Action)
	today := dayOf(now)
	day, err := time.ParseInLocation(time.DateOnly, f.On, beijing)
	bad(f.Certificate == "" && f.Kind == "" && f.Number == "", "certificate", "required", "请填写查验码或电子证照标识，或者填写证照类型和编号")
	bad(f.Certificate == "" && f.Kind == "" && f.Number != "", "kind", "required", "请选择证照类型")
	bad(f.Certificate == "" && f.Kind != "" && f.Number == "", "number", "required", "请填写证照编号")
	bad(len(f.Certificate) > 200 || !utf8.ValidString(f.Certificate) || strings.ContainsRune(f.Certificate, 0), "certificate", "length", "查验码或电子证照标识不正确")
	bad(len(f.Number) > 200 || !utf8.ValidString(f.Number) || strings.ContainsRune(f.Number, 0), "number", "length", "证照编号不正确")
	bad(len(f.Kind) > 64 || !utf8.ValidString(f.Kind) || strings.ContainsRune(f.Kind, 0), "kind", "length", "证照类型不正确")
	bad(len(f.Unit) > 300 || !utf8.ValidString(f.Unit), "unit", "length", "签发单位不正确")
	bad(!known, "action", "unknown", "请选择作出了什么决定")
	bad(err != nil, "on", "date", "决定日期应写作 2026-01-31")
	bad(err == nil && f.On > today, "on", "future", "决定日期不能晚于今天")
	bad(err == nil && day.Before(now.In(beijing).AddDate(0, 0, -oldest-1)), "on", "old", fmt.Sprintf("只受理 %d 天内作出的决定；更早的请直接联系发证单位", oldest))
	if f.Until != "" {
		_, err := time.Parse(time.DateOnly, f.Until)
		bad(a.Until == state.No, "until", "unwanted", "只有暂扣可以写期限")
		bad(a.Until != state.No && (err != nil || f.Until < today), "until", "date", "暂扣期限应为今天或以后的日期，写作 2026-01-31")
	}
	line := func(field, label, value string, most int) {
		n := utf8.RuneCountInString(value)
		bad(n < 2 || n > most || !legible(value) || strings.ContainsAny(value, "\r\n\t"), field, "length", fmt.Sprintf("%s应有 2 到 %d 个字，写成一行", label, most))
		bad(audit.Personal(value), field, "personal", label+"随状态公开，不得写证件号码、手机号码")
	}
	line("basis", "依据", f.Basis, maxBasis)
	line("document_no", "文书编号", f.DocumentNo, maxDocument)
	bad(utf8.RuneCountInString(f.Note) > maxNote || !legible(f.Note), "note", "length", "情况说明至多 1000 个字")
	bad(audit.Personal(f.Note), "note", "personal", "不得写证件号码、手机号码")
	bad(len(f.Document) > MaxDocument, "document", "size", "附件最大 10 MB")
	bad(len(f.Document) > 0 && len(f.Document) <= MaxDocument && mediaOf(f.Document) == "", "document", "media", "只能上传 PDF、JPG、PNG；以文件内容为准，改扩展名无效")
	return e.OrNil()
}

// mediaOf is what a document is by its content; empty: none that is taken.
func mediaOf(data []byte) string {
	for _, m := range []struct{ begins, media string }{{"%PDF-", "application/pdf"}, {"\xff\xd8\xff", "image/jpeg"}, {"\x89PNG\r\n\x1a\n", "image/png"}} {
		if bytes.HasPrefix(data, []byte(m.begins)) {
			return m.media
		}
	}
	return ""
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

// clip is the beginning of a text.
func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}
