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
