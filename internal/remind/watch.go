package remind

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"sidian/certid"
	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/outbox"
	"sidian/workday"
)

// States of what is watched.
const (
	watching = "watching"
	ended    = "ended"
)

// A watch is a certificate with its end.
type watch struct {
	certificate string
	series      string // of all versions of the certificate
	version     int
	kind        string
	issuer      string
	document    []byte
	to          string // 2006-01-02, or ""
	state       string
	why         string
	seq         int64 // of the last change that is known

	stored, altered bool
}

// final tells that a certificate will not be watched again, whatever comes.
func (w *watch) final() bool {
	return w.why == "replaced" || w.why == "withdrawn" || w.why == "cancelled"
}

// Consumer watches what is issued, and forgets what came to nothing. Nobody waits
// for it: what comes in half a second is taken together. Row locks order what it
// does; two versions of a certificate that are taken at the same moment may both
// stay watched, and isWatched tells them apart.
func (s *Service) Consumer() outbox.Consumer {
	return outbox.Consumer{Name: "remind", Topics: []string{event.Issued, event.Withdrawn, event.Changed}, HandleAll: s.take, Rows: true,
		Pace: outbox.Pace{Rest: 500 * time.Millisecond}}
}

// A batch is what events say, by what is done first.
type batch struct {
	issued    []*watch
	withdrawn []string
	changed   []event.StatusChanged
	undated   []string // issued before events told the end
}

func (s *Service) take(tx *db.Tx, all []outbox.Event) error {
	var b batch
	for _, ev := range all {
		if err := b.add(ev); err != nil {
			return err
		}
	}
	if err := b.date(tx); err != nil {
		return err
	}
	return b.apply(tx)
}

func (b *batch) add(ev outbox.Event) error {
	if ev.Topic == event.Changed {
		var c event.StatusChanged
		err := ev.Decode(&c)
		b.changed = append(b.changed, c)
		return err
	}
	var c event.Certificate
	if err := ev.Decode(&c); err != nil {
		return err
	}
	if ev.Topic == event.Withdrawn {
		b.withdrawn = append(b.withdrawn, c.ID)
		return nil
	}
	document, err := hex.DecodeString(c.Document)
	if err != nil || len(document) != len(gm.Digest{}) {
		return fmt.Errorf("remind: the event of %s names no document", c.ID)
	}
	w := &watch{certificate: c.ID, series: certid.Series(c.Identifier), version: c.Version, kind: c.Kind, issuer: c.Issuer, document: document, state: watching}
	if c.ValidTo == nil {
		b.undated = append(b.undated, c.ID)
	} else {
		w.end(*c.ValidTo)
	}
	b.issued = append(b.issued, w)
	return nil
}

func (w *watch) end(text string) {
	if to := dayOf(text); !to.IsZero() {
		w.to = to.String()
	}
}

// date asks the register for the ends that events of before do not tell: until
// when a certificate is valid by now, with what has extended it meanwhile.
func (b *batch) date(tx *db.Tx) error {
	if len(b.undated) == 0 {
		return nil
	}
	ends, err := cert.EndsTx(tx, b.undated)
	if err != nil {
		return err
	}
	for _, w := range b.issued {
		if !slices.Contains(b.undated, w.certificate) {
			continue
		}
		end, known := ends[w.certificate]
		if !known {
			return fmt.Errorf("remind: the register does not know %s", w.certificate)
		}
		w.end(end)
	}
	return nil
}

// apply makes of the batch what its events would make one after the other: those
// of issues first, since what changes is known by them.
func (b *batch) apply(tx *db.Tx) error {
	l, err := b.open(tx)
	if err != nil {
		return err
	}
	today := workday.DateOf(tx.Now()).String()
	for _, w := range b.issued {
		l.put(w, today)
	}
	for _, id := range b.withdrawn {
		l.end(id, "withdrawn")
	}
	slices.SortStableFunc(b.changed, func(x, y event.StatusChanged) int { return cmp.Compare(x.Seq, y.Seq) })
	for _, c := range b.changed {
		if err := l.follow(c); err != nil {
			return err
		}
	}
	return l.save(tx)
}

// A ledger is what is known of some certificates, and of the other versions of
// those that are issued.
type ledger struct {
	all    []*watch
	by     map[string]*watch
	series map[string][]*watch
}

func (b *batch) open(tx *db.Tx) (*ledger, error) {
	l := &ledger{by: map[string]*watch{}, series: map[string][]*watch{}}
	ids, series := slices.Clone(b.withdrawn), make([]string, 0, len(b.issued))
	for _, w := range b.issued {
		ids, series = append(ids, w.certificate), append(series, w.series)
	}
	for _, c := range b.changed {
		ids = append(ids, c.ID)
	}
	for _, x := range []struct {
		column string
		values []string
	}{{"certificate", ids}, {"series", series}} {
		known, err := watchesBy(tx, x.column, x.values)
		if err != nil {
			return nil, err
		}
		for _, w := range known {
			if l.by[w.certificate] == nil {
				l.add(w)
			}
		}
	}
	return l, nil
}

func (l *ledger) add(w *watch) {
	l.all, l.by[w.certificate] = append(l.all, w), w
	if w.series != "" {
		l.series[w.series] = append(l.series[w.series], w)
	}
}

// put begins to watch w, unless something is known of it already. A later version
// may be here before it.
func (l *ledger) put(w *watch, today string) {
	newer := slices.ContainsFunc(l.series[w.series], func(o *watch) bool { return o.version > w.version })
	switch {
	case newer:
		w.state, w.why = ended, "replaced"
	case w.to == "" || w.to < today:
		w.state, w.why = ended, "no-end"
	}
	if l.by[w.certificate] == nil {
		l.add(w)
	}
	for _, o := range l.series[w.series] {
		if o.version < w.version && !o.final() {
			o.state, o.why, o.altered = ended, "replaced", true
		}
	}
}

// end says that a certificate is not to be reminded of any more; it may come
// before its issue.
func (l *ledger) end(certificate, why string) {
	w := l.by[certificate]
	switch {
	case w == nil:
		l.add(&watch{certificate: certificate, state: ended, why: why})
	case w.state == watching:
		w.state, w.why, w.altered = ended, why, true
	}
}

// follow notes what a certificate is now, unless something later is known or it
// was ended for good: only while it is effective its end is worth a word, and the
// end may have been put off. What comes before the issue is known is tried again
// later.
func (l *ledger) follow(c event.StatusChanged) error {
	w := l.by[c.ID]
	if w == nil {
		return fmt.Errorf("remind: %s changed, and its issue is not known yet", c.ID)
	}
	if int64(c.Seq) <= w.seq || w.final() {
		return nil
	}
	w.to = cmp.Or(c.ValidTo, w.to)
	w.state, w.why, w.seq, w.altered = ended, c.Status, int64(c.Seq), true
	if c.Status == "effective" && w.to != "" {
		w.state = watching
	}
	return nil
}

// errRace says that another transaction noted one of these certificates meanwhile:
// the events are taken again, one by one.
var errRace = errors.New("remind: another noted one of these certificates at the same moment")

func (l *ledger) save(tx *db.Tx) error {
	var fresh []*watch
	for _, w := range l.all {
		switch {
		case !w.stored:
			fresh = append(fresh, w)
		case w.altered:
			if err := saveWatch(tx, w); err != nil {
				return err
			}
		}
	}
	made, err := insertWatches(tx, fresh)
	if err == nil && made != int64(len(fresh)) {
		err = errRace
	}
	return err
}

// End says that a certificate is not to be reminded of any more: it was
// cancelled, revoked, replaced by another. It may come before the event of its
// issue, and more than once.
func (s *Service) End(tx *db.Tx, certificate, why string) error {
	l, err := (&batch{withdrawn: []string{certificate}}).open(tx)
	if err != nil {
		return err
	}
	l.end(certificate, why)
	return l.save(tx)
}
