// Package chain links audit entries, so that one which is edited, removed or
// slipped in later is found.
//
// Entries are written by any number of transactions at once, and are linked
// afterwards by one process at a time: whoever holds the row of audit_turn.
//
//	digest(n) = HMAC-SM3(key, digest(n-1) ‖ n ‖ canonical bytes of the entry)
//
// digest(0) is 32 zero octets, n takes eight octets, big-endian. The key is
// derived from the platform's root of fields and does not change when that is
// rotated. Whoever has only the database can therefore write no link. From time
// to time the newest link is signed (SM2): such a head can be kept elsewhere and
// checked by others with openssl alone.
//
// The order of the links is about that of time. It is not that of commits, and
// nothing rests on it: an entry that is committed late is linked later, and none
// is passed over, because what waits stands in audit_pending from the same
// transaction.
//
// What the chain does not show: what is changed in the seconds before an entry
// is linked, and the loss of the newest entries together with all their heads.
// For the second, heads are kept outside: every export holds one.
//
// It owns the tables audit_link, audit_head and audit_turn.
package chain

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// How the chain is advanced.
const (
	batch     = 256             // entries linked in one transaction; short, because others wait
	headEvery = 1000            // links after which a head is signed
	headAfter = 5 * time.Minute // after which the newest link is signed anyway
)

// A Link is the place of an entry in the chain.
type Link struct {
	Seq    int64
	Entry  string
	Digest gm.Digest
}

// next is the link of e after l.
func (l Link) next(key []byte, e audit.Entry) Link {
	n := Link{Seq: l.Seq + 1, Entry: e.ID}
	n.Digest = digest(key, l.Digest, n.Seq, e.Canonical())
	return n
}

func digest(key []byte, before gm.Digest, seq int64, canonical []byte) gm.Digest {
	b := make([]byte, 0, len(before)+8+len(canonical))
	b = append(b, before[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	return gm.HMAC(key, append(b, canonical...))
}

func secret(ctx context.Context, ks *keys.Store) ([]byte, error) {
	return ks.StableSecret(ctx, keys.Field, "audit.chain")
}

// Run links what waits, signs a head when one is due, and reports how many
// entries it linked. Any number of processes may call it at any time; it is
// meant to be called every few seconds.
func Run(ctx context.Context, d *db.DB, ks *keys.Store) (linked int, err error) {
	key, err := secret(ctx, ks)
	if err != nil {
		return 0, err
	}
	// What is committed behind the last batch meanwhile is for the next run: the
	// rows taken off before it need not be passed over again and again.
	for after := ""; ; {
		if err := signWhenDue(ctx, d, ks); err != nil {
			return linked, err
		}
		n, last, err := advance(ctx, d, key, after)
		linked, after = linked+n, last
		if err != nil || last == "" {
			return linked, err
		}
	}
}

// advance links one batch of what waits after an entry, and returns the last
// that it looked at: "" if nothing waits there.
func advance(ctx context.Context, d *db.DB, key []byte, after string) (n int, end string, err error) {
	// Who links is alone. What it reads of audit_pending, into which everyone
	// writes, would make transactions of business lose races if it were
	// serializable beside.
	err = d.WriteRows(ctx, func(tx *db.Tx) error {
		n = 0
		if err := takeTurn(tx); err != nil {
			return err
		}
		last, err := lastLink(tx)
		if err != nil {
			return err
		}
		var waiting []audit.Entry
		waiting, end, err = pending(tx, after, batch)
		if err != nil {
			return err
		}
		links := make([]Link, 0, len(waiting))
		for _, e := range waiting {
			if e.Canonical() == nil {
				return fmt.Errorf("chain: entry %s has version %d, which this program does not know", e.ID, e.Version)
			}
			last = last.next(key, e)
			links = append(links, last)
		}
		n = len(links)
		return insertLinks(tx, links)
	})
	if err != nil {
		return 0, "", fmt.Errorf("chain: linking audit entries: %w", err)
	}
	return n, end, nil
}

// Of returns the link of an entry, and whether it has one yet.
func Of(tx *db.Tx, entry string) (Link, bool, error) {
	links, err := Links(tx, []string{entry})
	l, ok := links[entry]
	return l, ok, err
}

// Links returns the links of entries, by entry. There are at most 1,000.
func Links(tx *db.Tx, entries []string) (map[string]Link, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	return linksOf(tx, entries)
}

// Proves recomputes the link of e from its columns and the link before it.
func Proves(ctx context.Context, d *db.DB, ks *keys.Store, e audit.Entry, l Link) (bool, error) {
	key, err := secret(ctx, ks)
	if err != nil {
		return false, err
	}
	var before Link
	if l.Seq > 1 {
		err = d.Read(ctx, func(tx *db.Tx) (err error) { before, err = linkAt(tx, l.Seq-1); return err })
	}
	return err == nil && l.Entry == e.ID && digest(key, before.Digest, l.Seq, e.Canonical()) == l.Digest, err
}
