package pack

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"sidian/gm"
)

// A RefusedError says why a package is not made: Check would not pass it. ID is
// that of the check, Reason is Chinese.
type RefusedError struct{ ID, Reason string }

func (e *RefusedError) Error() string { return "pack: refused by check " + e.ID + ": " + e.Reason }

// Write writes the package: the same package and signature give the same bytes.
// What a checker would refuse in the metadata and the names is a *RefusedError.
func (p *Package) Write(w io.Writer, s Signer) error {
	parts, err := p.parts()
	if err != nil {
		return err
	}
	chain := s.Chain()
	for i, c := range gm.NewPool(slices.Concat(chain, p.Evidence.Certificates)...).Certificates() {
		parts = append(parts, part{fmt.Sprintf("%s%03d.pem", certFolder, i+1), c.PEM()})
	}
	for i, der := range p.Evidence.CRLs {
		list, err := gm.ParseCRL(der)
		if err != nil {
			return fmt.Errorf("pack: reading revocation list %d: %w", i+1, err)
		}
		parts = append(parts, part{fmt.Sprintf("%s%03d.crl", crlFolder, i+1), list.Raw})
	}
	list := digestList(parts)
	signature, err := s.SignDetached(list)
	if err != nil {
		return fmt.Errorf("pack: signing the digests: %w", err)
	}
	if err := signedWell(list, signature, chain); err != nil {
		return err
	}
	return writeZip(w, append(parts, part{listName, list}, part{listSignature, signature}))
}

// signedWell: a package that nobody can verify must not leave the house.
func signedWell(list, signature []byte, chain []*gm.Certificate) error {
	sd, err := gm.ParseSignedData(signature)
	if err != nil {
		return fmt.Errorf("pack: reading back the signature: %w", err)
	}
	if sd.Content != nil {
		return errors.New("pack: the signature is not detached")
	}
	if _, err := sd.VerifyWith(list, gm.NewPool(chain...)); err != nil {
		return fmt.Errorf("pack: verifying the signature: %w", err)
	}
	return nil
}

// A part is one entry of the ZIP.
type part struct {
	name string
	data []byte
}

// parts gives the entries before the means to check them.
func (p *Package) parts() ([]part, error) {
	r := &record{values: map[string]string{}}
	for i := range fields {
		r.values[fields[i].name] = fields[i].value(p)
	}
	process := p.Process
	if len(p.Events) > 0 {
		process = append([]File{p.eventsFile()}, process...)
	}
	parts := []part{{name: metaName}}
	for i, list := range [][]File{p.Filing, process, p.Results} {
		codes := newCodes(folders[i].id, list)
		for j := range list {
			f := &list[j]
			if why := badFile(f); why != "" {
				return nil, &RefusedError{"4-2-1", shown(f.Name) + why}
			}
			parts = append(parts, part{folders[i].title + "/" + f.Name, f.Data})
			r.files = append(r.files, f.record(folders[i].title, codes[j]))
		}
	}
	if err := p.refused(r); err != nil {
		return nil, err
	}
	parts[0].data = r.encode()
	if len(p.Signatures) > 0 {
		parts = append(parts, part{signaturesName, encodeSignatures(p.Signatures)})
	}
	return parts, nil
}

func (p *Package) eventsFile() File {
	return File{Name: strings.TrimPrefix(eventsName, processFolder+"/"), Title: eventsRoot, Code: "B0",
		Data: encodeEvents(p.Events), CreatedAt: p.Meta.ArchiveTime}
}

// newCodes gives the files without a code the next one of the folder.
func newCodes(letter string, list []File) []string {
	codes := make([]string, len(list))
	taken := map[string]bool{}
	for i := range list {
		codes[i] = list[i].Code
		taken[codes[i]] = true
	}
	next := 1
	for i := range codes {
		for codes[i] == "" {
			if c := letter + strconv.Itoa(next); !taken[c] {
				codes[i] = c
			}
			next++
		}
	}
	return codes
}

func (f *File) record(folder, code string) fileRecord {
	format := formatOf(f.Name) // badFile let no other pass
	r := fileRecord{folder: folder, Code: code, Title: f.Title, Origin: f.Origin, Format: strings.ToUpper(ending(f.Name)),
		Name: f.Name, Size: strconv.Itoa(len(f.Data)), CreatedAt: timeText(f.CreatedAt), Shared: "0", Terms: f.Terms}
	if f.Media != "" && format != nil && !format.has(f.Media) {
		r.Format = f.Media // contradicts the ending: refused below
	}
	if r.Title == "" {
		r.Title = f.Name
	}
	if r.Origin == "" {
		r.Origin = f.Name
	}
	if f.Shared {
		r.Shared = "1"
	}
	return r
}

// badFile says what is wrong with a file's name or content, "" when nothing is.
func badFile(f *File) string {
	switch {
	case strings.Contains(f.Name, "/") || unsafeName(f.Name) != "":
		return "不是可以放进归档信息包的文件名"
	case formatOf(f.Name) == nil:
		return "不是可以归档的文件格式"
	case len(f.Data) == 0:
		return "是空文件"
	}
	return ""
}

// refused runs the checks of metadata over what is about to be written.
func (p *Package) refused(r *record) error {
	if unsafeName(p.Number) != "" || strings.Contains(p.Number, "/") {
		return &RefusedError{"2-2-1", "电子文件号不能作文件名"}
	}
	bad, _ := r.special()
	for _, c := range []struct {
		id    string
		found []string
	}{
		{"1-2-2", r.duplicates()}, {"1-2-3", r.lengths()}, {"1-2-4", r.forms()}, {"1-2-5", r.domains()},
		{"1-2-6", r.implausible(p.Meta.ArchiveTime)}, {"1-2-7", bad}, {"2-2-1", r.missing()}, {"2-2-2", noResult(r)},
		{"1-2-6", p.badEvents(r)}, {"1-4-2", p.badSignatures(r)}, {"3-2-3", r.wrongFormats()},
	} {
		if len(c.found) > 0 {
			return &RefusedError{c.id, c.found[0]}
		}
	}
	return nil // the pattern of 档号 is a question of the archive
}

func (p *Package) badEvents(r *record) []string {
	list, err := decodeEvents(encodeEvents(p.Events))
	if err != nil {
		return []string{"业务环节含有不能写入的字符"}
	}
	return r.implausibleEvents(list)
}

// badSignatures: what is told of signatures must be about files of the package.
func (p *Package) badSignatures(r *record) (found []string) {
	for i := range p.Signatures {
		if !slices.ContainsFunc(r.files, func(f fileRecord) bool { return f.path() == p.Signatures[i].File }) {
			found = append(found, fmt.Sprintf("第 %d 条电子签名信息所指的文件不在包内", i+1))
		}
	}
	return found
}

func noResult(r *record) []string {
	if slices.ContainsFunc(r.files, func(f fileRecord) bool { return folderOf(f.path()) == resultsFolder }) {
		return nil
	}
	return []string{"没有结果文件"}
}

// wrongFormats finds files whose declared format is not that of their ending.
func (r *record) wrongFormats() (found []string) {
	for i := range r.files {
		f := formatOf(r.files[i].Name)
		if f != nil && strings.TrimSpace(r.files[i].Format) != "" && !f.has(r.files[i].Format) {
			found = append(found, shown(r.files[i].path())+"的格式信息与扩展名不一致")
		}
	}
	return found
}

// digestList is a line for each part, as `openssl dgst -sm3 -r` writes it.
func digestList(parts []part) []byte {
	var b bytes.Buffer
	for _, p := range parts {
		d := gm.Sum(p.data)
		b.WriteString(hex.EncodeToString(d[:]) + " *" + p.name + "\n")
	}
	return b.Bytes()
}
