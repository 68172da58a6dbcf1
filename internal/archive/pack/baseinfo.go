package pack

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// A fileRecord is what the metadata say about one electronic file.
type fileRecord struct {
	folder string // title of its folder

	Code      string `xml:"file_code"`
	Title     string `xml:"file_standard_name"`
	Origin    string `xml:"file_actual_name"`
	Format    string `xml:"format_information"`
	Name      string `xml:"computer_file_name"`
	Size      string `xml:"computer_file_size"` // bytes
	CreatedAt string `xml:"computer_file_creation_time"`
	Auxiliary string `xml:"auxiliary"`
	Shared    string `xml:"file_share"`
	Terms     string `xml:"file_share_conditions"`
}

// path is where the file stands in the package.
func (f *fileRecord) path() string {
	if f.folder != "" && strings.HasPrefix(f.Name, f.folder+"/") {
		return f.Name
	}
	return f.folder + "/" + f.Name
}

// A record is base_info as it is written: texts, whatever they say.
type record struct {
	values  map[string]string // by the name of the child
	twice   []string          // children that stand there more than once
	unknown []string          // children that nobody knows
	files   []fileRecord
	sets    int // filesets
}

func (r *record) meta() *Meta {
	m := &Meta{}
	for i := range fields {
		fields[i].set(m, strings.TrimSpace(r.values[fields[i].name]))
	}
	return m
}

// encode writes base_info: children in the order of the table, empty ones too,
// because readers of products count on them.
func (r *record) encode() []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + "<base_info>\n")
	for i := range fields {
		element(&b, 1, fields[i].name, r.values[fields[i].name])
	}
	b.WriteString("  <fileset>\n")
	for _, f := range folders {
		fmt.Fprintf(&b, "    <folder id=%q title=%q>\n", f.id, f.title)
		for i := range r.files {
			if r.files[i].folder == f.title {
				r.files[i].encode(&b)
			}
		}
		b.WriteString("    </folder>\n")
	}
	b.WriteString("  </fileset>\n</base_info>\n")
	return b.Bytes()
}

func (f *fileRecord) encode(b *bytes.Buffer) {
	b.WriteString("      <file>\n")
	for _, v := range [][2]string{
		{"file_code", f.Code}, {"file_standard_name", f.Title}, {"file_actual_name", f.Origin}, {"format_information", f.Format},
		{"computer_file_name", f.Name}, {"computer_file_size", f.Size}, {"computer_file_creation_time", f.CreatedAt},
		{"auxiliary", f.Auxiliary}, {"file_share", f.Shared}, {"file_share_conditions", f.Terms},
	} {
		element(b, 4, v[0], v[1])
	}
	b.WriteString("      </file>\n")
}

func element(b *bytes.Buffer, depth int, name, text string) {
	b.WriteString(strings.Repeat("  ", depth) + "<" + name + ">")
	_ = xml.EscapeText(b, []byte(text)) // a buffer takes everything
	b.WriteString("</" + name + ">\n")
}

// newDecoder reads XML of UTF-8, and of the national encodings that older
// systems declare.
func newDecoder(data []byte) *xml.Decoder {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	d.CharsetReader = func(label string, in io.Reader) (io.Reader, error) {
		switch strings.ToLower(label) {
		case "utf-8", "utf8":
			return in, nil
		case "gb2312", "gbk", "gb18030":
			return simplifiedchinese.GB18030.NewDecoder().Reader(in), nil
		}
		return nil, fmt.Errorf("charset %q", label)
	}
	return d
}

var errRoot = errors.New("the root element is not base_info")

// maxFiles bounds what one record lists.
const maxFiles = 20_000

// decodeRecord reads base_info, in any namespace and any order of children.
func decodeRecord(data []byte) (*record, error) {
	d := newDecoder(data)
	root, err := firstElement(d)
	if err != nil {
		return nil, err
	}
	if root.Name.Local != "base_info" {
		return nil, errRoot
	}
	r := &record{values: map[string]string{}}
	for {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := r.child(d, t); err != nil {
				return nil, err
			}
		case xml.EndElement:
			return r, atEnd(d)
		}
	}
}

func firstElement(d *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := d.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

// atEnd wants nothing but space and comments behind the root.
func atEnd(d *xml.Decoder) error {
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			return errors.New("a second root element")
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text behind the root element")
			}
		}
	}
}

func (r *record) child(d *xml.Decoder, start xml.StartElement) error {
	name := start.Name.Local
	if name == "fileset" {
		r.sets++
		return r.fileset(d, "", 0)
	}
	var text string
	if err := d.DecodeElement(&text, &start); err != nil {
		return err
	}
	if _, there := r.values[name]; there {
		r.twice = append(r.twice, name)
		return nil
	}
	if len(r.values) > 500 {
		return errors.New("too many children")
	}
	r.values[name] = text
	for i := range fields {
		if fields[i].name == name {
			return nil
		}
	}
	r.unknown = append(r.unknown, name)
	return nil
}

// fileset reads folders, which may stand inside each other (appendix C).
func (r *record) fileset(d *xml.Decoder, folder string, depth int) error {
	for {
		token, err := d.Token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.EndElement:
			return nil
		case xml.StartElement:
			switch {
			case t.Name.Local == "folder" && depth < 8:
				if err := r.fileset(d, joined(folder, attribute(t, "title")), depth+1); err != nil {
					return err
				}
			case t.Name.Local == "file":
				f := fileRecord{folder: folder}
				if err := d.DecodeElement(&f, &t); err != nil {
					return err
				}
				if r.files = append(r.files, f); len(r.files) > maxFiles {
					return errors.New("too many files")
				}
			default:
				if err := d.Skip(); err != nil {
					return err
				}
			}
		}
	}
}

func joined(folder, title string) string {
	if folder == "" {
		return title
	}
	return folder + "/" + title
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
