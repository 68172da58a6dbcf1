//go:build sdf

package sdf

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/ebitengine/purego"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

// stub is the device of testdata/device.c, with what the test does behind the
// adapter's back.
type stub struct {
	o     Options
	pairs map[int]*gm.PrivateKey

	reset                              func()
	plug, limit, kek                   func(int)
	fail                               func(name string, code uint32, times int)
	open, most, keys, rights, refusals func() int
	record                             func(out *byte, n int) int
}

const password = "Sidian#1"

// newStub compiles a device of its own for each test: the state of a library is
// one a process.
func newStub(t *testing.T) *stub {
	t.Helper()
	dir := t.TempDir()
	lib := filepath.Join(dir, "device.so")
	out, err := exec.Command("gcc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-pthread", "-o", lib, "testdata/device.c").CombinedOutput()
	if err != nil {
		t.Fatalf("gcc: %v\n%s", err, out)
	}
	handle, err := purego.Dlopen(lib, purego.RTLD_NOW|purego.RTLD_LOCAL)
	must(t, err)
	s := &stub{pairs: map[int]*gm.PrivateKey{}}
	for name, fn := range map[string]any{
		"stub_reset": &s.reset, "stub_plug": &s.plug, "stub_limit": &s.limit, "stub_kek": &s.kek, "stub_fail": &s.fail, "stub_open": &s.open,
		"stub_most": &s.most, "stub_keys": &s.keys, "stub_rights": &s.rights, "stub_denied": &s.refusals, "stub_record": &s.record,
	} {
		purego.RegisterLibFunc(fn, handle, name)
	}
	s.pair(t, handle)
	s.o = Options{Library: lib, PinFile: filepath.Join(dir, "pin"), Label: "test", KEK: 1, First: 3, Last: 30, Sessions: 3}
	must(t, os.WriteFile(s.o.PinFile, []byte(password+"\n"), 0o600))
	return s
}

// pair puts key pairs where the device's administrator would have made them: at
// every index but the fourth.
func (s *stub) pair(t *testing.T, handle uintptr) {
	t.Helper()
	var public func(index int, xy *byte)
	purego.RegisterLibFunc(&public, handle, "stub_public")
	for i := 1; i <= 30; i++ {
		if i == 4 {
			continue
		}
		key, err := gm.GenerateKey()
		must(t, err)
		s.pairs[i] = key
		public(i, &key.Public().Bytes()[1])
	}
	var sign func(uintptr)
	purego.RegisterLibFunc(&sign, handle, "stub_sign")
	sign(purego.NewCallback(func(index int32, digest, sig unsafe.Pointer) int32 {
		raw, err := s.pairs[int(index)].SignDigest(gm.Digest(unsafe.Slice((*byte)(digest), 32)))
		if err != nil {
			return 1
		}
		copy(unsafe.Slice((*byte)(sig), 64), raw)
		return 0
	}))
}

// calls returns what was called since it was asked last.
func (s *stub) calls() []string {
	b := make([]byte, 1<<16)
	n := s.record(&b[0], len(b))
	return strings.Split(strings.TrimSuffix(string(b[:n]), "\n"), "\n")
}

func (s *stub) module(t testing.TB) keys.Module {
	t.Helper()
	m, err := Open(s.o)
	must(t, err)
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDevice(t *testing.T) {
	s := newStub(t)
	t.Cleanup(func() { // when the module is closed
		if s.open() != 0 || s.keys() != 0 || s.rights() != 0 {
			t.Errorf("%d sessions, %d session keys and %d rights were not given back", s.open(), s.keys(), s.rights())
		}
		if s.most() > 2*s.o.Sessions { // two modules at once, at most
			t.Errorf("%d sessions at once", s.most())
		}
	})
	keystest.ExerciseModule(t, keystest.Bench{
		Open:    func(t testing.TB) keys.Module { return s.module(t) },
		Reset:   func(testing.TB) { s.reset() },
		Lose:    func(testing.TB) { s.plug(0); s.reset() },
		Restore: func(testing.TB) { s.plug(1) },
		Wrong: func(t testing.TB) error {
			o := s.o
			o.PinFile = filepath.Join(t.TempDir(), "pin")
			must(t, os.WriteFile(o.PinFile, []byte("another#"), 0o600))
			m, err := Open(o)
			must(t, err) // the password is asked for when a key signs
			defer m.Close()
			handle, public, err := m.Generate("x", nil)
			must(t, err)
			signer, err := m.Signer(handle, public)
			must(t, err)
			before := s.refusals()
			for range 3 {
				_, err = signer.Sign([]byte("x"))
			}
			if n := s.refusals() - before; n != 1 {
				t.Errorf("a wrong password was tried %d times", n)
			}
			return err
		},
	})
}

// The adapter calls what GM/T 0018 says, in its order, and gives back what it took.
func TestCalls(t *testing.T) {
	s := newStub(t)
	m := s.module(t)
	s.calls()
	for name, c := range map[string]struct {
		do   func() error
		want []string
	}{
		"wrap": {func() error { _, err := m.Wrap(nil, []byte("0123456789abcdef")); return err },
			[]string{"GenerateKeyWithKEK 128 00000401 1", "Encrypt 00000402 32", "Encrypt 00000402 32", "DestroyKey"}},
		"allot": {func() error { _, _, err := m.Generate("x", []string{"3"}); return err },
			[]string{"ExportSignPublicKey_ECC 4", "ExportSignPublicKey_ECC 5"}}, // there is none at 4
		"sign": {func() error {
			signer, err := m.Signer("5", s.pairs[5].Public())
			if err == nil {
				_, err = signer.Sign([]byte("x"))
			}
			return err
		}, []string{"GetPrivateKeyAccessRight 5", "InternalSign_ECC 5 32", "ReleasePrivateKeyAccessRight 5"}},
	} {
		must(t, c.do())
		if got := s.calls(); !slices.Equal(got, c.want) {
			t.Errorf("%s: called %q, want %q", name, got, c.want)
		}
	}
	must(t, m.Close())
	if got := s.calls(); !slices.Equal(got, []string{"CloseSession", "CloseDevice"}) {
		t.Errorf("closing: called %q", got)
	}
}

// After a reset the device is opened anew, and the right to the key got again.
func TestResetWhileSigning(t *testing.T) {
	s := newStub(t)
	m := s.module(t)
	defer m.Close()
	signer, err := m.Signer("5", s.pairs[5].Public())
	must(t, err)
	_, err = signer.Sign([]byte("x"))
	must(t, err)
	s.calls()
	s.reset()
	_, err = signer.Sign([]byte("x"))
	must(t, err)
	want := []string{
		"GetPrivateKeyAccessRight 5", "CloseSession", "CloseDevice", "OpenDevice", "OpenSession",
		"GetPrivateKeyAccessRight 5", "InternalSign_ECC 5 32", "ReleasePrivateKeyAccessRight 5",
	}
	if got := s.calls(); !slices.Equal(got, want) {
		t.Errorf("called %q, want %q", got, want)
	}
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := signer.Sign([]byte("y")); err != nil {
				t.Error(err)
			}
		})
	}
	s.reset()
	wg.Wait()
}

// No more sessions are open than are allowed, whoever asks.
func TestSessionsBounded(t *testing.T) {
	s := newStub(t)
	s.limit(3)
	m := s.module(t)
	signer, err := m.Signer("7", s.pairs[7].Public())
	must(t, err)
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if _, err := signer.Sign([]byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s.most() > 3 {
		t.Errorf("%d sessions at once", s.most())
	}
	must(t, m.Close())
	if s.open() != 0 {
		t.Errorf("%d sessions stay open", s.open())
	}
	if _, err := signer.Sign([]byte("x")); !errors.Is(err, fault.Unavailable) {
		t.Errorf("signing with a closed module: %v", err)
	}
}

// Codes of the standard become messages that say what to do.
func TestCodes(t *testing.T) {
	s := newStub(t)
	m := s.module(t)
	defer m.Close()
	for c, w := range words {
		s.fail("SDF_GenerateKeyWithKEK", uint32(c), 2) // and once more after a restart
		_, err := m.Wrap(nil, []byte("x"))
		s.fail("", 0, 0)
		e := fault.As(err)
		if e == nil || e.Kind != fault.Unavailable || e.Code != "key.module" || e.Hint != w[1] || !strings.Contains(e.Msg, w[0]) {
			t.Errorf("%v: %v", c, err)
		}
	}
	s.fail("SDF_GenerateKeyWithKEK", 0x02000001, 1)
	if e := fault.As(func() error { _, err := m.Wrap(nil, nil); return err }()); e == nil || !strings.Contains(e.Msg, "0x02000001") || e.Hint == "" {
		t.Errorf("a vendor's own code: %v", e)
	}
	must(t, m.Health())
}

// Another KEK at the index opens nothing, and its check value differs.
func TestAnotherKEK(t *testing.T) {
	s := newStub(t)
	m := s.module(t)
	defer m.Close()
	value, err := m.CheckValue()
	must(t, err)
	must(t, m.CheckWrapper(value))
	s.kek(99)
	if m.CheckWrapper(value) == nil {
		t.Error("another KEK passes for the first one")
	}
}

func TestFull(t *testing.T) {
	s := newStub(t)
	s.o.Last = 5
	m := s.module(t)
	defer m.Close()
	_, _, err := m.Generate("x", []string{"3", "5"})
	if e := fault.As(err); e == nil || e.Code != "key.full" || e.Hint == "" {
		t.Errorf("no key is left: %v", err)
	}
}

func TestOpenRefuses(t *testing.T) {
	s := newStub(t)
	for name, change := range map[string]func(*Options){
		"no library":    func(o *Options) { o.Library = "/nowhere.so" },
		"not a library": func(o *Options) { o.Library = o.PinFile },
		"another one":   func(o *Options) { o.Library = "libc.so.6" },
		"no kek":        func(o *Options) { o.KEK = 0 },
		"absent kek":    func(o *Options) { o.KEK = 2 },
		"no label":      func(o *Options) { o.Label = "" },
		"reversed":      func(o *Options) { o.First = 31 },
	} {
		o := s.o
		change(&o)
		_, err := Open(o)
		if e := fault.As(err); e == nil || e.Code != "key.module" || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if s.open() != 0 {
		t.Errorf("%d sessions stay open", s.open())
	}
}

// Keys of seals are made in the device; of the database alone nobody learns, or
// changes, one. Those of persons are wrapped.
func TestStore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStub(t)
		m := s.module(t)
		defer m.Close()
		store, err := keys.CreateIn(t.Context(), d, m)
		must(t, err)
		held := map[string]string{}
		for _, p := range []keys.Purpose{keys.Seal, keys.Seal, keys.Authority, keys.Personal} {
			id, err := store.Generate(t.Context(), p)
			must(t, err)
			var holder, handle string
			must(t, d.Read(t.Context(), func(tx *db.Tx) error {
				return tx.Get(`select holder, handle from keys_key where id = $1`, []any{id}, &holder, &handle)
			}))
			if inside := holder == keys.SDFModule; inside != (p != keys.Personal) {
				t.Errorf("%s: kept by %q", p, holder)
			}
			if held[handle] != "" && handle != "" {
				t.Errorf("index %s was allotted twice", handle)
			}
			held[handle] = id
		}
		// An authority's key does not serve seals because somebody wrote so.
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`update keys_key set purpose = 'seal' where id = $1`, held["6"])
			return err
		}))
		if _, err := store.Signer(t.Context(), held["6"], keys.Seal); err == nil {
			t.Error("a key serves another purpose after its row was altered")
		}
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`update keys_key set purpose = 'authority' where id = $1`, held["6"])
			return err
		}))
		// Back to a file: the device still keeps what it made.
		file := filepath.Join(t.TempDir(), "master.key")
		must(t, keys.CreateMaster(file))
		soft, err := keys.Soft(file)
		must(t, err)
		if _, err := store.Rewrap(t.Context(), soft); err != nil {
			t.Fatal(err)
		}
		if store, err = keys.OpenIn(t.Context(), d, soft, m); err != nil {
			t.Fatal(err)
		}
		must(t, store.FinishRewrap(t.Context()))
		signer, err := store.Signer(t.Context(), held["3"], keys.Seal)
		must(t, err)
		sig, err := signer.Sign([]byte("x"))
		must(t, err)
		must(t, gm.Verify(s.pairs[3].Public(), []byte("x"), sig))
		alone, err := keys.Open(t.Context(), d, file)
		must(t, err)
		_, err = alone.Signer(t.Context(), held["3"], keys.Seal)
		if e := fault.As(err); e == nil || e.Code != "key.module" || !strings.Contains(e.Hint, "sdf") {
			t.Errorf("without the device: %v", err)
		}
		if _, err := alone.Signer(t.Context(), held[""], keys.Personal); err != nil {
			t.Errorf("a wrapped key: %v", err)
		}
	})
}

// What leaves the adapter for the device's caller holds no plain secret.
func TestNothingInClear(t *testing.T) {
	s := newStub(t)
	m := s.module(t)
	defer m.Close()
	secret := bytes.Repeat([]byte("secret--"), 8)
	sealed, err := m.Wrap(nil, secret)
	must(t, err)
	if bytes.Contains(sealed, secret[:8]) {
		t.Error("the secret stands in its wrapping")
	}
}
