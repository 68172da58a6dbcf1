package bound

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/issuing"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/internal/sealapply"

	certevent "sidian/internal/cert/event"
	sealevent "sidian/internal/seal/event"
)

// Permissions.
const (
	permDesign   = "kind.manage"    // put rules
	permKinds    = "kind.read"      // see them
	permDraft    = "cert.draft"     // wish on a draft, name an agent
	permRead     = "cert.read"      // see what was offered with the certificates of a unit
	permOwn      = "seal.apply.own" // a holder's own
	permApply    = "seal.apply"     // an enterprise's own staff
	permManage   = "seal.manage"    // thaw and cancel
	permRegister = "org.manage"     // register the enterprise as a unit
	permOversee  = "supervise.read" // see
)

// staffPerms are those by which staff see offers of units.
var staffPerms = []string{permRead, permDraft, permManage, permRegister, permOversee}

// Notices tells people inside the platform; package notice does.
type Notices interface {
	PutTx(tx *db.Tx, n notice.Notice) error
}

// A Service offers seals and follows them. Its fields are set before use: they may
// be filled in after its consumers were asked for, and before anything else. It
// is safe for concurrent use.
type Service struct {
	DB        *db.DB
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Issuing   *issuing.Service
	Apply     *sealapply.Service
	Seals     *seal.Service
	Notices   Notices
	Box       *keys.Box   // of names
	Index     *keys.Index // of numbers
	// Step is called after each step of what has more than one; nil but in tests
	// of crashes.
	Step func(name string)
}

// Unlock opens the box and the index that s needs.
func (s *Service) Unlock(ctx context.Context, k *keys.Store) (err error) {
	if s.Box, err = k.Box(ctx); err != nil {
		return fmt.Errorf("bound: opening the box of columns: %w", err)
	}
	if s.Index, err = k.Index(ctx, "bound.holder"); err != nil {
		return fmt.Errorf("bound: opening the index of holders: %w", err)
	}
	return nil
}

// wished is the topic of certificates for whose holder a wish waits: whether it is
// of this one is asked outside of transactions.
const wished = "bound.wished"

// Consumers open offers when certificates are issued, and follow what becomes of
// them and of their seals. Nobody waits for an offer: what comes in a moment is
// taken together. The first looks for the wish of one certificate, and may be given
// any that was issued.
func (s *Service) Consumers() []outbox.Consumer {
	return []outbox.Consumer{
		{Name: "bound-wish", Topics: []string{wished}, Deliver: s.issued, Pace: outbox.Pace{Interval: 5 * time.Second}},
		{Name: "bound", Topics: []string{certevent.Issued}, HandleAll: s.allIssued, Rows: true, Pace: outbox.Pace{Rest: 200 * time.Millisecond}},
		{Name: "bound-follow", Topics: []string{certevent.Changed, sealevent.Filed, sealevent.Thawed, sealevent.Cancelled, sealevent.Replaced}, Handle: s.followed},
	}
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

func objectOf(id string) string { return "bound/" + id }

// holderKey is the blind index of a holder: of a citizen's number, or of a unit's
// code.
func (s *Service) holderKey(sort, number string) []byte {
	d := s.Index.Of(sort + "/" + strings.ToUpper(strings.TrimSpace(number)))
	return d[:]
}

// nameKey is the blind index by which a wish is found: of the kind and the
// holder's name, since a number may be given with the certificate only.
func (s *Service) nameKey(kind, name string) []byte {
	d := s.Index.Of("name/" + kind + "/" + strings.TrimSpace(name))
	return d[:]
}

// Sorts of seal that are offered.
const (
	Enterprise = "enterprise" // of a unit, with its name alone
	Personal   = "personal"
	None       = "none" // a rule that offers nothing
)

var sealKinds = map[string]string{Enterprise: seal.Enterprise, Personal: seal.Personal}

func sealLabel(sort string) string { return seal.Label(sealKinds[sort]) }

// maxReason is how long what people write may be, in characters.
const maxReason = 500

func needReason(reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n < 2 || n > maxReason {
		return fault.Invalid.New("须填写理由").WithCode("reason.required").WithHint("请填写理由，2 至 %d 个字，不要写个人信息", maxReason).WithField("reason", "required", "必填，2 至 500 个字")
	}
	return nil
}

func milli(t time.Time) int64 { return t.UnixMilli() }

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func momentOf(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return moment(*ms)
}

func errUnknown() error {
	return fault.NotFound.New("没有这项同步发放").WithCode("bound.unknown").WithHint("请从列表中选择")
}

func errMoved() error {
	return fault.Conflict.New("此项刚刚被他人办理").WithCode("bound.moved").WithHint("请刷新后查看")
}
