package seal

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/pki"
	"sidian/internal/seal/event"
	"sidian/internal/status"
	"sidian/ses"
)

// A MakeRequest asks for a seal.
type MakeRequest struct {
	ID      string // chosen by the caller: the same again is the same seal; empty: a new one
	Org     string // id of the organisation
	OrgName string // its legal name, as registered: the digital certificate's name
	OrgCode string // 统一社会信用代码, as registered
	Kind    string
	Name    string // what the imprint says: begins with the legal name, or is a person's
	Imprint Imprint
	// Custodian keeps the seal; filing needs one. Person is whose seal it is, for
	// seals of persons. Both are accounts.
	Custodian, Person string
	// Certificate is the serial number or id of a registered digital certificate
	// to be used, and Key the id of its key, empty where the register knows it;
	// without one the built-in authority issues one for a new key.
	Certificate, Key string
	Replaces         string    // the seal whose place it takes when it is filed
	Application      string    // the application that it comes from
	Statement        gm.Digest // of the applicant's signed statement about the imprint
}

// digest tells a repetition from another request.
func (r *MakeRequest) digest() gm.Digest {
	h := gm.NewHash()
	for _, f := range [][]byte{
		[]byte(r.ID), []byte(r.Org), []byte(r.OrgName), []byte(r.OrgCode), []byte(r.Kind), []byte(r.Name), r.Imprint.PNG,
		fmt.Appendf(nil, "%d×%d", r.Imprint.Width, r.Imprint.Height), []byte(r.Custodian), []byte(r.Person),
		[]byte(r.Certificate), []byte(r.Key), []byte(r.Replaces), []byte(r.Application), r.Statement[:],
	} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(f))))
		h.Write(f)
	}
	return gm.Digest(h.Sum(nil))
}

// Make makes a seal, which waits to be filed: a key, a digital certificate for
// it, and the seal over the imprint as it was given, signed by the maker. It is
// valid exactly as long as the digital certificate.
//
// It may be repeated after a crash with the same request: what exists of the seal
// by then is used. The same ID with another request is a fault.Conflict.
func (s *Service) Make(ctx context.Context, r MakeRequest) (*Seal, error) {
	if r.ID == "" {
		r.ID = newID()
	}
	x, err := s.make(ctx, &r)
	if err != nil {
		return nil, s.Refused(ctx, "seal.make", object(r.ID), err)
	}
	return x, nil
}

func (s *Service) make(ctx context.Context, r *MakeRequest) (*Seal, error) {
	w, err := s.prepare(ctx, r)
	if err != nil {
		return nil, err
	}
	if w.made != nil {
		return w.made, nil
	}
	maker, makerCertificate, err := s.maker(ctx)
	if err != nil {
		return nil, fmt.Errorf("seal: the maker: %w", err)
	}
	if err := s.plan(ctx, w); err != nil {
		return nil, err
	}
	if err := s.certify(ctx, w); err != nil {
		return nil, err
	}
	x := &Seal{
		ID: r.ID, Org: r.Org, Kind: r.Kind, Name: r.Name, State: Made, Custodian: r.Custodian, Person: r.Person,
		ValidFrom: w.certificate.NotBefore, ValidTo: w.certificate.NotAfter, RenewFrom: w.certificate.NotAfter.AddDate(0, 0, -renewDays),
		Certificate: w.certificate.SerialNumber.Text(16), Imprint: hexOf(gm.Sum(r.Imprint.PNG)), Statement: hexOf(r.Statement),
		Application: r.Application, Replaces: r.Replaces, path: w.path,
	}
	made, err := ses.MakeSeal(ses.SealOptions{
		ID: x.ID, VendorID: vendor, Type: typeUnit, Name: x.Name, Signers: []*gm.Certificate{w.certificate},
		Created: s.DB.Now(), ValidFrom: x.ValidFrom, ValidTo: x.ValidTo,
		Picture: ses.Picture{Type: "PNG", Data: r.Imprint.PNG, Width: r.Imprint.Width, Height: r.Imprint.Height},
	}, maker, makerCertificate)
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "印章不能制作：印模或名称不符合 GB/T 38540").WithCode("seal.make").WithHint("请核对印章名称与印模")
	}
	s.step("sign")
	return s.keep(ctx, w, x, made)
}

// What stands in every seal.
const (
	vendor   = "sidian"
	typeUnit = 1
	// typePerson is that of a seal made of a signature.
	typePerson = 2
)

// renewDays is how long before its end a seal may be renewed where no table of
// deadlines says so (the rule seal.renew).
const renewDays = 30

// keep stores a seal that was signed, unless a repetition was faster.
func (s *Service) keep(ctx context.Context, w *work, x *Seal, made *ses.Seal) (*Seal, error) {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		m, err := makingOf(tx, x.ID)
		if err != nil {
			return err
		}
		if m == nil || m.closed {
			return nil
		}
		x.CreatedAt = tx.Now()
		if fresh, err := insertSeal(tx, x, w.key, made.Raw, w.certificate.Raw); err != nil || !fresh {
			return err
		}
		if err := closeMaking(tx, x.ID); err != nil {
			return err
		}
		if err := s.became(tx, x, event.Made, status.Suspended); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "seal.make", Object: object(x.ID), After: gm.Sum(made.Raw)})
	})
	if err != nil {
		return nil, err
	}
	s.step("keep")
	if err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { x, err = byID(tx, w.ID); return err }); err != nil {
		return nil, err
	}
	return x, s.discard(ctx, w, x)
}

// discard revokes the digital certificate that this call had issued while
// another made the seal with its own.
func (s *Service) discard(ctx context.Context, w *work, x *Seal) error {
	if !w.issued || x.Certificate == w.certificate.SerialNumber.Text(16) {
		return nil
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return revoke(tx, w.certificate, pki.Superseded, "同时制作，未使用") })
	if err != nil {
		return err
	}
	return s.PKI.Publish(ctx)
}

// newID returns an identifier that sorts by nothing and tells nothing.
func newID() string { return strings.ToLower(rand.Text()[:20]) }

// work is a making under way.
type work struct {
	*MakeRequest
	org         iam.Org
	path        string
	key         string // id
	again       bool   // an earlier call began it
	certificate *gm.Certificate
	issued      bool  // certificate was issued in this call
	made        *Seal // by an earlier call
}
