// Package cert owns electronic certificates (电子证照): their issue, their
// documents, and what is known of each.
//
// Words: the plan (签发计划) is all that a certificate will say, written down
// before the seal is asked for; from one plan the same document comes each
// time. The number (证照编号) is printed on the face and unique for kind and
// issuer; the identifier (电子证照标识) is that of GB/T 36904; the code (查验码) is
// what the QR on the face opens. A document is the sealed OFD, kept by digest.
//
// States: sealing → effective, sealing → withdrawn; what becomes of an issued one
// is the table of package state, and [Service.Act] does it. A certificate whose
// validity is over counts as expired at once; [Service.Expire] writes it down and
// into the public list (package status), where every certificate has a place from
// its issue on. A change, a replacement and a correction issue the next version,
// with the same number, and end the one before in the same transaction. Issuing is two short transactions around
// one stamp (docs/issuance.md); [Service.Resume] finishes what a crash left.
//
// Several seals (ISS-12): a kind.yaml says of each seal slot whose seal stands
// there by its role (issuer; superior, the unit above the issuer; or other words
// such as 会签部门, whose unit the request names in seals) and when by its order,
// the lower first, those of one order in parallel. A kind with more than the
// issuer's one seal, or with another unit's, is planned first, and then package
// sealing asks each unit's custodian, with the document and under an approval of
// its own ([Desk]); the certificate becomes effective when the last has sealed,
// and is withdrawn with the reason when one refuses. What a program plans waits
// until staff of the issuer ask for the seals.
//
// Transfer (ISS-15): from a day on another unit answers for the certificates of
// a kind that a unit issued ([Certificate.Unit]), by a transfer that the unit
// above both agreed to. Rows do not change: who answers is looked up by the date.
//
// Looking: a record is masked by the class of each field; who needs more says
// what for ([Service.Reveal], [Service.Read]). Every way on which a certificate
// is shown leaves an audit row with the object cert/<id> before it is shown, so
// that the audit can say who saw it; a list leaves one row.
//
// Topics: event.Issued, event.Withdrawn, event.Changed.
//
// It owns the tables cert_certificate, cert_holder, cert_issuer, cert_act,
// cert_export, cert_transfer and cert_physical.
package cert

import (
	"context"
	"sync"
	"time"

	"sidian/internal/blob"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/outbox"
	"sidian/internal/seal"
)

// A Service issues certificates and answers for them. It is safe for
// concurrent use.
type Service struct {
	DB        *db.DB
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Seal      *seal.Service
	Blob      *blob.Store
	Outbox    *outbox.Outbox
	Box       *keys.Box   // of the encrypted columns
	Index     *keys.Index // of holders' identifiers and names
	// Status is the public list of states; nil: none is kept.
	Status Book
	// Guard tells rows that were edited in the database; nil: nothing does.
	Guard *Guard
	// Backdate is how many days ago a decision may lie that Act records; zero: 30.
	Backdate int
	// BaseURL is where the code on a face leads, without a final slash.
	BaseURL string
	// Stamped is when lasting proof of a certificate's document was made and
	// renewed, the oldest first; nil: nobody keeps any.
	Stamped func(ctx context.Context, c *Certificate) ([]ProofStamp, error)
	// Desk asks people for seals; nil: kinds of several seals are refused.
	Desk Desk
	// Mark is printed across every document: 样例 in a demo, otherwise empty.
	Mark string
	// Step is called after each step of issuing, by its name. It is nil but in
	// the tests that kill the process there.
	Step func(name string)
	// Lease is how long one attempt at issuing may take before Resume takes it
	// over; zero: 30 s.
	Lease time.Duration
	// Wait is how long a repetition waits for a first that is on its way; zero:
	// 5 s.
	Wait time.Duration

	numbers   sync.Map // sequence → *db.Numbers
	strangers strangers
}

// A Book is package status's list of certificates: it says a state (of package
// state) in public, in the transaction in which it becomes true.
type Book interface {
	SayTx(tx *db.Tx, object string, v uint8) (uri string, index int64, err error)
	PlaceTx(tx *db.Tx, object string) (uri string, index int64, ok bool, err error)
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

func (s *Service) lease() time.Duration { return or(s.Lease, 30*time.Second) }
func (s *Service) wait() time.Duration  { return or(s.Wait, 5*time.Second) }

func or(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// cell is where an encrypted value of this package stands.
func cell(column, row string) keys.Cell {
	return keys.Cell{Table: "cert_certificate", Column: column, Row: row}
}
