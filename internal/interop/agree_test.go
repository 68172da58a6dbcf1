package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sidian/ofd/sign"
)

// commands is where the command line tool stands, made when it is asked for.
var commands = struct {
	sync.Once
	dir string
	err error
}{}

func ofdCommand() (string, error) {
	commands.Do(func() {
		if commands.dir, commands.err = os.MkdirTemp("", "ofd-command-*"); commands.err != nil {
			return
		}
		if out, err := exec.Command("go", "build", "-o", commands.dir, "sidian/cmd/ofd").CombinedOutput(); err != nil {
			commands.err = fmt.Errorf("building the command: %w\n%s", err, out)
		}
	})
	return filepath.Join(commands.dir, "ofd"), commands.err
}

func TestMain(m *testing.M) {
	status := m.Run()
	if commands.dir != "" {
		os.RemoveAll(commands.dir)
	}
	os.Exit(status)
}

// command runs "ofd verify" on a document with what is published.
func command(t *testing.T, data, roots, list []byte) *sign.Report {
	t.Helper()
	name, err := ofdCommand()
	must(t, err)
	dir := t.TempDir()
	for file, b := range map[string][]byte{"a.ofd": data, "roots.pem": roots, "issuing.crl": list} {
		must(t, os.WriteFile(filepath.Join(dir, file), b, 0o600))
	}
	cmd := exec.Command(name, "verify", "--json", "--trust", "roots.pem", "--crl", "issuing.crl", "a.ofd")
	cmd.Dir, cmd.Stderr = dir, os.Stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r := &sign.Report{}
	must(t, json.Unmarshal(out, r))
	return r
}

// Every sealed or signed document of every use case is believed by our command
// and by openssl alone, from what is published, and they find the same.
func TestOthersAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := w.outputs(t)
	roots, list := w.published(t)
	for _, x := range all {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			report := command(t, x.data, roots, list)
			if len(report.Signatures) != x.had+len(x.ours) || len(report.Uncovered) != 0 {
				t.Fatalf("%d signatures, uncovered %v", len(report.Signatures), report.Uncovered)
			}
			if x.had == 0 && report.Verdict != sign.Valid {
				t.Errorf("the document is %s", report.Verdict)
			}
			o := newOpenssl(t, roots, x.data)
			names := o.signatures()
			if len(names) != len(report.Signatures) {
				t.Fatalf("openssl's list has %d signatures", len(names))
			}
			for i, kind := range x.ours {
				s := report.Signatures[x.had+i]
				m := o.believe(names[x.had+i])
				if m.kind != string(kind) || s.Type != map[string]string{"S": "Seal", "P": "Sign"}[m.kind] {
					t.Errorf("signature %d is %s, we say %s", i+1, m.kind, s.Type)
				}
				agree(t, s, m)
			}
		})
	}
}

// agree wants that we find a signature valid, by whom and when openssl says.
func agree(t *testing.T, s sign.SignatureReport, m mark) {
	t.Helper()
	if s.Verdict != sign.Valid {
		t.Errorf("signature %s is %s: %+v", s.ID, s.Verdict, s.Checks)
	}
	if s.Signer != m.name {
		t.Errorf("signature %s is by %s, we say %s", s.ID, m.name, s.Signer)
	}
	if at := m.at.UTC().Format(time.RFC3339); s.SigningTime != at || (s.TimeSource == sign.TimeStamped) != m.proven {
		t.Errorf("signature %s was made at %s (proven: %v), we say %s (%s)", s.ID, at, m.proven, s.SigningTime, s.TimeSource)
	}
}
