package lasting

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/keys"
	"sidian/internal/outbox"
	"sidian/ofd/sign"
)

// permRead is what a certificate is looked at by: its proof says less.
const permRead = "cert.read"

// A Service gathers and renews evidence. Its fields are set before anything is
// asked of it; it is safe for concurrent use, also in several processes.
type Service struct {
	DB *db.DB
	// Document is the bytes of a document; fault.NotFound for one that is not there
	// any more.
	Document  func(ctx context.Context, digest gm.Digest) ([]byte, error)
	TimeStamp func(ctx context.Context, message []byte) (token []byte, err error) // by SM3
	// Others are time stamp authorities by which proof outlives SM3 and SM2, by the
	// names of [gm.Suites].
	Others map[string]Stamper
	// Trust is what documents are verified by today.
	Trust func(ctx context.Context) (sign.Options, error)
	// Mac tells the anchors that we trusted from those that somebody put in.
	Mac *keys.Index

	Algorithms Algorithms    // nil: Sunset
	Lead       time.Duration // how long before its end a time stamp is renewed; zero: 180 days
	Batch      int           // what one time stamp is over at most; zero: 4096
	Lease      time.Duration // how long one attempt at a batch may take; zero: 5 minutes

	// Step is called after each step of a batch, by its name; nil but in tests of
	// crashes.
	Step func(name string)
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

func (s *Service) algorithms() Algorithms {
	if s.Algorithms == nil {
		return Sunset()
	}
	return s.Algorithms
}

func or[T int | time.Duration](v, otherwise T) T {
	if v > 0 {
		return v
	}
	return otherwise
}

func (s *Service) lead() time.Duration  { return or(s.Lead, 180*24*time.Hour) }
func (s *Service) batch() int           { return or(s.Batch, 4096) }
func (s *Service) lease() time.Duration { return or(s.Lease, 5*time.Minute) }

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

// Consumer notes the document of each certificate that is issued. What was issued
// before there was evidence comes by [outbox.Outbox.Backfill].
func (s *Service) Consumer() outbox.Consumer {
	return outbox.Consumer{Name: "lasting", Topics: []string{event.Issued}, HandleAll: s.take, Rows: true}
}

func (s *Service) take(tx *db.Tx, all []outbox.Event) error {
	for _, ev := range all {
		var c event.Certificate
		if err := ev.Decode(&c); err != nil {
			return err
		}
		b, err := hex.DecodeString(c.Document)
		if err != nil || len(b) != len(gm.Digest{}) {
			return fmt.Errorf("lasting: the event of %s names no document", c.ID)
		}
		if err := insertDocument(tx, c.ID, c.Issuer, b); err != nil {
			return err
		}
	}
	return nil
}

// anchors are the roots that are trusted, and those that were when evidence was
// gathered.
func (s *Service) anchors(ctx context.Context, today *gm.Pool) (*gm.Pool, error) {
	all := today.Certificates()
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		all = today.Certificates()
		rows, err := anchors(tx)
		if err != nil {
			return err
		}
		for _, a := range rows {
			if mac := s.mac(a.data); string(mac[:]) != string(a.mac) {
				return errors.New("lasting: an anchor that was not put down by us")
			}
			c, err := gm.ParseCertificate(a.data)
			if err != nil {
				return fmt.Errorf("lasting: reading an anchor: %w", err)
			}
			all = append(all, c)
		}
		return nil
	})
	return gm.NewPool(all...), err
}

func (s *Service) mac(anchor []byte) gm.Digest {
	return s.Mac.Of(hex.EncodeToString(anchor))
}
