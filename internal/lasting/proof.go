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
	for _, x := range r.Stamps {
		p.Stamped = append(p.Stamped, x.At)
	}
	p.Since, p.Until = p.Report.Since, p.Report.Until
	return p, nil
}

// Stamps is when the evidence of a certificate's document was made and renewed, for
// the time line of who was allowed the certificate: it asks nobody. It is empty for
// a document of which nothing is noted.
func (s *Service) Stamps(ctx context.Context, certificate string, digest gm.Digest) (at []time.Time, err error) {
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
func stampedTx(tx *db.Tx, d *documentRow) (at []time.Time, err error) {
	for id := d.stamp; id != "" && len(at) < maxStamps; {
		b, err := batchOf(tx, id)
		if err != nil || b.token == nil { // chosen, and not stamped yet
			return at, err
		}
		at, id = append(at, b.stampedAt), b.next
	}
	return at, nil
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
	r := &Record{Version: 1, Document: d.digest[:]}
	leaf := d.digest
	for id := d.stamp; id != "" && len(r.Stamps) < maxStamps; {
		b, err := batchOf(tx, id)
		if err != nil {
			return nil, err
		}
		if b.token == nil { // chosen, and not stamped yet
			break
		}
		leaves, _, err := s.leavesTx(tx, b)
		if err != nil {
			return nil, err
		}
		i := slices.Index(leaves, leaf)
		if i < 0 {
			return nil, fmt.Errorf("lasting: batch %s does not hold what it was made for", id)
		}
		material, err := materialOf(tx, b.material)
		if err != nil {
			return nil, err
		}
		t := grow(leaves, gm.Sum(material))
		r.Stamps = append(r.Stamps, Stamp{At: b.stampedAt, Path: t.path(i), Material: material, Token: b.token})
		leaf, id = gm.Sum(b.token), b.next
	}
	if len(r.Stamps) == 0 {
		return nil, nil
	}
	return r, nil
}
