package sealing_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
)

const voucher = "凭据"

func batchAsk(w *sealingtest.World) sealing.BatchAsk {
	return sealing.BatchAsk{
		Title: "年度缴费凭据", Purpose: voucher, Reason: "集中开具", Org: sealtest.Market, Seal: w.Seals[sealtest.Market].ID,
		Places: []sealing.Place{{Page: 1, X: 120, Y: 200}},
	}
}

// archive packs documents that differ, and more files.
func archive(t testing.TB, n int, more map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	put := func(name string, data []byte) {
		f, err := z.Create(name)
		must(t, err)
		_, err = f.Write(data)
		must(t, err)
	}
	for i := range n {
		put(fmt.Sprintf("凭据/%04d.ofd", i), sealingtest.Document(t, fmt.Sprintf("缴费凭据 %04d", i), 1))
	}
	for name, data := range more {
		put(name, data)
	}
	must(t, z.Close())
	return b.Bytes()
}

// newBatch makes a batch of n documents by the program.
func newBatch(t testing.TB, w *sealingtest.World, n int, more map[string][]byte) *sealing.Batch {
	t.Helper()
	b, err := w.Sealing.CreateBatch(w.Asker, batchAsk(w))
	must(t, err)
	data := archive(t, n, more)
	_, err = w.Sealing.Add(w.Asker, b.ID, "凭据.zip", bytes.NewReader(data), int64(len(data)))
	must(t, err)
	return b
}

// wantAccounted wants that each document of a batch was stamped once, by a use
// that is closed over it, and that no use is anybody's else.
func wantAccounted(t testing.TB, w *sealingtest.World, id string, done, failed int64) {
	t.Helper()
	b, err := w.Sealing.Batch(w.Asker, id)
	must(t, err)
	if b.Done != done || b.Failed != failed || b.Remaining != 0 {
		t.Fatalf("%s: %d done, %d failed, %d remain, want %d and %d: %s", b.State, b.Done, b.Failed, b.Remaining, done, failed, b.Trouble)
	}
	seen := map[string]bool{}
	for after := int64(0); ; {
		page, err := w.Sealing.Items(w.Asker, id, "", after, 1000)
		must(t, err)
		for _, it := range page.Items {
			uses, err := w.Seal.UsesOf(t.Context(), fmt.Sprintf("sealing-batch/%s/%d", id, it.Line))
			must(t, err)
			live := 0
			for _, u := range uses {
				switch u.State {
				case seal.Done:
					live++
					if it.Use != u.ID || fmt.Sprintf("%x", u.Document[:]) != it.Document {
						t.Errorf("document %d and its use differ", it.Line)
					}
				case seal.Intended:
					t.Errorf("a use of document %d is open", it.Line)
				}
			}
			if want := map[string]int{sealing.Done: 1}[it.State]; live != want {
				t.Errorf("document %d is %s and has %d stamps", it.Line, it.State, live)
			}
			if it.State == sealing.Done && seen[it.Document] {
				t.Errorf("document %d is there twice", it.Line)
			}
			seen[it.Document] = true
		}
		if after = page.After; after == 0 {
			return
		}
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		_, err := w.Sealing.CreateBatch(w.Asker, batchAsk(w))
		wantFault(t, "without a standing policy", err, fault.Forbidden, "seal.policy")
		w.Standing(t, sealtest.Market, "", voucher, 0)
		b := newBatch(t, w, 60, map[string][]byte{"说明.txt": []byte("不是 OFD"), "空.ofd": nil, "重复.ofd": sealingtest.Document(t, "缴费凭据 0000", 1), "__MACOSX/a": {1}})
		b, err = w.Sealing.Batch(w.Asker, b.ID)
		must(t, err)
		if b.State != sealing.Ready || b.Total != 62 || b.Failed != 1 {
			t.Fatalf("taken: %+v", b)
		}
		_, err = w.Sealing.Act(w.Other, b.ID, "start")
		if fault.As(err) == nil || fault.As(err).Kind != fault.NotFound {
			t.Errorf("a stranger starts it: %v", err)
		}
		_, err = w.Sealing.Act(w.Leader, b.ID, "start")
		wantFault(t, "another starts it", err, fault.Forbidden, "sealing.asker")
		_, err = w.Sealing.Act(w.Asker, b.ID, "start")
		must(t, err)
		n, err := w.Sealing.Work(t.Context())
		must(t, err)
		if n != 61 {
			t.Errorf("worked on %d", n)
		}
		b, err = w.Sealing.Batch(w.Asker, b.ID)
		must(t, err)
		if b.State != sealing.Finished || b.Done != 60 || b.Failed != 2 {
			t.Errorf("after the work: %+v", b)
		}
		wantAccounted(t, w, b.ID, 60, 2)
		data, it, err := w.Sealing.ItemFile(w.Asker, b.ID, 1)
		must(t, err)
		wantVerified(t, w, data, 1)
		e, err := w.Sealing.Evidence(w.Asker, it.Use)
		must(t, err)
		if e.Policy == "" || e.After != it.Document || e.Operator != sealtest.Account(w.Asker) {
			t.Errorf("evidence: %+v", e)
		}
		_, err = w.Sealing.Act(w.Asker, b.ID, "start")
		wantFault(t, "start what is over", err, fault.Conflict, "sealing.state")
	})
}

// Pause, resume, cancel; the seal's keeper can stop it, and a limit of the
// policy does.
func TestBatchStops(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		w.Standing(t, sealtest.Market, "", voucher, 70)
		b := newBatch(t, w, 120, nil)
		_, err := w.Sealing.Act(w.Asker, b.ID, "start")
		must(t, err)
		w.Sealing.Step = func(name string) {
			if name == "batch-stamp" {
				w.Sealing.Step = nil
				_, err := w.Sealing.Act(w.Keepers[sealtest.Market], b.ID, "pause")
				must(t, err)
			}
		}
		_, err = w.Sealing.Work(t.Context())
		must(t, err)
		now, err := w.Sealing.Batch(w.Asker, b.ID)
		must(t, err)
		if now.State != sealing.Paused || now.Done != 50 || now.Remaining != 70 {
			t.Fatalf("paused: %+v", now)
		}
		_, err = w.Sealing.Act(w.Asker, b.ID, "start")
		must(t, err)
		_, err = w.Sealing.Work(t.Context())
		must(t, err)
		now, err = w.Sealing.Batch(w.Asker, b.ID)
		must(t, err)
		if now.State != sealing.Paused || now.Done != 70 || !strings.Contains(now.Trouble, "用完") {
			t.Fatalf("over the policy's maximum: %+v", now)
		}
		_, err = w.Sealing.Act(w.Keepers[sealtest.Market], b.ID, "cancel")
		must(t, err)
		page, err := w.Sealing.Items(w.Asker, b.ID, sealing.Dropped, 0, 100)
		must(t, err)
		if len(page.Items) != 50 {
			t.Errorf("%d dropped", len(page.Items))
		}
		wantAccounted(t, w, b.ID, 70, 0)
	})
}

// The worker is lost after each step; another finishes, and nothing is stamped
// twice.
func TestBatchCrash(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"batch-intend", "batch-stamp", "batch-done"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := sealingtest.New(t, d)
				w.Standing(t, sealtest.Market, "", voucher, 0)
				b := newBatch(t, w, 70, nil)
				_, err := w.Sealing.Act(w.Asker, b.ID, "start")
				must(t, err)
				crash(w, step, func() { _, _ = w.Sealing.Work(context.Background()) })
				later(w)
				_, err = w.Sealing.Work(t.Context())
				must(t, err)
				wantAccounted(t, w, b.ID, 70, 0)
			})
		})
	}
}

// A frozen seal stops a batch, also in the middle.
func TestBatchFrozen(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		w.Standing(t, sealtest.Market, "", voucher, 0)
		b := newBatch(t, w, 3, nil)
		_, err := w.Sealing.Act(w.Asker, b.ID, "start")
		must(t, err)
		must(t, w.Seal.Freeze(w.Keepers[sealtest.Market], w.Seals[sealtest.Market].ID, "核查"))
		_, err = w.Sealing.Work(t.Context())
		must(t, err)
		now, err := w.Sealing.Batch(w.Asker, b.ID)
		must(t, err)
		if now.State != sealing.Paused || now.Done != 0 || !strings.Contains(now.Trouble, "冻结") {
			t.Errorf("%+v", now)
		}
	})
}

// Archives that are built to do harm, and what is none.
func TestHostileArchives(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		w.Standing(t, sealtest.Market, "", voucher, 0)
		b, err := w.Sealing.CreateBatch(w.Asker, batchAsk(w))
		must(t, err)
		add := func(data []byte) (*sealing.Added, error) {
			return w.Sealing.Add(w.Asker, b.ID, "a.zip", bytes.NewReader(data), int64(len(data)))
		}
		_, err = add(archive(t, 0, map[string][]byte{"bomb.ofd": make([]byte, 30<<20)}))
		wantFault(t, "a bomb", err, fault.Invalid, "sealing.archive")
		_, err = add([]byte("PK\x03\x04 and nothing else"))
		wantFault(t, "torn", err, fault.Invalid, "sealing.archive")
		many := map[string][]byte{}
		for i := range 20_001 {
			many[fmt.Sprint(i)] = nil
		}
		_, err = add(archive(t, 0, many))
		wantFault(t, "too many", err, fault.Invalid, "sealing.archive")
		_, err = w.Sealing.Add(w.Asker, b.ID, "a.zip", bytes.NewReader([]byte("PK")), sealing.MaxArchive+1)
		wantFault(t, "too large", err, fault.TooLarge, "sealing.size")
		_, err = w.Sealing.Add(w.Leader, b.ID, "a.ofd", bytes.NewReader([]byte("PK")), 2)
		wantFault(t, "another's batch", err, fault.Forbidden, "sealing.asker")
		added, err := add(archive(t, 1, map[string][]byte{"../../etc/passwd": []byte("x"), "张三11010519491231002X.ofd": []byte("y")}))
		must(t, err)
		if added.Taken != 3 {
			t.Errorf("added %+v", added)
		}
		page, err := w.Sealing.Items(w.Asker, b.ID, "", 0, 10)
		must(t, err)
		for _, it := range page.Items {
			if strings.ContainsAny(it.Name, "/\\") || strings.Contains(it.Name, "110105") {
				t.Errorf("the name %q is shown", it.Name)
			}
		}
	})
}

// A program stamps at once, inside its policy alone; a repetition gives the
// same document.
func TestStampNow(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		a := sealing.NowAsk{BatchAsk: batchAsk(w), Name: "a.ofd", Data: sealingtest.Document(t, "收件凭证", 1)}
		_, _, err := w.Sealing.StampNow(w.Program, a)
		wantFault(t, "without a standing policy", err, fault.Forbidden, "seal.policy")
		w.Standing(t, sealtest.Market, w.Prog.ID, voucher, 2)
		ctx := repeating(w.Program, "k1")
		one, _, err := w.Sealing.StampNow(ctx, a)
		must(t, err)
		wantVerified(t, w, one, 1)
		two, _, err := w.Sealing.StampNow(ctx, a)
		must(t, err)
		if !bytes.Equal(one, two) {
			t.Error("a repetition stamped again")
		}
		a.Places = []sealing.Place{{Page: 2, X: 1, Y: 1}}
		_, _, err = w.Sealing.StampNow(w.Program, a)
		wantFault(t, "off the document", err, fault.Invalid, "sealing.place")
		a.Places = batchAsk(w).Places
		a.Data = []byte("%PDF-1.7")
		_, _, err = w.Sealing.StampNow(w.Program, a)
		wantFault(t, "a PDF", err, fault.Invalid, "sealing.pdf")
		a.Data = one // stamped already: a second stamp beside the first
		a.Places = []sealing.Place{{Page: 1, X: 20, Y: 200}}
		three, _, err := w.Sealing.StampNow(w.Program, a)
		must(t, err)
		wantVerified(t, w, three, 2)
		_, _, err = w.Sealing.StampNow(w.Program, a)
		wantFault(t, "over the maximum", err, fault.Forbidden, "seal.policy-limit")
		a.Purpose = "公文"
		_, _, err = w.Sealing.StampNow(w.Program, a)
		wantFault(t, "another purpose", err, fault.Forbidden, "seal.policy")
		a.Purpose, a.Seal = voucher, w.Seals[sealtest.Land].ID
		_, _, err = w.Sealing.StampNow(w.Program, a)
		wantFault(t, "another seal", err, fault.Forbidden, "seal.policy")
	})
}

// A copy says what it is for and carries the original, whose own seal verifies.
func TestAnnotate(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealingtest.New(t, d)
		w.Standing(t, sealtest.Market, w.Prog.ID, voucher, 0)
		w.Standing(t, sealtest.Market, w.Prog.ID, sealing.Annotated, 0)
		original, _, err := w.Sealing.StampNow(w.Program, sealing.NowAsk{BatchAsk: batchAsk(w), Data: sealingtest.Document(t, "准予许可决定书", 2)})
		must(t, err)
		q := sealing.AnnotateRequest{Seal: w.Seals[sealtest.Market].ID, Org: sealtest.Market, Annotation: sealing.Annotation{
			Title: "准予许可决定书", Purpose: "办理贷款", Recipient: "样例银行", Matter: "授信 2026-001", Number: "JZ-0001", Until: d.Now().AddDate(0, 1, 0), Original: original,
		}}
		copied, _, err := w.Sealing.Annotate(w.Program, q)
		must(t, err)
		wantVerified(t, w, copied, 1)
		wantVerified(t, w, attached(t, copied), 1)
		if !bytes.Equal(attached(t, copied), original) {
			t.Error("the original was changed")
		}
		q.Recipient, q.Original = "", []byte("x")
		_, _, err = w.Sealing.Annotate(w.Program, q)
		wantFault(t, "incomplete", err, fault.Invalid, "sealing.annotation")
		if f := fault.As(err); f != nil && len(f.Fields) != 2 {
			t.Errorf("fields: %+v", f.Fields)
		}
	})
}
