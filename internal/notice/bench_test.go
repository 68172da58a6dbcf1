package notice_test

import (
	"fmt"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
)

// fill tells much to others: permission after permission, unit after unit.
func (o *office) fill(n int) {
	o.t.Helper()
	bigint := map[string]string{"postgres": "::bigint"}[o.Service.DB.Engine()]
	o.write(func(tx *db.Tx) error {
		_, err := tx.Exec(fmt.Sprintf(`
			insert into notice_notice (id, account, org, permission, topic, title, body, link, at)
			with recursive n(i) as (select 1%s union all select i + 1 from n where i < %d)
			select 'fill' || i, case i %% 3 when 0 then 'somebody' else '' end, case i %% 2 when 0 then 'market' else 'u' || i %% 500 end,
			       case i %% 3 when 0 then '' when 1 then 'cert.issue' else 'seal.other' end, 'a.b', 'title', '', '', cast($1 as bigint) - i
			  from n`, bigint, n), tx.Now().UnixMilli())
		return err
	})
	// What PostgreSQL does by itself within minutes of such growth.
	o.write(func(tx *db.Tx) error { _, err := tx.Exec(`analyze notice_notice`); return err })
}

// BenchmarkInbox reads inboxes beside 100,000 notices: of a member of one unit,
// and of one who is told for 500.
func BenchmarkInbox(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		o := newOffice(b, d)
		for i := range 500 {
			_, err := o.CreateOrg(o.Ctx(b, "system"), iam.OrgRequest{ID: fmt.Sprintf("u%d", i), Parent: iamtest.Root, Name: fmt.Sprintf("单位%d", i), Tier: "county"})
			must(b, err)
		}
		o.Hire(b, "chief", "issuer", iamtest.Root)
		o.fill(100_000)
		for _, who := range []string{"issuer", "chief"} {
			ctx := o.Ctx(b, who)
			b.Run(who+"/list", func(b *testing.B) {
				for b.Loop() {
					if _, err := o.Inbox(ctx, 20, ""); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(who+"/unread", func(b *testing.B) {
				for b.Loop() {
					if _, err := o.Unread(ctx); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run(who+"/unread of none", func(b *testing.B) {
				must(b, o.ReadAll(ctx))
				for b.Loop() {
					if _, err := o.Unread(ctx); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		o.tell(notice.Notice{Permission: permission, Org: iamtest.Market, Title: "new"})
		if n, err := o.Unread(o.Ctx(b, "issuer")); err != nil || n != 1 {
			b.Errorf("%d unread: %v", n, err)
		}
	})
}
