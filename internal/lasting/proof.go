package lasting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Proof is the evidence of a certificate's document, and what it says today.
type Proof struct {
	Certificate string      `json:"certificate"`
	State       string      `json:"state" enum:"waiting,stamped" doc:"waiting：尚未加盖第一个归档时间戳，文件自带的时间戳有效"`
	Since       time.Time   `json:"since,omitzero" doc:"此时文件已存在，且签章有效"`
	Until       time.Time   `json:"until,omitzero" doc:"最新的时间戳到期的时间；平台在此之前续加"`
	Stamped     []time.Time `json:"stamped,omitempty" doc:"加盖和续加归档时间戳的时间"`
	Digests     []string    `json:"digests,omitempty" doc:"各链的摘要算法，由旧到新，例如 sm3、sha256：多于一个即已改用后一种算法"`
	Report      *Report     `json:"report,omitempty" doc:"此刻验证的结论"`
	Record      *Record     `json:"record,omitempty"`
}

// States of evidence.
const (
	Waiting = "waiting"
	Stamped = "stamped"
)

// Proof returns the evidence of a certificate with today's verdict, to who may read
// certificates of its issuer.
func (s *Service) Proof(ctx context.Context, certificate string) (*Proof, error) {
	r, digest, err := s.record(ctx, certificate)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "lasting.read", Object: "cert/" + certificate}, err)
	}
	p := &Proof{Certificate: certificate, State: Waiting}
	if r == nil {
		return p, nil
	}
	data, err := s.Document(ctx, digest)
	if err != nil {
		return nil, fmt.Errorf("lasting: the document of %s: %w", certificate, err)
	}
	o, err := s.Options(ctx)
	if err != nil {
		return nil, err
	}
	p.State, p.Record, p.Report = Stamped, r, Verify(data, r, o)
	for i, x := range r.Stamps {
		p.Stamped = append(p.Stamped, x.At)
		if begins(r.Stamps, i) {
			p.Digests = append(p.Digests, x.digest())
		}
	}
	p.Since, p.Until = p.Report.Since, p.Report.Until
	return p, nil
}

// A Made is when evidence was made or renewed, and by which digest.
type Made struct {
	At     time.Time
	Digest string
}

// Stamps is when the evidence of a certificate's document was made and renewed, for
// the time line of who was allowed the certificate: it asks nobody. It is empty for
// a document of which nothing is noted.
func (s *Service) Stamps(ctx context.Context, certificate string, digest gm.Digest) (at []Made, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		at = nil
		all, err := certificatesOf(tx, digest)
		for _, d := range all {
			if err == nil && d.certificate == certificate {
				at, err = stampedTx(tx, d)
			}
		}
		return err
	})
	return at, err
}

// stampedTx is when a document's evidence was stamped and renewed.
func stampedTx(tx *db.Tx, d *documentRow) (at []Made, err error) {
	all, err := walk(tx, d.stamp, "")
	for _, b := range all {
		at = append(at, Made{b.stampedAt, b.digest})
	}
	return at, err
}

// DER is the evidence of a certificate as an EvidenceRecord of RFC 4998.
func (s *Service) DER(ctx context.Context, certificate string) ([]byte, error) {
	r, _, err := s.record(ctx, certificate)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "lasting.read", Object: "cert/" + certificate}, err)
	}
	if r == nil {
		return nil, fault.Conflict.New("尚未加盖归档时间戳").WithCode("lasting.waiting").WithHint("签发后数分钟内加盖；其间以文件自带的时间戳为准")
	}
	return r.DER()
}

// Options are what the platform verifies evidence by: today's trust, with the
// roots of the past.
func (s *Service) Options(ctx context.Context) (Options, error) {
	t, err := s.Trust(ctx)
	if err != nil {
		return Options{}, err
	}
	o := Options{Intermediates: t.Intermediates, Lists: t.CRLs, Algorithms: s.algorithms(), Now: s.DB.Now()}
	o.Anchors, err = s.anchors(ctx, t.Anchors)
	return o, err
}

// record puts the record of a certificate together; nil when nothing is stamped.
func (s *Service) record(ctx context.Context, certificate string) (r *Record, digest gm.Digest, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r = nil
		d, err := documentOf(tx, certificate)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, permRead, d.issuer); err != nil {
			return err
		}
		digest = d.digest
		r, err = s.recordTx(tx, d)
		return err
	})
	return r, digest, err
}

func (s *Service) recordTx(tx *db.Tx, d *documentRow) (*Record, error) {
	if d.stamp == "" {
		return nil, nil
	}
	q, err := s.sequenceTx(tx, d.stamp, "")
	if err != nil || len(q.levels) == 0 {
		return nil, err
	}
	place := slices.Index(q.documents, d.digest)
	if place < 0 {
		return nil, fmt.Errorf("lasting: batch %s does not hold what it was made for", d.stamp)
	}
	r := &Record{Version: 1, Document: d.digest[:]}
	if r.Stamps, err = q.stamps(place); err != nil || len(r.Stamps) == 0 {
		return nil, err
	}
	return r, nil
}
