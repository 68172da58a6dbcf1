package sealapply

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// content is what an application says in people's words: encrypted whole, since
// a seal may bear a person's name and a form holds several.
type content struct {
	Name   string            `json:"name"`
	Fields map[string]string `json:"fields"`
}

func contentCell(id string) keys.Cell {
	return keys.Cell{Table: "sealapply_application", Column: "content", Row: id}
}

func nameCell(id string) keys.Cell {
	return keys.Cell{Table: "sealapply_attachment", Column: "name", Row: id}
}

func (s *Service) seal(r *row, c content) (err error) {
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	r.sealed, err = s.box.Seal(contentCell(r.id), b)
	return err
}

func (s *Service) open(r *row) (c content, err error) {
	b, err := s.box.Open(contentCell(r.id), r.sealed)
	if err != nil {
		return c, fmt.Errorf("sealapply: opening application %s: %w", r.id, err)
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("sealapply: reading application %s: %w", r.id, err)
	}
	return c, nil
}

// join writes fields, each as its length in eight bytes, big-endian, and its
// bytes.
func join(fields ...[]byte) []byte {
	var b []byte
	for _, f := range fields {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return b
}

// digest is of all that reviewers decide on.
func (r *row) digest(c content, files []*attachmentRow) gm.Digest {
	list := [][]byte{
		[]byte(contentVersion), []byte(r.id), []byte(r.kind), []byte(r.org), []byte(r.sealKind), []byte(r.seal), []byte(r.makes),
		[]byte(r.person), []byte(r.custodian), []byte(r.formRegion), []byte(r.formVersion), []byte(c.Name), r.imprint,
		binary.BigEndian.AppendUint64(nil, uint64(r.width)), binary.BigEndian.AppendUint64(nil, uint64(r.height)),
		[]byte(r.mode), []byte(r.serial), []byte(r.reason),
	}
	if d := r.statementDigest(); d != (gm.Digest{}) {
		list = append(list, d[:])
	}
	codes := make([]string, 0, len(c.Fields))
	for code := range c.Fields {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	for _, code := range codes {
		list = append(list, []byte(code), []byte(c.Fields[code]))
	}
	for _, f := range files {
		list = append(list, []byte(f.code), f.digest)
	}
	return gm.Sum(join(list...))
}

const (
	contentVersion   = "sidian-sealapply-1"
	statementVersion = "sidian-imprint-statement-1"
)

// statementDigest is what the seal keeps of the statement: which text, who,
// when, about which image; zero where nobody signed.
func (r *row) statementDigest() gm.Digest {
	if r.statementBy == "" {
		return gm.Digest{}
	}
	return gm.Sum(join([]byte(statementVersion), []byte(r.id), []byte(r.formRegion), []byte(r.formVersion), []byte(r.statementVersion),
		[]byte(r.statementBy), binary.BigEndian.AppendUint64(nil, uint64(r.statementAt)), r.statementImprint))
}

// resealer seals again what this package keeps encrypted.
type resealer struct{ s *Service }

// Resealer is what a rotation of the keys of fields calls.
func (s *Service) Resealer() keys.Counter { return resealer{s} }

func (resealer) Name() string { return "sealapply" }

func (resealer) Count(tx *db.Tx) (int64, error) { return countSealed(tx) }

// Reseal goes through the tables one after the other: the key says which.
func (x resealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	at, key := 0, ""
	for i, t := range sealedTables {
		if len(after) > len(t.prefix) && after[:len(t.prefix)] == t.prefix {
			at, key = i, after[len(t.prefix):]
		}
	}
	t := sealedTables[at]
	cells, err := t.after(tx, key, n)
	if err != nil {
		return "", 0, err
	}
	for _, c := range cells {
		again, stale, err := x.s.box.Again(t.cell(c.key), c.sealed)
		if err != nil {
			return "", done, fmt.Errorf("sealapply: sealing %s%s again: %w", t.prefix, c.key, err)
		}
		if !stale {
			continue
		}
		m, err := t.replace(tx, c.key, c.sealed, again)
		if err != nil {
			return "", done, err
		}
		done += int(m)
	}
	switch {
	case len(cells) == n:
		return t.prefix + cells[n-1].key, done, nil
	case at+1 < len(sealedTables):
		return sealedTables[at+1].prefix + " ", done, nil
	}
	return "", done, nil
}
