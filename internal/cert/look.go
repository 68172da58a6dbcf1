package cert

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/policy"
)

// Actions of looking, as the audit names them: whoever was shown a certificate
// stands in it (信阳市政务服务电子证照管理暂行办法第十七条, 责任倒查).
const (
	actList   = "cert.list"
	actView   = "cert.view"   // the masked record
	actTrace  = "cert.trace"  // and its history
	actRead   = "cert.read"   // the document, in full
	actReveal = "cert.reveal" // named fields, in full
	actVerify = "cert.verify" // by anyone who holds the code or the document
	actGlass  = "glass.read"  // any of these by whoever broke the glass
)

// Steps of a trace that the platform takes by itself and no audit row tells.
const (
	actStamped = "lasting.stamp"
	actRenewed = "lasting.renew"
)

// A Reading is what a document is read for. A program's own business needs none,
// nor do staff of the unit that issued it.
type Reading struct {
	Purpose string // code of a purpose (用途)
	Reason  string
}

// limits of a reason, in characters: one that says nothing helps nobody later.
const leastReason, mostReason = 2, 200

// check returns what is wrong with a reading: with one that has to be justified
// also what is missing.
func (rd Reading) check(needed bool) error {
	e := unjustified()
	if needed && rd.Purpose == "" {
		e = e.WithField("purpose", "required", "用途必填")
	}
	switch n := utf8.RuneCountInString(strings.TrimSpace(rd.Reason)); {
	case n == 0 && needed:
		e = e.WithField("reason", "required", "事由必填")
	case n > 0 && n < leastReason || n > mostReason || !utf8.ValidString(rd.Reason):
		e = e.WithField("reason", "length", fmt.Sprintf("事由应有 %d 到 %d 个字", leastReason, mostReason))
	case audit.Personal(rd.Reason):
		return namesPerson()
	}
	return e.OrNil()
}

func unjustified() *fault.Error {
	return fault.Invalid.New("查看未脱敏的内容，须说明用途和事由").WithCode("cert.purpose").WithHint("请选择用途，写明为何需要查看；每次查看都会记录")
}

// namesPerson refuses a reason that would leave a person's name or number in
// the audit for years.
func namesPerson() error {
	return unjustified().WithField("reason", "personal", "事由会写入审计记录，请勿写姓名、证件号码、手机号码；可写办件编号")
}

// mayLook asks whether whoever acts may see the masked record.
func (s *Service) mayLook(ctx context.Context, r *row, action string) (context.Context, error) {
	return s.readingOf(ctx, r, action, iam.Question{}, "")
}

// readingOf asks whether whoever acts may read a certificate, q being for what and
// how much of it. Whoever could until the authority went to another unit is told who
// answers now.
func (s *Service) readingOf(ctx context.Context, r *row, action string, q iam.Question, reason string) (context.Context, error) {
	q.Permission, q.Org = "cert.read", r.ReadIn(ctx)
	ctx, refused := s.decided(ctx, r.ID, action, q, reason)
	if f := fault.As(refused); f == nil || f.Kind != fault.Forbidden {
		return ctx, refused
	}
	return ctx, cmp.Or(s.Given(ctx, &r.Certificate, q.Permission), refused)
}

// mayRead asks whether whoever acts may see the document in full. Staff of
// another unit than the issuer's, and whoever broke the glass, say what for.
func (s *Service) mayRead(ctx context.Context, r *row, class string, rd Reading) (context.Context, error) {
	if wrong := rd.check(justifies(ctx, r.ReadIn(ctx))); wrong != nil {
		// Whoever may not at all is told so, not asked what for.
		if ctx, err := s.mayLook(ctx, r, actRead); err != nil {
			return ctx, err
		}
		return ctx, wrong
	}
	return s.readingOf(ctx, r, actRead, iam.Question{Class: class, Purpose: rd.Purpose}, rd.Reason)
}

// justifies tells who has to say what a document is read for.
func justifies(ctx context.Context, issuer string) bool {
	p, ok := iam.From(ctx)
	return ok && p.Account != "" && (p.Org != issuer || p.Has(policy.Glass))
}

// decided puts a question about a certificate. A refusal is audited.
func (s *Service) decided(ctx context.Context, id, action string, q iam.Question, reason string) (context.Context, error) {
	ctx, refused := iam.Decided(ctx, q)
	if refused == nil {
		return ctx, nil
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: acting(ctx, action), Object: object(id), Reason: strings.TrimSpace(reason), Result: audit.Refused})
	})
	if err != nil {
		return ctx, err
	}
	return ctx, refused
}

// acting names an action of looking by whoever broke the glass for what it is.
func acting(ctx context.Context, action string) string {
	if p, ok := iam.From(ctx); ok && p.Has(policy.Glass) {
		return actGlass
	}
	return action
}

// looked records that a certificate was shown, before it is.
func (s *Service) looked(ctx context.Context, e audit.Entry) error {
	e.Action = acting(ctx, e.Action)
	return s.DB.Write(ctx, func(tx *db.Tx) error { return audit.Put(tx, e) })
}

// strangers are the lookings of the public that were just recorded. One page of
// a verification looks several times; one row is enough for a minute of it.
type strangers struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

const (
	oneLooking    = time.Minute
	mostStrangers = 10_000
)

// verified records that somebody who holds its code or its document was told of
// a certificate.
func (s *Service) verified(ctx context.Context, id string) error {
	a := audit.ActorFrom(ctx)
	key := strings.Join([]string{id, a.Account, a.App, a.Session, a.Address}, "\x00")
	if s.strangers.recent(key, s.DB.Now()) {
		return nil
	}
	if err := s.looked(ctx, audit.Entry{Action: actVerify, Object: object(id)}); err != nil {
		return err
	}
	s.strangers.note(key, s.DB.Now())
	return nil
}

func (x *strangers) recent(key string, now time.Time) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	at, ok := x.seen[key]
	return ok && !now.Before(at) && now.Sub(at) < oneLooking
}

func (x *strangers) note(key string, now time.Time) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.seen == nil || len(x.seen) >= mostStrangers {
		x.seen = map[string]time.Time{} // at worst a row more
	}
	x.seen[key] = now
}

// classOf is the highest class among the fields of a kind.
func classOf(k *catalogue.Kind) string {
	highest := catalogue.Public
	for i := range k.Fields {
		highest = higher(highest, k.Fields[i].ClassOf())
	}
	return highest
}

func higher(a, b string) string {
	rank := map[string]int{catalogue.Public: 0, catalogue.Internal: 1, catalogue.Sensitive: 2}
	if rank[b] > rank[a] {
		return b
	}
	return a
}
