// Package event holds the topics and bodies of what happens to providers. It
// imports nothing, so that any context may know them.
package event

// Distrusted: a provider gave an answer that is not to be believed. It is an
// alarm: somebody should look.
const Distrusted = "provider.distrusted"

// Distrust is its body. It holds no personal data.
type Distrust struct {
	Object   string `json:"object"` // provider/{id}
	Org      string `json:"org"`    // that registered the provider
	Result   string `json:"result"` // lying, foreign or refused
	Reason   string `json:"reason"` // Chinese, for people
	Document string `json:"document"`
	At       int64  `json:"at"` // milliseconds
}
