package ses

import (
	"encoding/asn1"
	"time"

	"sidian/gm"
)

// Signature is a seal signature: a seal put on a document by a signer.
type Signature struct {
	Version int // V1, V4 or V5, by shape
	Stated  int // the number in TBS_Sign

	Seal         *Seal
	Time         time.Time // timeInfo; zero when it could not be read
	DataHash     []byte    // digest of Signature.xml
	PropertyInfo string    // path of Signature.xml by habit; never to be trusted as one
	Extensions   []Extension

	Signer    *gm.Certificate // nil when SignerRaw cannot be parsed
	SignerRaw []byte
	Algorithm asn1.ObjectIdentifier
	Value     []byte // the signer's signature value
	ValueDER  []byte // the element that holds Value, as stored
	Timestamp []byte // token as stored, V4 timeStamp or V1 timeInfo; nil without

	Raw   []byte    // the whole structure as stored
	TBS   []byte    // the element toSign as stored
	Notes []gm.Note // leniencies met while reading, the seal's included
}

// ParseSignature reads a seal signature of any version. The result refers to
// der, which must not be changed afterwards.
func ParseSignature(der []byte) (*Signature, error) {
	r := &reader{}
	s, err := r.signature(der)
	if err != nil {
		return nil, err
	}
	s.Notes = r.notes
	return s, nil
}
