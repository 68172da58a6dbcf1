package sign

import (
	"time"

	"sidian/gm"
)

// Options say what Verify may rely on. It asks nobody else.
type Options struct {
	File string // name for the report

	Anchors       *gm.Pool // certificates trusted for themselves; nil: none
	Intermediates *gm.Pool // helps to build chains; never trusted for themselves
	CRLs          []*gm.RevocationList
	OCSP          []*gm.OCSPResponse

	Now time.Time // the present; the zero time switches off what needs it
	// At, when set, is the time as of which the question is asked, instead of
	// Now: what was revoked later does not count. Signer and seal are judged at
	// the signing time all the same, as the standard wants.
	At time.Time

	Strict bool // no revocation data is undetermined instead of a warning

	ChainCache *ChainCache // keeps what was found about certificates; nil: none is kept
}
