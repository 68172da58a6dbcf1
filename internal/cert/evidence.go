package cert

import (
	"encoding/binary"
	"time"
)

// evidenceVersion heads the evidence of an event. A change of what it holds
// takes a new one.
const evidenceVersion = "sidian-cert-1"

// evidence is what the ledger will keep of an event: the version, the topic,
// the identifier, and the digests of content and document (empty: none), each
// as its length in eight bytes, big-endian, and its bytes; then the time in
// milliseconds. It holds nothing personal.
func evidence(topic string, r *row, at time.Time) []byte {
	var document []byte
	if r.Document != "" {
		document = r.Digest[:]
	}
	var b []byte
	for _, f := range [][]byte{[]byte(evidenceVersion), []byte(topic), []byte(r.Identifier), r.content[:], document} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return binary.BigEndian.AppendUint64(b, uint64(at.UnixMilli()))
}
