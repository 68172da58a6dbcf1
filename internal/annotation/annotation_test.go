package annotation_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/annotation"
	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys/keystest"
	"sidian/internal/seal/cover"
	"sidian/internal/seal/sealtest"
	"sidian/ofd"
	"sidian/ofd/lint"
	"sidian/ofd/render"
)

var noReading = cert.Reading{}

// A copy says what it is for, carries its original byte for byte, and both verify.
func TestMake(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		original := w.Issue(t, kind)
		holder := certtest.Example(t, kind).Holders[0]
		account, err := w.IAM.HolderFor(t.Context(), holder.Name, holder.ID)
		must(t, err)
		c := w.make(t, original.ID)
		if !strings.HasPrefix(c.Number, "JZ") || c.Status != annotation.Made || c.File != "/api/v1/annotations/"+c.ID+"/file" || c.Original != original.Document {
			t.Errorf("%+v", c)
		}
		data := w.file(t, c)
		w.valid(t, data)
		doc, err := ofd.Open(data)
		must(t, err)
		wantMetadata(t, doc, c, original)
		wantOriginal(t, w, doc, original)
		wantMark(t, doc)
		for _, f := range lint.CheckProfile(doc, lint.Issuing) {
			if f.Severity == lint.Error {
				t.Errorf("lint: %s %s", f.Rule, f.Part)
			}
		}
		var picture bytes.Buffer
		if _, err := render.SVG(doc, len(doc.Pages())-1, &picture, render.Options{}); err != nil {
			t.Errorf("the page of the annotation cannot be drawn: %v", err)
		}
		wantTold(t, w, account, c, original)
		wantSecret(t, w, holder.Name, holder.ID)
		if got := w.uses(t); got["done"] != 1 || len(got) != 1 {
			t.Errorf("uses %v", got)
		}
	})
}

func wantMetadata(t *testing.T, doc *ofd.Document, c *annotation.Copy, original *cert.Certificate) {
	t.Helper()
	for name, want := range map[string]string{
		"ZZBS": original.Identifier, "JZJZZSY": purpose, "JZJZZZ": c.Maker, "JZJZZSJ": c.Metadata["JZJZZSJ"], "JZJYXQJZSJ": c.Metadata["JZJYXQJZSJ"],
		cover.Number: c.Number, cover.Origin: original.Document,
	} {
		if got, _ := doc.Info().Custom(name); got != want || want == "" {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if n := len(c.Metadata["JZJZZSJ"]); n != 14 {
		t.Errorf("the time of making has %d characters (GB/T 36903: 14)", n)
	}
}

func wantOriginal(t *testing.T, w *world, doc *ofd.Document, original *cert.Certificate) {
	t.Helper()
	var file *ofd.Part
	for _, p := range doc.Parts() {
		if strings.HasSuffix(p.Name, "/"+cover.OriginalFile) {
			file = p
		}
	}
	if file == nil {
		t.Fatal("the original is not attached")
	}
	got, err := file.Data()
	must(t, err)
	if !bytes.Equal(got, w.Document(t, original)) {
		t.Error("the original is not the original")
	}
	w.valid(t, got)
}

func wantMark(t *testing.T, doc *ofd.Document) {
	t.Helper()
	notes, err := doc.Annotations()
	must(t, err)
	marks := 0
	for _, n := range notes {
		if n.Type != "Watermark" {
			continue
		}
		marks++
		var text strings.Builder
		for _, o := range n.Objects {
			if x, ok := o.(*ofd.TextObject); ok {
				for _, c := range x.Codes {
					text.WriteString(c.Text)
				}
			}
		}
		for _, want := range []string{purpose, recipient, item} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("the watermark does not say %s", want)
			}
		}
	}
	if want := len(doc.Pages()) - 1; marks != want {
		t.Errorf("%d watermarks over %d pages", marks, want)
	}
}

// wantTold wants the holder told, the trace to know, and one event.
func wantTold(t *testing.T, w *world, account string, c *annotation.Copy, original *cert.Certificate) {
	t.Helper()
	holder, err := w.IAM.As(t.Context(), account)
	must(t, err)
	p, err := w.Notice.Inbox(holder, 10, "")
	must(t, err)
	if len(p.Items) != 1 || !strings.Contains(p.Items[0].Text, c.Number) || strings.Contains(p.Items[0].Text, recipient) {
		t.Errorf("the holder was told %+v", p.Items)
	}
	tr, err := w.Cert.Trace(w.Client, original.ID)
	must(t, err)
	if !slices.ContainsFunc(tr.Steps, func(s cert.Step) bool {
		return s.Action == "annotation.make" && s.Evidence == c.Document && strings.Contains(s.Reason, c.Number)
	}) {
		t.Error("the trace does not tell of the copy")
	}
	var events int64
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`select count(*) from outbox_event where topic = 'annotation.made' and key = $1`, []any{c.ID}, &events)
	}))
	if events != 1 {
		t.Errorf("%d events", events)
	}
}

// wantSecret wants nothing personal in audit, events and columns in the clear.
func wantSecret(t *testing.T, w *world, more ...string) {
	t.Helper()
	text := w.Texts(t)
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.All(`select number, certificate, content, account, app from annotation_copy order by id`, nil, func(scan func(...any) error) error {
			var s [4]string
			var b []byte
			err := scan(&s[0], &s[1], &b, &s[2], &s[3])
			text += fmt.Sprint(s) + string(b)
			return err
		})
	}))
	for _, secret := range append(more, purpose, recipient, item) {
		if strings.Contains(text, secret) {
			t.Errorf("%d characters of what is secret stand in the clear", len([]rune(secret)))
		}
	}
}

// Each recipient and each certificate has its list; another unit sees none.
func TestLists(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		a, b := w.Issue(t, kind), w.Issue(t, kind)
		for range 3 {
			w.make(t, a.ID)
		}
		other := w.request(b.ID)
		other.Recipient = "样例银行"
		_, err := w.copies.Make(w.staff, other)
		must(t, err)
		seen := map[string]bool{}
		for cursor := ""; ; {
			p, err := w.copies.Of(w.staff, a.ID, 2, cursor)
			must(t, err)
			for _, c := range p.Items {
				seen[c.Number] = true
			}
			if cursor = p.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 3 {
			t.Errorf("%d copies of the certificate", len(seen))
		}
		for name, want := range map[string]int{recipient: 3, "样例银行": 1, "无此单位": 0} {
			p, err := w.copies.For(w.app, name, 20, "")
			must(t, err)
			if len(p.Items) != want {
				t.Errorf("%d copies for %s", len(p.Items), name)
			}
		}
		p, err := w.copies.For(w.land, recipient, 20, "")
		must(t, err)
		if len(p.Items) != 0 {
			t.Errorf("another unit sees %d", len(p.Items))
		}
		wantSecret(t, w, "样例银行")
	})
}

// Who may not, what no copy may say, and certificates that do not stand.
func TestRefused(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, kind, "approval")
		c := w.Issue(t, kind)
		made := w.make(t, c.ID)
		before := w.rows(t)
		for _, do := range []func() error{
			func() error { _, err := w.copies.Make(w.land, w.request(c.ID)); return err },
			func() error {
				_, err := w.copies.Make(w.Hire(t, "auditor", "audit", sealtest.Market), w.request(c.ID))
				return err
			},
			func() error { _, err := w.copies.Make(w.Client, w.request(c.ID)); return err }, // without the scope
			func() error { _, err := w.copies.Get(w.land, made.ID); return err },
			func() error { _, _, err := w.copies.Read(w.land, made.ID, noReading); return err },
			func() error { _, err := w.copies.Of(w.land, c.ID, 20, ""); return err },
		} {
			if e := fault.As(do()); e == nil || e.Kind != fault.Forbidden || e.Hint == "" {
				t.Errorf("who may not: %v", e)
			}
		}
		for name, at := range map[string]struct {
			change func(*annotation.Request)
			field  string
		}{
			"no purpose":   {func(r *annotation.Request) { r.Purpose = " " }, "purpose"},
			"no recipient": {func(r *annotation.Request) { r.Recipient = "" }, "recipient"},
			"no end":       {func(r *annotation.Request) { r.ExpiresAt = "" }, "expires_at"},
			"no date":      {func(r *annotation.Request) { r.ExpiresAt = "明年" }, "expires_at"},
			"past":         {func(r *annotation.Request) { r.ExpiresAt = "2020-01-01" }, "expires_at"},
			"far":          {func(r *annotation.Request) { r.ExpiresAt = "2099-01-01" }, "expires_at"},
			"personal":     {func(r *annotation.Request) { r.Item = "13800138000" }, "item"},
			"two lines":    {func(r *annotation.Request) { r.Recipient = "一\n二" }, "recipient"},
			"long":         {func(r *annotation.Request) { r.Purpose = strings.Repeat("长", 101) }, "purpose"},
			"no glyph":     {func(r *annotation.Request) { r.Purpose = "用于\U0001F600" }, "text"},
		} {
			r := w.request(c.ID)
			at.change(&r)
			_, err := w.copies.Make(w.app, r)
			if e := fault.As(err); e == nil || e.Kind != fault.Invalid {
				t.Errorf("%s: %v", name, err)
			} else {
				wantFault(t, err, fault.Invalid, "annotation.request", at.field)
			}
		}
		ends := w.Issue(t, "approval")
		r := w.request(ends.ID)
		if day, err := time.Parse(time.DateOnly, ends.ValidTo); err == nil && day.Sub(d.Now()) < 300*24*time.Hour {
			r.ExpiresAt = day.AddDate(0, 0, 1).Format(time.DateOnly)
			_, err := w.copies.Make(w.app, r)
			wantFault(t, err, fault.Invalid, "annotation.request", "expires_at")
		}
		_, err := w.copies.Make(w.app, w.request("none"))
		wantFault(t, err, fault.NotFound, "cert.not-found", "")
		if got := w.rows(t); fmt.Sprint(got) != fmt.Sprint(before) {
			t.Errorf("refusals left %v, before %v", got, before)
		}
	})
}

// Only of what stands is a copy made, and only while it stands is one handed out.
func TestStates(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	for action, undo := range map[string]string{"suspend": "resume", "report_lost": "found", "cancel": "", "revoke": ""} {
		c := w.Issue(t, kind)
		made := w.make(t, c.ID)
		act := func(action string) {
			_, err := w.Cert.Act(w.staff, cert.ActRequest{ID: c.ID, Action: action, Reason: "测试事由", Basis: "样例文号〔2026〕1号"})
			must(t, err)
		}
		act(action)
		_, err := w.copies.Make(w.app, w.request(c.ID))
		wantFault(t, err, fault.Conflict, "annotation.state", "")
		_, _, err = w.copies.Read(w.app, made.ID, noReading)
		wantFault(t, err, fault.Conflict, "annotation.state", "")
		if undo != "" {
			act(undo)
			w.make(t, c.ID)
			w.file(t, made)
		}
	}
}

// When its time is over it is said to be, and not handed out any more.
func TestExpires(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	c := w.make(t, w.Issue(t, kind).ID)
	data := w.file(t, c)
	d.Now = func() time.Time { return c.ExpiresAt.Add(time.Second) }
	got, err := w.copies.Get(w.staff, c.ID)
	must(t, err)
	if got.Status != annotation.Expired {
		t.Errorf("it is %s", got.Status)
	}
	_, _, err = w.copies.Read(w.app, c.ID, noReading)
	wantFault(t, err, fault.Conflict, "annotation.expired", "")
	w.valid(t, data)
	f, err := w.copies.Lookup(t.Context(), digestOf(data))
	must(t, err)
	if f.Number != c.Number || f.Certificate != c.Certificate || !f.ExpiresAt.Equal(c.ExpiresAt) {
		t.Errorf("%+v", f)
	}
	if _, err := w.copies.Lookup(t.Context(), digestOf([]byte("another"))); fault.As(err) == nil {
		t.Errorf("an unknown document: %v", err)
	}
}

// Fifty at once are fifty copies, each with a number and one use of the seal.
func TestTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := w.request(w.Issue(t, kind).ID)
		const many = 50
		var mu sync.Mutex
		var wg sync.WaitGroup
		numbers := map[string]bool{}
		once := map[string]bool{}
		for i := range many {
			wg.Go(func() {
				ctx := w.app
				if i%5 == 0 { // ten of them are one request
					ctx = repeating(ctx, "same")
				}
				c, err := w.copies.Make(ctx, r)
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err != nil:
					t.Errorf("number %d: %v", i, err)
				case i%5 == 0:
					once[c.Number] = true
				default:
					numbers[c.Number] = true
				}
			})
		}
		wg.Wait()
		if len(numbers) != 40 || len(once) != 1 {
			t.Errorf("%d numbers, %d of one request", len(numbers), len(once))
		}
		if got := w.uses(t); got["done"] != 41 || len(got) != 1 {
			t.Errorf("uses %v", got)
		}
	})
}

// A repetition gives the same copy; the same key with another request is refused.
func TestRepeat(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	r := w.request(w.Issue(t, kind).ID)
	ctx := repeating(w.app, "key")
	a, err := w.copies.Make(ctx, r)
	must(t, err)
	b, err := w.copies.Make(ctx, r)
	must(t, err)
	if a.ID != b.ID || a.Document != b.Document {
		t.Error("the repetition made another")
	}
	r.Recipient = "别人"
	_, err = w.copies.Make(ctx, r)
	wantFault(t, err, fault.Conflict, "idempotency.reused", "")
}

// died is what a process is stopped with in its tracks.
type died struct{}

// After a crash at any step a copy that was begun is completed, once, and its use
// closed once; one whose original ended meanwhile is withdrawn.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"prepare", "intend", "stamp", "store", "made"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				c := w.Issue(t, kind)
				r, ctx := w.request(c.ID), repeating(w.app, "crash")
				w.die(t, at, func() { _, _ = w.copies.Make(ctx, r) })
				d.Now = func() time.Time { return time.Now().Add(time.Hour) }
				_, _, err := w.service(t).Resume(t.Context())
				must(t, err)
				got, err := w.service(t).Make(ctx, r)
				must(t, err)
				w.valid(t, w.file(t, got))
				if rows, uses := w.rows(t), w.uses(t); rows["made"] != 1 || len(rows) != 1 || uses["done"] != 1 || len(uses) != 1 {
					t.Errorf("copies %v, uses %v", rows, uses)
				}
			})
		})
	}
	t.Run("ended meanwhile", func(t *testing.T) {
		t.Parallel()
		d := dbtest.New(t, "sqlite")
		w := newWorld(t, d)
		c := w.Issue(t, kind)
		w.die(t, "stamp", func() { _, _ = w.copies.Make(w.app, w.request(c.ID)) })
		_, err := w.Cert.Act(w.staff, cert.ActRequest{ID: c.ID, Action: "cancel", Reason: "测试事由", Basis: "样例文号〔2026〕1号"})
		must(t, err)
		d.Now = func() time.Time { return time.Now().Add(time.Hour) }
		completed, withdrawn, err := w.service(t).Resume(t.Context())
		must(t, err)
		if uses := w.uses(t); completed != 0 || withdrawn != 1 || uses["withdrawn"] != 1 || len(uses) != 1 {
			t.Errorf("completed %d, withdrawn %d, uses %v", completed, withdrawn, uses)
		}
	})
}

// die runs do and stops it after a step.
func (w *world) die(t *testing.T, at string, do func()) {
	t.Helper()
	w.copies.Step = func(name string) {
		if name == at {
			panic(died{})
		}
	}
	defer func() {
		w.copies.Step = nil
		if r := recover(); r != (died{}) {
			t.Errorf("it did not die, but %v", r)
		}
	}()
	do()
}

// The encrypted column is sealed again under a new key.
func TestReseal(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	w := newWorld(t, d)
	c := w.make(t, w.Issue(t, kind).ID)
	keystest.Reseals(t, d, w.Keys, w.copies.Resealer(), 1)
	got, err := w.service(t).Get(w.app, c.ID)
	must(t, err)
	if got.Purpose != purpose {
		t.Errorf("%+v", got)
	}
}
