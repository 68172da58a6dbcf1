package verify

import (
	"context"
	"errors"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// MaxDocument bounds what is accepted for verification.
const MaxDocument = 20 << 20

// Document gives the verdict on a document. It fails only when it could not
// tell: whatever the bytes are, there is a verdict on them.
func (s *Service) Document(ctx context.Context, name string, data []byte) (*Verdict, error) {
	t, err := s.PKI.Trust(ctx)
	if err != nil {
		return nil, err
	}
	o := sign.Options{
		File: name, Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: s.DB.Now(), ChainCache: s.Cache,
	}
	v := &Verdict{}
	d, err := ofd.Open(data)
	if err != nil {
		v.Report = sign.Verify(data, o) // says why
	} else {
		v.Report = sign.VerifyDocument(d, o)
	}
	if v.Register, err = s.register(ctx, data, d); err != nil {
		return nil, err
	}
	v.conclude(s.Mark)
	return v, nil
}

// register finds the certificate: by the document's digest, else by the
// identifier that the document, if it could be opened, claims.
func (s *Service) register(ctx context.Context, data []byte, d *ofd.Document) (*Register, error) {
	c, err := s.Cert.ByDocument(ctx, gm.Sum(data))
	if err == nil {
		return registerOf(c, true), nil
	}
	if !errors.Is(err, fault.NotFound) || d == nil {
		return nil, unlessUnknown(err)
	}
	claimed, ok := d.Info().Custom("ZZBS")
	if !ok {
		return nil, nil
	}
	c, err = s.Cert.ByIdentifier(ctx, claimed)
	if err != nil {
		return nil, unlessUnknown(err)
	}
	return registerOf(c, false), nil
}

// unlessUnknown drops the error of what the register does not know.
func unlessUnknown(err error) error {
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// A Standing is what the register says of a certificate that is named by its
// code or identifier, with the verdict on its own document.
type Standing struct {
	*Verdict
	Certificate *cert.Certificate `json:"-"`
}

// Code gives the standing of the certificate that a scanned code or a typed
// identifier names.
func (s *Service) Code(ctx context.Context, code string) (*Standing, error) {
	c, err := s.Cert.Public(ctx, code)
	if err != nil {
		return nil, err
	}
	data, _, err := s.Cert.PublicDocument(ctx, c.Code)
	if err != nil {
		return nil, err
	}
	v, err := s.Document(ctx, c.Identifier+".ofd", data)
	if err != nil {
		return nil, err
	}
	return &Standing{Verdict: v, Certificate: c}, nil
}
