package keystest

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"sidian/gm"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// A Bench is a module on the test bench.
type Bench struct {
	// Open opens it as it is configured, again and again.
	Open func(t testing.TB) keys.Module
	// Wrong opens it with a wrong PIN and returns the refusal; nil: it has none.
	Wrong func(t testing.TB) error
	// Reset ends all its sessions behind its back; nil: it has none.
	Reset func(t testing.TB)
	// Lose takes it away, and Restore brings it back; nil: it cannot be.
	Lose, Restore func(t testing.TB)
	// Lacks is exactly what it must say that it cannot do: a part of the suite is
	// left out by this, and by nothing else.
	Lacks []keys.Ability
}

// ExerciseModule asks a module what it can, and tests that.
func ExerciseModule(t *testing.T, b Bench) {
	m := b.Open(t)
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	for _, a := range []keys.Ability{keys.Wraps, keys.Signs} {
		why := m.Lacks(a)
		listed := bytes.Contains(abilities(b.Lacks), []byte(a))
		if listed != (why != "") {
			t.Fatalf("%s: the module says %q, the bench expects lacking=%v", a, why, listed)
		}
		if why != "" {
			t.Logf("left out: %s — %s", a, why)
		}
	}
	parts := map[keys.Ability]map[string]func(*testing.T, Bench, keys.Module){
		keys.Wraps: {"wrapping": wrapping, "check value": checkValue, "in a store": inStore},
		keys.Signs: {"signing": moduleSigning, "allotting": allotting, "concurrent signing": concurrentSigning},
	}
	for a, tests := range parts {
		if m.Lacks(a) != "" {
			continue
		}
		for name, run := range tests {
			t.Run(name, func(t *testing.T) { run(t, b, m) })
		}
	}
	if b.Wrong != nil {
		t.Run("wrong pin", func(t *testing.T) { wrongPin(t, b) })
	}
	if b.Reset != nil {
		t.Run("reset", func(t *testing.T) { reset(t, b, m) })
	}
	if b.Lose != nil {
		t.Run("lost", func(t *testing.T) { lost(t, b, m) })
	}
}

func abilities(list []keys.Ability) (all []byte) {
	for _, a := range list {
		all = append(all, a...)
	}
	return all
}

func wrapping(t *testing.T, b Bench, m keys.Module) {
	other := b.Open(t) // another process with the same key
	defer other.Close()
	for _, plain := range [][]byte{{}, {1}, bytes.Repeat([]byte{7}, 16), bytes.Repeat([]byte("k"), 138)} {
		sealed, err := m.Wrap([]byte("here"), plain)
		if err != nil {
			t.Fatal(err)
		}
		again, err := m.Wrap([]byte("here"), plain)
		if err != nil || bytes.Equal(sealed, again) {
			t.Errorf("%d bytes: two wrappings are alike: %v", len(plain), err)
		}
		if len(plain) > 8 && bytes.Contains(sealed, plain[:8]) {
			t.Errorf("%d bytes stand in the wrapping", len(plain))
		}
		got, err := other.Unwrap([]byte("here"), sealed)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: got %x, %v", len(plain), got, err)
		}
		if _, err := m.Unwrap([]byte("there"), sealed); err == nil {
			t.Errorf("%d bytes open elsewhere", len(plain))
		}
		for _, i := range []int{0, len(sealed) / 2, len(sealed) - 1} {
			sealed[i] ^= 1
			if _, err := m.Unwrap([]byte("here"), sealed); err == nil {
				t.Errorf("%d bytes open with byte %d changed", len(plain), i)
			}
			if _, err := m.Unwrap([]byte("here"), sealed[:i]); err == nil {
				t.Errorf("%d bytes open cut to %d", len(plain), i)
			}
			sealed[i] ^= 1
		}
	}
	var wg sync.WaitGroup
	for range 24 {
		wg.Go(func() {
			sealed, err := m.Wrap([]byte("x"), []byte("secret"))
			if err == nil {
				_, err = m.Unwrap([]byte("x"), sealed)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func checkValue(t *testing.T, b Bench, m keys.Module) {
	value, err := m.CheckValue()
	if err != nil {
		t.Fatal(err)
	}
	other := b.Open(t)
	defer other.Close()
	if other.Wrapper() != m.Wrapper() || m.Wrapper() == "" {
		t.Errorf("the wrapping key is called %q, then %q", m.Wrapper(), other.Wrapper())
	}
	if err := other.CheckWrapper(value); err != nil {
		t.Error(err)
	}
	value[len(value)-1] ^= 1
	if other.CheckWrapper(value) == nil {
		t.Error("another check value is taken")
	}
}

// inStore runs what every store must do on top of the module.
func inStore(t *testing.T, b Bench, _ keys.Module) {
	m := b.Open(t)
	defer m.Close()
	d := dbtest.New(t, "sqlite")
	s, err := keys.CreateIn(t.Context(), d, m)
	if err != nil {
		t.Fatal(err)
	}
	id, err := s.Generate(t.Context(), keys.Seal)
	if err != nil {
		t.Fatal(err)
	}
	Exercise(t, d, s)
	again := b.Open(t)
	defer again.Close()
	if s, err = keys.OpenIn(t.Context(), d, again); err != nil {
		t.Fatal(err)
	}
	signer, err := s.Signer(t.Context(), id, keys.Seal)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.Sign([]byte("x")); err != nil {
		t.Error(err)
	}
	if err := s.Health(); err != nil {
		t.Error(err)
	}
	if path := filepath.Join(t.TempDir(), "other.key"); keys.CreateMaster(path) != nil {
		t.Error("no master key")
	} else if _, err := keys.Open(t.Context(), d, path); err == nil {
		t.Error("another wrapping key opens the store")
	}
}

func moduleSigning(t *testing.T, b Bench, m keys.Module) {
	handle, public, err := m.Generate("conformance", nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := m.Signer(handle, public)
	if err != nil {
		t.Fatal(err)
	}
	message := []byte("电子印章")
	sig, err := signer.Sign(message)
	if err != nil {
		t.Fatal(err)
	}
	if err := gm.Verify(public, message, sig); err != nil {
		t.Error(err)
	}
	opensslVerifies(t, public, message, sig)
	other, err := gm.GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	// A handle beside another public key is a row that somebody altered.
	if signer, err := m.Signer(handle, other.Public()); err == nil {
		if _, err := signer.Sign(message); err == nil {
			t.Error("it signs for a public key that is not its own")
		}
	}
	if signer, err := m.Signer("999999", public); err == nil {
		if _, err := signer.Sign(message); err == nil {
			t.Error("it signs with a key that is not there")
		}
	}
}

// opensslVerifies asks a program that is not ours.
func opensslVerifies(t *testing.T, public *gm.PublicKey, message, sig []byte) {
	t.Helper()
	dir := t.TempDir()
	head, err := hex.DecodeString("3059301306072a8648ce3d020106082a811ccf5501822d034200") // SubjectPublicKeyInfo of SM2
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"key": append(head, public.Bytes()...), "message": message, "sig": sig} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "dgst", "-sm3", "-keyform", "DER", "-verify", "key", "-sigopt", "distid:1234567812345678", "-signature", "sig", "message")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

// allotting gives no key to two.
func allotting(t *testing.T, _ Bench, m keys.Module) {
	first, one, err := m.Generate("first", nil)
	if err != nil {
		t.Fatal(err)
	}
	second, two, err := m.Generate("second", []string{first})
	if err != nil {
		t.Fatal(err)
	}
	if first == second || one.Equal(two) {
		t.Errorf("%q and %q are one key", first, second)
	}
}

func concurrentSigning(t *testing.T, _ Bench, m keys.Module) {
	handle, public, err := m.Generate("concurrent", nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := m.Signer(handle, public)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			message := []byte{byte(i)}
			sig, err := signer.Sign(message)
			if err == nil {
				err = gm.Verify(public, message, sig)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func wrongPin(t *testing.T, b Bench) {
	e := fault.As(b.Wrong(t))
	if e == nil || e.Code != "key.pin" || e.Hint == "" {
		t.Errorf("a wrong PIN: %v", e)
	}
}

// reset: whoever uses the module does not notice.
func reset(t *testing.T, b Bench, m keys.Module) {
	sealed, err := m.Wrap(nil, []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	b.Reset(t)
	got, err := m.Unwrap(nil, sealed)
	if err != nil || string(got) != "before" {
		t.Errorf("after a reset: %q, %v", got, err)
	}
	b.Reset(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := m.Unwrap(nil, sealed); err != nil {
				t.Errorf("after a reset, many at once: %v", err)
			}
		})
	}
	wg.Wait()
}

// lost: who asks is told so, and served again when it is back.
func lost(t *testing.T, b Bench, m keys.Module) {
	sealed, err := m.Wrap(nil, []byte("before"))
	if err != nil {
		t.Fatal(err)
	}
	b.Lose(t)
	for name, call := range map[string]func() error{
		"wrap":   func() error { _, err := m.Wrap(nil, []byte("x")); return err },
		"unwrap": func() error { _, err := m.Unwrap(nil, sealed); return err },
		"health": m.Health,
	} {
		err := call()
		if e := fault.As(err); !errors.Is(err, fault.Unavailable) || e.Code != "key.module" || e.Hint == "" {
			t.Errorf("%s with the module lost: %v", name, err)
		}
	}
	b.Restore(t)
	got, err := m.Unwrap(nil, sealed)
	if err != nil || string(got) != "before" {
		t.Errorf("with the module back: %q, %v", got, err)
	}
	if err := m.Health(); err != nil {
		t.Errorf("health with the module back: %v", err)
	}
}
