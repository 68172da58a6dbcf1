package pack

import (
	"archive/zip"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"sidian/gm"
	"sidian/ofd/sign"
)

// An item is an entry with what was found in it. Its bytes are looked at once
// and let go: a package may be larger than the memory.
type item struct {
	name   string
	unread string // why its bytes were not looked at, "" when they were
	torn   string // what is wrong with its bytes in the ZIP (2-3-1)
	size   int64
	digest string // SM3, hex

	data []byte // of what describes or checks the package only

	found    content
	events   []eventRecord // of the table of events, when it is of our make
	seals    *sign.Report  // of an OFD document that opens, else nil
	malware  string        // what the scanner found
	unknowns string        // why the scanner could not tell
}

// A parcel is a package as it was read.
type parcel struct {
	*container
	o     Options
	items []*item
	at    map[string]*item

	record    *record // nil when there is none to read
	recordErr error
	signer    *packageSigner
	evidence  []*gm.Certificate // of the package: help to build chains, never trusted
	crls      []*gm.RevocationList
	strange   []string // files among the evidence that are none
}

// read looks at every entry, first at those that say how to look at the rest.
func read(c *container, o Options) (*parcel, error) {
	p := &parcel{container: c, o: o, at: map[string]*item{}}
	p.strip()
	for _, e := range c.entries {
		it := &item{name: e.name, unread: e.unread, size: int64(e.file.UncompressedSize64)}
		p.items = append(p.items, it)
		if e.unread == "" {
			p.at[e.name] = it
		}
	}
	for _, ours := range []bool{true, false} {
		for i, it := range p.items {
			if it.unread != "" || described(it.name) == ours {
				continue
			}
			if err := p.look(c.entries[i].file, it); err != nil {
				return nil, err
			}
		}
		if ours {
			p.describe()
		}
	}
	return p, nil
}

// strip takes a folder off that the whole package stands in, as it does where
// somebody packed the folder instead of its content.
func (p *parcel) strip() {
	top := ""
	for _, e := range p.entries {
		first := folderOf(e.name)
		if first == "" || top != "" && first != top {
			return
		}
		top = first
	}
	if top == "" || knownFolder(top) || top == checkFolder {
		return
	}
	for _, e := range p.entries {
		e.name = strings.TrimPrefix(e.name, top+"/")
	}
	p.odd = append(p.odd, "全部内容放在文件夹"+shown(top)+"里，而不是直接放在包内")
}

// look reads one entry.
func (p *parcel) look(f *zip.File, it *item) error {
	data, err := inflate(f)
	switch {
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat), errors.Is(err, io.ErrUnexpectedEOF), isCorrupt(err):
		it.torn, it.unread = "解压失败或校验和不对，内容已损坏", "内容已损坏"
		delete(p.at, it.name)
		return nil
	case err != nil:
		return fmt.Errorf("pack: reading an entry: %w", err)
	}
	d := gm.Sum(data)
	it.digest = hex.EncodeToString(d[:])
	if p.o.Scanner != nil {
		found, err := p.o.Scanner.Scan(it.name, data)
		if it.malware = found; err != nil {
			it.unknowns = "扫描程序没有给出结论"
		}
	}
	if !described(it.name) {
		it.found = plain(it.name, data)
		if int64(len(data)) <= p.o.Limits.Meta {
			it.data = data
		}
		return nil
	}
	it.found = open(it.name, data)
	if it.name == eventsName && int64(len(data)) <= p.o.Limits.Meta {
		it.events, _ = decodeEvents(data) // of others it is just a file
	}
	if it.found.document != nil {
		it.seals = sign.VerifyDocument(it.found.document, p.verifying())
		it.found.document = nil
	}
	return nil
}

// inflate reads at most what the directory says: archive/zip errs when there is
// more or less.
func inflate(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, int64(f.UncompressedSize64)+1))
	if err == nil && uint64(len(data)) != f.UncompressedSize64 {
		return nil, zip.ErrFormat
	}
	return data, err
}

// verifying is how documents inside are verified: by the roots of the caller,
// and what the package brings to find the way to them.
func (p *parcel) verifying() sign.Options {
	return sign.Options{Anchors: gm.NewPool(p.o.Roots...), Intermediates: gm.NewPool(p.evidence...), CRLs: p.crls, Now: p.o.Now}
}

// describe reads what the package says of itself.
func (p *parcel) describe() {
	if it := p.at[metaName]; it != nil && it.data != nil {
		p.record, p.recordErr = decodeRecord(it.data)
	} else if it != nil {
		p.recordErr = errors.New("too large")
	}
	for _, it := range p.items {
		switch {
		case it.unread != "" || it.data == nil:
		case strings.HasPrefix(it.name, certFolder):
			list, err := gm.ParseCertificates(it.data)
			if err != nil || len(list) == 0 {
				p.strange = append(p.strange, shown(it.name)+"不是数字证书")
			}
			p.evidence = append(p.evidence, list...)
		case strings.HasPrefix(it.name, crlFolder):
			if list, err := gm.ParseCRL(it.data); err == nil {
				p.crls = append(p.crls, list)
			} else {
				p.strange = append(p.strange, shown(it.name)+"不是证书撤销列表")
			}
		}
	}
	p.signer = p.readSigner()
}

// files are the electronic files that were read.
func (p *parcel) files() (list []*item) {
	for _, it := range p.items {
		if it.unread == "" && described(it.name) {
			list = append(list, it)
		}
	}
	return list
}
