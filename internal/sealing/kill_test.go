package sealing_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
)

// A place is where an instance stands: what a test and the process that it kills
// share.
type place struct{ url, dir, client, keeper string }

func newPlace(t *testing.T, engine string) (place, *sealingtest.World) {
	t.Helper()
	p := place{url: dbtest.URL(t, engine), dir: t.TempDir()}
	d, err := db.Open(t.Context(), p.url)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	w := sealingtest.In(t, d, p.dir)
	p.client, p.keeper = w.App.ID, sealtest.Account(w.Keepers[sealtest.Market])
	return p, w
}

// kill runs a child that approves, or works on batches, until it dies: by itself
// after the nth time of a step, or when after lets the parent kill it.
func (p place) kill(t *testing.T, what, id, seen, step string, n int, after func(done int64) bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
	cmd.Env = append(os.Environ(), "SEALING_KILL="+strings.Join([]string{p.url, p.dir, p.client, p.keeper, what, id, seen, step, strconv.Itoa(n)}, "\n"))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	for lines := bufio.NewScanner(out); lines.Scan(); {
		rounds, ok := strings.CutPrefix(lines.Text(), "rounds ")
		if done, err := strconv.ParseInt(rounds, 10, 64); ok && err == nil && after != nil && after(done) {
			cmd.Process.Kill()
		}
	}
	err = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was to be killed: %v", err)
	}
}

// TestKillChild is the process that dies; without its environment it is not one.
func TestKillChild(t *testing.T) {
	env := os.Getenv("SEALING_KILL")
	if env == "" {
		return
	}
	p := strings.Split(env, "\n")
	d, err := db.Open(context.Background(), p[0])
	must(t, err)
	w, err := sealingtest.Open(t, d, p[1], p[2])
	must(t, err)
	ctx, err := w.IAM.As(context.Background(), p[3])
	must(t, err)
	left, err := strconv.Atoi(p[8])
	must(t, err)
	rounds := 0
	w.Sealing.Step = func(name string) {
		if name == p[7] {
			if left--; left == 0 {
				syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		}
		if strings.HasPrefix(name, "batch-") {
			rounds++
			fmt.Fprintf(os.Stdout, "rounds %d\n", rounds)
		}
	}
	if p[4] == "approve" {
		_, err = w.Sealing.Approve(ctx, sealing.ApproveRequest{Step: p[5], Seen: p[6], Answer: sealingtest.Code})
	} else {
		_, err = w.Sealing.Work(context.Background())
	}
	fmt.Fprintln(os.Stderr, "the child lived:", err)
	os.Exit(1)
}

// The process is killed after each step of an approved stamp. The next finishes
// it, once: no stamp is unaccounted for, no approval used twice.
func TestKill(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for _, step := range []string{"approve", "intend", "stamp", "store", "done"} {
			t.Run(engine+"/"+step, func(t *testing.T) {
				t.Parallel()
				p, w := newPlace(t, engine)
				r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200), w.Step(sealtest.Land, 0, 80, 200))
				r = w.Approve(t, r, 1)
				p.kill(t, "approve", r.Steps[0].ID, r.Base, step, 1, nil)
				later(w)
				n, lost, err := w.Sealing.Resume(t.Context())
				must(t, err)
				if want := 1 - btoi(step == "done"); n != want || lost != 0 {
					t.Errorf("resumed %d, lost %d", n, lost)
				}
				r, err = w.Sealing.Get(w.Asker, r.ID)
				must(t, err)
				wantSealed(t, w, r, 2)
				for _, st := range r.Steps {
					wantUses(t, w, st, 1, 0)
					wantSpent(t, w, st)
				}
				_, err = w.Sealing.Approve(w.Keepers[sealtest.Market], sealing.ApproveRequest{Step: r.Steps[0].ID, Seen: r.Base, Answer: sealingtest.Code})
				if err == nil {
					t.Error("what is stamped was approved again")
				}
			})
		}
	}
}

// wantSpent wants that the approvals of a step were taken by one use at most, and
// the last of them by one.
func wantSpent(t *testing.T, w *sealingtest.World, st *sealing.Step) {
	t.Helper()
	uses, err := w.Seal.UsesOf(t.Context(), "sealing/"+st.ID)
	must(t, err)
	seen := map[string]bool{}
	for _, u := range uses {
		if u.Approval == "" || seen[u.Approval] {
			t.Errorf("use %s is under approval %q", u.ID, u.Approval)
		}
		seen[u.Approval] = true
	}
}

// The process that works on a batch is killed after each step of a round, and
// anywhere; the batch is paused, goes on and is finished, each document stamped
// exactly once.
func TestKillBatch(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			killBatch(t, engine, 200)
		})
	}
}

// killBatch makes a batch, kills who works on it again and again, pauses it in
// between, and lets it finish.
func killBatch(t *testing.T, engine string, documents int) {
	t.Helper()
	p, w := newPlace(t, engine)
	w.Standing(t, sealtest.Market, "", voucher, 0)
	began := time.Now()
	b := newBatch(t, w, documents, map[string][]byte{"不是.ofd": []byte("x")})
	t.Logf("%s: %d documents came in after %v", engine, documents, time.Since(began))
	clock := w.DB.Now
	hours := 0
	next := func() { // every attempt has run out
		hours++
		w.DB.Now = func() time.Time { return clock().Add(time.Duration(hours) * time.Minute) }
	}
	_, err := w.Sealing.Act(w.Asker, b.ID, "start")
	must(t, err)
	rounds := documents/50 + 1
	for i, step := range []string{"batch-intend", "batch-stamp", "batch-done"} {
		next()
		release(t, w)
		p.kill(t, "work", "", "", step, 1+i*rounds/20, nil)
	}
	next()
	release(t, w)
	p.kill(t, "work", "", "", "never", 0, func(done int64) bool { return done >= int64(2+rounds/4) })
	now, err := w.Sealing.Act(w.Asker, b.ID, "pause")
	must(t, err)
	if now.Done == 0 || now.Remaining == 0 {
		t.Errorf("when it is paused %d are done and %d remain", now.Done, now.Remaining)
	}
	next()
	_, err = w.Sealing.Work(t.Context()) // what a crash left is finished, nothing else is begun
	must(t, err)
	paused, err := w.Sealing.Batch(w.Asker, b.ID)
	must(t, err)
	if paused.State != sealing.Paused || paused.Remaining == 0 || paused.Done < now.Done || paused.Done > now.Done+50 {
		t.Errorf("paused: %+v", paused)
	}
	_, err = w.Sealing.Act(w.Asker, b.ID, "start")
	must(t, err)
	next()
	began = time.Now()
	_, err = w.Sealing.Work(t.Context())
	must(t, err)
	took := time.Since(began).Seconds()
	t.Logf("%s: %.0f documents a second for the last %d", engine, float64(paused.Remaining)/took, paused.Remaining)
	wantAccounted(t, w, b.ID, int64(documents), 1)
	end, err := w.Sealing.Batch(w.Asker, b.ID)
	must(t, err)
	if end.State != sealing.Finished || end.Rate <= 0 || end.Seconds != 0 {
		t.Errorf("at the end: %+v", end)
	}
	uses, err := w.Seal.Uses(w.Keepers[sealtest.Market], w.Seals[sealtest.Market].ID, 1, "")
	must(t, err)
	if len(uses.Items) != 1 || uses.Items[0].State != seal.Done {
		t.Errorf("the last use is %+v", uses.Items)
	}
	data, it, err := w.Sealing.ItemFile(w.Asker, b.ID, int64(documents/2))
	must(t, err)
	wantVerified(t, w, data, 1)
	if it.Original == it.Document {
		t.Errorf("%+v", it)
	}
}

// release lets another process begin: a dead one's lease has run out.
func release(t *testing.T, w *sealingtest.World) {
	t.Helper()
	must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`update sealing_batch set lease_until = 0`)
		return err
	}))
}
