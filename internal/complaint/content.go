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

// between is what people put between the parts of a number or of a name, seen or
// not: spaces, hyphens and dashes, and what has no width.
const between = `[\s\x{00a0}\x{3000}\-\x{2010}-\x{2015}－·\x{200b}-\x{200f}\x{2060}\x{feff}]{0,3}`

// numbers are those that may be a person's: eleven digits or more, whatever
// stands between them and in whatever width or script.
var numbers = regexp.MustCompile(`[0-9０-９〇零一二三四五六七八九](?:` + between + `[0-9０-９〇零一二三四五六七八九]){10,}(?:` + between + `[XxＸｘ])?`)

// without is a text without the numbers of persons, and without a name.
func without(text, name string) string {
	text = numbers.ReplaceAllStringFunc(text, func(n string) string { return gbcode.Mask(n, 3, 2) })
	if utf8.RuneCountInString(name) < 2 {
		return text
	}
	parts := strings.Split(name, "")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	spaced, err := regexp.Compile(strings.Join(parts, between))
	if err != nil { // it is not text: as it stands, then
		return strings.ReplaceAll(text, name, "某某")
	}
	return spaced.ReplaceAllLiteralString(text, "某某")
}

// clip is the beginning of a text, in one line.
func clip(s string, n int) string {
	r := []rune(strings.Join(strings.Fields(strings.ToValidUTF8(s, "?")), " "))
	if len(r) > n {
		return string(r[:n]) + "…"
	}
	return string(r)
}
