// Package web is the user interface: pages rendered on the server from
// templates, on one small design system of our own (assets/app.css), usable
// with the keyboard and without scripts.
//
// A page calls the same services as the interface for programs and never
// touches the database. A refusal is shown where it was made: at the field, or
// as a page that says the rule and who can help.
package web

import (
	"sync"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/iam"
	"sidian/internal/verify"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Verify    *verify.Service
	// Mark stands at the head of every page of a demo, empty otherwise.
	Mark string
	// Endpoints are what /docs lists.
	Endpoints func() []Endpoint

	views   *views
	samples sync.Map // sampleKey -> []byte
}

// An Endpoint is one line of the interface's documentation.
type Endpoint struct{ Tag, Method, Path, Need, Summary string }
