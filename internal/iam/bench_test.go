package iam_test

import (
	"net/http/httptest"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// BenchmarkIdentify is what every call of a program costs before it begins.
func BenchmarkIdentify(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		c := iamtest.NewWith(b, d, iam.Options{CacheFor: iam.DefaultCacheFor})
		tok, err := c.Issue(b.Context(), c.App.ID, c.App.Secret, "")
		if err != nil {
			b.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+tok.Access)
		r = r.WithContext(httpx.WithMeta(r.Context(), httpx.Meta{}))
		b.ResetTimer()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				ctx, _, err := c.Identify(r)
				if err != nil {
					b.Error(err)
					return
				}
				if err := iam.Allow(ctx, "cert.issue", iamtest.Land); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}

// BenchmarkAsk is what one decision costs, refused or not.
func BenchmarkAsk(b *testing.B) {
	c := iamtest.New(b, dbtest.New(b, "sqlite"))
	ctx := c.Ctx(b, "clerk")
	for name, q := range map[string]iam.Question{
		"allowed": {Permission: "cert.reveal", Org: iamtest.Market, Purpose: "issue", Class: "敏感"},
		"purpose": {Permission: "cert.reveal", Org: iamtest.Market, Class: "敏感"},
		"foreign": {Permission: "cert.draft", Org: iamtest.Land},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if (iam.Ask(ctx, q) == nil) != (name == "allowed") {
					b.Fatal("another answer")
				}
			}
		})
	}
}

// BenchmarkHolderOf is a look-up by blind index.
func BenchmarkHolderOf(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		c := iamtest.New(b, d)
		for b.Loop() {
			if _, err := c.HolderOf(b.Context(), iamtest.HolderCitizen); err != nil {
				b.Fatal(err)
			}
		}
	})
}
