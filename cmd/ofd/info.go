package main

import (
	"sidian/ofd"
)

type infoCommand struct {
	File string `arg:""`
	JSON bool   `name:"json" help:"${flag_json}"`
}

type documentInfo struct {
	File        string           `json:"file"`
	Version     string           `json:"version"`
	DocType     string           `json:"doc_type"`
	Parts       int              `json:"parts"`
	Bodies      []bodyInfo       `json:"documents"`
	Signatures  []signatureInfo  `json:"signatures"`
	Attachments []attachmentInfo `json:"attachments"`
	Problems    []string         `json:"problems"`
}

type bodyInfo struct {
	DocID        string     `json:"doc_id"`
	Title        string     `json:"title"`
	Author       string     `json:"author"`
	Created      string     `json:"created"`
	Modified     string     `json:"modified"`
	Creator      string     `json:"creator"`
	MetadataSize int        `json:"metadata"`
	Pages        []pageInfo `json:"pages"`
	Fonts        []fontInfo `json:"fonts"`
	Images       int        `json:"images"`
}

type pageInfo struct {
	ID     uint32  `json:"id"`
	Width  float64 `json:"width_mm"`
	Height float64 `json:"height_mm"`
}

type fontInfo struct {
	Name     string `json:"name"`
	Embedded bool   `json:"embedded"`
}

type signatureInfo struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Provider string `json:"provider"`
	Stamps   int    `json:"stamps"`
}

type attachmentInfo struct {
	Name   string `json:"name"`
	Format string `json:"format"`
}

// Run prints the structure of one document. What cannot be read is listed under problems, since info is what one asks
// first about a file that makes trouble.
func (c *infoCommand) Run(p *program) error {
	doc, err := openDocument(c.File)
	if err != nil {
		return err
	}
	i := describe(c.File, doc)
	if c.JSON {
		return p.printJSON(i)
	}
	p.printInfo(i)
	return nil
}

func describe(name string, doc *ofd.Document) *documentInfo {
	i := &documentInfo{File: name, Version: doc.Version(), DocType: doc.DocType(), Parts: len(doc.Parts()),
		Bodies: []bodyInfo{}, Signatures: []signatureInfo{}, Attachments: []attachmentInfo{}, Problems: []string{}}
	for _, x := range doc.Problems() {
		i.Problems = append(i.Problems, x.Part+": "+x.Message)
	}
	for _, b := range doc.Bodies() {
		i.body(b)
	}
	for _, rec := range doc.Signatures() {
		s := signatureInfo{ID: rec.ID, Type: rec.Type}
		if f, err := doc.Signature(rec); err != nil {
			i.Problems = append(i.Problems, err.Error())
		} else {
			s.Provider, s.Stamps = f.Provider.Name, len(f.Stamps)
		}
		i.Signatures = append(i.Signatures, s)
	}
	list, err := doc.Attachments()
	if err != nil {
		i.Problems = append(i.Problems, err.Error())
	}
	for _, a := range list {
		i.Attachments = append(i.Attachments, attachmentInfo{a.Name, a.Format})
	}
	return i
}

func (i *documentInfo) body(b *ofd.Body) {
	d := b.Info
	out := bodyInfo{DocID: d.DocID, Title: d.Title, Author: d.Author, Created: d.CreationDate, Modified: d.ModDate,
		Creator: d.Creator + " " + d.CreatorVersion, MetadataSize: len(d.CustomDatas), Pages: []pageInfo{}, Fonts: []fontInfo{}}
	for _, page := range b.Pages() {
		area, err := page.Area()
		if err != nil {
			i.Problems = append(i.Problems, err.Error())
		}
		out.Pages = append(out.Pages, pageInfo{uint32(page.ID), area.Physical.W, area.Physical.H})
	}
	res, err := b.Resources()
	if err != nil {
		i.Problems = append(i.Problems, err.Error())
	} else {
		out.resources(res)
	}
	i.Bodies = append(i.Bodies, out)
}
