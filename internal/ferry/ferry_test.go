package ferry

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
	"sidian/internal/outbox"
)

// A zone is one side: it knows seals by their names and states.
type zone struct {
	*Service
	seals map[string]string
	keys  *keys.Store
	own   *gm.Certificate
}

func newZone(t *testing.T, d *db.DB, name, peer string) *zone {
	t.Helper()
	ks := keystest.New(t, d)
	box, err := ks.Box(t.Context())
	must(t, err)
	root, err := gm.GenerateKey()
	must(t, err)
	authority, err := gm.CreateCertificate(&gm.CertificateTemplate{
		Subject: pkix.Name{CommonName: name + " authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(9, 0, 0), IsCA: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, root.Public(), nil, root)
	must(t, err)
	z := &zone{seals: map[string]string{}, keys: ks}
	z.Service = &Service{
		DB: d, Zone: name, Peer: peer,
		Box: box,
		Issue: func(_ context.Context, public *gm.PublicKey) (*gm.Certificate, error) {
			return gm.CreateCertificate(&gm.CertificateTemplate{
				Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0),
				KeyUsage: x509.KeyUsageDigitalSignature,
			}, public, authority, root)
		},
		Sources: []Source{{Kind: "seal", Topics: []string{"seal.filed", "seal.frozen"}, Tell: func(_ context.Context, id string) (Record, bool, error) {
			state, known := z.seals[id]
			return Record{Name: "青禾县" + id, Body: json.RawMessage(`{"state":"` + state + `"}`)}, !known, nil
		}}},
	}
	z.own, err = z.Certificate(t.Context())
	must(t, err)
	return z
}

func (z *zone) set(t *testing.T, id, state string) {
	t.Helper()
	z.seals[id] = state
	must(t, z.DB.Write(t.Context(), func(tx *db.Tx) error {
		return z.Consumer().Handle(tx, outbox.Event{ID: id, Topic: "seal.frozen", Key: id})
	}))
}

// pair runs a test with two zones on databases of their own.
func pair(t *testing.T, test func(t *testing.T, out, in *zone)) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		out := newZone(t, d, Extranet, Internet)
		in := newZone(t, dbtest.New(t, "sqlite"), Internet, Extranet)
		in.Trust, out.Trust = []*gm.Certificate{out.own}, []*gm.Certificate{in.own}
		test(t, out, in)
	})
}

func (z *zone) state(t *testing.T, id string) string {
	t.Helper()
	n, err := z.Neighbour(t.Context(), "seal", id)
	if errors.Is(err, fault.NotFound) {
		return ""
	}
	must(t, err)
	var b struct{ State string }
	must(t, json.Unmarshal(n.Body, &b))
	return b.State
}

func TestCarried(t *testing.T) {
	pair(t, func(t *testing.T, out, in *zone) {
		dir := t.TempDir()
		out.set(t, "a", "effective")
		out.set(t, "b", "effective")
		out.set(t, "a", "frozen")
		made, err := out.Out(t.Context(), dir)
		must(t, err)
		if len(made) != 1 || made[0].Records != 2 || made[0].Seq != 1 {
			t.Fatalf("made %+v", made)
		}
		if again, err := out.Out(t.Context(), dir); err != nil || len(again) != 0 {
			t.Fatalf("nothing happened, and there is a file: %+v, %v", again, err)
		}
		taken, err := in.InDir(t.Context(), dir)
		must(t, err)
		if len(taken) != 1 || taken[0].Before || in.state(t, "a") != "frozen" || in.state(t, "b") != "effective" {
			t.Fatalf("taken %+v: a %s, b %s", taken, in.state(t, "a"), in.state(t, "b"))
		}
		out.set(t, "b", "cancelled")
		_, err = out.Out(t.Context(), dir)
		must(t, err)
		taken, err = in.InDir(t.Context(), dir) // the first comes again
		must(t, err)
		if len(taken) != 2 || !taken[0].Before || taken[1].Before || in.state(t, "b") != "cancelled" {
			t.Fatalf("taken %+v, b is %s", taken, in.state(t, "b"))
		}
		found, err := in.Neighbours(t.Context(), "seal", "青禾县", 10)
		if err != nil || len(found) != 2 {
			t.Fatalf("found %d, %v", len(found), err)
		}
	})
}

// The key outlives a rotation of the platform's root.
func TestKeyStays(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		z := newZone(t, d, Extranet, Internet)
		must(t, z.keys.Rotate(t.Context(), keys.Field))
		changed := 0
		must(t, d.Write(t.Context(), func(tx *db.Tx) (err error) { _, changed, err = z.Reseal(tx, "", 10); return err }))
		again, err := z.Certificate(t.Context())
		must(t, err)
		if changed != 1 || again.Digest() != z.own.Digest() {
			t.Errorf("%d sealed again, another certificate: %v", changed, again.Digest() != z.own.Digest())
		}
	})
}

func TestMissingFile(t *testing.T) {
	pair(t, func(t *testing.T, out, in *zone) {
		dir := t.TempDir()
		for i := range 3 {
			out.set(t, "a", fmt.Sprint("state", i))
			_, err := out.Out(t.Context(), dir)
			must(t, err)
		}
		second := filepath.Join(dir, Name(Extranet, 2))
		must(t, os.Remove(second))
		taken, err := in.InDir(t.Context(), dir)
		wantCode(t, err, "ferry.gap")
		if len(taken) != 1 || in.state(t, "a") != "state0" {
			t.Fatalf("%+v, a is %s", taken, in.state(t, "a"))
		}
		_, err = out.Again(t.Context(), 2, dir)
		must(t, err)
		_, err = in.InDir(t.Context(), dir)
		must(t, err)
		if in.state(t, "a") != "state2" {
			t.Fatalf("a is %s", in.state(t, "a"))
		}
	})
}

func TestRefused(t *testing.T) {
	pair(t, func(t *testing.T, out, in *zone) {
		dir := t.TempDir()
		out.set(t, "a", "effective")
		_, err := out.Out(t.Context(), dir)
		must(t, err)
		good, err := os.ReadFile(filepath.Join(dir, Name(Extranet, 1)))
		must(t, err)
		stranger := newZone(t, dbtest.New(t, "sqlite"), Extranet, Internet)
		sign := func(z *zone, c content) []byte {
			b, err := z.sign(t.Context(), c)
			must(t, err)
			return b
		}
		base := content{V: 1, From: Extranet, To: Internet, Seq: 1, MadeAt: time.Now(), Records: []Record{{Kind: "seal", Object: "a", Body: json.RawMessage(`{}`)}}}
		with := func(f func(*content)) content { c := base; f(&c); return c }
		altered := slices.Clone(good)
		altered[len(altered)-5] ^= 1
		inside := slices.Clone(good)
		inside[len(inside)/3] ^= 1
		for name, c := range map[string]struct {
			file []byte
			code string
		}{
			"noise":             {[]byte("not a file"), "ferry.format"},
			"nothing":           {nil, "ferry.format"},
			"cut":               {good[:len(good)/2], "ferry.format"},
			"signature altered": {altered, ""},
			"content altered":   {inside, ""},
			"a stranger's":      {sign(stranger, base), "ferry.signer"},
			"our own":           {sign(in, base), "ferry.signer"},
			"other direction":   {sign(out, with(func(c *content) { c.To = Extranet })), "ferry.direction"},
			"later version":     {sign(out, with(func(c *content) { c.V = 2 })), "ferry.format"},
			"record unnamed":    {sign(out, with(func(c *content) { c.Records = []Record{{Kind: "seal", Body: json.RawMessage(`{}`)}} })), "ferry.record"},
			"too late a number": {sign(out, with(func(c *content) { c.Seq = 9 })), "ferry.gap"},
		} {
			_, err := in.In(t.Context(), c.file)
			if e := fault.As(err); e == nil || c.code != "" && e.Code != c.code {
				t.Errorf("%s: %v", name, err)
			}
		}
		if s := in.state(t, "a"); s != "" {
			t.Fatalf("something refused was taken: a is %s", s)
		}
		_, err = in.In(t.Context(), good)
		must(t, err)
		_, err = in.In(t.Context(), sign(out, base))
		wantCode(t, err, "ferry.forked")
		_, err = in.In(t.Context(), sign(out, with(func(c *content) { c.Seq, c.Previous = 2, "00" })))
		wantCode(t, err, "ferry.forked")
	})
}

// A crash at any step leaves the same file to be written, and nothing untold.
func TestCrash(t *testing.T) {
	for _, at := range []string{"signed", "packed", "written", "taken"} {
		t.Run(at, func(t *testing.T) {
			pair(t, func(t *testing.T, out, in *zone) {
				dir := t.TempDir()
				out.set(t, "a", "frozen")
				crashed := false
				crash := func(step string) {
					if step == at && !crashed {
						crashed = true
						panic(crashing{})
					}
				}
				out.step, in.step = crash, crash
				carry := func() {
					defer func() {
						if r := recover(); r != nil && r != (crashing{}) {
							panic(r)
						}
					}()
					_, err := out.Out(t.Context(), dir)
					must(t, err)
					_, err = in.InDir(t.Context(), dir)
					must(t, err)
				}
				carry()
				first, _ := os.ReadFile(filepath.Join(dir, Name(Extranet, 1)))
				carry()
				second, err := os.ReadFile(filepath.Join(dir, Name(Extranet, 1)))
				must(t, err)
				if first != nil && !slices.Equal(first, second) {
					t.Error("the file was made twice, differently")
				}
				if !crashed || in.state(t, "a") != "frozen" {
					t.Errorf("crashed %v, a is %q", crashed, in.state(t, "a"))
				}
				if _, err := os.Stat(filepath.Join(dir, Name(Extranet, 2))); err == nil {
					t.Error("told twice")
				}
			})
		})
	}
}

type crashing struct{}

func FuzzOpen(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("\x30\x80"))
	s := &Service{Zone: Internet, Peer: Extranet}
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := s.open(b); err == nil {
			t.Fatal("believed without a signer to trust")
		}
	})
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	if e := fault.As(err); e == nil || e.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
