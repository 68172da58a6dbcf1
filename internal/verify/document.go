package verify

import (
	"context"
	"errors"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/provider"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// MaxDocument bounds what is accepted for verification.
const MaxDocument = 20 << 20

// Document gives the verdict on a document. It fails only when it could not
// tell: whatever the bytes are, there is a verdict on them.
func (s *Service) Document(ctx context.Context, name string, data []byte) (*Verdict, error) {
	v, err := s.examine(ctx, name, data, true)
	if err != nil {
		return nil, err
	}
	return v, s.tell(ctx, v)
}

// Answer gives the verdict on a document to another platform: asked with a nonce,
// signed, and on our own word alone.
func (s *Service) Answer(ctx context.Context, name string, data []byte, nonce string) (*Verdict, error) {
	if s.Providers == nil {
		return nil, fault.Unavailable.New("本平台没有开通带签名的核验答复").WithCode("verify.answer").WithHint("请不带 signed 参数核验，或联系平台管理员")
	}
	v, err := s.examine(ctx, name, data, false)
	if err != nil {
		return nil, err
	}
	own, err := s.Providers.Own(ctx, v.Report)
	if err != nil {
		return nil, err
	}
	var remarks []string
	for _, x := range v.Seals {
		remarks = append(remarks, "印章“"+x.Name+"”现状："+x.StateName)
	}
	rep := *v.Report
	rep.File = "" // the asker knows it, and it may name a person
	v.Signed, err = s.Providers.Sign(ctx, &rep, gm.Sum(data), nonce, own, remarks)
	return v, err
}

// examine gives the verdict; with ask, those who made the seals are asked.
func (s *Service) examine(ctx context.Context, name string, data []byte, ask bool) (*Verdict, error) {
	t, err := s.PKI.Trust(ctx)
	if err != nil {
		return nil, err
	}
	o := sign.Options{
		File: name, Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: s.DB.Now(), ChainCache: s.Cache,
	}
	v := newVerdict(gm.Sum(data))
	d, err := ofd.Open(data)
	if err != nil {
		v.Report = sign.Verify(data, o) // says why
		v.DocumentType, v.advice = formatOf(data)
	} else {
		v.Report = sign.VerifyDocument(d, o)
		v.DocumentType = typeOf(d, v.Report)
	}
	if ask && s.Providers != nil {
		sources, err := s.Providers.Ask(ctx, v.Report, name, data)
		if err != nil {
			return nil, err
		}
		v.weigh(sources)
	}
	if err := s.states(ctx, v); err != nil {
		return nil, err
	}
	if v.Register, err = s.register(ctx, v.digest, d); err != nil {
		return nil, err
	}
	if err := s.copies(ctx, v); err != nil {
		return nil, err
	}
	if err := s.members(ctx, v); err != nil {
		return nil, err
	}
	if s.Records != nil {
		found, err := s.Records(ctx, v.digest)
		if unlessUnknown(err) != nil {
			return nil, err
		}
		v.Records = append(v.Records, found...)
	}
	v.conclude(s.Mark)
	return v, nil
}

// newVerdict has no null where JSON has a list.
func newVerdict(digest gm.Digest) *Verdict {
	return &Verdict{Sources: []provider.Source{}, Seals: []SealState{}, Records: []Record{}, digest: digest}
}

// register finds the certificate: by the document's digest, else by the
// identifier that the document, if it could be opened, claims.
func (s *Service) register(ctx context.Context, digest gm.Digest, d *ofd.Document) (*Register, error) {
	c, err := s.Cert.ByDocument(ctx, digest)
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
