package sealapply_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

// TestKillChild is the process that dies; without its environment it is not one.
// It makes and files the seal of an application.
func TestKillChild(t *testing.T) {
	env := os.Getenv("SEALAPPLY_KILL")
	if env == "" {
		return
	}
	p := strings.Split(env, "\n") // database, directory, account, application, step
	d, err := db.Open(context.Background(), p[0])
	must(t, err)
	w, err := sealapplytest.Open(context.Background(), d, p[1])
	must(t, err)
	ctx, err := w.IAM.As(context.Background(), p[2])
	must(t, err)
	w.Apply.Step = func(name string) { dieAt(name, p[4]) }
	w.Seal.Step = func(name string) { dieAt("seal."+name, p[4]) }
	_, err = w.Apply.Make(ctx, p[3])
	if err == nil {
		_, err = w.Apply.File(ctx, p[3], sealapply.FileRequest{Number: "9999990000001"})
	}
	fmt.Fprintln(os.Stderr, "the child lived:", err)
	os.Exit(1)
}

func dieAt(name, step string) {
	if name == step {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// The process is killed after each step of making and filing a seal, those of
// package seal included. The next finishes it: there is one seal with one key
// and one digital certificate, and it is the application's.
func TestKill(t *testing.T) {
	for _, engine := range dbtest.Engines {
		for step, want := range map[string]string{
			"making": seal.Made, "seal.plan": seal.Made, "seal.key": seal.Made, "seal.certificate": seal.Made, "seal.certified": seal.Made,
			"seal.sign": seal.Made, "seal.keep": seal.Made, "seal": seal.Made, "made": seal.Made,
			"filing": seal.Effective, "seal.file": seal.Effective, "file": seal.Effective, "filed": seal.Effective,
		} {
			t.Run(engine+"/"+step, func(t *testing.T) {
				t.Parallel()
				url, dir := dbtest.URL(t, engine), t.TempDir()
				d, err := db.Open(t.Context(), url)
				must(t, err)
				w := sealapplytest.In(t, d, dir)
				a := w.Filled(t, w.Keeper, sealapplytest.Market, seal.LegalName, sealapplytest.Name(sealapplytest.Market))
				_, err = w.Apply.Submit(w.Keeper, a.ID)
				must(t, err)
				w.Pass(t, a.ID)
				maker, before := w.Another, sealKeys(t, d)
				must(t, d.Close())
				killed(t, url, dir, sealapplytest.Account(maker), a.ID, step)

				w = reopen(t, url, dir)
				if _, err := w.Apply.Resume(t.Context()); err != nil {
					t.Fatal(err)
				}
				if n, err := w.Apply.Resume(t.Context()); err != nil || n != 0 {
					t.Errorf("resuming again did %d, %v", n, err)
				}
				x, err := w.Seal.Get(w.Again(t, maker), a.Makes)
				must(t, err)
				if x.State != want {
					t.Errorf("the seal is %s", x.State)
				}
				page, err := w.Seal.Search(w.Again(t, maker), seal.Query{Org: sealapplytest.Market})
				must(t, err)
				held, err := w.PKI.HeldBy(t.Context(), sealapplytest.Market)
				must(t, err)
				if n := sealKeys(t, w.DB) - before; len(page.Items) != 1 || len(held) != 1 || n != 1 {
					t.Errorf("%d seals, %d digital certificates, %d keys", len(page.Items), len(held), n)
				}
			})
		}
	}
}

// killed runs a child that makes and files until it dies after a step.
func killed(t *testing.T, env ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
	cmd.Env = append(os.Environ(), "SEALAPPLY_KILL="+strings.Join(env, "\n"))
	cmd.Stderr = os.Stderr
	err := cmd.Run()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was to be killed: %v", err)
	}
}

func sealKeys(t *testing.T, d *db.DB) (n int64) {
	t.Helper()
	must(t, d.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`select count(*) from keys_key where purpose = 'seal' and retired_at is null`, nil, &n)
	}))
	return n
}
