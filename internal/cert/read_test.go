package cert_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/ofd"
	"sidian/ofd/render"
)

func TestList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Now()
		d.Now = func() time.Time { return now }
		w := certtest.New(t, d, "road_transport", "physician")
		var want []string
		for i := range 7 {
			now = now.Add(time.Duration(i/3) * time.Millisecond) // ties
			want = append(want, w.Issue(t, []string{"road_transport", "physician"}[i%2]).ID)
		}
		var got []string
		pages := 0
		q := cert.ListQuery{Limit: 2}
		for {
			p, err := w.Cert.List(w.Client, q)
			must(t, err)
			pages++
			for _, c := range p.Items {
				got = append(got, c.ID)
			}
			if p.Next == "" {
				break
			}
			q.Cursor = p.Next
		}
		if slices.Sort(want); pages != 4 || !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("%d pages %v, want %v", pages, got, want)
		}
		one, err := w.Cert.Get(w.Client, got[0])
		must(t, err)
		holder := certtest.Example(t, "physician").Holders[0]
		for name, c := range map[string]struct {
			q    cert.ListQuery
			want int
		}{
			"kind":                  {cert.ListQuery{Kind: "physician"}, 3},
			"number":                {cert.ListQuery{Number: one.Number}, 1},
			"identifier of holder":  {cert.ListQuery{Holder: holder.ID}, 3},
			"name of holder":        {cert.ListQuery{Holder: holder.Name}, 3},
			"part of a name":        {cert.ListQuery{Holder: string([]rune(holder.Name)[:1])}, 0},
			"issuer":                {cert.ListQuery{Issuer: sealtest.Market}, 7},
			"another issuer":        {cert.ListQuery{Issuer: sealtest.Land}, 0},
			"nothing of that":       {cert.ListQuery{Kind: "x"}, 0},
			"a limit out of bounds": {cert.ListQuery{Limit: 1000}, 7},
		} {
			if p, err := w.Cert.List(w.Client, c.q); err != nil || len(p.Items) != c.want || p.Next != "" || p.Items == nil {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
		}
		land := w.Hire(t, "land", "issuer", sealtest.Land)
		if p, err := w.Cert.List(land, cert.ListQuery{}); err != nil || len(p.Items) != 0 {
			t.Errorf("another unit sees %d, %v", len(p.Items), err)
		}
		if _, err := w.Cert.List(land, cert.ListQuery{Issuer: sealtest.Market}); !errors.Is(err, fault.Forbidden) {
			t.Errorf("another unit asks: %v", err)
		}
		if _, err := w.Cert.Get(land, one.ID); !errors.Is(err, fault.Forbidden) {
			t.Errorf("another unit reads: %v", err)
		}
		if _, _, err := w.Cert.Document(land, one.ID); !errors.Is(err, fault.Forbidden) {
			t.Errorf("another unit fetches: %v", err)
		}
		if _, err := w.Cert.Trace(land, one.ID); !errors.Is(err, fault.Forbidden) {
			t.Errorf("another unit traces: %v", err)
		}
	})
}

// A forged cursor is refused, or finds what the caller may see anyway.
func TestCursorAbuse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "road_transport")
		w.Issue(t, "road_transport")
		enc := base64.RawURLEncoding.EncodeToString
		for _, c := range []string{
			"x", "!!", "=", enc([]byte("1\x00 a")), enc([]byte("1 \x00")), enc([]byte("1 \xff")), enc([]byte("1 ' or 1=1 --")), enc([]byte("a b")),
			enc([]byte("99999999999999999999 a")), strings.Repeat("A", 1000),
		} {
			_, err := w.Cert.List(w.Client, cert.ListQuery{Cursor: c})
			wantFault(t, err, fault.Invalid, "cursor", "cursor", "malformed")
		}
		land := w.Hire(t, "land", "issuer", sealtest.Land)
		for _, c := range []string{enc([]byte("9223372036854775807 zzzz")), enc([]byte("-1 a")), enc([]byte("0 "))} {
			if p, err := w.Cert.List(land, cert.ListQuery{Cursor: c}); err != nil || len(p.Items) != 0 {
				t.Errorf("%q: %+v, %v", c, p, err)
			}
		}
	})
}

// Nobody's full name or number stands in a record, in the audit, in an event or
// in a trace, of whatever kind.
func TestMasked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d)
		var all []string
		for _, kind := range w.Kinds(t) {
			secrets := personal(t, w, kind)
			all = append(all, secrets...)
			c := w.Issue(t, kind)
			wantNone(t, kind+": the answer", string(raw(t, c)), secrets)
			tr, err := w.Cert.Trace(w.Client, c.ID)
			must(t, err)
			wantNone(t, kind+": the trace", string(raw(t, tr)), secrets)
			public, err := w.Cert.Public(t.Context(), c.Identifier)
			must(t, err)
			wantNone(t, kind+": what anyone finds", string(raw(t, public)), secrets)
			if public.Fields != nil || public.CaseNo != "" {
				t.Errorf("%s: anyone finds fields", kind)
			}
		}
		if len(all) < 20 {
			t.Errorf("only %d personal values were looked for", len(all))
		}
		p, err := w.Cert.List(w.Client, cert.ListQuery{Limit: 100})
		must(t, err)
		for _, c := range p.Items {
			wantNone(t, "the list: "+c.Kind, string(raw(t, c)), personal(t, w, c.Kind))
		}
		wantNone(t, "the database", w.Texts(t), all)
	})
}

// The whole history, the oldest first, with who did it and what he did it to.
func TestTrace(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "road_transport")
		reader := w.Hire(t, "reader", "reviewer", sealtest.Market)
		c := w.Issue(t, "road_transport")
		_, _, err := w.Cert.Document(reader, c.ID)
		must(t, err)
		tr, err := w.Cert.Trace(reader, c.ID)
		must(t, err)
		var got []string
		for _, s := range tr.Steps {
			got = append(got, s.Action)
			if s.Name == "" || s.Actor == "" || s.At.IsZero() || s.Entry == "" || s.Evidence == "" {
				t.Errorf("step %+v", s)
			}
		}
		if want := []string{"cert.plan", "cert.issue", "cert.read"}; !slices.Equal(got, want) {
			t.Errorf("steps %v, want %v", got, want)
		}
		if tr.Steps[1].Evidence != c.Document || tr.Steps[2].Actor != "样例·reader" || tr.Certificate.ID != c.ID {
			t.Errorf("trace %+v", tr)
		}
		if len(tr.Uses) != 1 || tr.Uses[0].State != "done" || tr.Uses[0].Attempts != 1 || tr.Uses[0].App != w.App.ID {
			t.Errorf("uses %+v", tr.Uses)
		}
	})
}

// Every format but OFD is a copy, and says so.
func TestExport(t *testing.T) {
	t.Parallel()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "road_transport")
	c := w.Issue(t, "road_transport")
	data, c, err := w.Cert.Document(w.Client, c.ID)
	must(t, err)
	for format, head := range map[string]string{"ofd": "PK\x03\x04", "pdf": "%PDF-", "svg": "<svg", "png": "\x89PNG"} {
		out, media, err := w.Cert.Export(t.Context(), data, c, format, 0)
		must(t, err)
		if !bytes.Contains(out[:min(200, len(out))], []byte(head)) || media == "" {
			t.Errorf("%s: %s %q", format, media, out[:min(20, len(out))])
		}
		switch format {
		case "ofd":
			if !bytes.Equal(out, data) {
				t.Error("the original is not the original")
			}
		case "png":
			number, ok := strings.CutPrefix(stripCode(t, data, out), pkitest.BaseURL+"/v/export/")
			x, err := w.Cert.Exported(t.Context(), number)
			if !ok || err != nil || x.VerifyURL != c.VerifyURL {
				t.Errorf("the copy leads to %q: %+v, %v", number, x, err)
			}
		}
	}
	_, _, err = w.Cert.Export(t.Context(), data, c, "docx", 0)
	if e := fault.As(err); e == nil || e.Kind != fault.Invalid || len(e.Fields) != 1 {
		t.Errorf("an unknown format: %v", err)
	}
	for _, page := range []int{-1, 1, 1000} {
		if _, _, err := w.Cert.Export(t.Context(), data, c, "svg", page); !errors.Is(err, fault.NotFound) {
			t.Errorf("page %d: %v", page, err)
		}
	}
}

// stripCode reads the code in the strip that a copy has below the page.
func stripCode(t *testing.T, original, copied []byte) string {
	t.Helper()
	d, err := ofd.Open(original)
	must(t, err)
	plain, _, err := render.Image(d, 0, render.Options{DPI: 144})
	must(t, err)
	img, err := png.Decode(bytes.NewReader(copied))
	must(t, err)
	b := img.Bounds()
	if b.Min.Y = plain.Rect.Dy(); b.Empty() {
		t.Fatal("the copy has no strip")
	}
	strip := image.NewRGBA(b.Sub(b.Min))
	draw.Draw(strip, strip.Rect, img, b.Min, draw.Src)
	// A reader tells black from white in two ways, as the cameras' do: of random
	// codes each misses a few.
	source := gozxing.NewLuminanceSourceFromImage(strip)
	for _, binarizer := range []gozxing.Binarizer{gozxing.NewHybridBinarizer(source), gozxing.NewGlobalHistgramBinarizer(source)} {
		bits, err := gozxing.NewBinaryBitmap(binarizer)
		must(t, err)
		code, err := qrcode.NewQRCodeReader().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
		if err == nil {
			return code.GetText()
		}
	}
	t.Fatal("the code in the strip is not found")
	return ""
}

// By its calendar day in China a certificate is over.
func TestExpires(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	d.Now = func() time.Time { return now }
	w := certtest.New(t, d, "approval")
	c := w.Issue(t, "approval")
	day, err := time.Parse(time.DateOnly, c.ValidTo)
	must(t, err)
	for at, want := range map[time.Time]string{
		day.Add(15*time.Hour + 59*time.Minute): cert.Effective, // 23:59 in China
		day.Add(16 * time.Hour):                cert.Expired,
	} {
		now = at
		again, err := w.Cert.Get(w.Client, c.ID)
		must(t, err)
		if again.Status != want || again.StatusName != cert.Label(want) {
			t.Errorf("at %v it is %s", at, again.Status)
		}
	}
}

func TestNotFound(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "road_transport")
		for _, id := range []string{"none", "", "' or '1'='1", strings.Repeat("x", 500)} {
			for what, ask := range map[string]func() error{
				"record":   func() error { _, err := w.Cert.Get(w.Client, id); return err },
				"document": func() error { _, _, err := w.Cert.Document(w.Client, id); return err },
				"trace":    func() error { _, err := w.Cert.Trace(w.Client, id); return err },
				"public":   func() error { _, err := w.Cert.Public(t.Context(), id); return err },
				"by code":  func() error { _, _, err := w.Cert.PublicDocument(t.Context(), id); return err },
			} {
				if err := ask(); !errors.Is(err, fault.NotFound) {
					t.Errorf("%s of %q: %v", what, fmt.Sprintf("%.20s", id), err)
				}
			}
		}
	})
}
