package page_test

import (
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/web/page"
)

func TestNames(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		me, other, holder := c.People["clerk"].ID, c.People["issuer"].ID, c.People["holder"].ID
		n, err := page.Named(c.Ctx(t, "clerk"), c.Service, other, me, "", other, holder, "nobody")
		if err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]string{"": "—", me: "样例·clerk（您）", other: "样例·issuer", holder: "张**", "nobody": "账号 nobody", c.People["reviewer"].ID: "账号 " + c.People["reviewer"].ID} {
			if got := n.Person(id); got != want {
				t.Errorf("account %q is called %q, want %q", id, got, want)
			}
		}
		for id, want := range map[string]string{"": "—", iamtest.Market: "青禾县市场监督管理局", "nowhere": "nowhere"} {
			for range 2 {
				if got := n.Org(id); got != want {
					t.Errorf("organisation %q is called %q, want %q", id, got, want)
				}
			}
		}
		n.Nobody = "平台"
		if got := n.Person(""); got != "平台" {
			t.Errorf("nobody is %q", got)
		}
	})
}
