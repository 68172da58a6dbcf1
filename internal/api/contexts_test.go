package api_test

import (
	"context"
	"errors"
	"testing"

	"sidian/internal/annotation"
	"sidian/internal/api"
	"sidian/internal/batch"
	"sidian/internal/complaint"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/issuing"
	"sidian/internal/item"
	"sidian/internal/listing"
	"sidian/internal/pki/pkitest"
	"sidian/internal/provider"
	"sidian/internal/remind"
	"sidian/internal/sealapply"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/signature"
	"sidian/internal/webhook"
	"sidian/ofd"
	"sidian/ofd/convert"
	"sidian/ofd/sign"
)

// Hosts that a server under test may call. Nobody listens at either.
const (
	hookHost   = "hooks.example"
	sealerHost = "127.0.0.1:1"
)

// sealContexts makes what concerns seals and signatures over a world, as package
// app does.
func (s *server) sealContexts(t testing.TB, v *api.Services) {
	t.Helper()
	ctx := t.Context()
	w := s.World
	w.Seal.IAM = w.IAM
	w.IAM.Watch(w.Seal.Watcher())
	w.Seal.Person = func(tx *db.Tx, account, name string) (int, bool, error) {
		level, err := s.Auth.LevelTx(tx, account)
		if err != nil {
			return 0, false, err
		}
		named, err := w.IAM.NamedTx(tx, account, name)
		return level, named, err
	}
	var err error
	s.Apply, err = sealapply.New(ctx, sealapply.Parts{
		DB: w.DB, Keys: w.Keys, IAM: w.IAM, Blobs: w.Blob, Seals: w.Seal, PKI: w.PKI, Notices: w.Notice, Due: w.Seal.Due, Outbox: w.Outbox,
		Options: sealapply.Options{Top: "county"},
	})
	must(t, err)
	fonts := sealingtest.Fonts(t)
	s.Sealing = &sealing.Service{
		DB: w.DB, IAM: w.IAM, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, Notice: w.Notice, Fonts: fonts, BaseURL: pkitest.BaseURL,
		Confirm: s.Auth.StepUp, Trust: s.trust, Workers: 1,
	}
	s.Signature = &signature.Service{
		DB: w.DB, IAM: w.IAM, Keys: w.Keys, PKI: w.PKI, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, Fonts: fonts, Notice: w.Notice,
		Confirm: s.Auth.StepUp, Convert: ofPDF, Name: "样例平台", BaseURL: pkitest.BaseURL, TimeStamps: true,
	}
	s.Signature.Box, err = w.Keys.Box(ctx)
	must(t, err)
	s.Signature.Index, err = w.Keys.Index(ctx, "signature.person")
	must(t, err)
	w.IAM.Watch(s.Signature.Watcher())
	s.Provider, err = provider.New(ctx, provider.Options{
		DB: w.DB, Keys: w.Keys, PKI: w.PKI, Outbox: w.Outbox, Self: "zz.example", Name: "样例平台", BaseURL: pkitest.BaseURL,
		Hosts: []string{sealerHost}, Private: []string{sealerHost},
	})
	must(t, err)
	s.Webhook = &webhook.Service{
		DB: w.DB, IAM: w.IAM, Box: s.Signature.Box, Call: httpx.NewClient(httpx.ClientOptions{Hosts: []string{hookHost}}),
		Topics: []webhook.Topic{{Name: "cert.issued", Label: "证照已签发", Scope: "cert.read"}, {Name: "seal.filed", Label: "印章已备案", Scope: "seal.read"}},
	}
	s.Complaint, err = complaint.New(ctx, complaint.Parts{DB: w.DB, Keys: w.Keys, IAM: w.IAM, Blobs: w.Blob, Notices: w.Notice, Due: w.Seal.Due, Outbox: w.Outbox, PerDay: 1000, PerMonth: 1000})
	must(t, err)
	v.Complaint = s.Complaint
	s.Item = &item.Service{DB: w.DB, IAM: w.IAM, Catalogue: w.Catalogue, Notices: w.Notice}
	v.Item = s.Item
	s.Listing = &listing.Service{DB: w.DB, IAM: w.IAM, Catalogue: w.Catalogue, Items: s.Item, Notices: w.Notice, Blob: w.Blob}
	v.Listing = s.Listing
	s.Annotation, err = annotation.New(ctx, annotation.Parts{DB: w.DB, Keys: w.Keys, IAM: w.IAM, Cert: w.Cert, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, Notices: w.Notice, Fonts: w.Catalogue.Fonts})
	must(t, err)
	s.Batch, err = batch.New(ctx, batch.Parts{DB: w.DB, Keys: w.Keys, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Notices: w.Notice, Outbox: w.Outbox})
	must(t, err)
	v.Batch = s.Batch
	s.Issuing, err = issuing.New(ctx, issuing.Parts{DB: w.DB, Keys: w.Keys, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Notices: w.Notice, Due: w.Seal.Due})
	must(t, err)
	v.Annotation, v.Issuing = s.Annotation, s.Issuing
	s.matters(t, v)
	s.bounds(t, v)
	s.composites(t, v)
	s.feedbacks(t, v)
	s.archives(v)
	v.SealApply, v.Sealing, v.Signature, v.Status, v.Notice, v.Provider, v.Webhook = s.Apply, s.Sealing, s.Signature, w.Status, w.Notice, s.Provider, s.Webhook
	v.Remind = &remind.Service{DB: w.DB, IAM: w.IAM, Notice: w.Notice, Document: w.Blob.Get}
}

func (s *server) trust(ctx context.Context) (sign.Options, error) {
	t, err := s.PKI.Trust(ctx)
	if err != nil {
		return sign.Options{}, err
	}
	return sign.Options{Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: s.DB.Now()}, nil
}

func ofPDF(pdf []byte) (*ofd.Document, error) {
	d, err := convert.PDF(pdf, convert.Options{})
	var refused *convert.RefusedError
	if errors.As(err, &refused) {
		return nil, fault.Invalid.New("%s", refused.Reason).WithCode("convert." + refused.Code).WithHint("请上传 OFD")
	}
	return d, err
}
