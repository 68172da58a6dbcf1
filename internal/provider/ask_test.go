package provider_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/provider"
	"sidian/internal/provider/event"
	"sidian/internal/provider/providertest"
	"sidian/ofd/sign"
)

// Each signature goes to who made its seal, and to nobody else.
func TestAskRoutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p, q := providertest.New(t, "third-a", nil), providertest.New(t, "third-b", nil)
		stranger := providertest.New(t, "stranger", nil)
		w := newWorld(t, d, nil, p, q)
		w.register(t, p)
		w.register(t, q)
		doc := stranger.Stamp(t, w.ours(t, q.Stamp(t, p.Stamp(t, providertest.Blank(t)))))
		data, err := doc.Bytes()
		must(t, err)
		rep := w.verify(t, data)
		if len(rep.Signatures) != 4 {
			t.Fatalf("%d signatures", len(rep.Signatures))
		}
		all := w.ask(t, data)
		if len(all) != 4 {
			t.Fatalf("%d sources: %+v", len(all), all)
		}
		for i, id := range []string{"third-a", "third-b"} {
			s := by(t, all, id)
			if s.Result != provider.Answered || s.Verdict != sign.Valid || !slices.Equal(s.Signatures, []string{rep.Signatures[i].ID}) || s.AnsweredAt.IsZero() || len(s.Remarks) != 1 {
				t.Errorf("%s: %+v", id, s)
			}
		}
		if s := by(t, all, "zz.example"); s.Result != provider.Ours || s.Verdict != sign.Valid || !slices.Equal(s.Signatures, []string{rep.Signatures[2].ID}) {
			t.Errorf("ours: %+v", s)
		}
		if s := by(t, all, ""); s.Result != provider.Nobody || s.Verdict != "" || !strings.Contains(s.Name, "stranger") || !strings.Contains(s.Message, "仅依据本平台") {
			t.Errorf("the stranger's: %+v", s)
		}
		own, err := w.S.Own(t.Context(), rep)
		must(t, err)
		if !slices.Equal(own, []string{rep.Signatures[2].ID}) {
			t.Errorf("own: %v", own)
		}
		if names := append(p.Names(), q.Names()...); strings.Contains(strings.Join(names, " "), "张三") || len(names) != 2 {
			t.Errorf("providers were told the names of files: %v", names)
		}
		if stranger.Calls.Load() != 0 {
			t.Error("who is not registered was asked")
		}
	})
}

// What a provider may do, and what becomes of it.
func TestAskModes(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), nil, p)
	w.register(t, p)
	data := p.Sealed(t)
	for mode, want := range map[providertest.Mode]struct {
		result  provider.Result
		verdict sign.Verdict
	}{
		providertest.Honest:    {provider.Answered, sign.Valid},
		providertest.Lying:     {provider.Answered, sign.Valid}, // nothing was altered: it is right
		providertest.Invalid:   {provider.Answered, sign.Invalid},
		providertest.Revoked:   {provider.Answered, sign.Invalid},
		providertest.Unknown:   {provider.Answered, sign.Undetermined},
		providertest.Silent:    {provider.Answered, sign.Undetermined},
		providertest.Down:      {provider.Down, ""},
		providertest.Oversize:  {provider.Down, ""},
		providertest.Bomb:      {provider.Down, ""},
		providertest.Garbage:   {provider.Down, ""},
		providertest.Redirect:  {provider.Down, ""},
		providertest.Nonce:     {provider.Rejected, ""},
		providertest.Document:  {provider.Rejected, ""},
		providertest.Name:      {provider.Rejected, ""},
		providertest.Key:       {provider.Rejected, ""},
		providertest.Algorithm: {provider.Rejected, ""},
		providertest.Type:      {provider.Rejected, ""},
		providertest.Stale:     {provider.Rejected, ""},
		providertest.Early:     {provider.Rejected, ""},
		providertest.Many:      {provider.Rejected, ""},
	} {
		p.Behave(mode)
		s := by(t, w.ask(t, data), p.ID)
		if s.Result != want.result || s.Verdict != want.verdict || s.Message == "" {
			t.Errorf("%q: %+v", mode, s)
		}
		p.Behave(providertest.Honest) // or the row of failures would end the asking
		w.ask(t, data)
	}
}

// An answer for signatures that are somebody else's counts for nothing, also for
// its own.
func TestAskForeign(t *testing.T) {
	t.Parallel()
	p, q := providertest.New(t, "third-a", nil), providertest.New(t, "third-b", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), nil, p, q)
	w.register(t, p)
	w.register(t, q)
	data, err := q.Stamp(t, p.Stamp(t, providertest.Blank(t))).Bytes()
	must(t, err)
	q.Behave(providertest.Foreign)
	all := w.ask(t, data)
	if s := by(t, all, "third-b"); s.Result != provider.Foreign || s.Verdict != "" || s.Verdicts != nil {
		t.Errorf("%+v", s)
	}
	if s := by(t, all, "third-a"); s.Result != provider.Answered || s.Verdict != sign.Valid {
		t.Errorf("%+v", s)
	}
	if len(w.delivered(t, event.Distrusted)) != 1 {
		t.Error("a foreign answer raised no alarm")
	}
}

// The same answer twice is no answer to the second question.
func TestAskReplay(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), nil, p)
	w.register(t, p)
	p.Behave(providertest.Replay)
	data := p.Sealed(t)
	if s := by(t, w.ask(t, data), p.ID); s.Result != provider.Answered {
		t.Fatalf("the first: %+v", s)
	}
	if s := by(t, w.ask(t, data), p.ID); s.Result != provider.Rejected || s.Verdict != "" {
		t.Errorf("the second: %+v", s)
	}
	if s := by(t, w.ask(t, providertest.Altered(t, data)), p.ID); s.Result != provider.Rejected {
		t.Errorf("for another document: %+v", s)
	}
}

// Who calls altered bytes valid is lying: marked, audited and alarmed about,
// once, and marked until two people have looked.
func TestAskLying(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := providertest.New(t, "third-a", nil)
		w := newWorld(t, d, nil, p)
		w.register(t, p)
		good := p.Sealed(t)
		bad := providertest.Altered(t, good)
		if s := by(t, w.ask(t, bad), p.ID); s.Result != provider.Answered || s.Verdict != sign.Invalid {
			t.Fatalf("an honest provider on altered bytes: %+v", s)
		}
		p.Behave(providertest.Lying)
		for range 3 {
			if s := by(t, w.ask(t, bad), p.ID); s.Result != provider.Lying || s.Verdict != "" || s.Verdicts != nil {
				t.Fatalf("%+v", s)
			}
		}
		if n := w.count(t, "provider.distrust"); n != 1 {
			t.Errorf("%d audit rows for a lie told three times", n)
		}
		events := w.delivered(t, event.Distrusted)
		if len(events) != 1 {
			t.Fatalf("%d alarms", len(events))
		}
		var body event.Distrust
		must(t, events[0].Decode(&body))
		if body.Object != "provider/third-a" || body.Org != iamtest.Market || body.Result != "lying" || len(body.Document) != 64 || body.At == 0 {
			t.Errorf("%+v", body)
		}
		p.Behave(providertest.Honest)
		if s := by(t, w.ask(t, good), p.ID); !s.Flagged || s.Result != provider.Answered {
			t.Errorf("it is not marked: %+v", s)
		}
		all, err := w.S.List(w.a(t), false)
		must(t, err)
		if len(all) != 1 || all[0].FlaggedAt.IsZero() || all[0].Altered {
			t.Errorf("%+v", all[0])
		}
		l, err := w.S.TrustList(t.Context())
		must(t, err)
		if len(l.Providers) != 1 {
			t.Error("who lied to us is recommended to others")
		}
		_, err = w.S.Suspend(w.a(t), p.ID, "查明虚假答复")
		must(t, err)
		_, err = w.S.Resume(w.a(t), p.ID, "已查明并整改")
		must(t, err)
		_, err = w.S.Approve(w.b(t), p.ID, "已复核")
		must(t, err)
		if s := by(t, w.ask(t, good), p.ID); s.Flagged {
			t.Error("still marked after two people have looked")
		}
	})
}

func (w *world) count(t testing.TB, action string) (n int) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		all, _, err := audit.List(tx, audit.Query{Action: action, Limit: 200})
		n = len(all)
		return err
	}))
	return n
}

// A provider that does not answer holds up neither the others nor itself.
func TestAskSlow(t *testing.T) {
	t.Parallel()
	p, q := providertest.New(t, "third-a", nil), providertest.New(t, "third-b", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), func(o *provider.Options) { o.Deadline = 3 * time.Second }, p, q)
	w.register(t, p)
	w.register(t, q)
	both, err := q.Stamp(t, p.Stamp(t, providertest.Blank(t))).Bytes()
	must(t, err)
	for _, mode := range []providertest.Mode{providertest.Slow, providertest.Drip} {
		p.Behave(mode)
		all := w.ask(t, both)
		if s := by(t, all, "third-a"); s.Result != provider.Slow {
			t.Errorf("%s: %+v", mode, s)
		}
		if s := by(t, all, "third-b"); s.Result != provider.Answered || s.Verdict != sign.Valid {
			t.Errorf("%s: %+v", mode, s)
		}
	}
}

// Questions to a slow provider pile up to a few, and others go on meanwhile.
func TestAskLoad(t *testing.T) {
	t.Parallel()
	p, q := providertest.New(t, "third-a", nil), providertest.New(t, "third-b", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), nil, p, q)
	w.register(t, p)
	w.register(t, q)
	p.Behave(providertest.Slow)
	slow, quick := p.Sealed(t), q.Sealed(t)
	rep := w.verify(t, slow)
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	var mu sync.Mutex
	busy := 0
	for range 40 {
		wait.Go(func() {
			all, err := w.S.Ask(ctx, rep, "", slow)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && all[0].Result == provider.Down && strings.Contains(all[0].Message, "正忙") {
				busy++
			}
		})
	}
	for p.Calls.Load() < 8 {
		time.Sleep(time.Millisecond)
	}
	for range 5 {
		if s := by(t, w.ask(t, quick), "third-b"); s.Result != provider.Answered {
			t.Errorf("%+v", s)
		}
	}
	told := func() int {
		mu.Lock()
		defer mu.Unlock()
		return busy
	}
	for end := time.Now().Add(30 * time.Second); told() < 32 && time.Now().Before(end); { // before the slow are sent away, which frees their turns
		time.Sleep(time.Millisecond)
	}
	cancel()
	wait.Wait()
	if n := p.Calls.Load(); n != 8 {
		t.Errorf("%d questions at once", n)
	}
	if busy != 32 {
		t.Errorf("%d were told at once that it is busy, want 32", busy)
	}
	all, err := w.S.List(w.a(t), false)
	must(t, err)
	if h := all[0].Health; h == nil || h.Failed != 0 {
		t.Errorf("who went away counts against the provider: %+v", h)
	}
}

// After a row of failures a provider is left alone, then tried once.
func TestAskRest(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), nil, p)
	w.register(t, p)
	p.Behave(providertest.Down)
	data := p.Sealed(t)
	for range 9 {
		if s := by(t, w.ask(t, data), p.ID); s.Result != provider.Down {
			t.Fatalf("%+v", s)
		}
	}
	if n := p.Calls.Load(); n != 5 {
		t.Errorf("asked %d times before it was left alone, want 5", n)
	}
	all, err := w.S.List(w.a(t), false)
	must(t, err)
	if h := all[0].Health; h == nil || !h.Resting || h.Failed != 5 || h.Row != 5 || h.LastTrouble != "down" {
		t.Errorf("%+v", all[0].Health)
	}
	w.Clock.add(31 * time.Second)
	w.ask(t, data) // the one that tries
	w.ask(t, data)
	if n := p.Calls.Load(); n != 6 {
		t.Errorf("tried %d times after its rest, want once", n-5)
	}
	p.Behave(providertest.Honest)
	w.Clock.add(31 * time.Second)
	for range 2 {
		if s := by(t, w.ask(t, data), p.ID); s.Result != provider.Answered {
			t.Errorf("%+v", s)
		}
	}
	all, err = w.S.List(w.a(t), false)
	must(t, err)
	if h := all[0].Health; h.Resting || h.Row != 0 || h.LastAnswer.IsZero() {
		t.Errorf("%+v", h)
	}
}

// Only what is valid is kept, for a moment, and not beyond a change.
func TestAskKept(t *testing.T) {
	t.Parallel()
	p := providertest.New(t, "third-a", nil)
	w := newWorld(t, dbtest.New(t, "sqlite"), func(o *provider.Options) { o.Keep = 30 * time.Second }, p)
	w.register(t, p)
	data := p.Sealed(t)
	asked := func(want int64) {
		t.Helper()
		w.ask(t, data)
		if n := p.Calls.Load(); n != want {
			t.Errorf("asked %d times, want %d", n, want)
		}
	}
	p.Behave(providertest.Revoked)
	asked(1)
	asked(2)
	p.Behave(providertest.Honest)
	asked(3)
	asked(3)
	w.Clock.add(31 * time.Second)
	asked(4)
	_, err := w.S.Suspend(w.a(t), p.ID, "测试")
	must(t, err)
	if s := by(t, w.ask(t, data), ""); s.Result != provider.Nobody {
		t.Errorf("a suspended provider is believed: %+v", s)
	}
	if p.Calls.Load() != 4 {
		t.Error("a suspended provider was asked")
	}
}

// A document without signatures asks nobody.
func TestAskUnsigned(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), nil)
	data, err := providertest.Blank(t).Bytes()
	must(t, err)
	if all := w.ask(t, data); all == nil || len(all) != 0 {
		t.Errorf("%+v", all)
	}
}
