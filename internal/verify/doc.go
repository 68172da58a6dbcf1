// Package verify gives one verdict on anything that is shown to it: a document
// by its bytes, a certificate by its identifier or by the code on its face.
//
// A verdict on a document has two halves. What the document says of itself is
// the report of package ofd/sign, against our trust. What the register says is
// whether the document was issued here and what has become of it since. A
// document that verifies and that no register knows is said to be just that.
//
// It owns no table.
package verify

import (
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/pki"
	"sidian/ofd/sign"
)

// A Service verifies. It is safe for concurrent use.
type Service struct {
	DB    *db.DB
	PKI   *pki.Service
	Cert  *cert.Service
	Cache *sign.ChainCache
	// Mark is what stands across every document of this platform: 样例 in a
	// demo, otherwise empty.
	Mark string
}
