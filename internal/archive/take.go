package archive

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/sealing"
	"sidian/internal/sealing/event"
)

// TopicFile is what is promised of each document: that it is filed in time. The
// ten working days are our own: no document at hand gives a time.
const TopicFile = "archive.file"

// atOnce is how many documents of a batch one event brings in; the sweep brings
// the rest, so that no transaction grows with a batch.
const atOnce = 100

// Consumer takes what was sealed into the queue.
func (s *Service) Consumer() outbox.Consumer {
	return outbox.Consumer{Name: "archive", Topics: []string{event.Done, event.Batched}, Handle: s.handle}
}

func (s *Service) handle(tx *db.Tx, ev outbox.Event) error {
	if ev.Topic == event.Batched {
		list, _, err := sealing.SealedOfTx(tx, ev.Key, 0, atOnce)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.takeAll(tx, list)
	}
	d, err := sealing.SealedTx(tx, sealing.FromRequest, ev.Key)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.takeAll(tx, []*sealing.Sealed{d})
}

// takeAll makes a row for each document that has none.
func (s *Service) takeAll(tx *db.Tx, list []*sealing.Sealed) error {
	known, err := knownSources(tx, list)
	if err != nil {
		return err
	}
	for _, d := range list {
		if known[sourceKey(d.From, d.ID)] {
			continue
		}
		if err := s.take(tx, d); err != nil {
			return fmt.Errorf("archive: taking in a sealed document: %w", err)
		}
	}
	return nil
}

func sourceKey(from, id string) string { return from + ":" + id }

func (s *Service) take(tx *db.Tx, d *sealing.Sealed) error {
	o, err := iam.OrgTx(tx, d.Org)
	if err != nil {
		return err
	}
	it := &Item{
		ID: newID(), Source: d.From, SourceID: d.ID, Batch: d.Batch, Org: d.Org, Purpose: d.Purpose, Asker: d.Asker, original: d.Original, document: d.Document,
		SealedAt: d.At, State: Waiting, Title: titleOf(d), Responsible: o.Name, Year: d.At.In(beijing).Year(),
	}
	u, err := unitTx(tx, d.Org)
	if err != nil {
		return err
	}
	if u != nil {
		it.Agency = u.Agency
	}
	fresh, err := insertItem(tx, it)
	if err != nil || !fresh { // another process was faster
		return err
	}
	if err := insertAct(tx, it.ID, Act{Act: string(actTake)}); err != nil {
		return err
	}
	if err := s.promise(tx, it, o.Region); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "archive.take", Object: object(it.ID), After: it.document})
}

// titleOf is what a document is called when it comes in.
func titleOf(d *sealing.Sealed) string {
	title := d.Title
	if d.From == sealing.FromItem && d.Name != "" {
		name := strings.TrimSuffix(d.Name, path.Ext(d.Name))
		if name == title {
			name = ""
		} else if !strings.HasPrefix(name, "（") { // a name that was not kept says so in brackets
			name = "（" + name + "）"
		}
		title += name
	}
	return masked(title)
}

// promise says that an item is filed in time. The clock began when the document
// was sealed, or, when it comes back, now.
func (s *Service) promise(tx *db.Tx, it *Item, region string) error {
	if s.Due == nil {
		return nil
	}
	p := due.Promise{
		Topic: TopicFile, Object: it.ID, Region: region, Org: it.Org, Permission: "archive.manage", Title: "归档：" + short(it.Title), Link: Link(it.ID),
	}
	if it.round == 0 {
		p.Since = it.SealedAt
	}
	_, err := s.Due.Put(tx, p)
	return err
}

func short(title string) string {
	if r := []rune(title); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return title
}

func (s *Service) keep(tx *db.Tx, it *Item) error {
	if s.Due == nil {
		return nil
	}
	_, err := s.Due.Keep(tx, TopicFile, it.ID)
	return unlessNotFound(err)
}

func (s *Service) drop(tx *db.Tx, it *Item, reason string) error {
	if s.Due == nil {
		return nil
	}
	_, err := s.Due.Drop(tx, TopicFile, it.ID, reason)
	return unlessNotFound(err)
}

func unlessNotFound(err error) error {
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

const (
	// overlap is how far the sweep looks behind where it was: transactions are
	// not committed in the order of their times.
	overlap = 10 * time.Minute
	// lookBack is how far the daily sweep does.
	lookBack = 7 * 24 * time.Hour
	sweepBy  = 200
)

// Sweep finds what was sealed and is not in the queue, and tells how many
// documents that were. It goes on where it ended last time; the first one begins
// with the first document that was ever sealed.
func (s *Service) Sweep(ctx context.Context) (int, error) { return s.sweep(ctx, overlap) }

// Reconcile is Sweep that looks a week back.
func (s *Service) Reconcile(ctx context.Context) (int, error) { return s.sweep(ctx, lookBack) }

func (s *Service) sweep(ctx context.Context, back time.Duration) (n int, err error) {
	for _, from := range []string{sealing.FromRequest, sealing.FromItem} {
		m, e := s.sweepFrom(ctx, from, back)
		n, err = n+m, errors.Join(err, e)
	}
	return n, err
}

func (s *Service) sweepFrom(ctx context.Context, from string, back time.Duration) (n int, err error) {
	var at time.Time
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { at, err = sweptUntil(tx, from); return err }); err != nil {
		return 0, err
	}
	if !at.IsZero() {
		at = at.Add(-back)
	} else {
		at = time.UnixMilli(0)
	}
	for id := ""; ctx.Err() == nil; {
		var missing, list []*sealing.Sealed
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
			if list, err = sealing.SealedSinceTx(tx, from, at, id, sweepBy); err != nil {
				return err
			}
			known, err := knownSources(tx, list)
			missing = nil
			for _, d := range list {
				if !known[sourceKey(d.From, d.ID)] {
					missing = append(missing, d)
				}
			}
			return err
		})
		if err != nil || len(list) == 0 {
			return n, err
		}
		last := list[len(list)-1]
		err = s.DB.Write(ctx, func(tx *db.Tx) error {
			if err := s.takeAll(tx, missing); err != nil {
				return err
			}
			return setSwept(tx, from, last.At)
		})
		if err != nil {
			return n, err
		}
		n += len(missing)
		if len(list) < sweepBy {
			return n, nil
		}
		at, id = last.At, last.ID
	}
	return n, ctx.Err()
}
