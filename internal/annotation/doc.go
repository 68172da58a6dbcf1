// Package annotation owns annotated copies (加注件) of electronic certificates
// (GB/T 36905-2018; our reading of it in docs). The original is not handed out
// for a purpose: a copy is made that says for whom, for what and until when.
//
// A copy is a new OFD with a number of its own: the face of the certificate with
// a watermark over each page, a page that says what the copy is for, the
// JZJ elements of GB/T 36903 in its metadata, the original byte for byte as an
// attachment, and the seal of the unit that answers for it over all of it, under a standing
// policy of that seal for [Purpose]. Both seals verify by themselves. When its
// time is over the copy still verifies; what it says of itself, and the register
// ([Service.Lookup]), is that it has expired.
//
// States: sealing → made, sealing → withdrawn. Making is two short transactions
// around one stamp, as issuing is (docs/issuance.md); [Service.Resume] finishes
// what a crash left.
//
// For whom and what for is encrypted, and stands neither in audit nor in events.
// That a copy was made stands in the audit under cert/<id>, and so in the trace
// of the certificate; its holders are told.
//
// Holders make copies of their own certificates themselves ([Service.MakeOwn]), so many
// a day, and take them back before their time; for whom and what for they are, nobody
// else is shown.
//
// Topics: event.Made, event.Ended. It owns the table annotation_copy.
package annotation

import (
	"context"
	"fmt"
	"time"

	"sidian/internal/blob"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/internal/seal/cover"
	"sidian/ofd/draw"
)

// Purpose is that of the standing policies under which copies are sealed.
const Purpose = cover.Kind

// Parts are what a Service works with. Notices may be nil: then nobody is told.
type Parts struct {
	DB      *db.DB
	Keys    *keys.Store
	IAM     *iam.Service
	Cert    *cert.Service
	Seal    *seal.Service
	Blob    *blob.Store
	Outbox  *outbox.Outbox
	Notices *notice.Service
	Fonts   *draw.Fonts
}

// A Service makes annotated copies and answers for them. It is safe for
// concurrent use.
type Service struct {
	Parts
	// Longest is how long a copy may be good; zero: a year.
	Longest time.Duration
	// Daily is how many copies a holder may make a day; zero: 20.
	Daily int
	// Step is called after each step of making, by its name; nil but in tests of
	// crashes.
	Step func(name string)
	// Lease is how long one attempt may take before Resume takes it over; zero: 30 s.
	Lease time.Duration

	box       *keys.Box
	recipient *keys.Index
	asked     *keys.Index
	numbers   *db.Numbers
	turns     turns
}

// New returns a Service, with its secrets from p.Keys.
func New(ctx context.Context, p Parts) (*Service, error) {
	s := &Service{Parts: p, numbers: p.DB.Numbers("annotation.number", 50)}
	var err error
	if s.box, err = p.Keys.Box(ctx); err != nil {
		return nil, fmt.Errorf("annotation: opening the box of columns: %w", err)
	}
	if s.recipient, err = p.Keys.Index(ctx, "annotation.recipient"); err != nil {
		return nil, fmt.Errorf("annotation: opening the index of recipients: %w", err)
	}
	if s.asked, err = p.Keys.Index(ctx, "annotation.request"); err != nil {
		return nil, fmt.Errorf("annotation: opening the index of requests: %w", err)
	}
	return s, nil
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

func (s *Service) lease() time.Duration {
	if s.Lease > 0 {
		return s.Lease
	}
	return 30 * time.Second
}
