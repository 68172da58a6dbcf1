package remind

import (
	"context"
	"encoding/hex"
	"fmt"

	"sidian/certid"
	"sidian/gm"
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
}

// Consumer watches what is issued, and forgets what came to nothing.
func (s *Service) Consumer() outbox.Consumer {
	return outbox.Consumer{Name: "remind", Topics: []string{event.Issued, event.Withdrawn, event.Changed}, Deliver: s.take, Pace: outbox.Pace{Workers: 2}}
}

func (s *Service) take(ctx context.Context, ev outbox.Event) error {
	if ev.Topic == event.Changed {
		return s.changed(ctx, ev)
	}
	var c event.Certificate
	if err := ev.Decode(&c); err != nil {
		return err
	}
	if ev.Topic == event.Withdrawn {
		return s.DB.Write(ctx, func(tx *db.Tx) error { return s.End(tx, c.ID, "withdrawn") })
	}
	b, err := hex.DecodeString(c.Document)
	if err != nil || len(b) != len(gm.Digest{}) {
		return fmt.Errorf("remind: the event of %s names no document", c.ID)
	}
	what, err := s.said(ctx, gm.Digest(b))
	if err != nil {
		return err
	}
	w := watch{certificate: c.ID, series: certid.Series(c.Identifier), version: c.Version, kind: c.Kind, issuer: c.Issuer, document: b, state: watching}
	if !what.to.IsZero() {
		w.to = what.to.String()
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error { return put(tx, w) })
}

// changed follows a certificate: only while it is effective its end is worth a
// word, and the end may have been put off. What comes before the issue is known
// is tried again later.
func (s *Service) changed(ctx context.Context, ev outbox.Event) error {
	var c event.StatusChanged
	if err := ev.Decode(&c); err != nil {
		return err
	}
	state := ended
	if c.Status == "effective" {
		state = watching
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		there, err := follow(tx, c.ID, int64(c.Seq), state, c.Status, c.ValidTo)
		if err == nil && !there {
			err = fmt.Errorf("remind: %s changed, and its issue is not known yet", c.ID)
		}
		return err
	})
}

// put begins to watch w. Events come in any order: a later version may be here
// already.
func put(tx *db.Tx, w watch) error {
	newer, err := hasNewer(tx, w)
	if err != nil {
		return err
	}
	switch {
	case newer:
		w.state, w.why = ended, "replaced"
	case w.to == "" || w.to < workday.DateOf(tx.Now()).String():
		w.state, w.why = ended, "no-end"
	}
	if err := insertWatch(tx, w); err != nil {
		return err
	}
	return endOlder(tx, w)
}

// End says that a certificate is not to be reminded of any more: it was
// cancelled, revoked, replaced by another. It may come before the event of its
// issue, and more than once.
func (s *Service) End(tx *db.Tx, certificate, why string) error {
	if err := insertWatch(tx, watch{certificate: certificate, state: ended, why: why}); err != nil {
		return err
	}
	return endWatch(tx, certificate, why)
}
