package seal_test

import (
	"fmt"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
)

// copySeal copies a seal's row n times, without what is signed, numbered behind
// from. The copies are a day older, each a millisecond more. Identifiers are
// written in letters and the digits from 2 to 7.
func copySeal(t *testing.T, d *db.DB, x *seal.Seal, from, n int) {
	t.Helper()
	nothing := map[string]string{"sqlite": "cast('' as blob)", "postgres": "''::bytea"}[d.Engine()]
	bigint := map[string]string{"postgres": "::bigint"}[d.Engine()]
	must(t, d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(fmt.Sprintf(`
			insert into seal_seal (id, org_id, path, kind, name, state, custodian, person, key_id, seal, certificate, serial, imprint, statement, application,
			                       replaces, replaced_by, authority, number, filed_at, renew_at, valid_from, valid_to, created_at)
			with recursive n(i) as (select %d%s union all select i + 1 from n where i < %d)
			select id || 'z' || replace(replace(replace(replace(cast(n.i as text), '0', 'a'), '1', 'b'), '8', 'c'), '9', 'd'), org_id, path, kind, name || '第' || n.i || '号', state, custodian, person, key_id || '-' || n.i, %s, %s, serial || n.i, imprint,
			       statement, application, replaces, replaced_by, authority, number || '-' || n.i, filed_at, renew_at, valid_from, valid_to, created_at - 86400000 - n.i
			  from seal_seal cross join n
			 where id = $1`, from+1, bigint, from+n, nothing, nothing), x.ID)
		return err
	}))
}

// A search finds the same whether few seals come into question or many, and
// pages through all of them, newest first.
func TestSearchFewAndMany(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealtest.New(t, d)
		x, y := w.Make(t, sealtest.Market, seal.LegalName), w.Make(t, sealtest.Land, seal.LegalName)
		const copies = 1200
		copySeal(t, d, x, 0, copies)
		all := func(q seal.Query) (ids []string) {
			t.Helper()
			last := time.Time{}
			for q.Limit = 100; ; {
				p, err := w.Seal.Search(w.Keeper, q)
				must(t, err)
				for _, one := range p.Items {
					if !last.IsZero() && one.CreatedAt.After(last) {
						t.Errorf("%s is newer than what came before", one.ID)
					}
					last = one.CreatedAt
					ids = append(ids, one.ID)
				}
				if q.Cursor = p.Next; q.Cursor == "" {
					return ids
				}
			}
		}
		for name, c := range map[string]struct {
			q     seal.Query
			n     int
			first string
		}{
			"many by name":              {seal.Query{Text: x.Name}, copies + 1, x.ID},
			"few by name":               {seal.Query{Text: x.Name + "第11"}, 1 + 10 + 100, x.ID + "zbb"},
			"another unit by name":      {seal.Query{Text: y.Name}, 1, y.ID},
			"by number":                 {seal.Query{Text: y.Number}, 1, y.ID},
			"by id":                     {seal.Query{Text: x.ID + "z7"}, 1, x.ID + "z7"},
			"many by name of a unit":    {seal.Query{Text: "青禾县", Org: sealtest.Land}, 1, y.ID},
			"few by name of a unit":     {seal.Query{Text: y.Name, Org: sealtest.Market}, 0, ""},
			"by name and state":         {seal.Query{Text: y.Name, State: seal.Effective}, 1, y.ID},
			"by name and another state": {seal.Query{Text: y.Name, State: seal.Frozen}, 0, ""},
			"nothing":                   {seal.Query{Text: "没有"}, 0, ""},
			"none has run out":          {seal.Query{State: seal.Expired}, 0, ""},
		} {
			if ids := all(c.q); len(ids) != c.n || c.n > 0 && ids[0] != c.first {
				t.Errorf("%s: %d seals, want %d, the first %s", name, len(ids), c.n, c.first)
			}
		}
		end := func(rest string) {
			must(t, d.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`update seal_seal set valid_to = $1 where `+rest, d.Now().Add(-time.Hour).UnixMilli())
				return err
			}))
		}
		end(`org_id = 'land'`)
		if ids := all(seal.Query{State: seal.Expired}); len(ids) != 1 || ids[0] != y.ID {
			t.Errorf("one has run out: %v", ids)
		}
		if ids := all(seal.Query{State: seal.Expired, Text: x.Name}); len(ids) != 0 {
			t.Errorf("of a name, none has run out: %v", ids)
		}
		end(`org_id = 'market'`)
		if ids := all(seal.Query{State: seal.Expired}); len(ids) != copies+2 {
			t.Errorf("all have run out: %d", len(ids))
		}
	})
}
