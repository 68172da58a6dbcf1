package audit

import (
	"encoding/binary"

	"sidian/gm"
)

// canonicalVersion heads the canonical bytes. A change of what they hold takes
// a new one; old rows keep theirs.
const canonicalVersion = "sidian-audit-1"

// Canonical is what the entry says, as bytes that mean the same for ever: the
// version and then each field, as its length in eight bytes, big-endian, and
// its UTF-8.
func (e Entry) Canonical() []byte {
	b := field(nil, canonicalVersion)
	b = field(b, e.ID)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMilli()))
	a := e.Actor
	for _, s := range []string{a.Account, a.Name, a.Org, a.App, a.Address, e.Action, e.Object, e.Reason, e.Result} {
		b = field(b, s)
	}
	b = field(b, string(digest(e.Before)))
	return field(b, string(digest(e.After)))
}

func field(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
	return append(b, s...)
}

// digest is nil for the zero digest: none.
func digest(d gm.Digest) []byte {
	if d == (gm.Digest{}) {
		return nil
	}
	return d[:]
}
