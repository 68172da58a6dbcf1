package cert_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
)

// steps are the points of issuing after which a process is killed.
var steps = []string{"prepare", "plan", "stamp", "store", "issue"}

// crashKind is issued by the process that dies.
const crashKind = "road_transport"

// A place is where an instance stands: what the parent and the child share.
type place struct {
	url, dir, client string
	seal             string          // the seal that the kind bears
	keeper           context.Context // who may freeze it
}

func newPlace(t *testing.T, engine string) place {
	t.Helper()
	p := place{url: dbtest.URL(t, engine), dir: t.TempDir()}
	d, err := db.Open(t.Context(), p.url)
	must(t, err)
	defer d.Close()
	w := certtest.In(t, d, p.dir, crashKind)
	p.client, p.seal, p.keeper = w.App.ID, w.Seals[seal.LegalName].ID, w.Keeper
	return p
}

// open opens the instance as a process does that starts after the crash, and
// an hour later: every attempt has run out.
func (p place) open(t *testing.T) *certtest.World {
	t.Helper()
	d, err := db.Open(t.Context(), p.url)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	d.Now = func() time.Time { return time.Now().Add(time.Hour) }
	w, err := certtest.Open(t.Context(), d, p.dir, p.client)
	must(t, err)
	return w
}

// crash runs a child that issues until it dies, and returns the ids of what it
// said was issued. How it dies stands in how: "plan 3" is after the third plan,
// "workers 4" with four that issue until the parent kills it.
func (p place) crash(t *testing.T, how string, killAfter int) (acknowledged []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
	cmd.Env = append(os.Environ(), "CERT_CRASH="+strings.Join([]string{p.url, p.dir, p.client, how}, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "issued "); ok {
			acknowledged = append(acknowledged, id)
			if len(acknowledged) == killAfter {
				cmd.Process.Kill()
			}
		}
	}
	err = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was to be killed: %v", err)
	}
	return acknowledged
}

// TestCrashChild is the process that dies; without its environment it is not one.
func TestCrashChild(t *testing.T) {
	env := os.Getenv("CERT_CRASH")
	if env == "" {
		return
	}
	part := strings.Split(env, "\n")
	var what string
	var n int32
	_, err := fmt.Sscanf(part[3], "%s %d", &what, &n)
	must(t, err)
	d, err := db.Open(context.Background(), part[0])
	must(t, err)
	w, err := certtest.Open(context.Background(), d, part[1], part[2])
	must(t, err)
	workers := 1
	if what == "workers" {
		workers = int(n)
	} else {
		var reached atomic.Int32
		w.Cert.Step = func(name string) {
			if name == what && reached.Add(1) == n {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
	}
	for range workers {
		go func() {
			for {
				r := certtest.Example(t, crashKind)
				c, err := w.Cert.Issue(w.Client, r)
				if err != nil {
					fmt.Fprintln(os.Stderr, err)
					os.Exit(1)
				}
				os.Stdout.WriteString("issued " + c.ID + "\n")
			}
		}()
	}
	select {}
}

// wantAll wants that what was acknowledged is issued still.
func wantAll(t *testing.T, w *certtest.World, acknowledged []string) {
	t.Helper()
	for _, id := range acknowledged {
		c, err := w.Cert.Get(w.Client, id)
		must(t, err)
		if c.Status != cert.Effective {
			t.Errorf("%s was acknowledged and is %s", id, c.Status)
		}
	}
}

// A process is killed after each step of issuing. The next completes what was
// planned, and everything that must hold does.
func TestCrash(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, step := range steps {
			t.Run(engine+"/"+step, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, engine)
				acknowledged := p.crash(t, step+" 3", 0)
				w := p.open(t)
				must(t, w.CheckAll(t.Context()))
				half := map[string]int{"plan": 1, "stamp": 1, "store": 1}[step]
				if n, err := w.Tally(t.Context()); err != nil || n[cert.Sealing] != half || len(acknowledged) != 2 {
					t.Errorf("after the crash: %v, %d acknowledged, %v", n, len(acknowledged), err)
				}
				resume(t, w, half, 0)
				must(t, w.CheckAll(t.Context()))
				want := map[string]int{"prepare": 2}[step]
				if want == 0 {
					want = 3
				}
				if n, err := w.Tally(t.Context()); err != nil || n[cert.Effective] != want || len(n) != 1 {
					t.Errorf("after the restart: %v, %v", n, err)
				}
				if n, err := w.Attempts(t.Context()); err != nil || n != int64(want+half) {
					t.Errorf("%d attempts at %d certificates, %v", n, want, err)
				}
				wantAll(t, w, acknowledged)
				w.Issue(t, crashKind) // with a number that nobody has
				must(t, w.CheckAll(t.Context()))
			})
		}
	}
}

// The seal was frozen while the process was down: what it left is withdrawn.
func TestCrashThenFrozen(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, step := range []string{"plan", "stamp", "store"} {
			t.Run(engine+"/"+step, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, engine)
				acknowledged := p.crash(t, step+" 2", 0)
				w := p.open(t)
				must(t, w.Seal.SetState(p.keeper, p.seal, seal.Frozen, "核查"))
				resume(t, w, 0, 1)
				must(t, w.CheckAll(t.Context()))
				wantAll(t, w, acknowledged)
				must(t, w.Seal.SetState(p.keeper, p.seal, seal.Effective, "核查完毕"))
				w.Issue(t, crashKind)
				must(t, w.CheckAll(t.Context()))
			})
		}
	}
}

// Killed at any moment with several at work, and again while it resumes.
func TestCrashAnywhere(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t, engine)
			var acknowledged []string
			for round := range 3 {
				acknowledged = append(acknowledged, p.crash(t, "workers 6", 20+7*round)...)
				w := p.open(t)
				must(t, w.CheckAll(t.Context()))
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() {
						if _, withdrawn, err := w.Cert.Resume(t.Context()); err != nil || withdrawn != 0 {
							t.Errorf("resuming withdrew %d, %v", withdrawn, err)
						}
					})
				}
				wg.Wait()
				must(t, w.CheckAll(t.Context()))
				if n, err := w.Tally(t.Context()); err != nil || n[cert.Sealing] != 0 || n[cert.Effective] < len(acknowledged) {
					t.Errorf("%v, %d acknowledged, %v", n, len(acknowledged), err)
				}
				wantAll(t, w, acknowledged)
			}
			if len(acknowledged) < 60 {
				t.Errorf("%d were acknowledged", len(acknowledged))
			}
		})
	}
}
