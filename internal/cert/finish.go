package cert

import (
	"context"
	"errors"
	"fmt"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/ofd/sign"
)

// What a transaction finds that came too late; never shown to anyone.
var (
	errTaken = errors.New("cert: the number or the repetition is taken")
	errMoved = errors.New("cert: the certificate is not being sealed any more")
)

// object is how uses and the audit name a certificate.
func object(id string) string { return "cert/" + id }

// intend is the first transaction: the plan and the intended use of the seal.
func (s *Service) intend(tx *db.Tx, w *work) error {
	if p := w.plan.Prior; p != nil {
		if err := p.mayFollow(s, tx); err != nil {
			return err
		}
	}
	if err := s.intendSeal(tx, w); err != nil {
		return err
	}
	var err error
	if w.sealedPlan, err = s.sealPlan(w.ID, w.plan); err != nil {
		return err
	}
	if err := insert(tx, &w.row, s.lease()); err != nil {
		return err
	}
	for i, h := range w.draft.Holders {
		if err := insertHolder(tx, w.ID, i, s.Index.Of(h.ID), s.Index.Of(h.Name)); err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "cert.plan", Object: object(w.ID), After: w.content})
}

// intendSeal records that the issuer's one seal is about to be used, or that
// several units will be asked for theirs.
func (s *Service) intendSeal(tx *db.Tx, w *work) error {
	if len(w.plan.Sealers) > 0 {
		return s.intendSeveral(tx, w)
	}
	x, err := seal.ForTx(tx, w.Issuer, string(w.kind.Seals[0].Kind))
	if err != nil {
		return err
	}
	if w.token, err = s.Seal.IntendTx(tx, x, object(w.ID), w.Kind, w.content); err != nil {
		return err
	}
	w.Use, w.CreatedAt = w.token.Use(), tx.Now()
	return nil
}

// finish stamps, stores and issues what is planned.
func (s *Service) finish(ctx context.Context, w *work) (*Certificate, error) {
	sealed, err := s.Seal.Stamp(ctx, w.token, w.document, places(w.kind)...)
	if err != nil {
		return nil, err
	}
	s.step("stamp")
	data, err := sealed.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cert: writing the document: %w", err)
	}
	digest, err := s.Blob.Put(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("cert: storing the document: %w", err)
	}
	s.step("store")
	write := s.DB.Write
	if w.plan.Prior == nil { // it touches its own rows alone
		write = s.DB.WriteRows
	}
	if err := write(ctx, func(tx *db.Tx) error { return s.issue(tx, w, digest, len(data)) }); err != nil {
		return nil, err
	}
	s.step("issue")
	return s.recordOf(&w.row, w.kind, w.org, w.draft), nil
}

// issue is the second transaction: here the certificate becomes true.
func (s *Service) issue(tx *db.Tx, w *work, digest gm.Digest, size int) error {
	w.Digest, w.Document, w.Size, w.IssuedAt = digest, fmt.Sprintf("%x", digest), int64(size), tx.Now()
	w.mac, w.expires = s.macOf(&w.row), endOf(w.ValidTo)
	mark := markBegun
	if w.plan.Prior != nil { // it begins when the other has given way
		mark = markIssued
	}
	if err := mark(tx, &w.row); err != nil {
		return err
	}
	if w.Use != "" { // the uses of several are accounted for where they were approved
		if err := seal.DoneTx(tx, w.Use, digest); err != nil {
			return err
		}
	}
	w.Status = Effective
	if w.plan.Prior != nil {
		if err := s.giveWay(tx, w); err != nil {
			return err
		}
		w.mac = s.macOf(&w.row) // of the marks that it took over, too
		if err := begin(tx, &w.row); err != nil {
			return err
		}
	}
	if err := s.publish(tx, &w.row); err != nil {
		return err
	}
	if err := audit.Put(tx, audit.Entry{Action: "cert.issue", Object: object(w.ID), After: digest}); err != nil {
		return err
	}
	return s.tell(tx, &w.row, event.Issued)
}

// withdraw gives up a certificate that cannot be issued, and says why.
func (s *Service) withdraw(ctx context.Context, r *row, why error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := markWithdrawn(tx, r.ID); err != nil {
			return err
		}
		if r.Use != "" {
			if err := seal.WithdrawTx(tx, r.Use); err != nil {
				return err
			}
		}
		if err := audit.Put(tx, audit.Entry{Action: "cert.withdraw", Object: object(r.ID), Reason: reason(why), Before: r.content}); err != nil {
			return err
		}
		return s.tell(tx, r, event.Withdrawn)
	})
}

func (s *Service) tell(tx *db.Tx, r *row, topic string) error {
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: r.ID, Leaf: evidence(topic, r, tx.Now()), Body: event.Certificate{
		ID: r.ID, Kind: r.Kind, Issuer: r.Issuer, Identifier: r.Identifier, Version: r.Version, Document: r.Document,
		ValidTo: &r.ValidTo, At: tx.Now().UnixMilli(),
	}})
}

// places are where the seal stands on the face.
func places(k *catalogue.Kind) []sign.Place {
	out := make([]sign.Place, len(k.Seals))
	for i, slot := range k.Seals {
		out[i] = sign.Place{PageIndex: slot.Page, X: slot.At[0], Y: slot.At[1], W: slot.At[2], H: slot.At[3]}
	}
	return out
}
