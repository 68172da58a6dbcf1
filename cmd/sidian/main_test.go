package main

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sidian": main})
}

// TestStories runs testdata/*.txtar against the real program. Beside the
// commands of testscript a story has those of this table.
func TestStories(t *testing.T) {
	t.Parallel()
	build := t.TempDir()
	ofd := sync.OnceValues(func() (string, error) {
		path := filepath.Join(build, "ofd")
		out, err := exec.Command("go", "build", "-o", path, "../ofd").CombinedOutput()
		if err != nil {
			t.Logf("building ofd: %s", out)
		}
		return path, err
	})
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("LANG", "C")
			env.Values[cast{}] = people{}
			for _, name := range []string{"PORT", "PORT2"} {
				port, err := freePort()
				if err != nil {
					return err
				}
				env.Setenv(name, port)
			}
			root, err := filepath.Abs("../..")
			env.Setenv("ROOT", root)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":  exitStatus, // status 64 sidian backup x: the program must exit so
			"ready":   ready,      // ready URL: waits until it takes requests
			"until":   until,      // until FILE: waits until it is there
			"http":    request,    // http STATUS METHOD URL [BODY-FILE]: the answer goes to the standard output
			"token":   token,      // token URL CREDENTIALS: signs the client in, and puts TOKEN into the environment
			"login":   login,      // login STATUS URL CREDENTIALS USER: signs a person of the demo in
			"settle":  settle,     // settle URL LINKS-FILE USER: from the one-time link to the first session
			"signin":  signin,     // signin STATUS URL USER [nocode]: signs in again who has settled
			"as":      as,         // as USER STATUS METHOD URL [BODY-FILE]: a request of who has signed in; .form is a form with a file
			"enter":   enter,      // enter URL CREDENTIALS USER…: signs people of the demo in, for as
			"picture": picture,    // picture FILE [NAME]: the imprint of a seal, a document, a handwriting
			"tamper":  tamper,     // tamper DATABASE SQL-FILE: as who may define tables and has no key
			"shows":   shows,      // shows HOST:PORT NAME TRUST-FILE: waits for that name on the server's digital certificate
			"field":   field,      // field NAME FILE KEY…: puts a value of a JSON file into the environment
			"mode":    mode,       // mode 0600 FILE…
			"schema":  schema,     // schema older|newer DATABASE: as if another program had made it
			"parcel":  parcel(t),  // parcel PACKAGE ROOT-FILE: an archive information package, and the root certificate of who signed it
			"values":  values,     // values DIR DOCUMENT: what openssl is to verify of a sealed document
			"ofd": func(ts *testscript.TestScript, neg bool, args []string) { // the other program of ours
				path, err := ofd()
				ts.Check(err)
				err = ts.Exec(path, args...)
				if (err != nil) != neg {
					ts.Fatalf("ofd %v: %v", args, err)
				}
			},
		},
	})
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

func exitStatus(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v: %v", args, err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// patience is longer than any healthy machine takes for anything here.
const patience = 90 * time.Second

func await(ts *testscript.TestScript, what string, yes func() bool) {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if yes() {
			return
		}
	}
	ts.Fatalf("%s: it did not come about", what)
}

func ready(ts *testscript.TestScript, _ bool, args []string) {
	client := &http.Client{Timeout: 30 * time.Second}
	await(ts, args[0], func() bool {
		res, err := client.Get(args[0] + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close() // nothing is read
		return res.StatusCode == http.StatusOK
	})
}

func until(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	await(ts, path, func() bool { _, err := os.Stat(path); return err == nil })
}

func mode(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if got := info.Mode().Perm(); got != os.FileMode(want) {
			ts.Fatalf("%s has mode %04o, want %04o", name, got, want)
		}
	}
}
