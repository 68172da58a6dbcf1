package ses

import (
	"encoding/asn1"
	"time"

	"sidian/gm"
)

// Versions of the structures, told by shape.
const (
	V1 = 1 // GM/T 0031-2014
	V4 = 4 // GB/T 38540-2020
	V5 = 5 // GM/T 0031-2025
)

// Limits on what is read. A seal of the field is 5 to 60 KB.
const (
	MaxSize       = 5 << 20 // octets of a seal or seal signature
	MaxPicture    = 4 << 20 // octets of the picture
	MaxSigners    = 1000    // entries in the list of signers
	MaxExtensions = 100
	maxText       = 4096 // octets in a name or identifier
)

// CertListType says how a seal names its signers (GB/T 38540-2020, SES_ESPropertyInfo).
const (
	ListCertificates = 1 // whole digital certificates
	ListDigests      = 2 // digests of digital certificates
)

// Seal is an electronic seal: a picture, its signers and the maker's signature.
type Seal struct {
	Version int // V1, V4 or V5, by shape
	Stated  int // the number in the header

	HeaderID string // "ES"
	VendorID string // of the maker's product
	ID       string // the seal's identifier
	Type     int    // kind of seal, free; 1 unit and 2 personal in V1
	Name     string

	CertListType       int            // ListCertificates or ListDigests
	SignerCertificates [][]byte       // DER of each signer's digital certificate
	SignerDigests      []SignerDigest // when CertListType is ListDigests

	Created   time.Time
	ValidFrom time.Time
	ValidTo   time.Time

	Picture    Picture
	Extensions []Extension

	Maker     *gm.Certificate // nil when MakerRaw cannot be parsed
	MakerRaw  []byte          // DER of the maker's digital certificate
	Algorithm asn1.ObjectIdentifier
	Value     []byte // the maker's signature value
	Timestamp []byte // V5: token over the seal, as stored; nil without

	Raw   []byte    // the whole seal as stored
	Info  []byte    // the element eSealInfo as stored
	Notes []gm.Note // leniencies met while reading

	signInfo []byte // contents of cert and signAlgID, as stored: part of what V1 signs
}

// Picture is the imprint. Width and Height are millimetres.
type Picture struct {
	Type          string // PNG, GIF, JPG, BMP, SVG or OFD in any case
	Data          []byte
	Width, Height int
}

// SignerDigest names a signer by the digest of the digital certificate's DER.
type SignerDigest struct {
	Algorithm string // "SM3" as a rule
	Value     []byte
}

// Extension is a vendor's addition; nothing here depends on it.
type Extension struct {
	ID       asn1.ObjectIdentifier
	Critical bool
	Value    []byte
}

// ParseSeal reads a seal of any version. The error says which element is not
// what the standards' shapes allow; leniencies are in the seal's Notes.
// The seal refers to der, which must not be changed afterwards.
func ParseSeal(der []byte) (*Seal, error) {
	r := &reader{}
	s, err := r.seal(der)
	if err != nil {
		return nil, err
	}
	s.Notes = r.notes
	return s, nil
}
