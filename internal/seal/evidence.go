package seal

import (
	"encoding/binary"
	"time"
)

// evidenceVersion heads the evidence of an event. A change of what it holds
// takes a new one.
const evidenceVersion = "sidian-seal-1"

// evidence is what the ledger will keep of an event: the version, the topic and
// the fields of the event, each as its length in eight bytes, big-endian, and its
// bytes; then the time in milliseconds. It holds identifiers, digests and
// numbers, nothing personal.
//
// A seal's fields are its id, state, digests of imprint and statement, serial of
// its digital certificate, filing number and successor; those of a use its id,
// the seal's, the object, the digests of content and document, the approval and
// the policy; those of what is granted its id, the seal's, the object, the
// content and the purpose.
func evidence(topic string, at time.Time, fields ...[]byte) []byte {
	var b []byte
	for _, f := range append([][]byte{[]byte(evidenceVersion), []byte(topic)}, fields...) {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return binary.BigEndian.AppendUint64(b, uint64(at.UnixMilli()))
}
