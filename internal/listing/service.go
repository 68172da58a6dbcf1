package listing

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/blob"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/notice"
	"sidian/workday"
)

// Permissions.
const (
	permReport = "list.report"
	permReview = "list.review"
)

// A Service keeps lists. Its fields are set before use; it is safe for concurrent
// use. Notices may be nil: then nobody is told. Blob may be nil: then norms have
// links alone.
type Service struct {
	DB        *db.DB
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Items     *item.Service
	Notices   *notice.Service
	Blob      *blob.Store
}

// A Word is a code with what it means.
type Word struct{ Code, Name string }

func nameOf(words []Word, code string) string {
	for _, w := range words {
		if w.Code == code {
			return w.Name
		}
	}
	return code
}

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func at(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return moment(*ms)
}

// today is the day in Beijing.
func today(tx *db.Tx) string { return workday.DateOf(tx.Now()).String() }

// actor is who acts: a person, or a program that acts alone.
func actor(ctx context.Context) string {
	a := audit.ActorFrom(ctx)
	return cmp.Or(a.Account, a.App)
}

// person is the account of whoever acts: programs decide nothing.
func person(ctx context.Context) (string, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return "", fault.Forbidden.New("此事由工作人员办理，应用程序不能代办").WithCode("listing.person").WithHint("请由目录管理员登录后办理")
	}
	return p.Account, nil
}

// refused records that a rule refused something.
func (s *Service) refused(ctx context.Context, action, object string, err error) error {
	if err == nil {
		return nil
	}
	return audit.Refuse(ctx, s.DB, audit.Entry{Action: action, Object: object}, err)
}

// names are what organisations are called.
func (s *Service) names(ctx context.Context) (map[string]string, error) {
	all, err := s.IAM.Organisations(ctx)
	names := make(map[string]string, len(all))
	for i := range all {
		names[all[i].ID] = all[i].Name
	}
	return names, err
}

// pathsTx are the paths below which whoever acts reports or reviews.
func pathsTx(ctx context.Context, tx *db.Tx) ([]string, error) {
	return iam.PathsTx(tx, slices.Concat(iam.ScopeRoots(ctx, permReport), iam.ScopeRoots(ctx, permReview)))
}

// maySee refuses who neither reports nor reviews for a unit.
func maySee(ctx context.Context, org string) error {
	if iam.Allow(ctx, permReview, org) == nil {
		return nil
	}
	return iam.Allow(ctx, permReport, org)
}

// authorityTx is who reviews what a unit says: the unit above it, and for a unit
// with none above, or for the one that compiles, itself.
func authorityTx(tx *db.Tx, unit, top string) (string, error) {
	o, err := iam.OrgTx(tx, unit)
	if err != nil || o.Parent == "" || unit == top {
		return unit, err
	}
	return o.Parent, nil
}

// heldAt tells whether a person holds the review for an organisation itself, not
// only for one above it.
func (s *Service) heldAt(ctx context.Context, org string) bool {
	p, ok := iam.From(ctx)
	if !ok {
		return false
	}
	set := s.IAM.InForce()
	return slices.ContainsFunc(p.Roles, func(h iam.Scoped) bool {
		role, known := set.Role(h.Role)
		return known && h.Org == org && slices.Contains(role.May, permReview)
	})
}

// ownUnit tells whether whoever acts belongs to a unit.
func ownUnit(ctx context.Context, unit string) bool {
	p, ok := iam.From(ctx)
	return ok && p.Org == unit
}

func errSame(what string) error {
	return fault.Forbidden.New("%s须由不同的人办理", what).WithCode("listing.same-person").WithHint("请由另一名目录管理员办理")
}

func errOwn() error {
	return fault.Forbidden.New("本单位报送的内容不由本单位人员审核").WithCode("listing.own").WithHint("请由同级主管部门的其他目录管理员审核")
}

// kindTx is a published kind by its name or code.
func (s *Service) kindTx(tx *db.Tx, ref string) (*catalogue.Kind, error) {
	k, err := s.Catalogue.KindTx(tx, strings.TrimSpace(ref))
	if errors.Is(err, fault.NotFound) {
		return nil, errField("kind", "listing.kind", "目录中没有这个证照类型，或已停用")
	}
	return k, err
}

// errField is what is wrong with one field.
func errField(field, code, message string) error {
	return fault.Invalid.New("填写的内容不正确：%s", message).WithCode(code).WithHint("请按提示改正").WithField(field, code, message)
}

// A text is one text of a request, what it is called, and how long it may be, in
// characters.
type text struct {
	field, label string
	value        *string
	least, most  int
	lines        bool // it may have several lines
}

// check trims texts, and refuses what is too long, hidden, or names a person.
func check(texts ...text) error {
	bad := fault.Invalid.New("填写的内容不正确").WithCode("listing.invalid").WithHint("请按提示改正")
	for _, t := range texts {
		*t.value = strings.TrimSpace(strings.ReplaceAll(*t.value, "\r\n", "\n"))
		switch n := utf8.RuneCountInString(*t.value); {
		case n < t.least && t.least == 1:
			bad = bad.WithField(t.field, "required", t.label+"必填")
		case n < t.least || n > t.most:
			bad = bad.WithField(t.field, "length", t.label+lengthWord(t.least, t.most))
		case !legible(*t.value, t.lines):
			bad = bad.WithField(t.field, "listing.hidden", t.label+"含有看不见的字符或换行")
		case audit.Personal(*t.value):
			bad = bad.WithField(t.field, "listing.personal", t.label+"是公开的内容，不得写证件号码、手机号码")
		}
	}
	return bad.OrNil()
}

// reasonOf checks why something is done.
func reasonOf(reason string) (string, error) {
	err := check(text{"reason", "理由", &reason, 1, 500, true})
	return reason, err
}

func legible(s string, lines bool) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && !(lines && r == '\n') || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Cf, r)
	})
}

// dateOf checks a day; years beyond what offices write are mistakes.
func dateOf(field, label, s string) error {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Year() < 1949 || t.Year() >= 2200 {
		return errField(field, "listing.date", label+"写作 2026-01-31")
	}
	return nil
}

// tell tells who holds a permission for a unit.
func (s *Service) tell(tx *db.Tx, n notice.Notice) error {
	if s.Notices == nil {
		return nil
	}
	return s.Notices.PutTx(tx, n)
}

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// fold is the one form in which names are compared: case, spaces and the width of
// brackets make no other certificate.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return -1
		case r >= '！' && r <= '～':
			return unicode.ToLower(r - '！' + '!')
		}
		return unicode.ToLower(r)
	}, s)
}

func lengthWord(least, most int) string {
	if least == 0 {
		return "至多 " + strconv.Itoa(most) + " 个字"
	}
	return "是 " + strconv.Itoa(least) + " 至 " + strconv.Itoa(most) + " 个字"
}
