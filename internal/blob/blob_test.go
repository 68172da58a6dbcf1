package blob_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/blob/blobtest"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

var far = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)

func softKeys(t testing.TB) *keys.Store { return keystest.New(t, dbtest.New(t, "sqlite")) }

func newDir(t testing.TB) (blob.Engine, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "documents")
	d, err := blob.CreateDir(path)
	if err != nil {
		t.Fatal(err)
	}
	return d, path
}

func s3Options(t testing.TB) blob.S3Options {
	t.Helper()
	server := httptest.NewServer(gofakes3.New(s3mem.New()).Server())
	t.Cleanup(server.Close)
	return blob.S3Options{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Region: "cn-east-1",
		Bucket: "documents", Prefix: "d/", AccessKey: "access", SecretKey: "secret",
	}
}

func newS3(t testing.TB) blob.Engine {
	t.Helper()
	e, err := blob.CreateS3(context.Background(), s3Options(t))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEngines(t *testing.T) {
	t.Parallel()
	t.Run("dir", func(t *testing.T) {
		t.Parallel()
		blobtest.Exercise(t, func(t *testing.T) blob.Engine { e, _ := newDir(t); return e })
	})
	t.Run("s3", func(t *testing.T) {
		t.Parallel()
		blobtest.Exercise(t, func(t *testing.T) blob.Engine { return newS3(t) })
	})
}

func newStore(t testing.TB, e blob.Engine, k *keys.Store) *blob.Store {
	t.Helper()
	s, err := blob.New(context.Background(), e, k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustPut(t testing.TB, s *blob.Store, data string) gm.Digest {
	t.Helper()
	d, err := s.Put(t.Context(), []byte(data))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStore(t *testing.T) {
	t.Parallel()
	k := softKeys(t)
	for name, e := range map[string]blob.Engine{"dir": first(newDir(t)), "s3": newS3(t)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, e, k)
			for _, data := range []string{"", "x", strings.Repeat("电子证照", 10_000)} {
				d := mustPut(t, s, data)
				if d != gm.Sum([]byte(data)) {
					t.Error("the digest is another")
				}
				mustPut(t, s, data)
				got, err := s.Get(t.Context(), d)
				if err != nil || string(got) != data {
					t.Errorf("%d bytes: got %d, %v", len(data), len(got), err)
				}
				if ok, err := s.Has(t.Context(), d); !ok || err != nil {
					t.Errorf("has: %v, %v", ok, err)
				}
			}
			if _, err := s.Get(t.Context(), gm.Sum([]byte("none"))); !errors.Is(err, fault.NotFound) {
				t.Errorf("absent: %v", err)
			}
			if err := s.Check(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

func first(e blob.Engine, _ string) blob.Engine { return e }

// Whoever has the directory alone learns neither content nor digest.
func TestDirTellsNothing(t *testing.T) {
	t.Parallel()
	e, path := newDir(t)
	s := newStore(t, e, softKeys(t))
	const text = "营业执照 91410100MA00000000 张三"
	d := mustPut(t, s, text)
	err := filepath.WalkDir(path, func(p string, x fs.DirEntry, err error) error {
		if err != nil || x.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		for _, secret := range [][]byte{[]byte(text), []byte("9141"), d[:], []byte(hex.EncodeToString(d[:]))} {
			if bytes.Contains(b, secret) || strings.Contains(p, string(secret)) {
				t.Errorf("%s shows %q", p, secret)
			}
		}
		if info, _ := x.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", p, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestCorrupt(t *testing.T) {
	t.Parallel()
	e, path := newDir(t)
	s := newStore(t, e, softKeys(t))
	d, other := mustPut(t, s, "one document"), mustPut(t, s, "another document")
	file := func(d gm.Digest) string { n := s.Name(d); return filepath.Join(path, n[:2], n) }
	good, err := os.ReadFile(file(d))
	if err != nil {
		t.Fatal(err)
	}
	exchanged, err := os.ReadFile(file(other))
	if err != nil {
		t.Fatal(err)
	}
	check := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(file(d), b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := s.Get(t.Context(), d)
		if !errors.Is(err, blob.ErrCorrupt) || fault.As(err) == nil || fault.As(err).Code != "blob.corrupt" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x10
		check("a bit flipped", b)
		check("cut", good[:i])
	}
	check("another in its place", exchanged)
	check("longer", append(bytes.Clone(good), 0))
	mustPut(t, s, "one document")
	if got, err := s.Get(t.Context(), d); err != nil || string(got) != "one document" {
		t.Errorf("put again: %q, %v", got, err)
	}
}

// A rotated key for documents opens the old ones, under their old names.
func TestKeyRotation(t *testing.T) {
	t.Parallel()
	k := softKeys(t)
	e, _ := newDir(t)
	d := mustPut(t, newStore(t, e, k), "before")
	if err := k.Rotate(t.Context(), keys.Blob); err != nil {
		t.Fatal(err)
	}
	s := newStore(t, e, k)
	after := mustPut(t, s, "after")
	for d, want := range map[gm.Digest]string{d: "before", after: "after"} {
		if got, err := s.Get(t.Context(), d); err != nil || string(got) != want {
			t.Errorf("%q, %v", got, err)
		}
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	k := softKeys(t)
	e, path := newDir(t)
	for name, e := range map[string]blob.Engine{"dir": e, "s3": newS3(t)} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t, e, k)
			keep, drop := mustPut(t, s, "keep"), mustPut(t, s, "drop")
			foreign := strings.Repeat("ab", 32)
			if err := e.Put(t.Context(), foreign, []byte("not ours")); err != nil {
				t.Fatal(err)
			}
			named := func(_ context.Context, digests []gm.Digest) (map[gm.Digest]bool, error) {
				out := map[gm.Digest]bool{}
				for _, d := range digests {
					out[d] = d == keep
				}
				return out, nil
			}
			if n, err := s.Sweep(t.Context(), time.Unix(0, 0), named); n != 0 || err != nil {
				t.Errorf("young ones: %d, %v", n, err)
			}
			own := errors.New("own")
			if n, err := s.Sweep(t.Context(), far, func(context.Context, []gm.Digest) (map[gm.Digest]bool, error) { return nil, own }); n != 0 || !errors.Is(err, own) {
				t.Errorf("could not ask: %d, %v", n, err)
			}
			if n, err := s.Sweep(t.Context(), far, named); n != 1 || err != nil {
				t.Errorf("swept %d, %v", n, err)
			}
			for d, want := range map[gm.Digest]bool{keep: true, drop: false} {
				if ok, err := s.Has(t.Context(), d); ok != want || err != nil {
					t.Errorf("has %v, want %v, %v", ok, want, err)
				}
			}
			if ok, _ := e.Has(t.Context(), foreign); !ok {
				t.Error("removed what it cannot open")
			}
		})
	}
	left := filepath.Join(path, "7f", ".writing-left")
	if err := os.WriteFile(left, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	nobody := func(context.Context, []gm.Digest) (map[gm.Digest]bool, error) { return nil, nil }
	if _, err := newStore(t, e, k).Sweep(t.Context(), far, nobody); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a dead writer left is still there: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	if _, err := blob.OpenDir(t.TempDir()); err == nil {
		t.Error("opened a directory that is not ours")
	}
	_, path := newDir(t)
	if _, err := blob.CreateDir(path); err == nil {
		t.Error("created over a directory of ours")
	}
	if _, err := blob.OpenDir(path); err != nil {
		t.Error(err)
	}
	o := s3Options(t)
	if _, err := blob.OpenS3(t.Context(), o); err == nil {
		t.Error("opened a bucket that is not there")
	}
	if _, err := blob.CreateS3(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.CreateS3(t.Context(), o); err == nil {
		t.Error("created twice")
	}
	if _, err := blob.OpenS3(t.Context(), o); err != nil {
		t.Error(err)
	}
}

// A disk that is gone is no absent document.
func TestDirGone(t *testing.T) {
	t.Parallel()
	e, path := newDir(t)
	s := newStore(t, e, softKeys(t))
	d := mustPut(t, s, "x")
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), d); !errors.Is(err, fault.Unavailable) {
		t.Errorf("get: %v", err)
	}
	if _, err := s.Has(t.Context(), d); !errors.Is(err, fault.Unavailable) {
		t.Errorf("has: %v", err)
	}
	if _, err := s.Put(t.Context(), []byte("y")); !errors.Is(err, fault.Unavailable) {
		t.Errorf("put: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	e, _ := newDir(t)
	if _, err := newStore(t, e, softKeys(t)).Put(t.Context(), make([]byte, blob.MaxSize+1)); !errors.Is(err, fault.TooLarge) {
		t.Error(err)
	}
}

// Sweeping while documents are put loses none that was put since.
func TestSweepTogether(t *testing.T) {
	t.Parallel()
	e, _ := newDir(t)
	s := newStore(t, e, softKeys(t))
	var wg sync.WaitGroup
	var stop atomic.Bool
	wg.Go(func() {
		nobody := func(context.Context, []gm.Digest) (map[gm.Digest]bool, error) { return nil, nil }
		for !stop.Load() {
			if _, err := s.Sweep(t.Context(), time.Unix(1, 0), nobody); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range 50 {
		d := mustPut(t, s, strings.Repeat("x", i))
		if ok, err := s.Has(t.Context(), d); !ok || err != nil {
			t.Errorf("%d: %v, %v", i, ok, err)
		}
	}
	stop.Store(true)
	wg.Wait()
}

// BenchmarkPut stores documents of 70 KB, as issuing does.
func BenchmarkPut(b *testing.B) {
	e, _ := newDir(b)
	s := newStore(b, e, softKeys(b))
	var n atomic.Uint64
	b.SetParallelism(4)
	b.RunParallel(func(pb *testing.PB) {
		data := make([]byte, 70<<10)
		for pb.Next() {
			i := n.Add(1)
			for j := range 8 {
				data[j] = byte(i >> (8 * j))
			}
			if _, err := s.Put(b.Context(), data); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "puts/s")
}

func BenchmarkGet(b *testing.B) {
	e, _ := newDir(b)
	s := newStore(b, e, softKeys(b))
	d, err := s.Put(b.Context(), make([]byte, 70<<10))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Get(b.Context(), d); err != nil {
			b.Fatal(err)
		}
	}
}
