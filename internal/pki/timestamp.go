package pki

import (
	"context"
	"crypto/rand"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"sidian/gm"
	"sidian/internal/keys"
)

// Respond answers a time stamp request (RFC 3161, GM/T 0033) with the built-in
// authority. A request that cannot be granted is answered too, with a status
// that says so.
func (s *Service) Respond(ctx context.Context, request []byte) ([]byte, error) {
	set, err := s.authorities(ctx)
	if err != nil {
		return nil, err
	}
	a := set.find(Timestamp)
	if a == nil {
		return nil, errAbsent()
	}
	signer, err := s.Keys.Signer(ctx, a.keyID, keys.Timestamp)
	if err != nil {
		return nil, err
	}
	tsa := &gm.TimestampAuthority{Certificate: a.Certificate, Signer: signer, Policy: s.policy(), Accuracy: time.Second}
	return tsa.Respond(request, s.DB.Now().UTC())
}

// defaultPolicy names the policy of the built-in time stamps: a number of our own
// in the arc that needs no registration (ITU-T X.667, 2.25).
var defaultPolicy = asn1.ObjectIdentifier{2, 25, 572916308}

func (s *Service) policy() asn1.ObjectIdentifier {
	if s.StampPolicy != nil {
		return s.StampPolicy
	}
	return defaultPolicy
}

// TimeStamp returns a token over message, from the outside authority when one
// is configured and otherwise from the built-in one.
func (s *Service) TimeStamp(ctx context.Context, message []byte) ([]byte, error) {
	request, err := gm.NewTimestampRequest(message, nonce())
	if err != nil {
		return nil, err
	}
	ask := s.Respond
	if s.Outside.TimeStamp != nil {
		ask = s.Outside.TimeStamp
	}
	response, err := ask(ctx, request)
	if err != nil {
		return nil, fmt.Errorf("pki: asking for a time stamp: %w", err)
	}
	token, err := gm.ParseTimestampResponse(response)
	if err != nil {
		return nil, fmt.Errorf("pki: reading the time stamp: %w", err)
	}
	return token, nil
}

// nonce ties a response to its request.
func nonce() *big.Int {
	b := make([]byte, 8)
	rand.Read(b) // never fails
	return new(big.Int).SetBytes(b)
}
