package iam_test

import (
	"slices"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// attack runs a statement as somebody who has the database and nothing else.
func attack(t *testing.T, d *db.DB, q string, args ...any) {
	t.Helper()
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		n, err := tx.Exec(q, args...)
		if err == nil && n == 0 {
			t.Errorf("the attack changed nothing: %s", q)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func codes(t *testing.T, s *iam.Service) (out []string) {
	t.Helper()
	found, err := s.Integrity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		out = append(out, f.Table+" "+f.Code)
	}
	slices.Sort(out)
	return out
}

// Whoever can write into the database gains nothing by it, and is found.
func TestEditedRowsGiveNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for name, tc := range map[string]struct {
			do    func(c *iamtest.County, d *db.DB)
			gives func(c *iamtest.County) bool
			finds []string
		}{
			"a role is exchanged": {
				func(c *iamtest.County, d *db.DB) {
					attack(t, d, `update iam_grant set role = 'issuer' where account = $1`, c.People["clerk"].ID)
				},
				func(c *iamtest.County) bool {
					return iam.Allow(c.Ctx(t, "clerk"), "cert.issue", iamtest.Market) == nil
				},
				[]string{"iam_grant row.altered"},
			},
			"a grant is widened": {
				func(c *iamtest.County, d *db.DB) {
					attack(t, d, `update iam_grant set org = 'county' where account = $1`, c.People["issuer"].ID)
				},
				func(c *iamtest.County) bool {
					return iam.Allow(c.Ctx(t, "issuer"), "cert.issue", iamtest.Land) == nil
				},
				[]string{"iam_grant row.altered"},
			},
			"a grant is inserted": {
				func(c *iamtest.County, d *db.DB) {
					attack(t, d, `insert into iam_grant (id, account, role, org, state, reason, proposed_by, proposed_at, mac)
						select 'forged', $1, 'issuer', 'market', 'effective', 'x', 'x', 1, mac from iam_grant where account = $2`, c.People["clerk"].ID, c.People["issuer"].ID)
				},
				func(c *iamtest.County) bool {
					return iam.Allow(c.Ctx(t, "clerk"), "cert.issue", iamtest.Market) == nil
				},
				[]string{"iam_grant row.altered", "iam_grant rows.extra"},
			},
			"a grant is deleted": {
				func(c *iamtest.County, d *db.DB) {
					attack(t, d, `delete from iam_grant where account = $1`, c.People["clerk"].ID)
				},
				func(c *iamtest.County) bool { return iam.Allow(c.Ctx(t, "clerk"), "cert.draft", iamtest.Market) == nil },
				[]string{"iam_grant rows.missing"},
			},
			"a unit is moved below one's own": {
				func(_ *iamtest.County, d *db.DB) {
					attack(t, d, `update iam_org set parent = 'market', path = '/county/market/land/' where id = 'land'`)
				},
				func(c *iamtest.County) bool {
					return iam.Allow(c.Ctx(t, "issuer"), "cert.issue", iamtest.Land) == nil
				},
				[]string{"iam_org row.altered"},
			},
			"a client is given more": {
				func(c *iamtest.County, d *db.DB) {
					attack(t, d, `update iam_client set scopes = 'cert.issue seal.use' where id = $1`, c.App.ID)
				},
				func(c *iamtest.County) bool {
					_, err := c.Issue(t.Context(), c.App.ID, c.App.Secret, "")
					return err == nil
				},
				[]string{"iam_client row.altered"},
			},
			"a secret is exchanged": {
				func(c *iamtest.County, d *db.DB) {
					attack(t, d, `update iam_secret set created_at = created_at + 1 where client = $1`, c.App.ID)
				},
				func(c *iamtest.County) bool {
					_, err := c.Issue(t.Context(), c.App.ID, c.App.Secret, "")
					return err == nil
				},
				[]string{"iam_secret row.altered"},
			},
			"an account changes its unit": {
				func(c *iamtest.County, d *db.DB) {
					attack(t, d, `update iam_account set org = 'land' where id = $1`, c.People["issuer"].ID)
				},
				func(c *iamtest.County) bool { _, err := c.As(t.Context(), c.People["issuer"].ID); return err == nil },
				[]string{"iam_account row.altered"},
			},
		} {
			t.Run(name, func(t *testing.T) {
				d := dbtest.New(t, d.Engine())
				c := iamtest.New(t, d)
				if got := codes(t, c.Service); len(got) > 0 {
					t.Fatalf("before anything happened: %v", got)
				}
				tc.do(c, d)
				another(t, c, d)
				if tc.gives(c) {
					t.Error("an edited row still gives something")
				}
				if got := codes(t, c.Service); !slices.Equal(got, tc.finds) {
					t.Errorf("doctor finds %v, want %v", got, tc.finds)
				}
			})
		}
	})
}

// another makes c's service one that was just started.
func another(t *testing.T, c *iamtest.County, d *db.DB) {
	t.Helper()
	s, err := iam.New(t.Context(), d, c.Keys, iam.Options{CacheFor: 1})
	if err != nil {
		t.Fatal(err)
	}
	s.Outbox, s.Due = c.Outbox, c.Due
	c.Service = s
}

// A grant that was revoked and is put back from an old copy is found.
func TestRevivedGrantIsFound(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		attack(t, d, `create table test_copy as select * from iam_grant`)
		c.Release(t, "issuer")
		attack(t, d, `delete from iam_grant`)
		attack(t, d, `insert into iam_grant select * from test_copy`)
		if got := codes(t, c.Service); !slices.Equal(got, []string{"iam_grant rows.replaced"}) {
			t.Errorf("doctor finds %v", got)
		}
		if err := c.Recount(t.Context(), "已核查"); err != nil {
			t.Fatal(err)
		}
		if got := codes(t, c.Service); len(got) > 0 {
			t.Errorf("after the operator looked into it: %v", got)
		}
	})
}

// A forged token, and one that was given more, count for nothing.
func TestForgedTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		tok, err := c.Issue(t.Context(), c.App.ID, c.App.Secret, "cert.read")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Bearer(t.Context(), tok.Access); err != nil {
			t.Fatal(err)
		}
		attack(t, d, `update iam_token set scopes = 'cert.issue cert.read'`)
		another(t, c, d)
		_, err = c.Bearer(t.Context(), tok.Access)
		wantCode(t, err, "auth.token")
	})
}

// What was altered is alarmed about once, and audited.
func TestAlteredRowsAlarm(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		attack(t, d, `update iam_grant set role = 'issuer' where account = $1`, c.People["clerk"].ID)
		for range 3 {
			c.Ctx(t, "clerk")
		}
		if n := count(t, d, `select count(*) from audit_entry where action = 'iam.altered' and result = 'refused'`); n != 1 {
			t.Errorf("%d alarms", n)
		}
	})
}

func count(t *testing.T, d *db.DB, q string, args ...any) (n int64) {
	t.Helper()
	if err := d.Read(t.Context(), func(tx *db.Tx) error { return tx.Get(q, args, &n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// Rows of before the guards are adopted once, and never again.
func TestAdopt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		for _, q := range []string{
			`update iam_org set mac = null, path = '', folded = ''`, `update iam_grant set mac = null`, `update iam_client set mac = null`,
			`update iam_secret set mac = null`, `update iam_account set mac = null, name_index = null`, `delete from keys_census`,
		} {
			attack(t, d, q)
		}
		another(t, c, d)
		if _, err := c.As(t.Context(), c.People["clerk"].ID); err == nil {
			t.Error("a row without a MAC counts")
		}
		n, err := c.Adopt(t.Context())
		if err != nil || n < 20 {
			t.Fatalf("%d, %v", n, err)
		}
		another(t, c, d)
		if err := iam.Allow(c.Ctx(t, "clerk"), "cert.draft", iamtest.Market); err != nil {
			t.Error(err)
		}
		if got := codes(t, c.Service); len(got) > 0 {
			t.Errorf("after adoption: %v", got)
		}
		page, err := c.FindAccounts(c.Ctx(t, "system"), iam.AccountQuery{Name: "样例·clerk"})
		if err != nil || len(page.Items) != 1 {
			t.Errorf("by name: %v, %v", page, err)
		}
		attack(t, d, `update iam_grant set role = 'issuer', mac = null where account = $1`, c.People["clerk"].ID)
		if n, err := c.Adopt(t.Context()); err != nil || n != 0 {
			t.Errorf("adopted again: %d, %v", n, err)
		}
		another(t, c, d)
		if iam.Allow(c.Ctx(t, "clerk"), "cert.issue", iamtest.Market) == nil {
			t.Error("a row whose MAC was taken away counts")
		}
	})
}
