package composite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
)

// Permissions.
const (
	permDesign = "kind.manage"     // defines schemes of a unit
	permAgree  = "catalogue.agree" // makes them true
	permKinds  = "kind.read"       // sees those in force
	permDraft  = "cert.draft"      // proposes composites
	permIssue  = "cert.issue"
	permRead   = "cert.read"
	permStatus = "cert.status" // by whose right the platform acts
)

// A Service keeps schemes and composites. Its fields are set before use: they may
// be filled in after it is made, and before anything is asked of it. It is safe
// for concurrent use. Notices may be nil: then nobody is told.
type Service struct {
	DB        *db.DB
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Notices   *notice.Service
	Index     *keys.Index // of holders
	// Step is called after each commit, by its name; nil but in tests of crashes.
	Step func(name string)

	guard *guards
}

// Unlock opens the index and the guards that s needs.
func (s *Service) Unlock(ctx context.Context, k *keys.Store) (err error) {
	if s.Index, err = k.Index(ctx, "composite.holder"); err != nil {
		return fmt.Errorf("composite: opening the index of holders: %w", err)
	}
	s.guard, err = newGuards(ctx, k)
	return err
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

func objectOf(id string) string { return "composite/" + id }

func schemeObject(id string) string { return "composite-scheme/" + id }

// Link is the page of a composite.
func Link(id string) string { return "/console/composites/" + id }

// SchemeLink is the page of a scheme.
func SchemeLink(id string) string { return "/console/composite-schemes/" + id }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

var beijing = time.FixedZone("CST", 8*3600)

// actorOf names who acts, so that a program is told from every person.
func actorOf(ctx context.Context) string {
	p, ok := iam.From(ctx)
	switch {
	case !ok:
		return ""
	case p.Account != "":
		return p.Account
	}
	return "app/" + p.Client
}

// person is the account of whoever acts: programs decide on no scheme.
func person(ctx context.Context) (string, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return "", fault.Forbidden.New("此事由工作人员办理，应用程序不能代办").WithCode("composite.person").WithHint("请由工作人员登录后办理")
	}
	return p.Account, nil
}

// line checks one line of text of people.
func line(f *fault.Error, field, label, value string, least, most int) *fault.Error {
	n := utf8.RuneCountInString(value)
	switch {
	case n < least || n > most:
		return f.WithField(field, "length", fmt.Sprintf("%s应有 %d 到 %d 个字", label, least, most))
	case !utf8.ValidString(value) || strings.ContainsFunc(value, func(c rune) bool { return !unicode.IsPrint(c) }) || strings.TrimSpace(value) != value:
		return f.WithField(field, "charset", label+"写成一行，首尾没有空白和不可见字符")
	case audit.Personal(value):
		return f.WithField(field, "personal", label+"会长期留存，请勿写证件号码、手机号码")
	}
	return f
}

// reasoned refuses a decision without a reason that can be kept.
func reasoned(reason string) error {
	f := fault.Invalid.New("请写明理由").WithCode("composite.reason").WithHint("写明依据和理由，不要写个人信息")
	return line(f, "reason", "理由", strings.TrimSpace(reason), 2, 200).OrNil()
}

// tell puts a notice, if anybody is to be told.
func (s *Service) tell(tx *db.Tx, n notice.Notice) error {
	if s.Notices == nil {
		return nil
	}
	n.Title = clip(n.Title, 150)
	return s.Notices.PutTx(tx, n)
}

func clip(text string, most int) string { return string([]rune(text)[:min(len([]rune(text)), most)]) }

// asked turns what is not there into a mistake of the field that names it.
func asked(err error, field string) error {
	e := fault.As(err)
	if e == nil || e.Kind != fault.NotFound {
		return err
	}
	bad := *e
	bad.Kind = fault.Invalid
	return bad.WithField(field, "unknown", e.Msg)
}

// missing tells that a record is not there.
func missing(err error) bool { return errors.Is(err, fault.NotFound) }
