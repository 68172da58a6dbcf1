package signature

import (
	"encoding/binary"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/httpx"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/signature/event"
)

// evidenceVersion heads the ledger's leaf of an event.
const evidenceVersion = "sidian-signature-1"

// tell announces what happened to a task. Nothing of it is personal.
func (s *Service) tell(tx *db.Tx, t *taskRow, signers []*signerRow, number int, topic string) error {
	body := event.Task{ID: t.id, Org: t.org, Item: t.item, State: t.state, Signer: number, Signers: len(signers),
		Document: hexOf(t.document[:]), At: tx.Now().UnixMilli()}
	for _, r := range signers {
		if r.state == Signed {
			body.Signed++
		}
	}
	var leaf []byte
	for _, f := range [][]byte{[]byte(evidenceVersion), []byte(topic), []byte(t.id), {byte(number)}, t.document[:]} {
		leaf = binary.BigEndian.AppendUint64(leaf, uint64(len(f)))
		leaf = append(leaf, f...)
	}
	leaf = binary.BigEndian.AppendUint64(leaf, uint64(body.At))
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: t.id, Leaf: leaf, Body: body})
}

// notify tells a signer who has an account, in the platform.
func (s *Service) notify(tx *db.Tx, t *taskRow, r *signerRow, topic, title string) error {
	if s.Notice == nil || r.account == nil {
		return nil
	}
	return s.Notice.PutTx(tx, notice.Notice{Account: *r.account, Topic: topic, Title: title, Link: "/sign/" + t.id})
}

// notifyInitiator tells who began a task: the person, or those of the unit.
func (s *Service) notifyInitiator(tx *db.Tx, t *taskRow, topic, title string) error {
	if s.Notice == nil || t.account == "" {
		return nil
	}
	return s.Notice.PutTx(tx, notice.Notice{Account: t.account, Topic: topic, Title: title, Link: "/sign/" + t.id})
}

// note keeps an event of a task for its evidence: by which family of device, from
// about where.
func (s *Service) note(tx *db.Tx, task string, number int, kind string, document gm.Digest) error {
	e := eventRow{id: newID(), task: task, number: number, kind: kind, at: tx.Now().UnixMilli()}
	e.agent, e.address = whence(tx)
	if document != (gm.Digest{}) {
		e.document = document[:]
	}
	return insertEvent(tx, e)
}

// whence is the family of the device and the masked address that a request comes
// from.
func whence(tx *db.Tx) (agent, address string) {
	m := httpx.MetaFrom(tx.Context())
	if m.Address.IsValid() {
		address = maskAddress(m.Address.String())
	} else if a := audit.ActorFrom(tx.Context()).Address; a != "" {
		address = maskAddress(a)
	}
	return family(m.UserAgent), address
}

// maskAddress keeps the first half of an address.
func maskAddress(a string) string {
	sep := "."
	if strings.Contains(a, ":") {
		sep = ":"
	}
	parts := strings.Split(a, sep)
	if len(parts) < 3 {
		return "*"
	}
	return strings.Join(parts[:2], sep) + sep + "*"
}

// families are the words in a user agent that tell what it is; the first counts.
var families = [][2]string{
	{"MicroMessenger", "微信"}, {"AlipayClient", "支付宝"}, {"HarmonyOS", "鸿蒙"}, {"OpenHarmony", "鸿蒙"}, {"iPhone", "iPhone"}, {"iPad", "iPad"},
	{"Android", "Android"}, {"Windows", "Windows"}, {"Macintosh", "macOS"}, {"Linux", "Linux"},
}

// family is the family of a device, and no more: a whole user agent could tell
// people apart.
func family(agent string) string {
	for _, f := range families {
		if strings.Contains(agent, f[0]) {
			return f[1]
		}
	}
	if agent == "" {
		return ""
	}
	return "其他"
}
