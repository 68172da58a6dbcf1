package sealing

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/ofd/draw"
	"sidian/ofd/sign"
)

// A Service takes requests to seal documents, and seals them. It is safe for
// concurrent use.
type Service struct {
	DB     *db.DB
	IAM    *iam.Service
	Seal   *seal.Service
	Blob   *blob.Store
	Outbox *outbox.Outbox
	Notice *notice.Service // nil: nobody is told
	Fonts  *draw.Fonts     // of the covers of annotated copies

	// Confirm asks whoever acts for a second factor, and tells which it was. Nil:
	// nothing can be approved.
	Confirm func(ctx context.Context, answer string) (factor string, err error)
	// Trust are the anchors by which a stamped document is verified before it is
	// acknowledged; nil: signatures are verified, and nobody's trust is asked.
	Trust func(ctx context.Context) (sign.Options, error)
	// BaseURL is where the platform is found, without a final slash.
	BaseURL string

	// Step is called after each step of stamping, by its name. It is nil but in
	// the tests that stop there.
	Step func(name string)
	// Lease is how long one attempt at stamping may take before Resume takes it
	// over; zero: 30 s.
	Lease time.Duration
	// Workers is how many documents of a batch are stamped at a time; zero: one
	// for each processor.
	Workers int
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

func (s *Service) tell(tx *db.Tx, n notice.Notice) error {
	if s.Notice == nil || n.Account == "" && n.Org == "" {
		return nil
	}
	return s.Notice.PutTx(tx, n)
}

// newID returns an identifier that sorts by nothing and tells nothing.
func newID() string { return strings.ToLower(rand.Text()[:20]) }

// link is the page of a request.
func link(id string) string { return "/console/sealing/" + id }

// object is how uses, approvals and the audit name a step.
func object(step string) string { return "sealing/" + step }
