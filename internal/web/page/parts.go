package page

import (
	"fmt"
	"net/http"
	"time"
)

// The types of this file are what the shared parts (pages/_parts.html) show:
// {{template "table" .People}} shows a Table, and so on.

// A Table has a caption, a header for each column and for each row, and says
// what to do first when it is empty. On a phone each row becomes a card.
type Table struct {
	ID      string // of the element; the caption is its name for all readers
	Caption string
	Quiet   bool // the caption is for screen readers: a heading says it already
	Head    []string
	Rows    []Row
	Empty   Empty
	Pager   Pager
}

// A Row is the cells of a line; the first names it.
type Row struct {
	ID    string
	Cells []Cell
}

// A Cell is a text, or a moment, with what belongs to it.
type Cell struct {
	Text, Sub string
	Href      string
	Code      bool // a number or an identifier
	At        time.Time
	Chips     []Chip
	Masked    *Masked
	Actions   []Action
}

// An Empty says what is not there yet, and what to do first.
type Empty struct{ Title, Text, Href, Action string }

// A Pager leads to the next page of a list, and back to its beginning.
type Pager struct{ Next, NextWord, First string }

// A Fact is a line of a list of facts.
type Fact struct {
	Label, Text string
	Code        bool
	Href        string
	At          time.Time
	Chips       []Chip
	Masked      *Masked
}

// Tabs are views of one thing, each with an address of its own.
type Tabs struct {
	Label string // for screen readers
	Items []Tab
}

// A Tab is one of them; Count is shown if it is not zero.
type Tab struct {
	Label, Href string
	Current     bool
	Count       int
}

// A Field is a control of a form: an input, a select if it has Options, a
// textarea if it has Lines.
type Field struct {
	ID, Name, Label, Value, Hint, Error string
	Type                                string // of an input; "text" when empty
	Mode, Autocomplete                  string
	Required, Code, Short               bool
	Max, Lines                          int
	Options                             []Option
	Any                                 string // the empty option, "请选择" when Required and this is empty
}

// An Option is what may be chosen.
type Option struct{ Value, Label string }

// Hidden is a value that a form carries along.
type Hidden struct{ Name, Value string }

// A Form is fields with one button, sent with POST once.
type Form struct {
	ID, Title, Text string
	Action          string
	Hidden          []Hidden
	Fields          []Field
	Lines           *Lines
	Button, Busy    string
	Plain           bool // the button is not the page's first action
	Cancel          string
}

// Lines are groups of fields of which there may be several, after the fields of
// a form: "Name[0].x", "Name[1].x" … A button asks for one more: the form is sent
// with add=Name, for which [Shown] counts it; a script adds it in place. Fields
// have ids of the form f-Name-0-x.
type Lines struct {
	Name, Legend, Text string
	Each               string // what one is called: "许可"
	Rows               [][]Field
	Most               int
}

// Full tells whether no more may be asked for.
func (l Lines) Full() bool { return len(l.Rows) >= l.Most }

// Shown is how many lines a form shows: least of them, all that were sent, and one
// more if that was asked for, but never more than most. one is the name of a field
// that each line has.
func Shown(r *http.Request, name, one string, least, most int) int {
	n := least
	for i := range most {
		if r.PostForm.Has(fmt.Sprintf("%s[%d].%s", name, i, one)) {
			n = max(n, i+1)
		}
	}
	if r.PostFormValue("add") == name {
		n++
	}
	return min(n, most)
}

// A Confirm asks before something that matters is done, and for the reason,
// which is recorded.
type Confirm struct {
	ID, Title, Text string
	Facts           []Fact
	Action          string
	Hidden          []Hidden
	Fields          []Field // before the reason
	Reason          Field   // ID, Name and Label have defaults; NoReason leaves it out
	NoReason        bool
	Button, Busy    string
	Grave           bool   // it cannot be undone
	Cancel          string // where to go back to
}

// An Action is a small button in a line, sent with POST, or a link without
// Post. Of is what it is about, for who cannot see the line.
type Action struct {
	Label, Of, Href string
	Post            bool
	Hidden          []Hidden
}

// A Step is one of a history, or of what is still to be done.
type Step struct {
	Title, Text string
	Who         string
	At          time.Time
	State       string // "done", "now", "todo"; a history has none
	Code        string // evidence, folded
	CodeLabel   string
	Chips       []Chip
}

// A Search is a form that asks for a list.
type Search struct {
	Action, Label string
	Post          bool // what is asked for must not stand in an address
	Fields        []Field
	Button        string
	Clear         string // address without conditions; empty: there are none
}

// A Notice says what happened, or what to know before. Class as of a Chip, or
// empty for plain advice.
type Notice struct{ Class, Title, Text, Href, Action string }

// A Copy is a text to take along: a secret that is shown once, a command.
type Copy struct{ ID, Label, Text, Hint string }

// Masked is personal data of which a part is shown. Whoever may see all of it
// says why, and that is recorded.
type Masked struct {
	Shown    string // the masked text, or after the reason the whole
	Of       string // "证件号码", for who cannot see the place
	Action   string // where the reason is sent; empty: there is no more to see
	Hidden   []Hidden
	Purposes []Option
	ID       string // unique on the page
}
