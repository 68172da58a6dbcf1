//go:build scale

package chain_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys/keystest"
)

// TestScale writes, links, checks and searches a million entries (or
// SIDIAN_SCALE of them), and says what each took:
//
//	go test -tags scale -run TestScale -v -timeout 60m ./internal/audit/chain
//
// What it fails on is being wrong, not being slow.
func TestScale(t *testing.T) {
	n := 1_000_000
	if s, err := strconv.Atoi(os.Getenv("SIDIAN_SCALE")); err == nil {
		n = s
	}
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) { scale(t, dbtest.New(t, engine), n) })
	}
}

func scale(t *testing.T, d *db.DB, n int) {
	ks := keystest.New(t, d)
	now := start
	d.Now = func() time.Time { return now }
	rate := func(what string, count int, do func()) {
		begin := time.Now()
		do()
		took := time.Since(begin)
		t.Logf("%-28s %8d in %8s: %8.0f/s", what, count, took.Round(time.Millisecond), float64(count)/took.Seconds())
	}
	rate("put, in hundreds", n, func() {
		for i := 0; i < n; i += 100 {
			now = start.Add(time.Duration(i) * time.Second)
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				for j := i; j < i+100; j++ {
					e := audit.Entry{Actor: audit.Actor{Account: fmt.Sprint("account", j%5000), Org: fmt.Sprint("org", j%300), Address: fmt.Sprint("10.0.", j%100, ".1")},
						Action: []string{"cert.issue", "cert.read", "cert.read", "seal.make", "auth.sign-in"}[j%5], Object: fmt.Sprint("cert/", j/3)}
					switch {
					case j%10_000 == 7:
						e.Action, e.Reason = "glass.open", "抢险"
					case j%1000 == 3:
						e.Result = audit.Refused
					}
					if err := audit.Put(tx, e); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	rate("chain", n, func() {
		if linked := run(t, d, ks); linked != n {
			t.Errorf("linked %d", linked)
		}
	})
	rate("check the whole", n, func() {
		if r := check(t, d, ks, chain.Options{}); !r.Intact() || r.Links != int64(n) || r.Entries != int64(n) {
			t.Errorf("%+v", r)
		}
	})
	rate("check the newest", 10_000, func() {
		if r, err := chain.Quick(t.Context(), d, ks); err != nil || !r.Intact() {
			t.Errorf("%+v, %v", r, err)
		}
	})
	exec(t, d, `analyze;`)
	many := []string{}
	for i := range 100 {
		many = append(many, fmt.Sprint("org", i))
	}
	for name, q := range map[string]audit.Query{
		"newest":              {},
		"object":              {Object: "cert/77"},
		"account":             {Account: "account77"},
		"account and action":  {Account: "account77", Action: "seal."},
		"organisation":        {Orgs: []string{"org77"}},
		"ten organisations":   {Orgs: many[:10]},
		"hundred":             {Orgs: many},
		"address":             {Address: "10.0.77.1"},
		"common action":       {Action: "cert."},
		"rare action":         {Action: "glass."},
		"no action":           {Action: "none."},
		"refused":             {Result: audit.Refused},
		"refused, of an org":  {Result: audit.Refused, Orgs: []string{"org103"}},
		"text, rare":          {Text: "抢险"},
		"text, nowhere":       {Text: "没有"},
		"old, by time":        {To: start.Add(time.Hour)},
		"old, of an org":      {To: start.Add(24 * time.Hour), Orgs: []string{"org77"}},
		"session, nowhere":    {Session: "x"},
		"objects, by a range": {Objects: "cert/9", From: start.Add(time.Hour), To: start.Add(1000 * time.Hour)},
	} {
		var times []time.Duration
		found := 0
		more := false
		for range 5 {
			begin := time.Now()
			err := d.Read(context.Background(), func(tx *db.Tx) error {
				page, next, err := audit.List(tx, q)
				found, more = len(page), next != (audit.Cursor{})
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			times = append(times, time.Since(begin))
		}
		t.Logf("search %-20s %4d found, more %-5v, median %s", name, found, more, slices.Sorted(slices.Values(times))[2].Round(10*time.Microsecond))
	}
}
