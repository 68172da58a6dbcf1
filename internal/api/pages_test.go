package api_test

import (
	"context"
	"testing"

	"sidian/internal/api"
	"sidian/internal/todo"
	annotationpages "sidian/internal/web/annotations"
	batchpages "sidian/internal/web/batch"
	kindpages "sidian/internal/web/catalogue"
	"sidian/internal/web/complaints"
	"sidian/internal/web/designer"
	feedbackpages "sidian/internal/web/feedback"
	issuingpages "sidian/internal/web/issuing"
	"sidian/internal/web/items"
	"sidian/internal/web/lists"
	"sidian/internal/web/matters"
	"sidian/internal/web/notices"
	"sidian/internal/web/page"
	"sidian/internal/web/providers"
	applypages "sidian/internal/web/sealapply"
	sealingpages "sidian/internal/web/sealing"
	sealspages "sidian/internal/web/seals"
	"sidian/internal/web/signing"
	"sidian/internal/web/transfers"
)

// sealPages makes the pages of seals and signatures, as package app does.
func (s *server) sealPages(t testing.TB, v *api.Services, kit *page.Kit) {
	t.Helper()
	w := s.World
	nobody := func(context.Context, string) ([]string, error) { return nil, nil }
	v.Copies = &annotationpages.Service{Kit: kit, Copies: s.Annotation}
	must(t, v.Copies.Load())
	v.Telling = &feedbackpages.Service{Kit: kit, Feedback: s.Feedback}
	must(t, v.Telling.Load())
	s.compositePages(t, v, kit)
	s.boundPages(t, v, kit)
	v.Complaints = &complaints.Service{Kit: kit, Complaints: s.Complaint}
	v.Items = &items.Service{Kit: kit, Items: s.Item}
	v.KindPages = &kindpages.Service{Kit: kit, IAM: w.IAM, Catalogue: w.Catalogue}
	v.Designer = &designer.Service{Kit: kit, IAM: w.IAM, Catalogue: w.Catalogue}
	v.Lists = &lists.Service{Kit: kit, Listing: s.Listing}
	v.Cases = &matters.Service{Kit: kit, IAM: w.IAM, Items: s.Item, Cert: w.Cert, Matters: s.Matter}
	v.Transfers = &transfers.Service{Kit: kit, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert}
	v.Batches = &batchpages.Service{Kit: kit, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Batch: s.Batch}
	v.Desk = &issuingpages.Service{Kit: kit, Web: v.Web, IAM: w.IAM, Catalogue: w.Catalogue, Cert: w.Cert, Issuing: s.Issuing}
	v.Notices = &notices.Service{Kit: kit, Notices: w.Notice, IAM: w.IAM, Remind: v.Remind, Catalogue: w.Catalogue}
	v.Providers = &providers.Service{Kit: kit, Providers: s.Provider, IAM: w.IAM, BaseURL: "https://zz.example", Now: w.DB.Now}
	v.SealPages = &sealspages.Service{Kit: kit, Seal: w.Seal, PKI: w.PKI, IAM: w.IAM, Catalogue: w.Catalogue, Keepers: nobody}
	v.ApplyPages = &applypages.Service{
		Kit: kit, Apply: s.Apply, Seal: w.Seal, IAM: w.IAM, Todo: &todo.Service{DB: w.DB, Due: w.Seal.Due}, Account: named(w.DB), Keepers: nobody, Bound: s.Bound,
	}
	v.Signing = &signing.Service{Signature: s.Signature, IAM: w.IAM, Kit: kit, Way: s.Auth.Way, Find: named(w.DB)}
	v.Stamps = &sealingpages.Service{
		Kit: kit, Sealing: s.Sealing, Seal: w.Seal, IAM: w.IAM, Blob: w.Blob, Way: s.Auth.Way,
		Askable: func(context.Context, string, string) ([]sealingpages.Choice, error) { return nil, nil },
	}
	var err error
	v.Stamps.Key, err = w.Keys.Index(t.Context(), "sealing.draft")
	must(t, err)
	for _, load := range []func() error{s.archivePages(v, kit), v.Complaints.Load, v.Items.Load, v.Lists.Load, v.Cases.Load, v.Transfers.Load, v.KindPages.Load, v.Designer.Load, v.Desk.Load, v.Batches.Load, v.Notices.Load, v.Providers.Load, v.SealPages.Load, v.ApplyPages.Load, v.Signing.Load, v.Stamps.Load} {
		must(t, load())
	}
}
