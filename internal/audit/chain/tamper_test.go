package chain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys/keystest"
)

// disarm drops the triggers, as who may define tables can.
const disarm = `
-- only sqlite
drop trigger audit_entry_no_update;
drop trigger audit_entry_no_delete;
drop trigger audit_entry_no_replace;
drop trigger audit_link_no_update;
drop trigger audit_link_no_delete;
drop trigger audit_link_no_replace;
drop trigger audit_head_no_update;
drop trigger audit_head_no_delete;
drop trigger audit_head_no_replace;
-- only postgres
drop trigger audit_entry_no_change on audit_entry;
drop trigger audit_link_no_change on audit_link;
drop trigger audit_head_no_change on audit_head;
-- all
`

const inserted = `
insert into audit_entry (id, version, at, account, name, org, app, address, action, object, reason, result, canonical)
select %s, version, %s, account, name, org, app, address, action, 'forged', reason, result, canonical
  from audit_entry e where e.id = (select entry from audit_link where seq = 5);
`

// Whoever has the whole database, but no key, is found out.
func TestTampering(t *testing.T) {
	at := func(seq string) string { return ` where id = (select entry from audit_link where seq = ` + seq + `);` }
	for name, c := range map[string]struct{ sql, want string }{
		"nothing":                {`update audit_entry set reason = reason;`, ""},
		"an edited reason":       {`update audit_entry set reason = 'x'` + at("5"), "audit.edited"},
		"an edited account":      {`update audit_entry set account = 'b'` + at("1"), "audit.edited"},
		"an edited time":         {`update audit_entry set at = at + 1` + at("5"), "audit.edited"},
		"an edited purpose":      {`update audit_entry set purpose = 'x'` + at("5"), "audit.edited"},
		"an edited rule":         {`update audit_entry set rule = 'x'` + at("5"), "audit.edited"},
		"an edited session":      {`update audit_entry set session = 'x'` + at("5"), "audit.edited"},
		"an older version":       {`update audit_entry set version = 1` + at("5"), "audit.edited"},
		"an unknown version":     {`update audit_entry set version = 3` + at("5"), "audit.edited"},
		"edited canonical bytes": {`update audit_entry set canonical = (select digest from audit_link where seq = 1)` + at("5"), "audit.edited"},
		"a result, the last":     {`update audit_entry set result = 'refused'` + at("28"), "audit.edited"},
		"a deleted entry":        {`delete from audit_entry` + at("5"), "audit.deleted"},
		"a deleted link":         {`delete from audit_link where seq = 5;`, "audit.deleted audit.stray"},
		"the first deleted":      {`delete from audit_entry` + at("1") + `delete from audit_link where seq = 1;`, "audit.deleted"},
		"entry and link deleted": {`delete from audit_entry` + at("5") + `delete from audit_link where seq = 5;`, "audit.deleted"},
		"the gap closed": {`delete from audit_entry` + at("28") + `delete from audit_link where seq = 28;
			update audit_link set seq = 28 where seq = 29;`, "audit.deleted audit.edited"},
		"the tail removed":      {`delete from audit_entry where id in (select entry from audit_link where seq > 20); delete from audit_link where seq > 20;`, "audit.tail"},
		"a link's digest":       {`update audit_link set digest = (select digest from audit_link l where l.seq = 1) where seq = 5;`, "audit.edited"},
		"two entries exchanged": {`update audit_link set entry = 'x' where seq = 5; update audit_link set entry = (select entry from audit_link l where l.seq = 6) || 'y' where seq = 6;`, "audit.deleted audit.stray"},
		"a head's digest":       {`update audit_head set digest = (select digest from audit_link where seq = 1) where seq = (select seq from audit_head order by seq limit 1);`, "audit.head"},
		"a head's time":         {`update audit_head set at = at - 86400000;`, "audit.head"},
		"a head's signature":    {`update audit_head set signature = (select digest from audit_link where seq = 1);`, "audit.head"},
		"a head's key":          {`update audit_head set key = 'none';`, "audit.head"},
		"a head moved":          {`update audit_head set seq = seq + 1 where seq = 30;`, "audit.head audit.tail"},
		"a head deleted":        {`delete from audit_head where seq < 2502;`, "audit.head-gap"},
		"all heads deleted":     {`delete from audit_head;`, "audit.head-gap"},
		"what waits taken off":  {`delete from audit_pending;`, "audit.stray"},
		"what waits deleted":    {`delete from audit_entry where id in (select entry from audit_pending);`, "audit.deleted"},
		"slipped in":            {fmt.Sprintf(inserted, `'0zzz'`, `e.at + 1`), "audit.stray"},
		"slipped in, waiting":   {fmt.Sprintf(inserted, `'0zzz'`, `e.at`) + `insert into audit_pending (entry) values ('0zzz');`, "audit.edited"},
		"slipped in at the end": {fmt.Sprintf(inserted, `'zzz'`, `e.at + 9000000`) + `insert into audit_link (seq, entry, digest) select 31, 'zzz', digest from audit_link where seq = 5;`, "audit.edited"},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				wait := clock(d, start)
				ks := keystest.New(t, d)
				links := 30
				if c.want == "audit.head-gap" {
					links = 2502
				}
				put(t, d, links)
				run(t, d, ks)
				if _, err := chain.Sign(t.Context(), d, ks); err != nil {
					t.Fatal(err)
				}
				wait(time.Minute)
				put(t, d, 3) // these wait
				exec(t, d, disarm)
				exec(t, d, c.sql)
				if name == "slipped in, waiting" {
					run(t, d, ks)
				}
				if got := codes(check(t, d, ks, chain.Options{})); got != c.want {
					t.Errorf("found %q, want %q", got, c.want)
				}
			})
		})
	}
}

// Entries that are gone before they were linked do not hold up the others.
func TestOrphans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ks := keystest.New(t, d)
		put(t, d, 600)
		exec(t, d, disarm+`delete from audit_entry;`)
		put(t, d, 10)
		if n := run(t, d, ks); n != 10 {
			t.Errorf("linked %d", n)
		}
		if r := check(t, d, ks, chain.Options{}); codes(r) != "audit.deleted" || len(r.Findings) != 600 {
			t.Errorf("found %q", codes(r))
		}
	})
}

// An entry that claims a time long gone is found even if it is linked; a clock
// that was set back is one finding.
func TestBackdated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		wait := clock(d, start)
		ks := keystest.New(t, d)
		put(t, d, 3)
		run(t, d, ks)
		wait(-48 * time.Hour)
		put(t, d, 3)
		run(t, d, ks)
		r := check(t, d, ks, chain.Options{})
		if len(r.Findings) != 1 || r.Findings[0].Code != chain.Backdate || r.Findings[0].Seq != 4 {
			t.Errorf("%+v", r)
		}
	})
}

// The loss of the newest entries with their heads leaves nothing in the
// database: a head that was kept outside tells.
func TestKnownHead(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ks := keystest.New(t, d)
		put(t, d, 20)
		run(t, d, ks)
		put(t, d, 5)
		run(t, d, ks)
		kept, err := chain.Sign(t.Context(), d, ks)
		if err != nil || kept.Seq != 25 {
			t.Fatalf("%+v, %v", kept, err)
		}
		known := chain.Options{Known: []chain.Head{kept}}
		if r := check(t, d, ks, known); !r.Intact() {
			t.Errorf("%+v", r)
		}
		exec(t, d, disarm+`
			delete from audit_entry where id in (select entry from audit_link where seq > 20);
			delete from audit_link where seq > 20;
			delete from audit_head where seq > 20;`)
		if r := check(t, d, ks, chain.Options{}); !r.Intact() {
			t.Errorf("the database alone: %+v", r)
		}
		if got := codes(check(t, d, ks, known)); got != "audit.tail" {
			t.Errorf("found %q", got)
		}
		put(t, d, 9)
		run(t, d, ks)
		if got := codes(check(t, d, ks, known)); got != "audit.edited" {
			t.Errorf("continued, found %q", got)
		}
	})
}

// A check of the newest links finds what is wrong there, and all heads.
func TestQuick(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ks := keystest.New(t, d)
		put(t, d, 300)
		run(t, d, ks)
		exec(t, d, disarm+`update audit_entry set reason = 'x' where id in (select entry from audit_link where seq in (100, 250));`)
		r := check(t, d, ks, chain.Options{Last: 100})
		if len(r.Findings) != 1 || r.Findings[0].Seq != 250 || r.Links != 100 {
			t.Errorf("%+v", r)
		}
		exec(t, d, `delete from audit_link where seq = 200;`)
		if got := codes(check(t, d, ks, chain.Options{Last: 100})); got != "audit.deleted audit.edited audit.stray" {
			t.Errorf("found %q", got)
		}
	})
}

// Findings are bounded, and hold no text of an entry.
func TestManyFindings(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	ks := keystest.New(t, d)
	put(t, d, 1100)
	run(t, d, ks)
	exec(t, d, disarm+`update audit_entry set reason = '410102199001010012';`)
	var told int
	r := check(t, d, ks, chain.Options{Progress: func(chain.Report) { told++ }})
	if len(r.Findings) != 1000 || r.More != 100 || told == 0 {
		t.Errorf("%d findings, %d more, told %d times", len(r.Findings), r.More, told)
	}
	for _, f := range r.Findings {
		if strings.Contains(f.Message, "410102") {
			t.Fatal("a finding holds what an entry says")
		}
	}
}

// Entries that nobody links are found.
func TestStalled(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		wait := clock(d, start)
		ks := keystest.New(t, d)
		put(t, d, 2)
		if r := check(t, d, ks, chain.Options{}); !r.Intact() || r.Waiting != 2 {
			t.Errorf("%+v", r)
		}
		wait(2 * time.Hour)
		if got := codes(check(t, d, ks, chain.Options{})); got != "audit.stalled" {
			t.Errorf("found %q", got)
		}
	})
}

// Neither an entry, nor its link, nor a head is changed or deleted, whatever
// the clock says (the Basic Requirements keep logs three years at least; here
// they are kept for ever). Statements that delete on their way are tried too.
func TestNothingEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		wait := clock(d, start)
		ks := keystest.New(t, d)
		put(t, d, 3)
		run(t, d, ks)
		statements := []string{
			`delete from audit_entry`, `update audit_entry set at = 0`, `delete from audit_link`, `update audit_link set entry = 'x'`,
			`delete from audit_head`, `update audit_head set at = 0`,
		}
		if d.Engine() == "sqlite" {
			statements = append(statements,
				`insert or replace into audit_entry select * from audit_entry order by id limit 1`,
				`replace into audit_entry (rowid, id, version, at, account, name, org, app, address, action, object, reason, result, canonical)
				 select e.rowid, 'new', version, at, account, name, org, app, address, action, object, reason, result, canonical from audit_entry e`,
				`insert or replace into audit_link select seq, 'x', digest from audit_link`,
				`insert or replace into audit_link select seq + 10, entry, digest from audit_link`,
				`insert or replace into audit_head select seq, digest, 0, key, signature from audit_head`)
		} else {
			statements = append(statements, `truncate audit_entry`, `truncate audit_link`, `truncate audit_head`,
				`with gone as (delete from audit_entry returning id) insert into audit_pending select id || 'x' from gone`)
		}
		for _, age := range []time.Duration{0, 3*year - 24*time.Hour, 48 * time.Hour, 30 * year} {
			wait(age)
			for _, q := range statements {
				err := d.Write(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(q); return err })
				if err == nil || !strings.Contains(err.Error(), "rows are not ") {
					t.Errorf("%s: %v", q, err)
				}
			}
		}
		var left []audit.Entry
		err := d.Read(t.Context(), func(tx *db.Tx) (err error) { left, _, err = audit.List(tx, audit.Query{}); return err })
		if r := check(t, d, ks, chain.Options{}); err != nil || len(left) != 3 || !r.Intact() {
			t.Errorf("%d entries are left; %+v, %v", len(left), r, err)
		}
	})
}

const year = 365*24*time.Hour + 6*time.Hour
