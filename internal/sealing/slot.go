package sealing

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"sidian/ofd"
)

// slotIDs is how many numbers a slot has for its signature and its stamps: more
// than a step has places.
const slotIDs = 4000

// slot returns the base document of a group as step n of it stamps it: with the
// folders and the numbers before it left free. Slot 0 is the base.
//
// A stamp takes the folder and the numbers that the list of signatures leaves.
// The list is no part of what a stamp covers, nor is a list of the same name in
// other letters; so the list of slot n names n stand-ins, which stand in such a
// part, and are gone where the stamps are put together. That this holds is
// verified of every stamp before it counts ([Service.verified]).
func slot(base *ofd.Document, n int) (*ofd.Document, error) {
	if n == 0 {
		return base, nil
	}
	body := base.Body()
	list := body.SignaturesPart
	stand := path.Join(path.Dir(list), swapCase(path.Base(list)))
	if stand == list || base.Part(list) == nil {
		return nil, errors.New("sealing: the document has no list of signatures that could leave a slot free")
	}
	for _, p := range base.Parts() {
		if p.Name == stand {
			return nil, errors.New("sealing: the document has two lists of signatures")
		}
	}
	most, err := body.MaxSignID()
	if err != nil {
		return nil, fmt.Errorf("sealing: numbers of the document: %w", err)
	}
	records := append([]ofd.SignatureRecord{}, body.Signatures()...)
	for i := range n {
		records = append(records, ofd.SignatureRecord{ID: strconv.Itoa(most + i*slotIDs + 1), Type: "Seal", Part: stand})
	}
	return base.With(
		ofd.NewPart(list, listWith(records, most+n*slotIDs)),
		ofd.NewPart(stand, []byte(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"+`<ofd:Signature xmlns:ofd="http://www.ofdspec.org/2016"/>`)))
}

func swapCase(s string) string {
	if up := strings.ToUpper(s); up != s {
		return up
	}
	return strings.ToLower(s)
}

// listWith is a list of signatures with these records, whose free numbers begin
// behind most.
func listWith(records []ofd.SignatureRecord, most int) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016"><ofd:MaxSignId>` +
		strconv.Itoa(most) + `</ofd:MaxSignId>`)
	for _, r := range records {
		b.WriteString(`<ofd:Signature ID="` + escape(r.ID) + `" Type="` + escape(r.Type) + `" BaseLoc="/` + escape(r.Part) + `"/>`)
	}
	b.WriteString(`</ofd:Signatures>`)
	return []byte(b.String())
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

func escape(s string) string { return escaper.Replace(s) }

// join puts the last signature of stamped, which was made in a slot of a base,
// into a document that the same base became.
func join(document, stamped *ofd.Document) (*ofd.Document, error) {
	records := stamped.Body().Signatures()
	if len(records) == 0 {
		return nil, errors.New("sealing: the stamped document has no signature")
	}
	last := records[len(records)-1]
	folder := path.Dir(last.Part) + "/"
	var parts []*ofd.Part
	for _, p := range stamped.Parts() {
		if !strings.HasPrefix(p.Name, folder) {
			continue
		}
		if document.Part(p.Name) != nil {
			return nil, fmt.Errorf("sealing: %s is in the document already", p.Name)
		}
		parts = append(parts, p)
	}
	id, err := strconv.Atoi(last.ID)
	if err != nil {
		return nil, fmt.Errorf("sealing: the number of a signature: %w", err)
	}
	most, err := maxID(document, stamped)
	if err != nil {
		return nil, err
	}
	list, err := document.SignaturesWith(0, ofd.NewSignature{ID: id, Type: last.Type, Loc: "/" + last.Part, MaxID: most})
	if err != nil {
		return nil, err
	}
	return document.With(append(parts, list)...)
}

func maxID(documents ...*ofd.Document) (most int, err error) {
	for _, d := range documents {
		n, err := d.Body().MaxSignID()
		if err != nil {
			return 0, fmt.Errorf("sealing: numbers of the document: %w", err)
		}
		most = max(most, n)
	}
	return most, nil
}
