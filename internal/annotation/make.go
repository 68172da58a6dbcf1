package annotation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/annotation/event"
	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/internal/seal/cover"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// What a transaction finds that came too late; never shown to anyone.
var (
	errTaken = errors.New("annotation: the repetition is taken")
	errMoved = errors.New("annotation: the copy is not being sealed any more")
)

// work is one copy on its way.
type work struct {
	row
	plan     *plan
	base     *cert.Base
	document *ofd.Document // not sealed yet
	token    *seal.Token
	told     []string // accounts of the holders
}

// Make makes an annotated copy: sealed and on record when it returns. The same
// Idempotency-Key and request give the same copy.
func (s *Service) Make(ctx context.Context, req Request) (*Copy, error) {
	ctx, err := s.Cert.MayAnnotate(ctx, req.ID, cert.Reading{Purpose: req.PurposeCode, Reason: req.Purpose})
	if err != nil {
		return nil, err
	}
	return s.make(ctx, req, false)
}

// make is Make for who may; own for holders themselves.
func (s *Service) make(ctx context.Context, req Request, own bool) (*Copy, error) {
	until, err := s.check(&req)
	if err != nil {
		return nil, err
	}
	w := &work{row: row{own: own}}
	if err := s.ask(ctx, w, req); err != nil {
		return nil, err
	}
	if c, err := s.repeated(ctx, w); c != nil || err != nil {
		return c, err
	}
	if err := s.prepare(ctx, w, req, until); err != nil {
		return nil, err
	}
	s.step("prepare")
	err = s.begin(ctx, w)
	if errors.Is(err, errTaken) {
		return s.taken(ctx, w)
	}
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "annotation.make", Object: cert.Object(req.ID)}, err)
	}
	s.step("intend")
	// The client may go away; what is intended is finished all the same. Before
	// the lease ends nobody else begins with it.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), s.lease())
	defer stop()
	if err := s.finish(ctx, w); err != nil {
		return s.failed(ctx, w, err)
	}
	return s.copyOf(&w.row, w.plan), nil
}

// ask tells two requests apart, if they can be repeated at all.
func (s *Service) ask(ctx context.Context, w *work, req Request) error {
	if w.repetition = httpx.IdempotencyID(ctx); w.repetition == "" {
		return nil
	}
	b, err := json.Marshal(struct {
		ID string
		Request
	}{req.ID, req})
	if err != nil {
		return fmt.Errorf("annotation: writing a request: %w", err)
	}
	w.request = s.asked.Of(string(b))
	return nil
}

// prepare makes everything that can be refused before anything is written.
func (s *Service) prepare(ctx context.Context, w *work, req Request, until time.Time) (err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { return s.Cert.AnnotableTx(tx, req.ID, until) })
	if err != nil {
		return err
	}
	if w.base, err = s.Cert.Base(ctx, req.ID); err != nil {
		return err
	}
	by := audit.ActorFrom(ctx)
	maker, err := s.maker(ctx, by, w.own)
	if err != nil {
		return err
	}
	n, err := s.numbers.Next(ctx)
	if err != nil {
		return err
	}
	now := s.DB.Now().UTC().Truncate(time.Second)
	c := w.base.Certificate
	w.plan = &plan{DocID: newDocID(), Purpose: req.Purpose, Recipient: req.Recipient, Item: req.Item, CaseNo: req.CaseNo, Maker: maker, At: now, Until: until}
	w.id, w.number = newID(), fmt.Sprintf("JZ%s%08d", now.In(beijing).Format("20060102"), n)
	w.certificate, w.kind, w.issuer, w.original = c.ID, c.Kind, c.Unit(), c.Digest
	w.account, w.app, w.expires = by.Account, by.App, until.UnixMilli()
	w.recipient = s.recipient.Of(req.Recipient)
	if err := s.lay(ctx, w); err != nil {
		return err
	}
	w.content, err = s.sealPlan(w.id, w.plan)
	return err
}

// lay draws the copy, and finds who is to be told of it.
func (s *Service) lay(ctx context.Context, w *work) (err error) {
	if w.document, err = s.draw(w.number, w.plan, w.base); err != nil {
		return err
	}
	if w.planned, err = seal.Content(w.document); err != nil {
		return err
	}
	for _, citizen := range w.base.Citizens() {
		account, err := s.IAM.HolderOf(ctx, citizen)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		w.told = append(w.told, account)
	}
	return nil
}

// maker is who the copy says has made it: the unit of the person, the program, or the
// holder, whose name stands on the face.
func (s *Service) maker(ctx context.Context, by audit.Actor, own bool) (string, error) {
	if own {
		me, err := s.IAM.Self(ctx)
		return "持证人本人（" + gbcode.MaskName(me.Name) + "）", err
	}
	if by.Org != "" {
		o, err := s.IAM.Org(ctx, by.Org)
		return o.Name, err
	}
	return by.Name, nil
}

// begin runs the first transaction. What a holder makes is counted in it.
func (s *Service) begin(ctx context.Context, w *work) error {
	if w.own {
		defer s.turns.take(w.account)()
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if w.own {
			if err := s.daily(tx, w); err != nil {
				return err
			}
		}
		return s.intend(tx, w)
	})
}

// intend is the first transaction: the plan and the intended use of the seal.
func (s *Service) intend(tx *db.Tx, w *work) error {
	if err := s.Cert.AnnotableTx(tx, w.certificate, w.plan.Until); err != nil {
		return err
	}
	x, err := seal.ForTx(tx, w.issuer, w.base.SealKind)
	if err != nil {
		return err
	}
	if w.token, err = s.Seal.IntendTx(tx, x, objectOf(w.id), Purpose, w.planned); err != nil {
		return err
	}
	w.use, w.created, w.status = w.token.Use(), tx.Now().UnixMilli(), Sealing
	return insert(tx, &w.row, s.lease())
}

func objectOf(id string) string { return "annotation/" + id }

// finish stamps, stores and acknowledges.
func (s *Service) finish(ctx context.Context, w *work) error {
	sealed, err := s.Seal.Stamp(ctx, w.token, w.document, s.places(w)...)
	if err != nil {
		return err
	}
	s.step("stamp")
	data, err := sealed.Bytes()
	if err != nil {
		return fmt.Errorf("annotation: writing a copy: %w", err)
	}
	digest, err := s.Blob.Put(ctx, data)
	if err != nil {
		return fmt.Errorf("annotation: storing a copy: %w", err)
	}
	s.step("store")
	if err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.made(tx, w, digest, int64(len(data))) }); err != nil {
		return err
	}
	s.step("made")
	return nil
}

// places are those of the face, and the one on the page of the annotation.
func (s *Service) places(w *work) []sign.Place {
	out := append([]sign.Place{}, w.base.Places...)
	last := sign.Place{PageIndex: len(w.document.Pages()) - 1, X: cover.Seal.X, Y: cover.Seal.Y, W: out[0].W, H: out[0].H}
	return append(out, last)
}

// made is the second transaction: here the copy becomes true.
func (s *Service) made(tx *db.Tx, w *work, digest gm.Digest, size int64) error {
	if err := s.Cert.AnnotableTx(tx, w.certificate, w.plan.Until); err != nil {
		return err
	}
	if err := markMade(tx, w.id, digest, size); err != nil {
		return err
	}
	if err := seal.DoneTx(tx, w.use, digest); err != nil {
		return err
	}
	at := tx.Now().UnixMilli()
	w.status, w.sealed, w.size, w.madeAt = Made, digest, size, &at
	if err := audit.Put(tx, audit.Entry{Action: "annotation.make", Object: cert.Object(w.certificate), Reason: "加注件 " + w.number, After: digest}); err != nil {
		return err
	}
	if err := s.tellHolders(tx, w); err != nil {
		return err
	}
	return s.Outbox.Put(tx, outbox.Event{Topic: event.Made, Key: w.id, Leaf: evidence(&w.row, at), Body: bodyOf(&w.row, at)})
}

// failed settles a copy whose making failed. Where the request can be repeated and
// may then succeed, the row waits for [Service.Resume]; otherwise it is withdrawn.
func (s *Service) failed(ctx context.Context, w *work, why error) (*Copy, error) {
	if !errors.Is(why, errMoved) && w.repetition != "" && !fault.Final(why) {
		return nil, why
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer stop()
	if !errors.Is(why, errMoved) {
		if err := s.withdraw(ctx, &w.row, why); err == nil {
			return nil, why
		} else if !errors.Is(err, errMoved) {
			return nil, errors.Join(why, err)
		}
	}
	return s.outcome(ctx, w.id) // another took it over and was faster
}

// settling bounds what is done about a failure.
const settling = 5 * time.Second

// withdraw gives up a copy that cannot be made, and says why.
func (s *Service) withdraw(ctx context.Context, r *row, why error) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := markWithdrawn(tx, r.id); err != nil {
			return err
		}
		if err := seal.WithdrawTx(tx, r.use); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "annotation.withdraw", Object: cert.Object(r.certificate), Reason: "加注件 " + r.number + "：" + reason(why)})
	})
}

// reason is what the audit says of a failure.
func reason(why error) string {
	if _, msg := fault.Of(why); msg != "" {
		return msg
	}
	return "系统内部错误，加注件没有制成"
}
