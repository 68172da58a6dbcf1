// Package signature owns personal electronic signatures (个人电子签名): who may
// sign as themselves, what is laid before whom to be signed, the handwriting,
// the signature on the document, and the proof of how it came about.
//
// Words: an identity (签名身份) is a person's digital certificate and the key that
// the platform keeps for it. A task (签署任务) lays one document before its
// signers, in groups: the signers of a group may sign in any order, and the next
// group follows when all of them have. A place is where a signature is to show.
// A drawing is the handwriting as it was written (package ink). The intent
// (签署意愿) is the sentence that the person is shown and confirms with a second
// factor. A link leads a person to their task, a pad is a link that takes one
// drawing and nothing else. The evidence is an OFD file that tells how each
// signature came about.
//
// States of an identity: applied → effective → cancelled | replaced; expired
// comes from time. Of a task: open → done | refused | withdrawn | expired. Of a
// signer: waiting → invited → viewed → captured → confirmed → signed, or refused.
//
// Signing is two short transactions around one signature. The first confirms:
// intent, factor and place are recorded. Then the maker of seals turns the
// handwriting into an electronic seal of the person (GB/T 38540), it is stamped
// with the person's key on the document as it stands, and stored. The second
// puts the new document in place of the one that was signed, if that one still
// stands; otherwise another signer was faster, and it is signed over what stands
// now. [Service.Resume] finishes what a crash left.
//
// # Personal data
//
// Names, citizen numbers, titles and messages are encrypted in their columns;
// people are found by the blind index of number and name together; lists, links
// and evidence show names masked. Handwriting is treated like a biometric trait:
// its strokes and its picture are encrypted, strokes are deleted when the signature
// stands or the task ends without it, and with them the picture, which from then
// on stands in the document alone. A claim by a person whose name and number are
// not those of the invited is refused without telling which of both differs.
//
// Topics: see package event.
//
// It owns the tables signature_identity, signature_task, signature_signer,
// signature_link, signature_event and signature_platform.
package signature

import (
	"context"
	"time"

	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/ofd"
	"sidian/ofd/draw"
)

// A Service is the context of personal signatures. It is safe for concurrent use.
type Service struct {
	DB     *db.DB
	IAM    *iam.Service
	Keys   *keys.Store
	PKI    *pki.Service
	Seal   *seal.Service
	Blob   *blob.Store
	Outbox *outbox.Outbox
	Box    *keys.Box       // of the encrypted columns
	Index  *keys.Index     // of people: number and name together
	Fonts  *draw.Fonts     // of the evidence
	Notice *notice.Service // nil: nobody is told in the platform

	// Confirm proves once more that it is the person who sits there, and returns
	// by what (totp, password …). Without it nothing is signed.
	Confirm func(ctx context.Context, answer string) (factor string, err error)
	// Convert makes an OFD of a PDF (ofd/convert), or refuses with a fault.Invalid
	// whose message is the reason. nil: only OFD is taken.
	Convert func(pdf []byte) (*ofd.Document, error)
	// Name is whoever runs the platform: it signs evidence where the unit has no
	// seal for it.
	Name string
	// BaseURL is where links lead, without a final slash.
	BaseURL string
	// TimeStamps says whether each signature carries a time stamp.
	TimeStamps bool
	// Items adds to, and replaces by code, the items that the program knows.
	Items []Item

	// Step is called after each step of signing and enrolling, by its name. It is
	// nil but in the tests that kill the process there.
	Step func(name string)
	// Lease is how long one attempt at signing may take before Resume takes it
	// over; zero: 30 s.
	Lease time.Duration
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

// beijing is the zone in which people read times.
var beijing = time.FixedZone("CST", 8*3600)
