package chain

import (
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
)

// takeTurn waits until no other process links. It is asked first: what the
// holder before committed must be seen.
func takeTurn(tx *db.Tx) error {
	var id string
	return tx.Get(`select id from audit_turn where id = $1 for update`, []any{"chain"}, &id)
}

// pending returns the entries that have waited longest, of up to n ids that wait
// after one, and the last of these ids: "" if there was none. An entry may be
// gone. It asks for the ids first: a planner that has not looked at the tables
// for long would join them whole.
func pending(tx *db.Tx, after string, n int) (out []audit.Entry, last string, err error) {
	var ids []string
	err = tx.All(`select entry from audit_pending where entry > $1 order by entry limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil || len(ids) == 0 {
		return nil, "", err
	}
	marks, args := db.Marks(nil, db.Padded(ids))
	err = tx.All(`select `+audit.Columns+` from audit_entry e where e.id in (`+marks+`) order by e.id`, args, func(scan func(...any) error) error {
		e, err := audit.Scan(scan)
		out = append(out, e)
		return err
	})
	return out, ids[len(ids)-1], err
}

// many are the sizes of the statements that write several rows: few shapes.
var many = []int{64, 8, 1}

// insertLinks writes links and takes their entries off those that wait.
func insertLinks(tx *db.Tx, links []Link) error {
	for _, n := range many {
		insert, remove := rows(n)
		for ; len(links) >= n; links = links[n:] {
			var values, entries []any
			for _, l := range links[:n] {
				values = append(values, l.Seq, l.Entry, l.Digest)
				entries = append(entries, l.Entry)
			}
			if _, err := tx.Exec(insert, values...); err != nil {
				return err
			}
			if _, err := tx.Exec(remove, entries...); err != nil {
				return err
			}
		}
	}
	return nil
}

func rows(n int) (insert, remove string) {
	var values, marks []string
	for i := range n {
		values = append(values, "($"+strconv.Itoa(3*i+1)+", $"+strconv.Itoa(3*i+2)+", $"+strconv.Itoa(3*i+3)+")")
		marks = append(marks, "$"+strconv.Itoa(i+1))
	}
	return `insert into audit_link (seq, entry, digest) values ` + strings.Join(values, ", "),
		`delete from audit_pending where entry in (` + strings.Join(marks, ", ") + `)`
}

// lastLink is the zero Link before there is one.
func lastLink(tx *db.Tx) (l Link, err error) {
	err = tx.All(`select seq, entry, digest from audit_link order by seq desc limit 1`, nil, func(scan func(...any) error) (err error) {
		l, err = scanLink(scan)
		return err
	})
	return l, err
}

func linkAt(tx *db.Tx, seq int64) (l Link, err error) {
	var d []byte
	err = tx.Get(`select seq, entry, digest from audit_link where seq = $1`, []any{seq}, &l.Seq, &l.Entry, &d)
	copy(l.Digest[:], d)
	return l, err
}

func linksOf(tx *db.Tx, entries []string) (map[string]Link, error) {
	marks, args := db.Marks(nil, db.Padded(entries))
	out := map[string]Link{}
	err := tx.All(`select seq, entry, digest from audit_link where entry in (`+marks+`)`, args, func(scan func(...any) error) error {
		l, err := scanLink(scan)
		out[l.Entry] = l
		return err
	})
	return out, err
}

func scanLink(scan func(...any) error) (l Link, err error) {
	var d []byte
	err = scan(&l.Seq, &l.Entry, &d)
	copy(l.Digest[:], d)
	return l, err
}

// insertHead writes a head unless its link has one. SQLite's guard against
// replacing comes before the conflict, so the row is not even offered.
func insertHead(tx *db.Tx, h Head) error {
	_, err := tx.Exec(`
		insert into audit_head (seq, digest, at, key, signature)
		select $1, $2, $3, $4, $5 where not exists (select 1 from audit_head where seq = $1)
		on conflict do nothing`, h.Seq, h.Digest, h.At.UnixMilli(), h.Key, h.Signature)
	return err
}

func lastHead(tx *db.Tx) (Head, error) {
	return getHead(tx, `select seq, digest, at, key, signature from audit_head order by seq desc limit 1`)
}

func headFrom(tx *db.Tx, seq int64) (Head, error) {
	return getHead(tx, `select seq, digest, at, key, signature from audit_head where seq >= $1 order by seq limit 1`, seq)
}

func getHead(tx *db.Tx, q string, args ...any) (h Head, err error) {
	var d []byte
	var at int64
	err = tx.Get(q, args, &h.Seq, &d, &at, &h.Key, &h.Signature)
	return headOf(h, d, at), err
}

func headOf(h Head, digest []byte, at int64) Head {
	h.Digest, h.At = gm.Digest{}, time.UnixMilli(at).UTC()
	copy(h.Digest[:], digest)
	return h
}

// A step is a link with what it is about, as far as that is there.
type step struct {
	link   Link
	entry  *audit.Entry
	stored []byte // canonical bytes beside the columns
}

// steps returns up to n links after seq, in order. An entry that is gone is
// nil.
func steps(tx *db.Tx, seq int64, n int) (out []step, err error) {
	err = tx.All(`
		select `+present+`, l.seq, l.entry, l.digest, e.canonical
		  from audit_link l
		  left join audit_entry e on e.id = l.entry
		 where l.seq > $1
		 order by l.seq
		 limit $2`, []any{seq, n}, func(scan func(...any) error) error {
		var s step
		var d []byte
		e, err := audit.Scan(scan, &s.link.Seq, &s.link.Entry, &d, &s.stored)
		copy(s.link.Digest[:], d)
		if e.ID != "" {
			s.entry = &e
		}
		out = append(out, s)
		return err
	})
	return out, err
}

// present is audit.Columns of an entry that may be gone.
var present = orNothing(audit.Columns)

func orNothing(columns string) string {
	var out []string
	for _, c := range strings.Split(columns, ",") {
		switch c = strings.TrimSpace(c); c {
		case "e.before_digest", "e.after_digest":
		case "e.version", "e.at":
			c = "coalesce(" + c + ", 0)"
		default:
			c = "coalesce(" + c + ", '')"
		}
		out = append(out, c)
	}
	return strings.Join(out, ", ")
}

// A stray is an entry that is neither linked nor waits to be.
type stray struct {
	id    string
	apart bool
}

// strays returns up to n entries after an id, and whether each is a stray.
func strays(tx *db.Tx, after string, n int) (out []stray, err error) {
	err = tx.All(`
		select e.id, l.seq is null and p.entry is null
		  from audit_entry e
		  left join audit_link l on l.entry = e.id
		  left join audit_pending p on p.entry = e.id
		 where e.id > $1
		 order by e.id
		 limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var s stray
		err := scan(&s.id, &s.apart)
		out = append(out, s)
		return err
	})
	return out, err
}

// A waiter stands in audit_pending.
type waiter struct {
	id string
	at int64 // of its entry; 0: it is gone
}

func waiters(tx *db.Tx, after string, n int) (out []waiter, err error) {
	err = tx.All(`
		select p.entry, coalesce(e.at, 0)
		  from audit_pending p
		  left join audit_entry e on e.id = p.entry
		 where p.entry > $1
		 order by p.entry
		 limit $2`, []any{after, n}, func(scan func(...any) error) error {
		var w waiter
		err := scan(&w.id, &w.at)
		out = append(out, w)
		return err
	})
	return out, err
}

// A mark is a head with the link that it signs, as far as that is there.
type mark struct {
	head Head
	link *gm.Digest
}

func marks(tx *db.Tx, seq int64, n int) (out []mark, err error) {
	err = tx.All(`
		select h.seq, h.digest, h.at, h.key, h.signature, l.digest
		  from audit_head h
		  left join audit_link l on l.seq = h.seq
		 where h.seq > $1
		 order by h.seq
		 limit $2`, []any{seq, n}, func(scan func(...any) error) error {
		var m mark
		var d, l []byte
		var at int64
		err := scan(&m.head.Seq, &d, &at, &m.head.Key, &m.head.Signature, &l)
		m.head = headOf(m.head, d, at)
		if l != nil {
			m.link = &gm.Digest{}
			copy(m.link[:], l)
		}
		out = append(out, m)
		return err
	})
	return out, err
}
