package ofd

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"sidian/ofd/internal/xmlx"
)

func emptySignatures() []byte {
	var e encoder
	e.head("Signatures")
	e.more()
	e.element("MaxSignId", "0")
	e.close("Signatures")
	return e.b
}

// PrepareSignatures gives a document whose OFD.xml links a list of signatures:
// the same document where it does already. It must be done before anything is
// digested, since it changes OFD.xml; nothing else in that part changes.
func (d *Document) PrepareSignatures(body int) (*Document, error) {
	if body < 0 || body >= len(d.bodies) {
		return nil, fmt.Errorf("ofd: preparing signatures: there is no document %d in the package", body)
	}
	b := d.bodies[body]
	if b.SignaturesPart != "" && d.Part(b.SignaturesPart) != nil {
		return d, nil
	}
	if b.SignaturesPart != "" {
		return d.With(NewPart(b.SignaturesPart, emptySignatures()))
	}
	name := path.Join(path.Dir(b.DocRoot), "Signs/Signatures.xml")
	if d.Part(name) != nil {
		return nil, fmt.Errorf("ofd: preparing signatures: %s exists but is not linked", name)
	}
	p := d.Part(rootName)
	data, err := p.Data()
	if err != nil {
		return nil, err
	}
	element := "<" + d.qualified("Signatures") + ">" + string(xmlx.AppendText(nil, "/"+name)) + "</" + d.qualified("Signatures") + ">"
	at := d.root.bodies[body].endAt
	edited := NewPartLevel(p.Name, splice(data, at, element), p.level)
	return d.With(edited, NewPart(name, emptySignatures()))
}

func (d *Document) qualified(local string) string {
	if d.root.prefix == "" {
		return local
	}
	return d.root.prefix + ":" + local
}

func splice(data []byte, at int, text string) []byte {
	out := make([]byte, 0, len(data)+len(text))
	out = append(out, data[:at]...)
	out = append(out, text...)
	return append(out, data[at:]...)
}

// NextSignature gives the folder for the next signature, absolute and without
// a slash at its end ("/Doc_0/Signs/Sign_0"), and the first number that neither
// a signature nor a stamp uses.
func (d *Document) NextSignature(body int) (folder string, id int, err error) {
	if body < 0 || body >= len(d.bodies) {
		return "", 0, fmt.Errorf("ofd: numbering a signature: there is no document %d in the package", body)
	}
	b := d.bodies[body]
	if id, err = b.MaxSignID(); err != nil {
		return "", 0, fmt.Errorf("ofd: numbering a signature: %w", err)
	}
	root := path.Join(path.Dir(b.DocRoot), "Signs")
	for n := len(b.signatures.Records); ; n++ {
		folder = path.Join(root, "Sign_"+strconv.Itoa(n))
		if !d.hasFolder(folder) {
			return "/" + folder, id + 1, nil
		}
	}
}

func (d *Document) hasFolder(folder string) bool {
	for _, p := range d.parts {
		if len(p.Name) > len(folder) && p.Name[len(folder)] == '/' && strings.EqualFold(p.Name[:len(folder)], folder) {
			return true
		}
	}
	return false
}

// MaxSignID is the largest number used by signatures and their stamps
// (GB/T 33190-2016 §18.1), also where MaxSignId in the file is lower or left
// out. Names that are not numbers do not count.
func (b *Body) MaxSignID() (int, error) {
	list := signatureList{MaxID: b.signatures.MaxID}
	for _, rec := range b.signatures.Records {
		if b.doc.Part(rec.Part) == nil {
			continue
		}
		f, err := b.doc.readSignature(rec)
		if err != nil {
			return 0, err
		}
		for _, s := range f.Stamps {
			list.seen(s.ID)
		}
	}
	return list.MaxID, nil
}

// NewSignature is a record to add to Signatures.xml.
type NewSignature struct {
	ID    int    // its number
	Type  string // Seal or Sign
	Loc   string // absolute location of Signature.xml
	MaxID int    // the largest number in use afterwards, stamps included
}

// SignaturesWith gives the document's Signatures.xml with a record added, to be
// put in by With; everything else in it stays as it is.
func (d *Document) SignaturesWith(body int, rec NewSignature) (*Part, error) {
	if body < 0 || body >= len(d.bodies) {
		return nil, fmt.Errorf("ofd: adding a signature: there is no document %d in the package", body)
	}
	p := d.Part(d.bodies[body].SignaturesPart)
	if d.bodies[body].SignaturesPart == "" || p == nil {
		return nil, errors.New("ofd: adding a signature: the list was not prepared")
	}
	data, err := p.Data()
	if err != nil {
		return nil, err
	}
	list, err := scanSignatures(p, d.limits)
	if err != nil {
		return nil, err
	}
	return NewPartLevel(p.Name, list.insert(data, rec), p.level), nil
}

// A signaturesText is where the pieces of a Signatures.xml stand.
type signaturesText struct {
	prefix           string
	body, end        int // behind the start tag, before the end tag
	selfClosed       bool
	hasMax           bool
	maxBegin, maxEnd int // the element MaxSignId
}

func scanSignatures(p *Part, lim Limits) (*signaturesText, error) {
	s := &signaturesText{}
	err := readXML(p, lim, func(r *xmlx.Reader) {
		s.prefix = string(r.Prefix())
		s.body, s.selfClosed = r.EndOffset(), r.SelfClosing()
		for d := r.Depth(); r.Child(d); {
			if string(r.Local()) == "MaxSignId" {
				s.hasMax, s.maxBegin = true, r.Offset()
				r.Content()
				s.maxEnd = r.EndOffset()
			}
		}
		s.end = r.Offset()
	}, "Signatures")
	return s, err
}

func (s *signaturesText) name(local string) string {
	if s.prefix == "" {
		return local
	}
	return s.prefix + ":" + local
}

func (s *signaturesText) insert(data []byte, rec NewSignature) []byte {
	record := "<" + s.name("Signature") + ` ID="` + strconv.Itoa(rec.ID) + `"` +
		string(xmlx.AppendAttr(nil, "Type", rec.Type)) + string(xmlx.AppendAttr(nil, "BaseLoc", rec.Loc)) + "/>"
	maxText := "<" + s.name("MaxSignId") + ">" + strconv.Itoa(rec.MaxID) + "</" + s.name("MaxSignId") + ">"
	if s.selfClosed {
		at := bytes.LastIndexByte(data[:s.body], '/')
		out := append([]byte{}, data[:at]...)
		out = append(out, ">"+maxText+record+"</"+s.name("Signatures")+">"...)
		return append(out, data[s.body:]...)
	}
	out := make([]byte, 0, len(data)+len(record)+len(maxText))
	if s.hasMax {
		out = append(out, data[:s.maxBegin]...)
		out = append(out, maxText...)
		out = append(out, data[s.maxEnd:s.end]...)
	} else {
		out = append(out, data[:s.body]...)
		out = append(out, maxText...)
		out = append(out, data[s.body:s.end]...)
	}
	out = append(out, record...)
	return append(out, data[s.end:]...)
}

// MarshalSignature writes a Signature.xml (GB/T 33190-2016 §18.2) out of the
// fields that say what was written: locations as they are, not part names.
func MarshalSignature(f *SignatureFile) ([]byte, error) {
	e := encoder{b: make([]byte, 0, 512+len(f.References)*160)}
	e.head("Signature")
	e.more()
	e.start("SignedInfo")
	e.open("Provider")
	e.attr("ProviderName", f.Provider.Name)
	e.opt("Version", f.Provider.Version)
	e.opt("Company", f.Provider.Company)
	e.empty()
	e.text("SignatureMethod", f.Method)
	e.text("SignatureDateTime", f.DateTime)
	e.open("References")
	e.opt("CheckMethod", f.CheckMethod)
	e.more()
	if len(f.References) == 0 {
		e.fail("a signature: nothing is referenced")
	}
	for _, ref := range f.References {
		e.open("Reference")
		e.attr("FileRef", ref.FileRef)
		e.more()
		e.start("CheckValue")
		e.b = base64.StdEncoding.AppendEncode(e.b, ref.CheckValue)
		e.close("CheckValue")
		e.close("Reference")
	}
	e.close("References")
	for _, s := range f.Stamps {
		e.open("StampAnnot")
		e.attr("ID", s.ID)
		e.id("PageRef", s.PageRef)
		e.box("Boundary", s.Boundary)
		if s.Clip != nil {
			e.box("Clip", *s.Clip)
		}
		e.empty()
	}
	if f.SealLoc != "" {
		e.start("Seal")
		e.element("BaseLoc", f.SealLoc)
		e.close("Seal")
	}
	e.close("SignedInfo")
	e.element("SignedValue", f.ValueLoc)
	e.close("Signature")
	return e.b, e.err
}
