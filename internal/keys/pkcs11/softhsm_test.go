//go:build pkcs11 && cgo

package pkcs11

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	p11 "github.com/miekg/pkcs11"

	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/keystest"
)

// softhsm is a token of SoftHSM2 in a directory of the test.
type softhsm struct {
	o      Options
	tokens string
}

const pin = "0123456789"

// places are where Debian and others install it.
var places = []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"}

func newSofthsm(t *testing.T) softhsm {
	t.Helper()
	dir := t.TempDir()
	h := softhsm{tokens: filepath.Join(dir, "tokens")}
	must(t, os.Mkdir(h.tokens, 0o700))
	conf := filepath.Join(dir, "softhsm2.conf")
	must(t, os.WriteFile(conf, fmt.Appendf(nil, "directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", h.tokens), 0o600))
	t.Setenv("SOFTHSM2_CONF", conf)
	library := ""
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			library = p
		}
	}
	if library == "" {
		t.Fatal("this test needs SoftHSM2 (Debian: softhsm2)")
	}
	out, err := exec.Command("softhsm2-util", "--init-token", "--free", "--label", "sidian", "--so-pin", "9876543210", "--pin", pin).CombinedOutput()
	if err != nil {
		t.Fatalf("softhsm2-util: %v\n%s", err, out)
	}
	h.o = Options{Library: library, Token: "sidian", PinFile: filepath.Join(dir, "pin"), Label: "sidian-kek", Create: true, Sessions: 3}
	must(t, os.WriteFile(h.o.PinFile, []byte(pin+"\n"), 0o600))
	return h
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSofthsm(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"gcm": func(*Options) {},
		"cbc": func(o *Options) { o.WrapMechanism = p11.CKM_AES_CBC },
	} {
		t.Run(name, func(t *testing.T) {
			h := newSofthsm(t)
			change(&h.o)
			var first *module
			keystest.ExerciseModule(t, keystest.Bench{
				Open: func(t testing.TB) keys.Module {
					m, err := Open(h.o)
					must(t, err)
					if first == nil {
						first = m.(*module)
					}
					return m
				},
				Wrong: func(t testing.TB) error { return h.wrongPin(t) },
				Reset: func(t testing.TB) { must(t, first.t.c.Finalize()) }, // every session, and the login
				Lose: func(t testing.TB) {
					must(t, os.Rename(h.tokens, h.tokens+".away"))
					must(t, os.Mkdir(h.tokens, 0o700))
					must(t, first.t.c.Finalize())
				},
				Restore: func(t testing.TB) {
					must(t, os.Remove(h.tokens))
					must(t, os.Rename(h.tokens+".away", h.tokens))
				},
				Lacks: []keys.Ability{keys.Signs}, // SoftHSM2 knows no SM2
			})
		})
	}
}

// wrongPin opens with a wrong PIN, twice: the token counts one try.
func (h softhsm) wrongPin(t testing.TB) error {
	o := h.o
	o.PinFile = filepath.Join(t.TempDir(), "pin")
	must(t, os.WriteFile(o.PinFile, []byte("wrong-pin"), 0o600))
	_, err := Open(o)
	return err
}

// A wrong PIN is tried once, until the file says another.
func TestPinNotTriedAgain(t *testing.T) {
	h := newSofthsm(t)
	first, err := Open(h.o)
	must(t, err)
	m := first.(*module)
	defer m.Close()
	must(t, os.WriteFile(h.o.PinFile, []byte("wrong-pin"), 0o600))
	must(t, m.t.c.Finalize()) // the login is gone
	counted := &counting{cryptoki: m.t.c}
	m.t.c = counted
	for range 3 {
		if e := fault.As(m.Health()); e == nil || e.Code != "key.pin" {
			t.Fatalf("a wrong PIN: %v", e)
		}
	}
	if counted.logins != 1 {
		t.Errorf("a wrong PIN was tried %d times", counted.logins)
	}
	must(t, os.WriteFile(h.o.PinFile, []byte(pin), 0o600))
	must(t, m.Health())
}

type counting struct {
	cryptoki
	logins int
}

func (c *counting) Login(s p11.SessionHandle, user uint, pin string) error {
	c.logins++
	return c.cryptoki.Login(s, user, pin)
}

func TestOpenRefuses(t *testing.T) {
	h := newSofthsm(t)
	for name, c := range map[string]struct {
		change func(*Options)
		code   string
	}{
		"no library":   {func(o *Options) { o.Library = "/nowhere.so" }, "key.module"},
		"no token":     {func(o *Options) { o.Token = "another" }, "key.module"},
		"no key":       {func(o *Options) { o.Create = false; o.Label = "another" }, "key.module"},
		"incomplete":   {func(o *Options) { o.PinFile = "" }, "key.module"},
		"open to all":  {func(o *Options) { must(t, os.Chmod(o.PinFile, 0o644)) }, ""},
		"no mechanism": {func(o *Options) { must(t, os.Chmod(o.PinFile, 0o600)); o.WrapMechanism = 0x80000777 }, "key.module"},
	} {
		t.Run(name, func(t *testing.T) {
			o := h.o
			c.change(&o)
			m, err := Open(o)
			if err == nil {
				err = m.Health()
				m.Close()
			}
			if e := fault.As(err); err == nil || c.code != "" && (e == nil || e.Code != c.code || e.Hint == "") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// What is asked of a token that was made anew under the same names is refused.
func TestAnotherToken(t *testing.T) {
	one := newSofthsm(t)
	m, err := Open(one.o)
	must(t, err)
	value, err := m.CheckValue()
	must(t, err)
	name := m.Wrapper()
	must(t, m.Close())
	two := newSofthsm(t)
	m, err = Open(two.o)
	must(t, err)
	defer m.Close()
	if m.Wrapper() == name || m.CheckWrapper(value) == nil {
		t.Error("another token's key passes for the first one's")
	}
}
