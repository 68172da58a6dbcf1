package face

import (
	"fmt"
	"strings"

	"sidian/ofd"
	"sidian/ofd/draw"
)

// A Slot is what a template may refer to.
type Slot struct {
	Label    string
	Kind     SlotKind
	Format   string            // of text, when the template names none
	Suffix   string            // a unit
	Columns  map[string]string // of rows: key -> label
	Tags     []string          // names in the data index
	Required bool              // the template must print it
}

// SlotKind tells what a slot holds.
type SlotKind int

// The kinds of slots.
const (
	TextSlot SlotKind = iota
	PictureSlot
	RowsSlot
)

// A Picture is a PNG or JPEG.
type Picture struct {
	MediaType string `json:"media_type"`
	Data      []byte `json:"data"`
}

// Values are what one certificate says. They survive JSON.
type Values struct {
	DocID    string                         `json:"doc_id"` // 32 hexadecimal digits
	Title    string                         `json:"title"`
	Author   string                         `json:"author"`
	Created  string                         `json:"created"` // 2006-01-02
	Texts    map[string]string              `json:"texts"`
	Pictures map[string]Picture             `json:"pictures,omitempty"`
	Rows     map[string][]map[string]string `json:"rows,omitempty"`
	Code     string                         `json:"code,omitempty"` // of the two-dimensional code
	Mark     string                         `json:"mark,omitempty"` // laid over every page
	Metadata []ofd.CustomData               `json:"metadata"`
	Data     []byte                         `json:"data"` // the attached JSON; nil: none
}

// A Face is a compiled template. It is immutable and safe for concurrent use.
type Face struct {
	template *Template
	skeleton *ofd.Skeleton
	shared   *draw.Shared
	pages    []page
	mark     draw.Style
}

// Compile checks a template against the slots of its kind and makes all that
// documents will share. What is wrong with the template is [Problems].
func Compile(t *Template, slots map[string]Slot, fonts *draw.Fonts) (*Face, error) {
	return compile(t, slots, fonts)
}

// Fill makes the document of one certificate, with an empty list of signatures
// prepared. A text that does not fit, a character that no font has, or a
// picture that cannot be read is a *FieldError.
func (f *Face) Fill(v Values) (*ofd.Document, error) { return f.fill(v, nil) }

// A FieldError names the field that cannot be printed. Msg is Chinese and
// holds at most the one character that no font has.
type FieldError struct {
	Key, Label string
	Code       string // "overflow", "glyph", "picture", "rows"
	Msg        string
	Err        error
}

func (e *FieldError) Error() string { return "face: field " + e.Key + ": " + e.Code }

// Unwrap gives the cause.
func (e *FieldError) Unwrap() error { return e.Err }

// A Problem is something wrong with a template.
type Problem struct {
	Where   string // pages[0].items[3]
	Code    string
	Message string // Chinese
}

// Problems are all that is wrong with a template.
type Problems []Problem

func (p Problems) Error() string {
	words := make([]string, len(p))
	for i, x := range p {
		words[i] = x.Where + ": " + x.Code
	}
	return "face: template: " + strings.Join(words, "; ")
}

func (p *Problems) add(where, code, format string, args ...any) {
	*p = append(*p, Problem{where, code, fmt.Sprintf(format, args...)})
}
