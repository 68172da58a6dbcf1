package complaint_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/complaint"
	"sidian/internal/complaint/complainttest"
	"sidian/internal/complaint/event"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
)

// actor is a context in which an account acts whose identity is verified.
func actor(w *complainttest.World, account string) (context.Context, error) {
	p, err := w.IAM.Principal(context.Background(), account, iam.Proof{Level: 2})
	if err != nil {
		return nil, err
	}
	return iam.With(context.Background(), p), nil
}

// TestKillChild is the process that dies; without its environment it is not one.
func TestKillChild(t *testing.T) {
	env := os.Getenv("COMPLAINT_KILL")
	if env == "" {
		return
	}
	p := strings.Split(env, "\n") // database, directory, account, complaint, step
	d, err := db.Open(context.Background(), p[0])
	must(t, err)
	w, err := complainttest.Open(context.Background(), d, p[1])
	must(t, err)
	ctx, err := actor(w, p[2])
	must(t, err)
	w.Complaint.Step = func(name string) {
		if name == p[4] {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if p[3] == "" {
		_, err = w.Complaint.File(ctx, killed(t, w))
	} else {
		err = does(w.Complaint, ctx, p[3], complaint.Action(p[4]))
	}
	fmt.Fprintln(os.Stderr, "the child lived:", err)
	os.Exit(1)
}

// killed is the filing that the child makes.
func killed(t testing.TB, w *complainttest.World) complaint.Filing {
	t.Helper()
	f := w.Filing(complainttest.Market)
	f.Document = complainttest.OFD(t, "被拒收的文件")
	return f
}

// kill runs a child that dies after a step.
func kill(t *testing.T, env ...string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
	cmd.Env = append(os.Environ(), "COMPLAINT_KILL="+strings.Join(env, "\n"))
	cmd.Stderr = os.Stderr
	err := cmd.Run()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child was to be killed: %v", err)
	}
}

// reopen opens the instance as a process does that starts after the other died.
func reopen(t *testing.T, url, dir string) *complainttest.World {
	t.Helper()
	d, err := db.Open(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { d.Close() })
	w, err := complainttest.Open(context.Background(), d, dir)
	must(t, err)
	return w
}

// The process is killed between keeping the document and filing, and after the
// filing. Who files again has one complaint, with the document; a document of
// which nothing came is named by nobody, and swept away.
func TestKillFiling(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		for step, filed := range map[string]bool{"document": false, "filed": true} {
			t.Run(engine+"/"+step, func(t *testing.T) {
				t.Parallel()
				url, dir := dbtest.URL(t, engine), t.TempDir()
				d, err := db.Open(t.Context(), url)
				must(t, err)
				w := complainttest.In(t, d, dir)
				holder := complainttest.Account(w.Holder)
				must(t, d.Close())
				kill(t, url, dir, holder, "", step)

				w = reopen(t, url, dir)
				ctx, err := actor(w, holder)
				must(t, err)
				f := killed(t, w)
				sum := gm.Sum(f.Document)
				list, err := w.Complaint.List(ctx, complaint.Query{})
				must(t, err)
				named, err := w.Complaint.Named(t.Context(), []gm.Digest{sum})
				must(t, err)
				if (len(list.Items) == 1) != filed || named[sum] != filed {
					t.Errorf("it left %d complaints, the document is named: %v", len(list.Items), named[sum])
				}
				c, err := w.Complaint.File(ctx, f)
				must(t, err)
				doc, err := w.Complaint.Document(ctx, c.ID)
				must(t, err)
				if c.Already != filed || len(c.History) != 1 || string(doc.Data) != string(f.Document) {
					t.Errorf("filed again: %+v", c)
				}
				if got := topics(t, w.DB); got != event.Filed {
					t.Errorf("announced %s", got)
				}
				if got := promises(t, w, c.ID); got != "complaint.decide approval,complaint.explain market" {
					t.Errorf("promised: %s", got)
				}
			})
		}
	}
}

// The process is killed after each action. The action is whole: its state, its
// step, its row of the audit and its clocks; done again it is refused.
func TestKillActing(t *testing.T) {
	t.Parallel()
	for _, engine := range dbtest.Engines {
		for _, tc := range []struct {
			action   complaint.Action
			from, to complaint.State
			audit    string
			promised string
		}{
			{complaint.ActExplain, complaint.Filed, complaint.Explained, "complaint.explain", "complaint.decide approval"},
			{complaint.ActUphold, complaint.Explained, complaint.Upheld, "complaint.decide", "complaint.rectify market"},
			{complaint.ActDismiss, complaint.Explained, complaint.Dismissed, "complaint.decide", ""},
			{complaint.ActExempt, complaint.Explained, complaint.Exempt, "complaint.decide", ""},
			{complaint.ActRectify, complaint.Upheld, complaint.Rectified, "complaint.rectify", "complaint.confirm approval"},
			{complaint.ActAccept, complaint.Rectified, complaint.Closed, "complaint.confirm", ""},
			{complaint.ActReturn, complaint.Rectified, complaint.Upheld, "complaint.return", "complaint.rectify market"},
			{complaint.ActWithdraw, complaint.Filed, complaint.Withdrawn, "complaint.withdraw", ""},
		} {
			t.Run(engine+"/"+string(tc.action), func(t *testing.T) {
				t.Parallel()
				url, dir := dbtest.URL(t, engine), t.TempDir()
				d, err := db.Open(t.Context(), url)
				must(t, err)
				w, n := complainttest.In(t, d, dir), 0
				id := bring(t, w, &n, tc.from).ID
				by := map[complaint.Side]context.Context{complaint.Complainant: w.Holder, complaint.Unit: w.Clerk, complaint.Authority: w.OfCounty}[allowed[tc.from][tc.action].side]
				account := complainttest.Account(by)
				must(t, d.Close())
				kill(t, url, dir, account, id, string(tc.action))

				w = reopen(t, url, dir)
				ctx, err := actor(w, account)
				must(t, err)
				wantCode(t, does(w.Complaint, ctx, id, tc.action), "complaint.state")
				c, err := w.Complaint.Get(ctx, id)
				must(t, err)
				last := c.History[len(c.History)-1]
				if c.State != tc.to || len(c.History) != len(ways[tc.from])+2 || last.Action != tc.action || last.State != tc.to {
					t.Errorf("it left %s with %+v", c.State, c.History)
				}
				if got := promises(t, w, id); got != tc.promised {
					t.Errorf("promised: %s", got)
				}
				rows := 0
				must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
					list, _, err := audit.List(tx, audit.Query{Object: "complaint/" + id, Action: tc.audit})
					rows = len(list)
					return err
				}))
				if rows != 1 {
					t.Errorf("%d rows of the audit", rows)
				}
			})
		}
	}
}
