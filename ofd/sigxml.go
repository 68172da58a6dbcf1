package ofd

import (
	"encoding/base64"
	"fmt"
	"strings"

	"sidian/ofd/internal/xmlx"
)

// loadSignatures reads Signatures.xml (GB/T 33190-2016 §18.1).
func (b *Body) loadSignatures(loc string) error {
	if strings.TrimSpace(loc) == "" {
		return nil
	}
	d := b.doc
	p, name, err := d.Find(d.root.part, loc)
	if err != nil {
		return &MalformedError{Part: d.root.part, Path: fmt.Sprintf("OFD/DocBody[%d]/Signatures", b.Index+1), Err: err}
	}
	b.SignaturesPart = name
	if p == nil {
		d.problem(name, "OFD.xml names a list of signatures that is missing")
		return nil
	}
	var bad error
	err = readXML(p, d.limits, func(r *xmlx.Reader) {
		for depth := r.Depth(); r.Child(depth); {
			switch string(r.Local()) {
			case "MaxSignId":
				b.signatures.seen(string(r.Trimmed()))
			case "Signature":
				rec := SignatureRecord{
					Body: b.Index, ID: string(r.Attr("ID")), Type: string(r.Attr("Type")), Typed: r.Has("Type"),
					Relative: string(r.Attr("Relative")), BaseLoc: string(r.Attr("BaseLoc")),
				}
				if rec.Type == "" {
					rec.Type = "Seal"
				}
				b.signatures.seen(rec.ID)
				if rec.Part, err = d.locate(p.Name, r.Attr("BaseLoc")); err != nil && bad == nil {
					bad = &MalformedError{Part: p.Name, Path: "Signatures/Signature", Err: err}
				}
				b.signatures.Records = append(b.signatures.Records, rec)
			}
		}
	}, "Signatures")
	if err != nil {
		return err
	}
	return bad
}

// seen takes a number into account: "4", "005" and "s4" are all met.
func (l *signatureList) seen(id string) {
	if n := intOf([]byte(strings.TrimLeft(id, "sS")), 0); n < 1<<30 {
		l.MaxID = max(l.MaxID, n)
	}
}

func (d *Document) readSignature(rec SignatureRecord) (*SignatureFile, error) {
	p := d.Part(rec.Part)
	if p == nil {
		return nil, malformed(rec.Part, "", "there is no such part")
	}
	f := &SignatureFile{Part: p.Name}
	err := readXML(p, d.limits, func(r *xmlx.Reader) {
		for depth := r.Depth(); r.Child(depth); {
			switch string(r.Local()) {
			case "SignedInfo":
				f.readInfo(r, d)
			case "SignedValue":
				f.ValueLoc = string(r.Trimmed())
				f.Value, _ = d.locate(p.Name, []byte(f.ValueLoc))
			}
		}
	}, "Signature")
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *SignatureFile) readInfo(r *xmlx.Reader, doc *Document) {
	for d := r.Depth(); r.Child(d); {
		switch string(r.Local()) {
		case "Provider":
			f.Provider = readProvider(r)
		case "SignatureMethod":
			f.Method = string(r.Trimmed())
		case "SignatureDateTime":
			f.DateTime = string(r.Trimmed())
		case "References":
			f.CheckMethod = string(r.Attr("CheckMethod"))
			f.readReferences(r, doc)
		case "StampAnnot":
			f.Stamps = append(f.Stamps, StampAnnot{
				ID: string(r.Attr("ID")), PageRef: idOf(r.Attr("PageRef")),
				Boundary: boxOf(r.Attr("Boundary")), Clip: boxPtr(r.Attr("Clip")),
			})
		case "Seal":
			for d := r.Depth(); r.Child(d); {
				if string(r.Local()) == "BaseLoc" {
					f.SealLoc = string(r.Trimmed())
					f.Seal, _ = doc.locate(f.Part, []byte(f.SealLoc))
				}
			}
		}
	}
}

// readProvider reads attributes, or the child elements iOFD writes.
func readProvider(r *xmlx.Reader) Provider {
	p := Provider{string(r.Attr("ProviderName")), string(r.Attr("Version")), string(r.Attr("Company"))}
	for d := r.Depth(); r.Child(d); {
		switch string(r.Local()) {
		case "ProviderName":
			p.Name = string(r.Trimmed())
		case "Version":
			p.Version = string(r.Trimmed())
		case "Company":
			p.Company = string(r.Trimmed())
		}
	}
	return p
}

func (f *SignatureFile) readReferences(r *xmlx.Reader, doc *Document) {
	for d := r.Depth(); r.Child(d); {
		if string(r.Local()) != "Reference" {
			continue
		}
		ref := Reference{FileRef: string(r.Attr("FileRef"))}
		part, name, err := doc.Find(f.Part, ref.FileRef)
		ref.Part, ref.Missing = name, part == nil || err != nil
		for d := r.Depth(); r.Child(d); {
			if string(r.Local()) == "CheckValue" {
				ref.CheckValue = decodeBase64(r.Content())
			}
		}
		f.References = append(f.References, ref)
	}
}

// decodeBase64 reads xs:base64Binary, in which white space may stand; nil when
// it is not that.
func decodeBase64(b []byte) []byte {
	clean := make([]byte, 0, len(b))
	for _, c := range b {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			clean = append(clean, c)
		}
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(clean)))
	n, err := base64.StdEncoding.Strict().Decode(out, clean)
	if err != nil {
		return nil
	}
	return out[:n]
}
