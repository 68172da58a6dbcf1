// Package web is the user interface: pages rendered on the server from
// templates, made with the kit of web/page, usable with the keyboard and
// without scripts. This package has the pages for everybody and those of who
// issues certificates; those about one's account, of administrators and of
// auditors are packages below it.
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
	"sidian/internal/todo"
	"sidian/internal/verify"
	"sidian/internal/web/page"
)

// A Service serves the pages. It is safe for concurrent use.
type Service struct {
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Verify    *verify.Service
	// Todo is what waits for the reader, which stands first; nil: nothing does.
	Todo *todo.Service
	// Mark stands at the head of every page of a demo, empty otherwise.
	Mark string
	// Endpoints are what /docs lists.
	Endpoints func() []Endpoint

	// Kit makes the pages; Load makes one with Mark when it is nil.
	Kit *page.Kit

	set     *page.Set
	samples sync.Map // sampleKey -> []byte
}

// An Endpoint is one line of the interface's documentation.
type Endpoint struct{ Tag, Method, Path, Need, Summary string }
