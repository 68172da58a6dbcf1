package page

import (
	"cmp"
	"net/http"
)

// A Sheet is a page that is made of parts: what stands above, and what follows. A
// package whose pages are all sheets needs no templates of its own.
type Sheet struct {
	Frame
	Heading string
	Crumb   *Link
	Chips   []Chip
	Lead    string // what the page is for, and who decides next
	Problem *Problem
	Notice  *Notice
	Tabs    Tabs
	Doors   []Door
	Search  *Search
	Parts   []Part
}

// A Door leads to where something is done. First is the page's first action.
type Door struct {
	ID, Label, Href string
	First, File     bool
}

// A Part is a section of a sheet; ID names it for whoever looks for it.
type Part struct {
	ID, Title, Text string
	Facts           []Fact
	Blocks          []Block
	Form            *Form
	Tick            *Tick
	Confirm         *Confirm
	Upload          *Upload
	Choose          *Search
	Table           *Table
	Steps           []Step
	Faces           []Face
	Button          *Link // sent with POST
}

// A Face is a picture of what a certificate looks like.
type Face struct{ Src, Alt string }

// A Block is a paragraph of a text, a heading in it, or the lines of a list.
type Block struct {
	Heading, Text string
	Items         []string
}

// A Tick is a form with boxes to tick, which share a Name; that is the id of the
// group too.
type Tick struct {
	Form
	Name, Label, Error string
	Boxes              []Box
	Also               []Button // beside the form's own
}

// A Box is one of them.
type Box struct {
	ID, Value, Label, Sub string
	On                    bool
}

// A Button sends a form as something else than its own button does: as=Value.
type Button struct{ Value, Label string }

// An Upload is a form with one file, its control is "file". Title and Fields are of
// the form.
type Upload struct {
	Form
	Label, Hint, Accept, Error string
	Optional                   bool
}

// TableFiles are the files that package table reads, for an Upload's Accept.
const TableFiles = ".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// Sheet is a page without parts, for whoever asks in r.
func (k *Kit) Sheet(r *http.Request, nav, heading, lead, width string) *Sheet {
	return &Sheet{Frame: k.Frame(r, heading, nav, width), Heading: heading, Lead: lead}
}

// Under says below which page this one is.
func (p *Sheet) Under(label, href string) *Sheet {
	p.Crumb = &Link{Label: label, Href: href}
	return p
}

// Add adds parts.
func (p *Sheet) Add(parts ...Part) *Sheet {
	p.Parts = append(p.Parts, parts...)
	return p
}

// Views are the views that the page is one of; now is the address of this one.
func (p *Sheet) Views(label, now string, tabs ...Tab) *Sheet {
	for i := range tabs {
		tabs[i].Current = tabs[i].Href == now
	}
	p.Tabs = Tabs{Label: label, Items: tabs}
	return p
}

// Said puts the notice of what was done a moment ago, as the address says: done.
func (p *Sheet) Said(r *http.Request, done map[string]Notice) *Sheet {
	if n, ok := done[r.URL.Query().Get("done")]; ok && r.Method == http.MethodGet {
		p.Notice = &n
	}
	return p
}

// ShowSheet shows a page.
func (k *Kit) ShowSheet(w http.ResponseWriter, p *Sheet) error {
	return k.own.Show(w, http.StatusOK, "sheet", p)
}

// ShowAgain shows a page again with what was wrong at its controls; an error that
// is not the page's to show is returned.
func (k *Kit) ShowAgain(w http.ResponseWriter, p *Sheet, err error) error {
	code := StatusOf(err)
	if code == 0 {
		return err
	}
	p.Problem, p.Notice = Mark(err, p.controls()...), nil
	for i := range p.Parts {
		switch b := &p.Parts[i]; {
		case b.Tick != nil:
			b.Tick.Error = p.Problem.At(b.Tick.Name)
		case b.Upload != nil:
			b.Upload.Error = p.Problem.At("file")
		case b.Confirm != nil:
			b.Confirm.Reason.Error = p.Problem.At(b.Confirm.Reason.ID)
		}
	}
	p.Title = "有错误：" + p.Title
	return k.own.Show(w, code, "sheet", p)
}

// controls are those of the forms, with what stands for a group of boxes and a file.
func (p *Sheet) controls() (lists [][]Field) {
	for i := range p.Parts {
		switch b := &p.Parts[i]; {
		case b.Form != nil:
			lists = append(lists, b.Form.Fields)
			if b.Form.Lines != nil {
				lists = append(lists, b.Form.Lines.Rows...)
			}
		case b.Tick != nil:
			lists = append(lists, b.Tick.Fields, []Field{{ID: b.Tick.Name, Name: b.Tick.Name, Label: b.Tick.Label}})
		case b.Upload != nil:
			lists = append(lists, b.Upload.Fields, []Field{{ID: "file", Name: "file", Label: b.Upload.Label}})
		case b.Confirm != nil:
			r := &b.Confirm.Reason
			r.ID, r.Name, r.Label = cmp.Or(r.ID, "reason"), cmp.Or(r.Name, "reason"), cmp.Or(r.Label, "理由")
			lists = append(lists, b.Confirm.Fields, []Field{*r})
		}
	}
	return lists
}
