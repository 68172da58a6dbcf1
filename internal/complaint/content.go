package complaint

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"sidian/gbcode"
	"sidian/internal/keys"
)

// content is what the complainant wrote, and who they are.
type content struct {
	Name   string `json:"name"`
	Item   string `json:"item"`
	Number string `json:"number"`
	Text   string `json:"text"`
}

// A note is what one side wrote in a step.
type note struct {
	Text  string `json:"text"`
	Basis string `json:"basis,omitempty"`
}

func contentCell(id string) keys.Cell {
	return keys.Cell{Table: "complaint_complaint", Column: "content", Row: id}
}

func noteCell(id string, seq int64) keys.Cell {
	return keys.Cell{Table: "complaint_history", Column: "note", Row: id + "/" + strconv.FormatInt(seq, 10)}
}

func (s *Service) sealTo(at keys.Cell, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return s.box.Seal(at, b)
}

func (s *Service) openFrom(at keys.Cell, sealed []byte, v any) error {
	b, err := s.box.Open(at, sealed)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		return fmt.Errorf("complaint: opening %s %s: %w", at.Column, at.Row, err)
	}
	return nil
}

// numbers are those that may be a person's: eleven digits or more, whatever
// stands between them and in whatever width.
var numbers = regexp.MustCompile(`[0-9０-９](?:[ \-\x{3000}－]?[0-9０-９]){10,}[Xx]?`)

// without is a text without the numbers of persons, and without a name.
func without(text, name string) string {
	text = numbers.ReplaceAllStringFunc(text, func(n string) string { return gbcode.Mask(n, 3, 2) })
	if utf8.RuneCountInString(name) > 1 {
		text = strings.ReplaceAll(text, name, "某某")
	}
	return text
}

// clip is the beginning of a text, in one line.
func clip(s string, n int) string {
	r := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " "))
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return string(r)
}
