package app

import (
	"context"
	"time"

	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/lasting"
	"sidian/internal/matter"
	"sidian/internal/outbox"
	"sidian/internal/web/matters"
)

// matterConsumers are who follows what is issued: cases, lasting proof and composites. Their
// services are filled in by matters, when what they need is made.
func (a *App) matterConsumers() []outbox.Consumer {
	a.Matter, a.Lasting = &matter.Service{DB: a.DB}, &lasting.Service{DB: a.DB}
	return []outbox.Consumer{a.Matter.Consumer(), a.Lasting.Consumer(), a.compositeConsumer()}
}

func (a *App) matters(ctx context.Context) (err error) {
	m := a.Matter
	m.Catalogue, m.Items, m.Cert, m.Outbox = a.Catalogue, a.Item, a.Cert, a.Outbox
	m.Listed, m.Calls = a.Listing.ExemptTx, a.called
	if err = m.Unlock(ctx, a.Keys); err != nil {
		return err
	}
	if err = a.composites(ctx); err != nil {
		return err
	}
	l := a.Lasting
	l.Document, l.TimeStamp, l.Others, l.Trust = a.Blob.Get, a.PKI.TimeStamp, a.stampers(), a.trustForEvidence
	if l.Algorithms, err = a.sunset(); err != nil {
		return err
	}
	a.Cert.Stamped = a.stamped
	l.Mac, err = a.Keys.Index(ctx, "lasting.anchor")
	return err
}

// stamped is when evidence of a certificate's document was made and renewed.
func (a *App) stamped(ctx context.Context, c *cert.Certificate) (all []cert.ProofStamp, err error) {
	made, err := a.Lasting.Stamps(ctx, c.ID, c.Digest)
	for i, x := range made {
		p := cert.ProofStamp{At: x.At}
		if i > 0 && x.Digest != made[i-1].Digest {
			p.Digest = lasting.Label(x.Digest)
		}
		all = append(all, p)
	}
	return all, err
}

// casePages makes the pages of cases.
func (a *App) casePages() error {
	a.Cases = &matters.Service{Kit: a.Web.Kit, IAM: a.IAM, Items: a.Item, Cert: a.Cert, Matters: a.Matter}
	return a.Cases.Load()
}

// called is what came of calling programs of an event of a case.
func (a *App) called(tx *db.Tx, topic, event string) (all []matter.Call, err error) {
	list, err := a.Webhook.CalledTx(tx, topic, event)
	for _, c := range list {
		all = append(all, matter.Call{Topic: topic, State: c.State, Attempts: c.Attempts, At: c.Created, Closed: c.Closed})
	}
	return all, err
}

// noteForEvidence tells of what was issued before there was evidence.
func (a *App) noteForEvidence(ctx context.Context) error {
	return a.Lasting.Backfill(ctx, func(ctx context.Context) error {
		_, err := a.Outbox.Backfill(ctx, a.DB, "lasting", time.Time{})
		return err
	})
}
