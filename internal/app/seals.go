package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/ferry"
	"sidian/internal/notice"
	"sidian/internal/pki"
	"sidian/internal/provider"
	"sidian/internal/seal"
	sealevent "sidian/internal/seal/event"
	"sidian/internal/sealapply"
	"sidian/internal/sealing"
	"sidian/internal/signature"
	"sidian/internal/status"
	"sidian/internal/verify"
	"sidian/ofd"
	"sidian/ofd/convert"
	"sidian/ofd/draw"
	"sidian/ofd/sign"
)

// seals makes what seals and signatures are: from the digital certificate and
// the application to the stamp, the signature and the public state.
func (a *App) seals(ctx context.Context, fonts *draw.Fonts) (err error) {
	base := strings.TrimSuffix(a.Conf.BaseURL, "/")
	if err = a.telling(ctx, base); err != nil {
		return err
	}
	a.Status = &status.Service{DB: a.DB, Keys: a.Keys, BaseURL: base}
	a.Seal = &seal.Service{
		DB: a.DB, Keys: a.Keys, PKI: a.PKI, TimeStamps: true,
		IAM: a.IAM, Status: a.Status, Notice: a.Notice, Due: a.Due, Outbox: a.Outbox, Person: a.person,
	}
	a.IAM.Watch(a.Seal.Watcher())
	a.SealApply, err = sealapply.New(ctx, sealapply.Parts{
		DB: a.DB, Keys: a.Keys, IAM: a.IAM, Blobs: a.Blob, Seals: a.Seal, PKI: a.PKI, Notices: a.Notice, Due: a.Due, Outbox: a.Outbox,
		Options: sealapply.Options{Top: a.Conf.Seals.Top, Zone: a.Conf.Zone, Persons: a.Conf.Seals.Persons},
	})
	if err != nil {
		return err
	}
	a.Sealing = &sealing.Service{
		DB: a.DB, IAM: a.IAM, Seal: a.Seal, Blob: a.Blob, Outbox: a.Outbox, Notice: a.Notice, Fonts: fonts,
		Confirm: a.Auth.StepUp, Trust: a.trustForDocuments, BaseURL: base,
	}
	if err = a.complaints(ctx); err != nil {
		return err
	}
	return a.signatures(ctx, fonts, base)
}

func (a *App) signatures(ctx context.Context, fonts *draw.Fonts, base string) error {
	a.Signature = &signature.Service{
		DB: a.DB, IAM: a.IAM, Keys: a.Keys, PKI: a.PKI, Seal: a.Seal, Blob: a.Blob, Outbox: a.Outbox, Fonts: fonts, Notice: a.Notice,
		Confirm: a.Auth.StepUp, Convert: fromPDF, Name: a.operator(), BaseURL: base, TimeStamps: true,
	}
	var err error
	if a.Signature.Box, err = a.Keys.Box(ctx); err != nil {
		return err
	}
	if a.Signature.Index, err = a.Keys.Index(ctx, "signature.person"); err != nil {
		return err
	}
	a.IAM.Watch(a.Signature.Watcher())
	return nil
}

// operator is who runs the platform, as documents that it signs name it.
func (a *App) operator() string { return "四电平台" }

// person tells how well the platform knows who has an account.
func (a *App) person(tx *db.Tx, account, name string) (level int, named bool, err error) {
	if level, err = a.Auth.LevelTx(tx, account); err != nil {
		return 0, false, err
	}
	named, err = a.IAM.NamedTx(tx, account, name)
	return level, named, err
}

// trustForDocuments is by what a document is verified here and now.
func (a *App) trustForDocuments(ctx context.Context) (sign.Options, error) {
	t, err := a.PKI.Trust(ctx)
	if err != nil {
		return sign.Options{}, err
	}
	return sign.Options{Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: a.DB.Now()}, nil
}

// fromPDF makes an OFD of a PDF, or says to people why not.
func fromPDF(pdf []byte) (*ofd.Document, error) {
	d, err := convert.PDF(pdf, convert.Options{})
	var refused *convert.RefusedError
	if errors.As(err, &refused) {
		return nil, fault.Invalid.New("%s", refused.Reason).WithCode("convert." + refused.Code).WithHint("请上传 OFD，或按上述说明另存后再试")
	}
	return d, err
}

// federation makes the registry of other platforms' seal services, and the one
// verdict in which they are asked.
func (a *App) federation(ctx context.Context) (err error) {
	base := strings.TrimSuffix(a.Conf.BaseURL, "/")
	u, err := url.Parse(base)
	if err != nil {
		return err
	}
	a.Provider, err = provider.New(ctx, provider.Options{
		DB: a.DB, Keys: a.Keys, PKI: a.PKI, Outbox: a.Outbox, Log: a.Log,
		Self: u.Host, Name: a.operator(), BaseURL: base, Zone: a.Conf.Zone,
		Hosts: a.Conf.Outgoing.Hosts, Private: a.Conf.Outgoing.Private,
		Tell: func(tx *db.Tx, org, permission, title, text, link string) error {
			return a.Notice.PutTx(tx, notice.Notice{Org: org, Permission: permission, Topic: "provider.proposed", Title: title, Text: text, Link: link})
		},
	})
	if err != nil {
		return err
	}
	a.Verify = &verify.Service{
		DB: a.DB, PKI: a.PKI, Cert: a.Cert, Cache: sign.NewChainCache(), Mark: a.mark,
		Providers: a.Provider, Seals: a.Seal.PublicGet, Changed: a.sealChanged, Records: a.signedOn, Copies: a.copied, Outbox: a.Outbox,
	}
	return nil
}

// sealChanged is since when a seal is in its state: its place in the status
// list changed then.
func (a *App) sealChanged(ctx context.Context, id string) (at time.Time, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		e, err := status.EntryTx(tx, status.Seals, id)
		if errors.Is(err, fault.NotFound) {
			return nil // from before there were lists
		}
		at = e.At
		return err
	})
	return at, err
}

// signedOn is what people signed on a document here.
func (a *App) signedOn(ctx context.Context, document gm.Digest) (out []verify.Record, err error) {
	d, err := a.Signature.RecordOf(ctx, document)
	if errors.Is(err, fault.NotFound) || d == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for _, r := range d.Signed {
		out = append(out, verify.Record{Task: r.Task, Signature: r.Signature, Name: r.Name, At: r.At, Factor: r.Factor, Way: r.Way})
	}
	return out, nil
}

// other is the zone on the other side of the gap.
func other(zone string) string {
	if zone == ferry.Internet {
		return ferry.Extranet
	}
	return ferry.Internet
}

// ferryOf carries the public state of seals to the other zone; nil outside any.
func (a *App) ferryOf() (*ferry.Service, error) {
	if a.Conf.Zone == "" {
		return nil, nil
	}
	f := &ferry.Service{DB: a.DB, Zone: a.Conf.Zone, Peer: other(a.Conf.Zone), Issue: a.forFerry}
	f.Sources = []ferry.Source{{
		Kind:   "seal",
		Topics: []string{sealevent.Filed, sealevent.Frozen, sealevent.Thawed, sealevent.Cancelled, sealevent.Replaced},
		Tell:   a.tellSeal,
	}}
	if file := a.Conf.Ferry.PeerCertFile; file != "" {
		var err error
		if f.Trust, err = certificatesOf(file); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (a *App) tellSeal(ctx context.Context, id string) (r ferry.Record, gone bool, err error) {
	p, err := a.Seal.PublicGet(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return r, true, nil
	}
	if err != nil {
		return r, false, err
	}
	r.Name = p.Name
	r.Body, err = json.Marshal(p)
	return r, false, err
}

// forFerry is a digital certificate of no organisation, so that nobody takes it
// for that of a seal.
func (a *App) forFerry(ctx context.Context, public *gm.PublicKey) (*gm.Certificate, error) {
	return a.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Name: a.operator() + "摆渡", Public: public})
}
