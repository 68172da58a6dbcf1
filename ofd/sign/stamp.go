package sign

import (
	"time"

	"sidian/gm"
	"sidian/ofd"
	"sidian/ses"
)

// Provider is the product named in Signature.xml unless the options name another.
const Provider = "sidian"

// Place is where the imprint shows. Lengths are millimetres from the upper
// left corner of the page.
type Place struct {
	PageIndex  int // from 0
	X, Y, W, H float64
	Clip       *Clip // nil: the whole imprint
}

// Clip is the part of the imprint that shows, in its own coordinates (mm): a
// seal that straddles pages has a slice on each.
type Clip struct{ X, Y, W, H float64 }

// StampOptions say how a seal is put on a document.
type StampOptions struct {
	Seal        *ses.Seal // V4, listing the signer
	Signer      gm.Signer
	Certificate *gm.Certificate // the signer's
	Places      []Place         // at least one
	Time        time.Time       // signing time

	// Timestamp, when set, returns a time-stamp token over the octets of the
	// signature value.
	Timestamp func(value []byte) (token []byte, err error)

	Closed       bool // cover Signatures.xml too: no further signature can be added
	ProviderName string
	DocIndex     int // which DocBody, from 0
}

// SignOptions say how a document is signed without a seal.
type SignOptions struct {
	Signer      gm.Signer
	Certificate *gm.Certificate
	Chain       []*gm.Certificate // further certificates put in, optional
	Time        time.Time
	Form        gm.Form // FormAttributes (default), FormDigest or FormContent

	Closed       bool
	ProviderName string
	DocIndex     int
}

// Stamp adds a seal signature of GB/T 38540-2020 and returns the document with
// it; d itself is unchanged. A *RefusedError says why a document may not be stamped.
func Stamp(d *ofd.Document, opts StampOptions) (*ofd.Document, error) {
	return nil, refuse("not_built", "")
}

// Sign adds a digital signature of GB/T 35275 and returns the document with
// it; d itself is unchanged. A *RefusedError says why a document may not be signed.
func Sign(d *ofd.Document, opts SignOptions) (*ofd.Document, error) {
	return nil, refuse("not_built", "")
}

// RefusedError says by which rule a document may not be signed. Code is
// stable, Reason is Chinese and names the way out.
type RefusedError struct{ Code, Reason string }

func (e *RefusedError) Error() string { return "sign: refused: " + e.Code }

func refuse(code, reason string) error { return &RefusedError{Code: code, Reason: reason} }
