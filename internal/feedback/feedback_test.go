package feedback_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/feedback"
	"sidian/internal/feedback/event"
	"sidian/internal/keys/keystest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
)

// From the officer's word to the state that everybody sees, with the time of each
// step, and everybody told.
func TestStory(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.Issue(t, kind)
		picture := []byte("\xff\xd8\xff decision")
		f := w.tell(c, func(f *feedback.Filing) { f.Document, f.Until = picture, "2026-12-20" })
		if f.State != feedback.Filed || f.Unit != sealtest.Market || f.Org != sealtest.Land || !f.FiledAt.Equal(w.now) || f.Due.IsZero() || f.May.Decide || !f.May.Withdraw || f.Now.Status != cert.Effective {
			t.Errorf("told: %+v", f)
		}
		if !strings.Contains(w.told(w.issuer), "收到执法反馈") {
			t.Error("the unit was not told")
		}
		again := w.tell(c, func(f *feedback.Filing) { f.Until, f.DocumentNo = "2026-12-20", " 青交执决〔2026〕17 号" })
		if again.ID != f.ID || !again.Already {
			t.Errorf("the same document twice: %+v", again)
		}
		got, err := w.Get(w.issuer, f.ID)
		must(t, err)
		if !got.May.Decide || got.Note != note || got.Basis != basis || got.DocumentNo != paper {
			t.Errorf("the unit sees %+v", got)
		}
		doc, err := w.Service.Document(w.issuer, f.ID)
		must(t, err)
		if !bytes.Equal(doc.Data, picture) || doc.Media != "image/jpeg" || !strings.HasSuffix(doc.Name, ".jpg") {
			t.Errorf("the document is %s %s", doc.Name, doc.Media)
		}
		if named, err := w.Named(t.Context(), []gm.Digest{gm.Sum(picture), gm.Sum(nil)}); err != nil || len(named) != 1 {
			t.Errorf("named: %v %v", named, err)
		}
		w.now = w.now.Add(2 * time.Hour)
		done, err := w.Decide(w.issuer, f.ID, feedback.Decision{Accept: true})
		must(t, err)
		if done.State != feedback.Done || done.Act != 1 || !done.AnsweredAt.Equal(w.now) || !done.EndedAt.Equal(w.now) || done.Late || done.May != (feedback.May{}) {
			t.Errorf("confirmed: %+v", done)
		}
		if s, n := w.status(c); s != "suspended" || n != 1 {
			t.Errorf("the certificate is %s with %d acts", s, n)
		}
		public, err := w.World.Cert.Public(context.Background(), c.Code)
		must(t, err)
		if public.Status != "suspended" || public.Basis != basis+"（"+paper+"）" || public.Since != "2026-11-20" {
			t.Errorf("the public sees %+v", public)
		}
		if !strings.Contains(w.told(w.officer), "已暂扣") {
			t.Error("the officer was not told")
		}
		for topic, want := range map[string]int64{event.Made: 1, event.Decided: 1, "cert.status.changed": 1} {
			if n := w.count(`select count(*) from outbox_event where topic = $1`, topic); n != want {
				t.Errorf("%d events %s", n, topic)
			}
		}
		for _, action := range []string{"feedback.make", "feedback.confirm", "feedback.done", "feedback.read-file"} {
			if n := w.rows(action, "done"); n != 1 {
				t.Errorf("%d audit rows %s", n, action)
			}
		}
		texts := w.Texts(t)
		if strings.Contains(texts, note) {
			t.Error("what the officer wrote stands in the open")
		}
		if n := w.count(`select count(*) from due_promise where topic = 'feedback.decide' and state = 'kept'`); n != 1 {
			t.Errorf("%d kept promises", n)
		}
		keystest.Reseals(t, d, w.World.Keys, w.Resealer(), 1)
		if got, err := w.Get(w.officer, f.ID); err != nil || got.Note != note {
			t.Errorf("after the change of keys: %+v %v", got, err)
		}
		// It comes back by a decision of its own, named by the identifier.
		back := w.tell(c, func(f *feedback.Filing) {
			f.Certificate, f.Action, f.DocumentNo = c.Identifier, "resume", "青交执返〔2026〕3号"
		})
		_, err = w.Decide(w.issuer, back.ID, feedback.Decision{Accept: true})
		must(t, err)
		if s, n := w.status(c); s != cert.Effective || n != 2 {
			t.Errorf("given back it is %s with %d acts", s, n)
		}
		wantLists(t, w, 2)
	})
}

func wantLists(t *testing.T, w *world, all int) {
	t.Helper()
	for name, x := range map[string]struct {
		who  context.Context
		view string
		n    int
	}{
		"the body": {w.officer, feedback.ViewMine, all}, "the unit": {w.issuer, feedback.ViewUnit, all}, "its clerk": {w.clerk, "", all},
		"another body": {w.second, feedback.ViewMine, 0}, "another unit": {w.stranger, feedback.ViewUnit, 0}, "the body as a unit": {w.officer, feedback.ViewUnit, 0},
		"a stranger": {context.Background(), "", 0},
	} {
		seen := 0
		for cursor := ""; ; {
			p, err := w.List(x.who, feedback.Query{View: x.view, Limit: 1, Cursor: cursor})
			must(t, err)
			seen += len(p.Items)
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if seen != x.n {
			t.Errorf("%s sees %d, want %d", name, seen, x.n)
		}
	}
	p, err := w.List(w.officer, feedback.Query{State: feedback.Refused})
	if err != nil || len(p.Items) != 0 {
		t.Errorf("by state: %+v %v", p, err)
	}
	for name, who := range map[string]context.Context{"who oversees": w.overseer, "the unit": w.issuer} {
		r, err := w.Report(who, feedback.ReportQuery{})
		must(t, err)
		if len(r.Rows) != 1 || r.Rows[0].Filed != int64(all) || r.Rows[0].Done != int64(all) || r.Rows[0].Unit != sealtest.Market || r.Rows[0].Minutes != 60 || r.Rows[0].Late != 0 {
			t.Errorf("the report for %s: %+v", name, r)
		}
	}
	if r, err := w.Report(w.stranger, feedback.ReportQuery{From: "2026-11", To: "2026-11"}); err != nil || len(r.Rows) != 0 {
		t.Errorf("the report for another unit: %+v %v", r, err)
	}
	_, err = w.Report(w.officer, feedback.ReportQuery{})
	if k, _ := fault.Of(err); k != fault.Forbidden {
		t.Errorf("the report for an officer: %v", err)
	}
	_, err = w.Report(w.overseer, feedback.ReportQuery{From: "2026", To: "x"})
	wantCode(t, err, "feedback.month")
}

// What a filing may not be.
func TestWrong(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	c := w.Issue(t, kind)
	for name, x := range map[string]struct {
		change func(*feedback.Filing)
		code   string
		field  string
	}{
		"no certificate":       {func(f *feedback.Filing) { f.Certificate = "" }, "feedback.invalid", "certificate"},
		"an unknown one":       {func(f *feedback.Filing) { f.Certificate = "aaaaaaaaaaaaaaaa" }, "feedback.certificate", "certificate"},
		"no such number":       {func(f *feedback.Filing) { f.Certificate, f.Kind, f.Number = "", kind, "none" }, "feedback.certificate", "number"},
		"a number alone":       {func(f *feedback.Filing) { f.Certificate, f.Number = "", c.Number }, "feedback.invalid", "kind"},
		"a kind alone":         {func(f *feedback.Filing) { f.Certificate, f.Kind = "", kind }, "feedback.invalid", "number"},
		"another's number":     {func(f *feedback.Filing) { f.Number = "none" }, "feedback.certificate", "number"},
		"no action":            {func(f *feedback.Filing) { f.Action = "mortgage" }, "feedback.invalid", "action"},
		"in the future":        {func(f *feedback.Filing) { f.On = "2026-11-21" }, "feedback.invalid", "on"},
		"long ago":             {func(f *feedback.Filing) { f.On = "2026-10-20" }, "feedback.invalid", "on"},
		"no date":              {func(f *feedback.Filing) { f.On = "gestern" }, "feedback.invalid", "on"},
		"an end of a recall":   {func(f *feedback.Filing) { f.Action, f.Until = "recall", "2026-12-01" }, "feedback.invalid", "until"},
		"an end that is over":  {func(f *feedback.Filing) { f.Until = "2026-11-01" }, "feedback.invalid", "until"},
		"no basis":             {func(f *feedback.Filing) { f.Basis = " " }, "feedback.invalid", "basis"},
		"a basis of two lines": {func(f *feedback.Filing) { f.Basis = "第一\n第二" }, "feedback.invalid", "basis"},
		"no document number":   {func(f *feedback.Filing) { f.DocumentNo = "" }, "feedback.invalid", "document_no"},
		"somebody's number":    {func(f *feedback.Filing) { f.Note = "当事人 13800138000" }, "feedback.invalid", "note"},
		"a hidden sign":        {func(f *feedback.Filing) { f.Note = "a\u202eb" }, "feedback.invalid", "note"},
		"a program":            {func(f *feedback.Filing) { f.Document = []byte("MZ program") }, "feedback.invalid", "document"},
		"a huge document":      {func(f *feedback.Filing) { f.Document = append([]byte("%PDF-"), make([]byte, feedback.MaxDocument)...) }, "feedback.invalid", "document"},
		"what it is not":       {func(f *feedback.Filing) { f.Action = "resume" }, "feedback.already", ""},
	} {
		_, err := w.Tell(w.officer, filing(c, x.change))
		if x.field == "" {
			wantCode(t, err, x.code)
		} else {
			wantCode(t, err, x.code, x.field)
		}
		if t.Failed() {
			t.Fatal(name)
		}
	}
	for name, who := range map[string]context.Context{"a clerk": w.clerk, "who issues": w.issuer, "nobody": context.Background()} {
		_, err := w.Tell(who, filing(c))
		if k, _ := fault.Of(err); k != fault.Forbidden && k != fault.Unauthorized {
			t.Errorf("%s tells: %v", name, err)
		}
	}
	if n := w.rows("feedback.make", "refused"); n != 2 {
		t.Errorf("%d refusals are recorded", n)
	}
	if n := w.count(`select count(*) from feedback_feedback`); n != 0 {
		t.Errorf("%d rows of what was refused", n)
	}
	w.tell(c)
	// The same document for something else.
	_, err := w.Tell(w.officer, filing(c, func(f *feedback.Filing) { f.Action = "revoke" }))
	wantCode(t, err, "feedback.document", "document_no")
	// What it does not allow as it stands, and what it is already.
	w.act(c, "mortgage")
	_, err = w.Tell(w.second, filing(c, func(f *feedback.Filing) { f.Action = "cancel" }))
	wantCode(t, err, "feedback.state")
	w.act(c, "suspend")
	_, err = w.Tell(w.second, filing(c))
	wantCode(t, err, "feedback.already")
}

// Refused, withdrawn, so already, changed meanwhile; and who may not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.Issue(t, kind)
		f := w.tell(c)
		for name, x := range map[string]struct {
			who  context.Context
			kind fault.Kind
		}{"another unit": {w.stranger, fault.NotFound}, "its clerk": {w.clerk, fault.Forbidden}, "the officer": {w.officer, fault.Forbidden}, "nobody": {context.Background(), fault.Unauthorized}} {
			_, err := w.Decide(x.who, f.ID, feedback.Decision{Accept: true})
			if k, _ := fault.Of(err); k != x.kind {
				t.Errorf("%s decides: %v", name, err)
			}
		}
		for name, who := range map[string]context.Context{"another unit": w.stranger, "another body": w.second} {
			_, err := w.Get(who, f.ID)
			wantCode(t, err, "feedback.unknown")
			_, err = w.Service.Document(who, f.ID)
			wantCode(t, err, "feedback.unknown")
			if _, err = w.Withdraw(who, f.ID, "写错了文书"); fault.As(err) == nil || fault.As(err).Code != "feedback.unknown" {
				t.Errorf("%s withdraws: %v", name, err)
			}
		}
		_, err := w.Service.Document(w.officer, f.ID)
		wantCode(t, err, "feedback.document")
		_, err = w.Decide(w.issuer, "none", feedback.Decision{Accept: true})
		wantCode(t, err, "feedback.unknown")
		_, err = w.Decide(w.issuer, f.ID, feedback.Decision{})
		wantCode(t, err, "feedback.reason", "reason")
		got, err := w.Decide(w.issuer, f.ID, feedback.Decision{Reason: answer})
		must(t, err)
		if s, n := w.status(c); got.State != feedback.Refused || got.Answer != answer || s != cert.Effective || n != 0 {
			t.Errorf("refused: %+v, the certificate %s", got, s)
		}
		_, err = w.Decide(w.issuer, f.ID, feedback.Decision{Accept: true})
		wantCode(t, err, "feedback.ended")
		_, err = w.Withdraw(w.officer, f.ID, "写错了文书")
		wantCode(t, err, "feedback.ended")

		// Refused, the same may be told again, and taken back.
		f = w.tell(c)
		_, err = w.Withdraw(w.issuer, f.ID, "写错了文书")
		if k, _ := fault.Of(err); k != fault.Forbidden {
			t.Errorf("the unit withdraws: %v", err)
		}
		got, err = w.Withdraw(w.officer, f.ID, "写错了文书")
		must(t, err)
		if got.State != feedback.Withdrawn || !strings.Contains(w.told(w.issuer), "撤回") {
			t.Errorf("withdrawn: %+v", got)
		}

		// Two officers, one certificate: the second finds it done.
		one := w.tell(c)
		two, err := w.Tell(w.second, filing(c))
		must(t, err)
		if one.ID == two.ID {
			t.Fatal("two bodies have one feedback")
		}
		_, err = w.Decide(w.issuer, one.ID, feedback.Decision{Accept: true})
		must(t, err)
		got, err = w.Get(w.issuer, two.ID)
		must(t, err)
		if !got.Now.Already {
			t.Errorf("it is not told that it is so already: %+v", got.Now)
		}
		got, err = w.Decide(w.issuer, two.ID, feedback.Decision{Accept: true})
		must(t, err)
		if s, n := w.status(c); got.State != feedback.Moot || s != "suspended" || n != 1 {
			t.Errorf("so already: %+v, %d acts", got, n)
		}

		// What the certificate does not allow any more.
		three := w.tell(c, func(f *feedback.Filing) { f.Action, f.DocumentNo = "resume", "青交执返〔2026〕4号" })
		w.act(c, "revoke")
		got, err = w.Get(w.officer, three.ID)
		must(t, err)
		if got.Now.Barred == "" || got.Now.Way == "" {
			t.Errorf("what bars it is not told: %+v", got.Now)
		}
		_, err = w.Decide(w.issuer, three.ID, feedback.Decision{Accept: true})
		wantCode(t, err, "feedback.state")
		got, err = w.Decide(w.issuer, three.ID, feedback.Decision{Reason: "证照已吊销"})
		must(t, err)
		if got.State != feedback.Refused || !strings.Contains(w.told(w.officer), "未被采纳") {
			t.Errorf("%+v", got)
		}

		// A row that somebody edited is not acted upon.
		other := w.Issue(t, kind)
		four := w.tell(other)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`update feedback_feedback set action = 'cancel' where id = $1`, four.ID)
			return err
		}))
		_, err = w.Decide(w.issuer, four.ID, feedback.Decision{Accept: true})
		wantCode(t, err, "feedback.altered")
		// Overdue, and said so.
		w.now = w.now.AddDate(0, 0, 7)
		p, err := w.List(w.issuer, feedback.Query{State: feedback.Filed})
		must(t, err)
		if len(p.Items) != 1 || !p.Items[0].Late {
			t.Errorf("overdue: %+v", p.Items)
		}
	})
}

// Whoever is first changes the state, once; the same document is one feedback.
func TestTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		c := w.Issue(t, kind)
		const n = 6
		all := func(do func() error) (errs []error) {
			var wait sync.WaitGroup
			errs = make([]error, n)
			for i := range n {
				wait.Go(func() { errs[i] = do() })
			}
			wait.Wait()
			return errs
		}
		told := all(func() error { _, err := w.Tell(w.officer, filing(c)); return err })
		for _, err := range told {
			if f := fault.As(err); err != nil && (f == nil || f.Kind != fault.Unavailable) {
				t.Errorf("told at once: %v", err)
			}
		}
		if rows := w.count(`select count(*) from feedback_feedback`); rows != 1 {
			t.Fatalf("%d rows of one document", rows)
		}
		f := w.tell(c)
		decided := all(func() error {
			_, err := w.Decide(w.issuer, f.ID, feedback.Decision{Accept: true})
			return err
		})
		for _, err := range decided {
			if x := fault.As(err); err != nil && (x == nil || !slices.Contains([]string{"feedback.moved", "feedback.ended", "feedback.state", "db.busy"}, x.Code)) {
				t.Errorf("decided at once: %v", err)
			}
		}
		if s, acts := w.status(c); s != "suspended" || acts != 1 {
			t.Errorf("%s with %d acts", s, acts)
		}
		if got, err := w.Get(w.officer, f.ID); err != nil || got.State != feedback.Done && got.State != feedback.Moot {
			t.Errorf("%+v %v", got, err)
		}
		if n := w.count(`select count(*) from outbox_event where topic = $1`, event.Decided); n != 1 {
			t.Errorf("%d events of one decision", n)
		}
	})
}

type died struct{}

// Wherever it dies, the unit's word becomes one act and one end.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"decided", "acted", "told"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				c := w.Issue(t, kind)
				f := w.tell(c)
				func() {
					defer func() {
						if r := recover(); r != (died{}) {
							t.Errorf("it did not die, but %v", r)
						}
					}()
					w.Step = func(name string) {
						if name == at {
							panic(died{})
						}
					}
					_, _ = w.Decide(w.issuer, f.ID, feedback.Decision{Accept: true})
				}()
				w.Service = w.service()
				if n, err := w.Resume(t.Context()); err != nil || n != 0 {
					t.Errorf("%d gone on with while the lease lasts: %v", n, err)
				}
				w.now = w.now.Add(time.Minute)
				var wait sync.WaitGroup
				for range 2 {
					wait.Go(func() {
						if _, err := w.Resume(context.Background()); err != nil {
							if x := fault.As(err); x == nil || x.Code != "feedback.moved" && x.Code != "db.busy" {
								t.Errorf("resuming: %v", err)
							}
						}
					})
				}
				wait.Wait()
				w.now = w.now.Add(time.Minute)
				_, err := w.Resume(t.Context())
				must(t, err)
				got, err := w.Get(w.officer, f.ID)
				must(t, err)
				if s, n := w.status(c); got.State != feedback.Done || got.Act != 1 || s != "suspended" || n != 1 {
					t.Errorf("%+v, %s with %d acts", got, s, n)
				}
				if n := w.count(`select count(*) from outbox_event where topic = $1`, event.Decided); n != 1 {
					t.Errorf("%d events", n)
				}
			})
		})
	}
}

// What the unit agreed to when it died, and the certificate does not allow any more,
// is open again; so is what somebody agreed to who is gone.
func TestReopened(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	die := func(id string) {
		defer func() { _ = recover(); w.Step = nil }()
		w.Step = func(string) { panic(died{}) }
		_, _ = w.Decide(w.issuer, id, feedback.Decision{Accept: true})
	}
	c := w.Issue(t, kind)
	f := w.tell(c)
	die(f.ID)
	w.act(c, "report_lost")
	w.now = w.now.Add(time.Minute)
	_, err := w.Resume(t.Context())
	must(t, err)
	got, err := w.Get(w.officer, f.ID)
	must(t, err)
	if s, n := w.status(c); got.State != feedback.Filed || s != "lost" || n != 0 || !got.AnsweredAt.IsZero() {
		t.Errorf("%+v, %s with %d acts", got, s, n)
	}
	if !strings.Contains(w.told(w.issuer), "没有办成") {
		t.Error("the unit was not told")
	}
	w.act(c, "found")
	_, err = w.Decide(w.issuer, f.ID, feedback.Decision{Accept: true})
	must(t, err)
	if s, n := w.status(c); s != "suspended" || n != 1 {
		t.Errorf("%s with %d acts", s, n)
	}
	// A decision that lies before the certificate is the record's to refuse.
	young := w.Issue(t, kind)
	f = w.tell(young, func(f *feedback.Filing) { f.On = "2026-11-18" })
	_, err = w.Decide(w.issuer, f.ID, feedback.Decision{Accept: true})
	wantCode(t, err, "feedback.refused")
	if got, err := w.Get(w.issuer, f.ID); err != nil || got.State != feedback.Filed || !got.May.Decide {
		t.Errorf("%+v %v", got, err)
	}
}

// The feedback goes with the authority to issue.
func TestTransferred(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	c := w.Issue(t, kind)
	manager := w.Hire(t, "manager", "manager", pkitest.Root)
	tr, err := w.World.Cert.ProposeTransfer(w.issuer, cert.TransferRequest{Kind: kind, Issuer: sealtest.Market, Successor: sealtest.Land, From: "2026-11-23", Basis: "机构改革方案第三条", Reason: "职责划转"})
	must(t, err)
	_, err = w.World.Cert.DecideTransfer(manager, tr.ID, true, "同意划转")
	must(t, err)
	f, err := w.Tell(w.second, filing(c))
	must(t, err)
	w.now = w.now.AddDate(0, 0, 3)
	n, err := w.Tick(t.Context())
	must(t, err)
	if again, err := w.Tick(t.Context()); n != 1 || again != 0 || err != nil {
		t.Errorf("%d and %d given on: %v", n, again, err)
	}
	got, err := w.Get(w.stranger, f.ID)
	must(t, err)
	if got.Unit != sealtest.Land || !got.May.Decide || !got.Due.After(w.now) {
		t.Errorf("%+v", got)
	}
	_, err = w.Decide(w.issuer, f.ID, feedback.Decision{Accept: true})
	wantCode(t, err, "cert.transferred")
	_, err = w.Get(w.issuer, f.ID)
	wantCode(t, err, "cert.transferred")
	if e := fault.As(err); e != nil && !strings.Contains(e.Msg, "自 2026-11-23 起已移交“青禾县自然资源局”") {
		t.Errorf("the old unit is told %q", e.Msg)
	}
	_, err = w.Get(w.Hire(t, "elsewhere", "custodian", sealtest.Market), f.ID) // may not, and never might
	wantCode(t, err, "feedback.unknown")
	_, err = w.Decide(w.stranger, f.ID, feedback.Decision{Accept: true})
	must(t, err)
	if s, n := w.status(c); s != "suspended" || n != 1 {
		t.Errorf("%s with %d acts", s, n)
	}
}
