package iam_test

import (
	"context"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

func TestSelf(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		c := iamtest.New(t, d)
		clerk := c.Ctx(t, "clerk")
		for name, x := range map[string]struct {
			ctx      context.Context
			self     string
			own, any bool
		}{
			"somebody": {clerk, c.People["clerk"].ID, true, true}, "an application": {c.AppCtx(t), "", false, false}, "a stranger": {t.Context(), "", false, false},
		} {
			if got := iam.Self(x.ctx); got != x.self {
				t.Errorf("%s: account %q", name, got)
			}
			if iam.May(x.ctx, "cert.draft", iamtest.Market) != x.own || iam.MayAny(x.ctx, iamtest.Market, "person.read", "cert.draft") != x.any {
				t.Errorf("%s: may, or may not, at home", name)
			}
			if iam.May(x.ctx, "cert.draft", iamtest.Land) || iam.MayAny(x.ctx, iamtest.Market, "person.read") || iam.MayAny(x.ctx, iamtest.Market) {
				t.Errorf("%s: may what they may not", name)
			}
		}
	})
}
