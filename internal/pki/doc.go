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
// A request (证书请求) is a key of ours that an outside authority is asked to
// certify; its answer is installed: looked at from every side ([Service.Check])
// and registered. An issuer (签发机构名单) is an authority whose digital
// certificates are accepted. Anchors come by configuration alone; the list only
// narrows what they vouch for, and what stands in the database widens nothing.
//
// Outside revocation lists are fetched hourly ([Service.FetchLists]), from hosts
// that the configuration lists. One that cannot be had any more still revokes what
// it revoked; past its end it vouches for nothing, and a check that needs it says
// Unknown, which refuses nobody and is said by doctor.
//
// Proof that has to outlive SM3 and SM2 is stamped by an authority of another suite,
// under a root of its own ([Service.PrepareSuite]): it is made when it is needed first.
//
// It owns the tables pki_authority, pki_suite, pki_certificate, pki_list, pki_request,
// pki_between, pki_issuer and pki_outside_list.
package pki

import (
	"context"
	"encoding/asn1"
	"sync"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/httpx"
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

	// Region is that of the platform (GB/T 2260, 6 digits), for issuers that serve
	// a region; empty: every issuer serves here.
	Region string

	// Step is called after each step of a request, by tests; nil: none.
	Step func(string)

	making sync.Mutex // held while a list is signed: one at a time is enough
	cache  cache
}

// Outside names the authorities that are not ours, by configuration.
type Outside struct {
	Anchors       []*gm.Certificate // whom we trust beside the built-in root
	Intermediates []*gm.Certificate
	// Issuers are accepted by configuration: with one here, or in the table, only
	// those listed are, beside the built-in authority. With none, whoever an anchor
	// vouches for.
	Issuers []Issuer
	// Client fetches revocation lists and asks OCSP responders; nil: neither.
	Client *httpx.Client
	// TimeStamp asks an outside time stamp authority (RFC 3161, GM/T 0033);
	// nil: the built-in one.
	TimeStamp func(ctx context.Context, request []byte) (response []byte, err error)
}
