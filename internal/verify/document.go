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
	v := &Verdict{Report: sign.Verify(data, sign.Options{
		File: name, Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: s.DB.Now(), ChainCache: s.Cache,
	})}
	if v.Register, err = s.register(ctx, data); err != nil {
		return nil, err
	}
	v.conclude()
	return v, nil
}

// register finds the certificate: by the document's digest, else by the
// identifier that the document claims.
func (s *Service) register(ctx context.Context, data []byte) (*Register, error) {
	c, err := s.Cert.ByDocument(ctx, gm.Sum(data))
	if err == nil {
		return registerOf(c, true), nil
	}
	if !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	d, err := ofd.Open(data)
	if err != nil {
		return nil, nil // the report says so
	}
	claimed, ok := d.Info().Custom("ZZBS")
	if !ok {
		return nil, nil
	}
	c, err = s.Cert.Public(ctx, claimed)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return registerOf(c, false), nil
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
