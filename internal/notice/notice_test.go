package notice_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Code != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
	}
}

type office struct {
	*iamtest.County
	*notice.Service
	t   testing.TB
	mu  sync.Mutex
	now time.Time
}

// newOffice has a clock that runs a second ahead at each look, so that what is
// told later is later.
func newOffice(t testing.TB, d *db.DB) *office {
	t.Helper()
	o := &office{t: t, now: time.Now().Truncate(time.Second)}
	d.Now = func() time.Time {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.now = o.now.Add(time.Millisecond)
		return o.now
	}
	o.County, o.Service = iamtest.New(t, d), &notice.Service{DB: d}
	return o
}

func (o *office) pass(d time.Duration) { o.mu.Lock(); defer o.mu.Unlock(); o.now = o.now.Add(d) }

func (o *office) try(n notice.Notice) error {
	if n.Topic == "" {
		n.Topic = "seal.frozen"
	}
	return o.Service.DB.Write(o.t.Context(), func(tx *db.Tx) error { return o.PutTx(tx, n) })
}

func (o *office) tell(n notice.Notice) { o.t.Helper(); must(o.t, o.try(n)) }

func (o *office) inbox(ctx context.Context) string {
	o.t.Helper()
	p, err := o.Inbox(ctx, 100, "")
	must(o.t, err)
	return titles(p.Items)
}

func titles(list []notice.Notice) string {
	var out []string
	for _, n := range list {
		mark := ""
		if n.ReadAt.IsZero() {
			mark = "*"
		}
		out = append(out, mark+n.Title)
	}
	return strings.Join(out, " ")
}

func (o *office) wants(who, inbox string, unread int) {
	o.t.Helper()
	ctx := o.Ctx(o.t, who)
	if got := o.inbox(ctx); got != inbox {
		o.t.Errorf("%s is told %q, want %q", who, got, inbox)
	}
	if n, err := o.Unread(ctx); err != nil || n != unread {
		o.t.Errorf("%s has %d unread, want %d: %v", who, n, unread, err)
	}
}

func (o *office) id(who, title string) string {
	o.t.Helper()
	p, err := o.Inbox(o.Ctx(o.t, who), 100, "")
	must(o.t, err)
	for _, n := range p.Items {
		if n.Title == title {
			return n.ID
		}
	}
	o.t.Fatalf("%s is not told %q", who, title)
	return ""
}

const permission = "cert.issue"

// Who is told what: oneself, and by what one holds where.
func TestAudience(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.Hire(t, "chief", "issuer", iamtest.Root) // above both
		holds := func(who, org string) bool { return iam.Allow(o.Ctx(t, who), permission, org) == nil }
		if !holds("issuer", iamtest.Market) || holds("issuer", iamtest.Land) || !holds("chief", iamtest.Land) || !holds("outsider", iamtest.Land) || holds("system", iamtest.Root) {
			t.Fatal("the county is not what this test thinks")
		}
		o.tell(notice.Notice{Account: o.People["issuer"].ID, Title: "a"})
		o.tell(notice.Notice{Permission: permission, Org: iamtest.Market, Title: "b"})
		o.tell(notice.Notice{Permission: permission, Org: iamtest.Land, Title: "c"})
		o.tell(notice.Notice{Permission: permission, Org: iamtest.Root, Title: "d"})
		o.tell(notice.Notice{Account: o.People["holder"].ID, Title: "e"})
		o.tell(notice.Notice{Permission: permission, Org: "nowhere", Title: "f"})
		o.tell(notice.Notice{Permission: "no.such", Org: iamtest.Market, Title: "g"})
		o.wants("issuer", "*b *a", 2)
		o.wants("outsider", "*c", 1)
		o.wants("chief", "*d *c *b", 3)
		o.wants("holder", "*e", 1)
		o.wants("system", "", 0)
		o.wants("counter", "", 0)

		must(t, o.Read(o.Ctx(t, "chief"), o.id("chief", "b")))
		o.wants("chief", "*d *c b", 2)
		o.wants("issuer", "*b *a", 2) // what another has read is not read
		must(t, o.ReadAll(o.Ctx(t, "issuer")))
		o.wants("issuer", "b a", 0)
		o.wants("outsider", "*c", 1)
		must(t, o.ReadAll(o.Ctx(t, "system"))) // nothing
	})
}

// Who succeeds to a post finds what was told to it; who left sees it no more,
// but keeps what was told to themselves.
func TestSuccession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.tell(notice.Notice{Permission: permission, Org: iamtest.Market, Title: "post"})
		o.tell(notice.Notice{Account: o.People["issuer"].ID, Title: "own"})
		id := o.id("issuer", "post")
		o.Release(t, "issuer")
		o.wants("issuer", "*own", 1)
		wantCode(t, o.Read(o.Ctx(t, "issuer"), id), fault.NotFound, "notice.unknown")
		o.Hire(t, "successor", "issuer", iamtest.Market)
		o.wants("successor", "*post", 1)
		must(t, o.Read(o.Ctx(t, "successor"), id))
		o.wants("successor", "post", 0)
	})
}

// What is another's is as if it were not there.
func TestForeign(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.tell(notice.Notice{Account: o.People["issuer"].ID, Title: "a"})
		o.tell(notice.Notice{Permission: permission, Org: iamtest.Market, Title: "b"})
		for _, id := range []string{o.id("issuer", "a"), o.id("issuer", "b"), "none", "", "' or 1=1 --", strings.Repeat("x", 10_000)} {
			for _, who := range []string{"outsider", "holder", "system"} {
				wantCode(t, o.Read(o.Ctx(t, who), id), fault.NotFound, "notice.unknown")
			}
		}
		o.wants("issuer", "*b *a", 2)
		stranger, program := context.Background(), o.AppCtx(t)
		for _, fn := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := o.Inbox(ctx, 0, ""); return err },
			func(ctx context.Context) error { _, err := o.Unread(ctx); return err },
			func(ctx context.Context) error { return o.Read(ctx, o.id("issuer", "a")) },
			o.ReadAll,
		} {
			wantCode(t, fn(stranger), fault.Unauthorized, "auth.required")
			wantCode(t, fn(program), fault.Forbidden, "notice.person")
		}
	})
}

func TestPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		ctx := o.Ctx(t, "issuer")
		o.write(func(tx *db.Tx) error { // all at one time
			for i := range 25 {
				n := notice.Notice{Account: o.People["issuer"].ID, Topic: "a.b", Title: fmt.Sprint(i)}
				if i%2 == 0 {
					n.Account, n.Permission, n.Org = "", permission, iamtest.Market
				}
				if err := o.PutTx(tx, n); err != nil {
					return err
				}
			}
			return nil
		})
		seen, cursor := map[string]bool{}, ""
		for pages := 1; ; pages++ {
			p, err := o.Inbox(ctx, 10, cursor)
			must(t, err)
			for _, n := range p.Items {
				if seen[n.ID] {
					t.Error("a notice stands on two pages")
				}
				seen[n.ID] = true
			}
			if cursor = p.Next; cursor == "" {
				if pages != 3 {
					t.Errorf("%d pages", pages)
				}
				break
			}
		}
		if len(seen) != 25 {
			t.Errorf("%d notices", len(seen))
		}
		for limit, want := range map[int]int{0: 20, -1: 20, 1: 1, 1 << 30: 25} {
			if p, err := o.Inbox(ctx, limit, ""); err != nil || len(p.Items) != want {
				t.Errorf("limit %d: %v", limit, err)
			}
		}
		_, err := o.Inbox(ctx, 10, "forged!")
		wantCode(t, err, fault.Invalid, "cursor")
	})
}

func (o *office) write(fn func(*db.Tx) error) {
	o.t.Helper()
	must(o.t, o.Service.DB.Write(o.t.Context(), fn))
}

// An occasion is told once to each, however often it is repeated, also at once.
func TestOccasion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		once := notice.Notice{ID: "seal/1 renewal", Account: o.People["issuer"].ID, Title: "a"}
		other := once
		other.Account = o.People["clerk"].ID
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				for _, n := range []notice.Notice{once, other} {
					if err := o.try(n); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		once.Title = "changed"
		o.tell(once)
		o.wants("issuer", "*a", 1)
		o.wants("clerk", "*a", 1)
	})
}

// What is read at once by one person in two windows is read once.
func TestConcurrentReads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.tell(notice.Notice{Permission: permission, Org: iamtest.Market, Title: "a"})
		id, ctx := o.id("issuer", "a"), o.Ctx(t, "issuer")
		var wait sync.WaitGroup
		for i := range 8 {
			wait.Go(func() {
				err := o.Read(ctx, id)
				if i%2 == 0 {
					err = o.ReadAll(ctx)
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		o.wants("issuer", "a", 0)
	})
}

// What is old is listed and not counted; what is older than three years is gone.
func TestAge(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		issuer := o.People["issuer"].ID
		sweep := func(want int64) {
			t.Helper()
			if n, err := o.Sweep(t.Context()); err != nil || n != want {
				t.Errorf("%d are deleted, want %d: %v", n, want, err)
			}
		}
		o.tell(notice.Notice{Account: issuer, Title: "a"})
		must(t, o.Read(o.Ctx(t, "issuer"), o.id("issuer", "a")))
		o.tell(notice.Notice{Account: issuer, Title: "b"})
		o.pass(91 * 24 * time.Hour)
		o.tell(notice.Notice{Account: issuer, Title: "c"})
		o.wants("issuer", "*c *b a", 1)
		must(t, o.ReadAll(o.Ctx(t, "issuer")))
		o.wants("issuer", "c *b a", 0)
		sweep(0)
		o.pass(1097 * 24 * time.Hour)
		sweep(3)
		o.wants("issuer", "", 0)
	})
}
