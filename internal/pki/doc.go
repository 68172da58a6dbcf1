// Package pki owns digital certificates (数字证书): the built-in authority that
// issues them on the embedded default, what an outside authority issued and was
// registered here, revocation lists, time stamps, and the trust by which
// documents are verified.
//
// Words: an authority (签发机构) signs digital certificates; the root signs the
// issuing authority and the time stamp authority, and nothing else. A
// registration (登记) is the row of one digital certificate. Trust is the set
// of anchors, intermediates and revocation lists that a verifier needs.
//
// It owns the tables pki_authority, pki_certificate and pki_list.
package pki

import (
	"context"
	"encoding/asn1"
	"sync"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// A Service issues, revokes and answers for digital certificates. It is safe
// for concurrent use.
type Service struct {
	DB   *db.DB
	Keys *keys.Store
	// BaseURL is where revocation lists are served, without a final slash. It
	// stands in every digital certificate that is issued.
	BaseURL string
	// Outside is what comes from authorities that are not ours.
	Outside Outside
	// StampPolicy stands in the built-in authority's time stamps; nil: ours.
	StampPolicy asn1.ObjectIdentifier

	making sync.Mutex // held while a list is signed: one at a time is enough
	cache  cache
}

// Outside names the authorities that are not ours, by configuration.
type Outside struct {
	Anchors       []*gm.Certificate // whom we trust beside the built-in root
	Intermediates []*gm.Certificate
	// TimeStamp asks an outside time stamp authority (RFC 3161, GM/T 0033);
	// nil: the built-in one.
	TimeStamp func(ctx context.Context, request []byte) (response []byte, err error)
}
