package signature_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/signature"
	"sidian/internal/signature/signaturetest"
)

// steps are the points of signing after which a process is killed, and the state
// of the signer that the next process finds.
var steps = map[string]string{
	"confirm": signature.Confirmed, "craft": signature.Confirmed, "stamp": signature.Confirmed, "store": signature.Confirmed, "place": signature.Signed,
}

// TestCrashChild is the process that dies; without its environment it is not one.
func TestCrashChild(t *testing.T) {
	env := os.Getenv("SIGNATURE_CRASH")
	if env == "" {
		return
	}
	p := strings.Split(env, "\n") // database, directory, client, account, task, original, step
	d, err := db.Open(context.Background(), p[0])
	must(t, err)
	w, err := signaturetest.Open(context.Background(), d, p[1], p[2])
	must(t, err)
	ctx, err := w.IAM.As(context.Background(), p[3])
	must(t, err)
	w.Signature.Step = func(name string) {
		if name == p[6] {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if p[6] == "apply" || p[6] == "issue" {
		_, err = w.Signature.Enrol(ctx)
	} else if strings.HasPrefix(p[6], "evidence") {
		_, _, err = w.Signature.EvidenceFile(ctx, p[4])
	} else {
		_, err = w.Signature.Sign(ctx, p[4], 1, signature.SignRequest{Code: signaturetest.Code, Original: p[5], Intent: "1"})
	}
	fmt.Fprintln(os.Stderr, "the child lived:", err)
	os.Exit(1)
}

// crash runs a child that dies after a step.
func crash(t *testing.T, env ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
	cmd.Env = append(os.Environ(), "SIGNATURE_CRASH="+strings.Join(env, "\n"))
	cmd.Stderr = os.Stderr
	err := cmd.Run()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was to be killed: %v", err)
	}
}

// A process is killed after each step of signing; the next completes what was
// confirmed, once.
func TestCrash(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for step, state := range steps {
			t.Run(engine+"/"+step, func(t *testing.T) {
				t.Parallel()
				url, dir := dbtest.URL(t, engine), t.TempDir()
				d, err := db.Open(t.Context(), url)
				must(t, err)
				t.Cleanup(func() { d.Close() })
				w := signaturetest.In(t, d, dir)
				a := w.Enrolled(t, "王小明")
				x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)))
				w.Ready(t, a, x.ID, 1)
				crash(t, url, dir, w.App.ID, a.Account, x.ID, x.Original, step)
				got, err := w.Signature.Get(w.Clerk, x.ID)
				must(t, err)
				if got.Signers[0].State != state {
					t.Fatalf("the crash left %s, want %s", got.Signers[0].State, state)
				}
				_, err = w.Signature.Sign(a.Ctx, x.ID, 1, signature.SignRequest{Code: signaturetest.Code, Original: x.Original, Intent: "1"})
				if e := fault.As(err); e == nil || e.Kind != fault.Conflict {
					t.Errorf("signed again: %v", err)
				}
				now := d.Now
				d.Now = func() time.Time { return now().Add(time.Hour) }
				var wg sync.WaitGroup
				var mu sync.Mutex
				completed := 0
				for range 2 {
					wg.Go(func() {
						n, back, err := w.Signature.Resume(t.Context())
						if err != nil || back != 0 {
							t.Errorf("taken back %d, %v", back, err)
						}
						mu.Lock()
						completed += n
						mu.Unlock()
					})
				}
				wg.Wait()
				if want := map[bool]int{true: 1}[state == signature.Confirmed]; completed != want {
					t.Errorf("%d completed, want %d", completed, want)
				}
				if got, err = w.Signature.Get(w.Clerk, x.ID); err != nil || got.State != signature.Done {
					t.Fatalf("after the restart: %+v, %v", got, err)
				}
				verified(t, w, x.ID, 1)
				var attempts, drawings int64
				must(t, d.Read(t.Context(), func(tx *db.Tx) error {
					return tx.Get(`select sum(attempts), count(drawing) + count(picture) from signature_signer`, nil, &attempts, &drawings)
				}))
				if want := map[string]int64{"confirm": 1, "craft": 1, "place": 1}[step]; want == 0 && attempts != 2 || want == 1 && attempts != 1 || drawings != 0 {
					t.Errorf("%d attempts, %d drawings left", attempts, drawings)
				}
			})
		}
	}
}

// The digital certificate was revoked while the process was down: the confirmation
// is taken back, and nothing is signed.
func TestCrashThenRevoked(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a := w.Enrolled(t, "王小明")
		x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)))
		r := w.Ready(t, a, x.ID, 1)
		w.Signature.Step = func(name string) {
			if name == "confirm" {
				w.Signature.Step = nil
				must(t, d.Write(t.Context(), func(tx *db.Tx) error { return w.Signature.Watcher().Closing(tx, a.Account) }))
			}
		}
		_, err := w.Signature.Sign(a.Ctx, x.ID, 1, r)
		wantFault(t, err, fault.Conflict, "signature.identity")
		got, err := w.Signature.Get(w.Clerk, x.ID)
		must(t, err)
		if got.Signers[0].State != signature.Captured || got.Document != got.Original {
			t.Errorf("left %+v", got.Signers[0])
		}
		_, err = w.Signature.Enrol(a.Ctx)
		must(t, err)
		_, err = w.Signature.Sign(a.Ctx, x.ID, 1, r) // what they wrote is there still
		must(t, err)
		verified(t, w, x.ID, 1)
	})
}

// The stored document is another than what was laid before the signers.
func TestChangedDocument(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a := w.Enrolled(t, "王小明")
		x, other := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First))), w.Begin(t, a.Invite(signaturetest.At(signaturetest.Second)))
		w.Sign(t, a, other.ID, 1)
		r := w.Ready(t, a, x.ID, 1)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`update signature_task set document = (select document from signature_task where id = $2) where id = $1`, x.ID, other.ID)
			return err
		}))
		_, err := w.Signature.Sign(a.Ctx, x.ID, 1, r)
		wantFault(t, err, fault.Conflict, "signature.changed")
		if got, err := w.Signature.Get(w.Clerk, x.ID); err != nil || got.Signers[0].State != signature.Captured {
			t.Errorf("left %+v, %v", got, err)
		}
	})
}

// Three sign at once: each signature is added over the others.
func TestAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		var people []signaturetest.Person
		var parties []signature.Party
		for i, word := range []string{signaturetest.First, signaturetest.Second, signaturetest.Third} {
			p := w.Enrolled(t, []string{"王小明", "李四", "赵五"}[i])
			party := p.Invite(signaturetest.At(word))
			party.Group = 1
			people, parties = append(people, p), append(parties, party)
		}
		plain := w.Enrolled(t, "孙六") // without a picture, at the same time
		party := plain.Invite(nil)
		party.Group, party.Way = 1, signature.Plain
		people, parties = append(people, plain), append(parties, party)
		x := w.Begin(t, parties...)
		var wg sync.WaitGroup
		for i, p := range people {
			r := w.Ready(t, p, x.ID, i+1)
			for range 2 { // a double click
				wg.Go(func() {
					if _, err := w.Signature.Sign(p.Ctx, x.ID, i+1, r); err != nil && fault.As(err) == nil {
						t.Errorf("%d: %v", i+1, err)
					}
				})
			}
		}
		wg.Wait()
		got, err := w.Signature.Get(w.Clerk, x.ID)
		must(t, err)
		if got.State != signature.Done {
			t.Fatalf("%+v", got)
		}
		verified(t, w, x.ID, 4)
	})
}

// Identities: one each, whatever crashes; renewed in time, cancelled for good.
func TestIdentity(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url, dir := dbtest.URL(t, engine), t.TempDir()
			d, err := db.Open(t.Context(), url)
			must(t, err)
			t.Cleanup(func() { d.Close() })
			w := signaturetest.In(t, d, dir)
			a := w.Person(t, "王小明")
			_, err = w.Signature.Mine(a.Ctx)
			wantFault(t, err, fault.NotFound, "signature.identity")
			_, err = w.Signature.Enrol(lower(t, w, a, 1))
			wantFault(t, err, fault.Forbidden, "auth.level")
			_, err = w.Signature.Enrol(w.Program)
			wantFault(t, err, fault.Forbidden, "signature.person")
			for _, step := range []string{"apply", "issue"} {
				crash(t, url, dir, w.App.ID, a.Account, "", "", step)
			}
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() {
					if _, err := w.Signature.Enrol(a.Ctx); err != nil && fault.As(err) == nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			x, err := w.Signature.Enrol(a.Ctx)
			must(t, err)
			if x.State != signature.Effective || x.Name != "王小明" || x.Renewable {
				t.Errorf("enrolled as %+v", x)
			}
			_, err = w.Signature.Renew(a.Ctx)
			wantFault(t, err, fault.Conflict, "signature.early")
			now := d.Now
			d.Now = func() time.Time { return now().AddDate(3, 0, 1) }
			if y, err := w.Signature.Mine(a.Ctx); err != nil || y.State != signature.Expired || !y.Renewable {
				t.Errorf("after three years %+v, %v", y, err)
			}
			y, err := w.Signature.Renew(a.Ctx)
			must(t, err)
			if y.State != signature.Effective || y.ID == x.ID || y.Serial == x.Serial {
				t.Errorf("renewed as %+v", y)
			}
			must(t, w.Signature.Cancel(a.Ctx, "不再使用"))
			wantFault(t, w.Signature.Cancel(a.Ctx, "不再使用"), fault.NotFound, "signature.identity")
			if y, err = w.Signature.Mine(a.Ctx); err != nil || y.State != signature.Cancelled {
				t.Errorf("cancelled as %+v, %v", y, err)
			}
			_, err = w.Signature.Renew(a.Ctx)
			wantFault(t, err, fault.NotFound, "signature.identity")
			p, _ := iam.From(a.Ctx)
			must(t, d.Read(t.Context(), func(tx *db.Tx) error {
				var plain int64
				err := tx.Get(`select count(*) from signature_identity where account = $1 and state = 'effective'`, []any{p.Account}, &plain)
				if plain != 0 {
					t.Errorf("%d are effective", plain)
				}
				return err
			}))
		})
	}
}
