package ofd

import (
	"fmt"

	"sidian/ofd/internal/xmlx"
)

// rootName is the one fixed name of a package (GB/T 33190-2016 §7.1).
const rootName = "OFD.xml"

// root is what OFD.xml says.
type root struct {
	Version, DocType string
	part             string
	prefix           string
	bodies           []docBody
}

type docBody struct {
	info       DocInfo
	docRoot    string // locations as written
	signatures string
	versions   []VersionRecord
	endAt      int // offset of </DocBody>, where an entry can be put in
}

// load reads the heads of the document. A part that is named but missing is a
// Problem: a verifier must be able to say so.
func (d *Document) load() error {
	p := d.Part(rootName)
	if p == nil {
		return malformed(rootName, "", "there is no such part")
	}
	d.root = &root{part: p.Name}
	if err := readXML(p, d.limits, d.root.read, "OFD"); err != nil {
		return err
	}
	if len(d.root.bodies) == 0 {
		return malformed(p.Name, "OFD", "there is no DocBody")
	}
	for i := range d.root.bodies {
		b, err := d.loadBody(i, &d.root.bodies[i])
		if err != nil {
			return err
		}
		d.bodies = append(d.bodies, b)
	}
	return nil
}

func (d *Document) loadBody(i int, entry *docBody) (*Body, error) {
	b := &Body{Index: i, Info: entry.info, doc: d}
	path := fmt.Sprintf("OFD/DocBody[%d]", i+1)
	main, name, err := d.Find(d.root.part, entry.docRoot)
	if err != nil {
		return nil, &MalformedError{Part: d.root.part, Path: path + "/DocRoot", Err: err}
	}
	b.DocRoot = name
	if main == nil {
		d.problem(name, "DocRoot names a part that is missing")
	} else if err := b.readDocument(main); err != nil {
		return nil, err
	}
	for _, v := range entry.versions {
		if v.Part, err = d.locate(d.root.part, []byte(v.Part)); err != nil {
			return nil, &MalformedError{Part: d.root.part, Path: path + "/Versions", Err: err}
		}
		b.Versions = append(b.Versions, v)
	}
	return b, b.loadSignatures(entry.signatures)
}

func (d *Document) problem(part, message string) {
	d.problems = append(d.problems, Problem{Part: part, Message: message})
}

func (o *root) read(r *xmlx.Reader) {
	o.Version, o.DocType = string(r.Attr("Version")), string(r.Attr("DocType"))
	o.prefix = string(r.Prefix())
	for d := r.Depth(); r.Child(d); {
		if string(r.Local()) != "DocBody" {
			continue
		}
		if len(o.bodies) >= 256 {
			r.Fail("more than 256 documents in a package")
			return
		}
		o.bodies = append(o.bodies, readDocBody(r))
	}
}

func readDocBody(r *xmlx.Reader) docBody {
	var b docBody
	for d := r.Depth(); r.Child(d); {
		switch string(r.Local()) {
		case "DocInfo":
			b.info = readDocInfo(r)
		case "DocRoot":
			b.docRoot = string(r.Trimmed())
		case "Signatures":
			b.signatures = string(r.Trimmed())
		case "Versions":
			for d := r.Depth(); r.Child(d); {
				b.versions = append(b.versions, VersionRecord{
					ID: string(r.Attr("ID")), Index: intOf(r.Attr("Index"), 0),
					Current: boolOf(r.Attr("Current"), false), Part: string(r.Attr("BaseLoc")),
				})
			}
		}
	}
	b.endAt = r.Offset()
	return b
}

func readDocInfo(r *xmlx.Reader) DocInfo {
	var i DocInfo
	texts := map[string]*string{
		"DocID": &i.DocID, "Title": &i.Title, "Author": &i.Author, "Subject": &i.Subject, "Abstract": &i.Abstract,
		"CreationDate": &i.CreationDate, "ModDate": &i.ModDate, "DocUsage": &i.DocUsage, "Cover": &i.Cover,
		"Creator": &i.Creator, "CreatorVersion": &i.CreatorVersion,
	}
	for d := r.Depth(); r.Child(d); {
		switch name := string(r.Local()); name {
		case "Keywords":
			for d := r.Depth(); r.Child(d); {
				i.Keywords = append(i.Keywords, string(r.Trimmed()))
			}
		case "CustomDatas":
			for d := r.Depth(); r.Child(d); {
				key := string(r.Attr("Name"))
				i.CustomDatas = append(i.CustomDatas, CustomData{Name: key, Value: string(r.Content())})
			}
		default:
			if to := texts[name]; to != nil {
				*to = string(r.Trimmed())
			}
		}
	}
	return i
}
