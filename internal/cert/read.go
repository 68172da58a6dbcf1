package cert

import (
	"context"
	"math"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// Get returns the record of a certificate.
func (s *Service) Get(ctx context.Context, id string) (*Certificate, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return nil, err
	}
	if err := allowed(ctx, "cert.read", r.Issuer); err != nil {
		return nil, err
	}
	return s.record(ctx, r)
}

func (s *Service) find(ctx context.Context, fn func(*db.Tx) (*row, error)) (r *row, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { r, err = fn(tx); return err })
	return r, err
}

// Public finds a certificate by what anyone may hold in hand: its code or its
// identifier. What it returns is masked; a certificate that was never issued is
// not found.
func (s *Service) Public(ctx context.Context, codeOrIdentifier string) (*Certificate, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) {
		if r, err := byCode(tx, codeOrIdentifier); err == nil {
			return r, nil
		}
		return byIdentifier(tx, codeOrIdentifier)
	})
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
		return nil, fault.NotFound.New("没有这份电子证照").WithCode("cert.not-found").WithHint("请核对证照标识或查验码")
	}
	c, err := s.record(ctx, r)
	if err != nil {
		return nil, err
	}
	c.Fields, c.CaseNo = nil, ""
	return c, nil
}

// A ListQuery asks for a page of certificates.
type ListQuery struct {
	Issuer string // one issuer; empty: all that the caller may read
	Kind   string
	Number string
	Holder string // whole identifier or whole name of a holder
	Limit  int
	Cursor string

	issuers []string
	holder  *gm.Digest
}

// Document returns the sealed OFD of an issued certificate.
func (s *Service) Document(ctx context.Context, id string) ([]byte, *Certificate, error) {
	c, err := s.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	b, err := s.document(ctx, c)
	return b, c, err
}

// PublicDocument returns the sealed OFD of the certificate that a code opens:
// who holds the code has seen the face.
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
	return s.Blob.Get(ctx, c.Digest)
}

const noCursor = math.MaxInt64
