package audit

import (
	"encoding/binary"
	"fmt"

	"sidian/gm"
)

// Versions of the canonical bytes. A change of what they hold takes a new one;
// old rows keep theirs for ever.
const (
	first   = 1 // without session, request, purpose and rule
	current = 2
)

// Canonical is what the entry says, as bytes that mean the same for ever: the
// version and then each field, as its length in eight bytes, big-endian, and
// its UTF-8. The time is milliseconds since 1970 in eight bytes. An entry
// without a version is written in the current one; one with a version that this
// program does not know has no canonical bytes.
func (e Entry) Canonical() []byte {
	version := e.Version
	if version == 0 {
		version = current
	}
	if version < first || version > current {
		return nil
	}
	b := make([]byte, 0, 512)
	b = field(b, fmt.Sprint("sidian-audit-", version))
	b = field(b, e.ID)
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMilli()))
	for _, s := range e.texts(version) {
		b = field(b, s)
	}
	b = field(b, string(digest(e.Before)))
	return field(b, string(digest(e.After)))
}

// texts are the texts of an entry in the order of its version.
func (e Entry) texts(version int) []string {
	a := e.Actor
	if version == first {
		return []string{a.Account, a.Name, a.Org, a.App, a.Address, e.Action, e.Object, e.Reason, e.Result}
	}
	return []string{a.Account, a.Name, a.Org, a.App, a.Address, a.Session, e.Request,
		e.Action, e.Object, e.Purpose, e.Rule, e.Reason, e.Result}
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
