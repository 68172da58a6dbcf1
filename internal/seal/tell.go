package seal

import (
	"context"
	"encoding/hex"
	"regexp"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/seal/event"
	"sidian/internal/status"
)

// became makes a change of state known: in the public list, to the outbox, and
// to who keeps the seal.
func (s *Service) became(tx *db.Tx, x *Seal, topic string, v status.Value) error {
	if err := s.publish(tx, x, v); err != nil {
		return err
	}
	if err := s.emit(tx, topic, x.ID, event.Seal{
		ID: x.ID, Org: x.Org, Kind: x.Kind, State: x.State, Imprint: x.Imprint, Number: x.Number, ReplacedBy: x.ReplacedBy,
		Lost: !x.LostAt.IsZero(), At: tx.Now().UnixMilli(),
	}, []byte(x.ID), []byte(x.State), unhex(x.Imprint), unhex(x.Statement), []byte(x.Certificate), []byte(x.Number), []byte(x.ReplacedBy)); err != nil {
		return err
	}
	return s.inform(tx, x, topic, told[topic])
}

// told is what each topic tells the custodian.
var told = map[string]string{
	event.Made: "已制作，待备案", event.Filed: "已备案，可以使用", event.Frozen: "已冻结，不能用印", event.Thawed: "已恢复使用",
	event.Cancelled: "已注销", event.Replaced: "已由新印章代替",
}

// publish sets the state in the signed public list. What was invalid once stays
// so, whatever else happens to the seal.
func (s *Service) publish(tx *db.Tx, x *Seal, v status.Value) error {
	if s.Status == nil {
		return nil
	}
	e, err := s.Status.AllotTx(tx, status.Seals, x.ID, v)
	if err != nil || e.Value == v || e.Value == status.Invalid {
		return err
	}
	return s.Status.SetTx(tx, status.Seals, x.ID, v)
}

// emit puts an event with its evidence.
func (s *Service) emit(tx *db.Tx, topic, key string, body any, fields ...[]byte) error {
	if s.Outbox == nil {
		return nil
	}
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: key, Leaf: evidence(topic, tx.Now(), fields...), Body: body})
}

// inform tells the custodian, or whoever may use seals of the organisation.
func (s *Service) inform(tx *db.Tx, x *Seal, topic, text string) error {
	if s.Notice == nil {
		return nil
	}
	n := notice.Notice{Account: x.Custodian, Org: x.Org, Topic: topic, Title: "印章" + x.shown() + text, Link: "/console/seals/" + x.ID}
	if n.Account == "" {
		n.Permission = "seal.use"
	}
	return s.Notice.PutTx(tx, n)
}

// shown is the name in notices and titles: a person's is not told.
func (s *Seal) shown() string {
	if OfPerson(s.Kind) {
		return "（" + labels[s.Kind] + "）"
	}
	name := []rune(s.Name)
	if len(name) > mostShown {
		name = append(name[:mostShown], '…')
	}
	return "“" + string(name) + "”"
}

// mostShown is how much of a name a title has room for.
const mostShown = 60

// promise promises that the seal is renewed before its end, and tells from when
// that may be done (N6).
func (s *Service) promise(tx *db.Tx, x *Seal) error {
	if s.Due == nil {
		return nil
	}
	o, err := iam.OrgTx(tx, x.Org)
	if err != nil {
		return err
	}
	p, err := s.Due.Put(tx, due.Promise{
		Topic: topicRenew, Object: x.ID, Region: o.Region, Org: x.Org, Account: x.Custodian, Permission: "seal.apply",
		Title: "续期：印章" + x.shown(), Link: "/console/seals/" + x.ID, Until: x.ValidTo,
	})
	if err == nil && !p.Opens.IsZero() {
		x.RenewFrom = p.Opens
	}
	return err
}

const topicRenew = "seal.renew"

// keepRenewal notes that a seal was renewed; endRenewal that it will not be.
func (s *Service) keepRenewal(tx *db.Tx, x *Seal) error {
	if s.Due == nil {
		return nil
	}
	_, err := s.Due.Keep(tx, topicRenew, x.ID)
	return unlessNotFound(err)
}

func (s *Service) endRenewal(tx *db.Tx, x *Seal, reason string) error {
	if s.Due == nil {
		return nil
	}
	_, err := s.Due.Drop(tx, topicRenew, x.ID, reason)
	return unlessNotFound(err)
}

// moveRenewal gives the promise to who keeps the seal now.
func (s *Service) moveRenewal(tx *db.Tx, x *Seal) error {
	if s.Due == nil || !x.live() {
		return nil
	}
	_, err := s.Due.Assign(tx, topicRenew, x.ID, x.Custodian)
	return unlessNotFound(err)
}

// unlessNotFound: seals from before promises were kept have none.
func unlessNotFound(err error) error {
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
		return nil
	}
	return err
}

// write is DB.Write for a use case: what a rule refuses is recorded.
func (s *Service) write(ctx context.Context, action, object string, fn func(*db.Tx) error) error {
	return s.Refused(ctx, action, object, s.DB.Write(ctx, fn))
}

// Refused records in the audit that a use, an approval or a change of a seal was
// refused, and returns err as it is. Callers of the functions that take a
// transaction call it once that has failed: what stood in it is gone. What is
// malformed or unknown is no refusal of a rule, but for making a seal, where it
// is the name or the person that is refused.
func (s *Service) Refused(ctx context.Context, action, object string, err error) error {
	f := fault.As(err)
	if f == nil || f.Kind != fault.Forbidden && f.Kind != fault.Conflict && !(f.Kind == fault.Invalid && action == "seal.make") {
		return err
	}
	if !objectForm.MatchString(object) {
		kind, _, _ := strings.Cut(object, "/")
		object = kind + "/unknown"
	}
	put := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := audit.Put(tx, audit.Entry{Action: action, Object: object, Result: audit.Refused, Rule: f.Code}); err != nil {
			return err
		}
		return s.alarmOf(tx, err)
	})
	if put != nil {
		return put
	}
	return err
}

var objectForm = regexp.MustCompile(`^[a-z]+/[a-z0-9-]{1,64}$`)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		return nil
	}
	return b
}

func hexOf(d gm.Digest) string {
	if d == (gm.Digest{}) {
		return ""
	}
	return hex.EncodeToString(d[:])
}
