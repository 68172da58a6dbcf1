package pki

import (
	"context"
	"errors"
	"time"

	"sidian/gm"
)

// RequestFor says for whom a digital certificate is asked from an outside
// authority.
type RequestFor struct {
	Use       string // Unit or Personal
	Org       string // id of the organisation it is for, or that the person belongs to
	Account   string // id of the person; with Personal alone
	Name      string // common name; for a unit exactly its legal name
	Code      string // 统一社会信用代码, or the number by which the authority knows the person; may be empty
	Authority string // of whom it is asked, as people read it; may be empty
	Replaces  string // id of the registered digital certificate that the new one replaces; may be empty
}

// States of a request.
const (
	Waiting   = "waiting"   // the authority has not answered
	Installed = "installed" // its answer is registered
	Withdrawn = "withdrawn" // given up, or replaced by a newer request
)

// A CertificateRequest (证书请求) is a key of ours that an outside authority is
// asked to certify.
type CertificateRequest struct {
	ID string
	RequestFor
	State       string
	Key         string      // id of the key
	Request     *gm.Request // what is sent to the authority
	At          time.Time
	Until       time.Time // until when an answer is taken
	EndedAt     time.Time // when it was installed or withdrawn; zero: it waits
	Certificate string    // id of the digital certificate that answered; empty: none
}

// Request makes a key, and a request (PKCS#10) that an outside authority
// certify it. It needs pki.manage at the organisation.
func (s *Service) Request(ctx context.Context, r RequestFor) (*CertificateRequest, error) {
	return nil, errors.New("pki: not yet")
}

// Install takes what the authority answered: one or more digital certificates
// in PEM or DER, ours and what leads from it to an anchor. It needs pki.manage.
func (s *Service) Install(ctx context.Context, id string, answer []byte) (*Registered, error) {
	return nil, errors.New("pki: not yet")
}

// Withdraw gives up a request that waits, and retires its key.
func (s *Service) Withdraw(ctx context.Context, id, reason string) error {
	return errors.New("pki: not yet")
}

// Requests lists the requests of an organisation and of its people, newest first.
func (s *Service) Requests(ctx context.Context, org string) ([]CertificateRequest, error) {
	return nil, errors.New("pki: not yet")
}
