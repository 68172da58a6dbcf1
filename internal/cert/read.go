package cert

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sidian/certid"
	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// Get returns the record of a certificate. That somebody saw it is recorded
// before he does.
func (s *Service) Get(ctx context.Context, id string) (*Certificate, error) {
	ctx, c, err := s.look(ctx, id, actView)
	if err != nil {
		return nil, err
	}
	if err := s.looked(ctx, audit.Entry{Action: actView, Object: object(id)}); err != nil {
		return nil, err
	}
	return c, nil
}

// look returns the masked record to who may see it, and the context under which
// that is to be recorded.
func (s *Service) look(ctx context.Context, id, action string) (context.Context, *Certificate, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return ctx, nil, err
	}
	ctx, err = s.mayLook(ctx, r, action)
	if err != nil {
		return ctx, nil, err
	}
	c, err := s.detail(ctx, r)
	return ctx, c, err
}

func (s *Service) find(ctx context.Context, fn func(*db.Tx) (*row, error)) (r *row, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if r, err = fn(tx); err != nil || r == nil {
			return err
		}
		if err := s.vet(tx, r); err != nil {
			return err
		}
		return kept(tx, r)
	})
	if err == nil && r != nil && r.Status == Altered {
		err = s.alarm(ctx, r)
	}
	return r, err
}

// Public finds a certificate by what anyone may hold in hand: its code or its
// identifier. What it returns is masked; a certificate that was never issued is
// not found. That somebody was told of it is recorded, once a minute for the
// same caller or address.
func (s *Service) Public(ctx context.Context, codeOrIdentifier string) (*Certificate, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) {
		r, err := byCode(tx, codeOrIdentifier)
		if errors.Is(err, fault.NotFound) {
			r, err = byIdentifier(tx, codeOrIdentifier)
		}
		return r, err
	})
	return s.public(ctx, r, err)
}

// ByIdentifier finds a certificate as Public does, by its identifier alone.
func (s *Service) ByIdentifier(ctx context.Context, identifier string) (*Certificate, error) {
	if _, err := certid.Parse(identifier); err != nil {
		return nil, unknown()
	}
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byIdentifier(tx, identifier) })
	return s.public(ctx, r, err)
}

// ByDocument finds the certificate whose sealed document has this digest.
func (s *Service) ByDocument(ctx context.Context, d gm.Digest) (*Certificate, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byDocument(tx, d) })
	return s.public(ctx, r, err)
}

func (s *Service) public(ctx context.Context, r *row, err error) (*Certificate, error) {
	if err != nil {
		return nil, err
	}
	if r.Status == Sealing || r.Status == Withdrawn {
		return nil, unknown()
	}
	c, err := s.record(ctx, r)
	if err != nil {
		return nil, err
	}
	c.Fields, c.Shown, c.CaseNo, c.Prior, c.Successor = nil, nil, "", "", ""
	if err := s.verified(ctx, c.ID); err != nil {
		return nil, err
	}
	return c, nil
}

// Document is [Service.Read] for who need not say what for: programs, and staff
// of the unit that issued it.
func (s *Service) Document(ctx context.Context, id string) ([]byte, *Certificate, error) {
	return s.Read(ctx, id, Reading{})
}

// Read returns the sealed OFD of an issued certificate, which says everything in
// full. Staff of other units say what for, else it is a fault.Invalid with the
// fields purpose and reason. That somebody read it is recorded before he gets
// it.
func (s *Service) Read(ctx context.Context, id string, rd Reading) ([]byte, *Certificate, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return nil, nil, err
	}
	c, err := s.record(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	ctx, err = s.mayRead(ctx, r, c.class, rd)
	if err != nil {
		return nil, nil, err
	}
	b, err := s.document(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	c.reading = rd
	err = s.looked(ctx, audit.Entry{Action: actRead, Object: object(id), Purpose: rd.Purpose, Reason: strings.TrimSpace(rd.Reason), After: c.Digest})
	if err != nil {
		return nil, nil, err
	}
	return b, c, nil
}

// PublicDocument returns the sealed OFD of the certificate that a code opens:
// who holds the code has seen the face. It is recorded as Public is.
func (s *Service) PublicDocument(ctx context.Context, code string) ([]byte, *Certificate, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byCode(tx, code) })
	c, err := s.public(ctx, r, err)
	if err != nil {
		return nil, nil, err
	}
	b, err := s.document(ctx, c)
	return b, c, err
}

func (s *Service) document(ctx context.Context, c *Certificate) ([]byte, error) {
	if c.Document == "" {
		return nil, fault.Conflict.New("证照正在制作，尚无版式文件").WithCode("cert.sealing").WithHint("请稍后再试")
	}
	b, err := s.Blob.Get(ctx, c.Digest)
	if errors.Is(err, fault.NotFound) {
		// The register names it: it is lost, which is not the asker's mistake.
		return nil, fmt.Errorf("cert: the document of %s is not in the store", c.ID)
	}
	return b, err
}

// Named tells the sweeper of documents which of them a certificate names.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (named map[gm.Digest]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { named, err = documentsNamed(tx, digests); return err })
	return named, err
}
