package cert_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/cert/certtest"
	"sidian/internal/fault"
	"sidian/internal/httpx"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// repeating is a context whose request carries an Idempotency-Key.
func repeating(ctx context.Context, key string) context.Context {
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = key
	return httpx.WithMeta(ctx, meta)
}

// wantFault wants a refusal that names the rule, the way out and, unless field
// is empty, the field and its code.
func wantFault(t testing.TB, err error, kind fault.Kind, code, field, fieldCode string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Kind != kind || e.Code != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
		return
	}
	if e.Msg == "" || e.Hint == "" {
		t.Errorf("%s says %q and no way out", code, e.Msg)
	}
	if field != "" && !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Name == field && f.Code == fieldCode && f.Message != "" }) {
		t.Errorf("fields %+v, want %s %s", e.Fields, field, fieldCode)
	}
}

func raw(t testing.TB, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return b
}

// documents counts what is stored, named or not.
func documents(t testing.TB, w *certtest.World) (n int) {
	t.Helper()
	_, err := w.Blob.Sweep(t.Context(), w.DB.Now().AddDate(1, 0, 0), func(_ context.Context, digests []gm.Digest) (map[gm.Digest]bool, error) {
		keep := map[gm.Digest]bool{}
		for _, d := range digests {
			keep[d] = true
			n++
		}
		return keep, nil
	})
	must(t, err)
	return n
}

// personal is what a request says that only its holders should read in full.
func personal(t testing.TB, w *certtest.World, kind string) (secrets []string) {
	t.Helper()
	k, err := w.Catalogue.Get(t.Context(), kind)
	must(t, err)
	r := certtest.Example(t, kind)
	for _, h := range r.Holders {
		if h.Type == "person" {
			secrets = append(secrets, h.Name)
			if h.ID != "" {
				secrets = append(secrets, h.ID)
			}
		}
	}
	for key, v := range r.Fields {
		var s string
		if f := k.Field(key); f != nil && f.Mask != "" && json.Unmarshal(v, &s) == nil && len(s) > 3 {
			secrets = append(secrets, s)
		}
	}
	return secrets
}

// wantNone wants that text shows none of the secrets.
func wantNone(t testing.TB, what, text string, secrets []string) {
	t.Helper()
	for _, s := range secrets {
		if strings.Contains(text, s) {
			t.Errorf("%s shows a personal value of %d characters in full", what, len([]rune(s)))
		}
	}
}
