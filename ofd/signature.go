package ofd

// A SignatureRecord is an entry of Signatures.xml.
type SignatureRecord struct {
	Body     int    // index of the document it belongs to
	ID       string // plain number or any other text
	Type     string // Seal (also when left out) or Sign
	Typed    bool   // whether Type was written
	Relative string // ID of the signature it builds upon (GM/T 0099)
	BaseLoc  string // as written
	Part     string // part name of Signature.xml
}

type signatureList struct {
	Records []SignatureRecord
	MaxID   int
}

// A SignatureFile is what a Signature.xml says (GB/T 33190-2016 §18.2).
type SignatureFile struct {
	Part        string // its own part name
	Provider    Provider
	Method      string // SignatureMethod, an OID
	DateTime    string // as written: information, not protected time
	CheckMethod string // as written; "" when left out (MD5 by the standard)
	References  []Reference
	Stamps      []StampAnnot
	SealLoc     string // as written, "" when there is none
	Seal        string // part name of Seal.esl
	ValueLoc    string // as written
	Value       string // part name of SignedValue.dat
}

// A Provider names the software that signed.
type Provider struct{ Name, Version, Company string }

// A Reference is one protected part.
type Reference struct {
	FileRef    string // as written
	Part       string // part name; where no such part exists, the name it would have
	Missing    bool   // no such part
	CheckValue []byte // digest; nil when it is not base64
}

// A StampAnnot is where a seal shows on a page. Boundary is in the page's
// space, Clip (nil when left out) in the stamp's own.
type StampAnnot struct {
	ID       string
	PageRef  ID
	Boundary Box
	Clip     *Box
}

// Signature reads the Signature.xml of a record.
func (d *Document) Signature(r SignatureRecord) (*SignatureFile, error) {
	return d.readSignature(r)
}
