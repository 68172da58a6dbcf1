package state

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// What a vocabulary has words for.
const (
	OfStatus = "status"
	OfAction = "action"
)

// Issue is how the life of a certificate begins; vocabularies of actions have a
// code for it, though it is none of [Actions].
const Issue = "issue"

// A Vocabulary is the codes by which another body names states of certificates, or
// what is done to them, and what ours are called there (STA-01). It is data:
// vocabularies.yaml.
type Vocabulary struct {
	Name    string    `yaml:"name" json:"name"`
	Title   string    `yaml:"title" json:"title"`
	Of      string    `yaml:"of" json:"of" enum:"status,action" doc:"status：状态的代码；action：事项的代码"`
	Source  string    `yaml:"source" json:"source" doc:"代码的出处"`
	Grade   string    `yaml:"grade" json:"grade" enum:"V,S,I" doc:"出处的可靠程度：V 两个以上独立来源一致，S 一个公开来源，I 推定"`
	Open    bool      `yaml:"open" json:"open,omitempty" doc:"已知的代码不全"`
	Codes   []Code    `yaml:"codes" json:"codes"`
	Reasons []Code    `yaml:"reasons" json:"reasons,omitempty" doc:"另报的原因代码"`
	Map     Mappings  `yaml:"map" json:"-"`
	Lines   []Mapping `yaml:"-" json:"mappings" doc:"本平台的状态或事项，依本平台的顺序"`
}

// Mappings are what ours are called elsewhere, by our code.
type Mappings map[string]Mapping

// A Code is one word of a vocabulary.
type Code struct {
	Code  string `yaml:"code" json:"code"`
	Name  string `yaml:"name" json:"name"`
	Other bool   `yaml:"other" json:"other,omitempty" doc:"表示其他：必须另附说明"`
	Ours  string `yaml:"-" json:"ours,omitempty" doc:"反过来是本平台的哪一个；对应不止一个或没有的省略"`
}

// A Mapping is what one of ours is called elsewhere, or why it is not.
type Mapping struct {
	Ours        string `yaml:"-" json:"ours"`
	OursName    string `yaml:"-" json:"ours_name"`
	Code        string `yaml:"code" json:"code,omitempty"`
	Reason      string `yaml:"reason" json:"reason,omitempty" doc:"原因代码"`
	Description string `yaml:"description" json:"description,omitempty" doc:"代码表示其他时的说明"`
	Inferred    bool   `yaml:"inferred" json:"inferred,omitempty" doc:"对应关系是推定的，接入前应与对方确认"`
	None        string `yaml:"none" json:"none,omitempty" doc:"没有对应代码的缘由"`
}

// An Outside is what a status is called by another body. Code is empty where it
// has no word for it; Description says why.
type Outside struct {
	Vocabulary  string `json:"vocabulary"`
	Code        string `json:"code" doc:"空：没有对应代码，缘由见 description"`
	Name        string `json:"name"`
	Reason      string `json:"reason,omitempty" doc:"原因代码"`
	Description string `json:"description"`
	Inferred    bool   `json:"inferred,omitempty" doc:"对应关系是推定的，接入前应与对方确认"`
}

//go:embed vocabularies.yaml
var vocabulariesFile []byte

// Vocabularies are all that are known, in order. Nobody changes them.
var Vocabularies = sync.OnceValues(func() ([]*Vocabulary, error) { return ParseVocabularies(vocabulariesFile) })

// ParseVocabularies reads vocabularies strictly and tells all that is wrong with
// them: nothing of ours may be without a line.
func ParseVocabularies(data []byte) ([]*Vocabulary, error) {
	var file struct {
		Vocabularies []*Vocabulary `yaml:"vocabularies"`
	}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("state: reading vocabularies: %w", err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, errors.New("state: vocabularies are one document")
	}
	var wrong []error
	seen := map[string]bool{}
	for _, v := range file.Vocabularies {
		if v == nil {
			return nil, errors.New("state: an empty vocabulary")
		}
		if seen[v.Name] {
			wrong = append(wrong, fmt.Errorf("state: vocabulary %s stands twice", v.Name))
		}
		seen[v.Name] = true
		if err := v.check(); err != nil {
			wrong = append(wrong, fmt.Errorf("state: vocabulary %q: %w", v.Name, err))
			continue
		}
		v.fill()
	}
	return file.Vocabularies, errors.Join(wrong...)
}

// one of ours, with its name.
type own struct{ code, name string }

// ours is what a vocabulary must have a line for.
func ours(of string) (out []own) {
	if of == OfStatus {
		for _, i := range Statuses() {
			out = append(out, own{string(i.Status), i.Name})
		}
		return out
	}
	out = append(out, own{Issue, "制发"})
	for _, a := range Actions() {
		out = append(out, own{a.Code, a.Name})
	}
	return out
}

var vocabularyName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

func (v *Vocabulary) check() error {
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if !vocabularyName.MatchString(v.Name) || v.Title == "" || v.Source == "" || !slices.Contains([]string{"V", "S", "I"}, v.Grade) || v.Of != OfStatus && v.Of != OfAction {
		say("name, title, source, grade and of must be said")
	}
	for _, list := range [][]Code{v.Codes, v.Reasons} {
		seen := map[string]bool{}
		for _, c := range list {
			if c.Code == "" || c.Name == "" || seen[c.Code] {
				say("code %q is empty, without a name, or stands twice", c.Code)
			}
			seen[c.Code] = true
		}
	}
	known := map[string]bool{}
	for _, o := range ours(v.Of) {
		known[o.code] = true
		m, ok := v.Map[o.code]
		if !ok {
			say("%s (%s) has no line", o.code, o.name)
		} else if err := v.checkLine(o, m); err != nil {
			say("%s: %w", o.code, err)
		}
	}
	for code := range v.Map {
		if !known[code] {
			say("%s is none of ours", code)
		}
	}
	return errors.Join(wrong...)
}

func (v *Vocabulary) checkLine(o own, m Mapping) error {
	if m.None != "" {
		if m != (Mapping{None: m.None}) {
			return errors.New("a line without a code says why, and nothing else")
		}
		return nil
	}
	c, ok := find(v.Codes, m.Code)
	switch _, reasoned := find(v.Reasons, m.Reason); {
	case !ok:
		return fmt.Errorf("%q is no code of the vocabulary", m.Code)
	case m.Reason != "" && !reasoned:
		return fmt.Errorf("%q is no reason of the vocabulary", m.Reason)
	case c.Other != (m.Description != ""):
		return errors.New("a code that means other, and no other, has a description")
	case !m.Inferred && !strings.Contains(c.Name, o.name):
		return fmt.Errorf("%s is not %s: the line is inferred", c.Name, o.name)
	}
	return nil
}

// fill puts the lines in our order, and says of a code what it is of ours where
// only one can be meant.
func (v *Vocabulary) fill() {
	meant := map[string][]string{}
	for _, o := range ours(v.Of) {
		m := v.Map[o.code]
		m.Ours, m.OursName = o.code, o.name
		v.Lines = append(v.Lines, m)
		meant[m.Code] = append(meant[m.Code], o.code)
	}
	for i := range v.Codes {
		if c := &v.Codes[i]; !c.Other && len(meant[c.Code]) == 1 {
			c.Ours = meant[c.Code][0]
		}
	}
}

func find(codes []Code, code string) (Code, bool) {
	i := slices.IndexFunc(codes, func(c Code) bool { return c.Code == code })
	if i < 0 {
		return Code{}, false
	}
	return codes[i], true
}

// Say is what one of ours, by its code, is called in a vocabulary.
func (v *Vocabulary) Say(ours string) Outside {
	out := Outside{Vocabulary: v.Name}
	m, ok := v.Map[ours]
	switch {
	case !ok:
		out.Description = "证照没有处于可以对外报送的状态"
	case m.None != "":
		out.Description = m.None
	default:
		c, _ := find(v.Codes, m.Code)
		out.Code, out.Name, out.Reason, out.Description, out.Inferred = c.Code, c.Name, m.Reason, m.Description, m.Inferred
	}
	return out
}

// Back is which of ours a code of a vocabulary means; false where it may mean
// several, or none.
func (v *Vocabulary) Back(code string) (string, bool) {
	c, _ := find(v.Codes, code)
	return c.Ours, c.Ours != ""
}
