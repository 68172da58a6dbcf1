package catalogue

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sidian/certid"
	"sidian/internal/catalogue/face"
	"sidian/internal/fault"
)

func (k *Kind) draft(c *Content, i Issuance) (*Draft, error) {
	f := &facts{kind: k, holders: slices.Clone(c.Holders), from: c.ValidFrom, to: c.ValidTo, iss: i, fields: maps.Clone(c.Fields)}
	if f.fields == nil {
		f.fields = map[string]Value{}
	}
	id, err := k.assign(f)
	if err != nil {
		return nil, err
	}
	if err := k.compute(f); err != nil {
		return nil, err
	}
	d := &Draft{
		Number: f.number, Serial: f.serial, Identifier: id, Holders: f.holders, Fields: f.fields,
		ValidFrom: f.from, ValidTo: f.to, Metadata: k.metadata(f),
	}
	d.Face, err = k.faceValues(f, d)
	return d, err
}

// assign makes number, serial and identifier, and mints the holder's code.
func (k *Kind) assign(f *facts) (certid.ID, error) {
	i := &f.iss
	if i.Issuer.Code.IsZero() {
		return certid.ID{}, fault.Conflict.New("颁发机构没有登记统一社会信用代码，无法编制电子证照标识").WithCode("catalogue.issuer").
			WithHint("请联系系统管理员在机构信息中补充统一社会信用代码")
	}
	if i.Sequence < 1 && (i.Number == "" || i.Serial == "") {
		return certid.ID{}, fmt.Errorf("catalogue: drafting: the sequence begins at 1, got %d", i.Sequence)
	}
	if k.Holders.MintID && len(f.holders) > 0 && f.holders[0].ID == "" {
		code, err := mintCode(*i)
		if err != nil {
			return certid.ID{}, err
		}
		f.holders[0].ID = code.String()
	}
	switch {
	case i.Number != "":
		f.number = i.Number
	case k.Number.Holder:
		f.number = f.holders[0].ID
	default:
		var err error
		if f.number, err = k.numberOf(f); err != nil {
			return certid.ID{}, err
		}
	}
	if f.serial = i.Serial; f.serial == "" {
		f.serial = serial(*i)
	}
	id, err := certid.New(k.Code, i.Issuer.Code, f.serial, max(i.Version, 1))
	if err != nil {
		return certid.ID{}, fmt.Errorf("catalogue: identifier of a new certificate: %w", err)
	}
	f.ident = id.String()
	return id, nil
}

// serial is the issuer's serial in the identifier: day, division and sequence,
// digits only, since no reader confuses those (GB/T 36904 leaves it open). Where a
// rule of its own numbers, so does its version: each counts from 1, and both may on
// one day.
func serial(i Issuance) string {
	of := ""
	if i.Rule != nil {
		of = fmt.Sprintf("%04d", i.Rule.Version)
	}
	return strings.ReplaceAll(i.Issued.String(), "-", "") + i.Issuer.Region.String() + of + fmt.Sprintf("%08d", i.Sequence)
}

// compute fills the fields that have a source, and those that have a default
// and were not given.
func (k *Kind) compute(f *facts) error {
	p := problems{}
	for i := range k.Fields {
		field := &k.Fields[i]
		from := field.Source
		if from == "" {
			from = field.Default
		}
		if _, given := f.fields[field.Key]; given || from == "" {
			continue
		}
		if s := f.get(from); s != "" {
			f.fields[field.Key] = Value{Text: s}
		} else if field.Required {
			p.add("fields."+field.Key, "required", "“%s”无法由系统推出，请填写", field.Label)
		}
	}
	return p.err("填写的内容不符合“" + k.Title + "”的要求")
}

// faceValues is what the template prints.
func (k *Kind) faceValues(f *facts, d *Draft) (face.Values, error) {
	v := face.Values{
		DocID: f.iss.DocID, Title: k.Title, Author: f.iss.Issuer.Name, Created: f.iss.Issued.String(),
		Texts: map[string]string{}, Pictures: map[string]face.Picture{}, Rows: map[string][]map[string]string{},
		Code: f.iss.Code, Mark: f.iss.Mark, Metadata: d.Metadata,
	}
	for i := range k.Fields {
		field := &k.Fields[i]
		value := f.fields[field.Key]
		switch {
		case value.Picture != nil:
			v.Pictures[field.Key] = *value.Picture
		case value.Rows != nil:
			v.Rows[field.Key] = value.Rows
		case value.Text != "":
			v.Texts[field.Key] = value.Text
		}
	}
	for _, name := range k.sources {
		if s := f.get(name); s != "" {
			v.Texts["@"+name] = s
		}
	}
	if len(v.Rows) == 0 {
		return v, nil // the metadata holds every field
	}
	var err error
	v.Data, err = k.data(d)
	return v, err
}

// data is the face as an attached file, for kinds with tables, which the metadata
// has no place for. Pictures are on the page and not repeated.
func (k *Kind) data(d *Draft) ([]byte, error) {
	type field struct {
		Key   string `json:"key"`
		Label string `json:"label"`
		Value Value  `json:"value"`
	}
	out := struct {
		Kind       string   `json:"kind"`
		Name       string   `json:"name"`
		Identifier string   `json:"identifier"`
		Number     string   `json:"number"`
		Holders    []Holder `json:"holders"`
		Fields     []field  `json:"fields"`
	}{k.Code.String(), k.Title, d.Identifier.String(), d.Number, d.Holders, nil}
	for i := range k.Fields {
		f := &k.Fields[i]
		if v := d.Fields[f.Key]; !v.IsZero() && v.Picture == nil {
			out.Fields = append(out.Fields, field{f.Key, f.Label, v})
		}
	}
	data, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("catalogue: writing the face data: %w", err)
	}
	return data, nil
}
