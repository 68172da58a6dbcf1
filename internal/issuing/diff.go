package issuing

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Correction is what a draft that makes the next version of a certificate
// follows, and what it changes.
type Correction struct {
	Certificate string   `json:"certificate"`
	Number      string   `json:"number" doc:"证照编号"`
	Action      string   `json:"action" enum:"correct,change,replace"`
	ActionName  string   `json:"action_name"`
	Reason      string   `json:"reason"`
	Basis       string   `json:"basis"`
	Changes     []Change `json:"changes,omitempty" doc:"与现行版本不同的项；敏感的值已遮蔽；办结后不再保留"`
}

// A Change is a field in which a draft differs from the version in force.
type Change struct {
	Name   string `json:"name" doc:"项，如 fields.KZ_ZL"`
	Label  string `json:"label"`
	Before string `json:"before"`
	After  string `json:"after"`
	Masked bool   `json:"masked,omitempty" doc:"已遮蔽"`
	// Of a picture or a table; pictures of persons only where they are revealed.
	WasPicture *Picture    `json:"before_picture,omitempty"`
	IsPicture  *Picture    `json:"after_picture,omitempty"`
	Columns    []string    `json:"columns,omitempty" doc:"表格的列"`
	Rows       []RowChange `json:"rows,omitempty" doc:"表格中增加、删去、改动的行"`
}

// Values that no text shows.
const (
	sayNone = "（无）"
	saySame = "见现行版本" // a picture or a table, of which the draft holds none
	sayPict = "图片"
	sayNew  = "另一张图片"
)

// addCorrection adds to a draft what it follows, and what differs.
func (s *Service) addCorrection(tx *db.Tx, d *Draft, r *row, k *catalogue.Kind, c *Content) error {
	x, err := correctionOf(tx, r.id)
	if err != nil || x == nil {
		return err
	}
	d.Correction = x.shown()
	if !x.ended && k != nil {
		before, err := s.beforeOf(x)
		if err != nil {
			return err
		}
		d.Correction.Changes = changes(k, before, c, true)
	}
	return nil
}

func (x *correctionRow) shown() *Correction {
	a, _ := state.Find(x.action)
	return &Correction{Certificate: x.certificate, Number: x.number, Action: x.action, ActionName: a.Name, Reason: x.reason, Basis: x.basis}
}

func (s *Service) beforeOf(x *correctionRow) (*inForce, error) {
	c := &inForce{}
	return c, s.openFrom(beforeCell(x.draft), x.before, c)
}

// changes lists what differs between two contents of a kind, in the order of the
// face.
func changes(k *catalogue.Kind, stood *inForce, after *Content, mask bool) (out []Change) {
	before := &stood.Content
	add := func(name, label, was, is string, hide func(string) string) {
		if was == is {
			return
		}
		x := Change{Name: name, Label: label, Before: was, After: is}
		if mask {
			x.Before, x.After = hide(was), hide(is)
			x.Masked = x.Before != was || x.After != is
		}
		out = append(out, x)
	}
	for i := range max(len(before.Holders), len(after.Holders)) {
		was, is := holderAt(before, i), holderAt(after, i)
		label := "持证主体"
		if i > 0 {
			label = fmt.Sprintf("持证主体 %d ", i+1)
		}
		name := func(h catalogue.Holder) func(string) string {
			return func(text string) string { h.Name = text; return catalogue.MaskHolder(h).Name }
		}
		number := func(h catalogue.Holder) func(string) string {
			return func(text string) string { h.ID = text; return catalogue.MaskHolder(h).ID }
		}
		h := is
		if h.Type == "" {
			h = was
		}
		add(fmt.Sprintf("holders[%d].name", i), label+"名称", was.Name, is.Name, name(h))
		add(fmt.Sprintf("holders[%d].id", i), label+"代码", was.ID, is.ID, number(h))
	}
	hide := holding(before, after)
	for i := range k.Fields {
		f := &k.Fields[i]
		if f.Source != "" {
			continue
		}
		was, is := textOf(f, before.Fields[f.Key]), textOf(f, after.Fields[f.Key])
		if f.Type == catalogue.Pict || f.Type == catalogue.Table {
			x, differs := large(f, before.Fields[f.Key], after.Fields[f.Key], mask, hide)
			switch {
			case !stood.Whole && is == "":
				continue
			case !stood.Whole:
				x, differs = Change{Before: saySame, After: is}, true
			}
			if differs {
				x.Name, x.Label = "fields."+f.Key, f.Label
				out = append(out, x)
			}
			continue
		}
		add("fields."+f.Key, f.Label, was, is, func(text string) string { return hide(f.Masked(text)) })
	}
	plain := func(text string) string { return text }
	add("valid_from", "有效期起", before.ValidFrom, after.ValidFrom, plain)
	add("valid_to", "有效期止", before.ValidTo, after.ValidTo, plain)
	for i := range out {
		if out[i].Before == "" {
			out[i].Before = sayNone
		}
		if out[i].After == "" {
			out[i].After = sayNone
		}
	}
	return out
}

// holding masks the persons who hold a certificate wherever a value names them.
func holding(all ...*Content) func(string) string {
	return func(text string) string {
		for _, c := range all {
			for _, h := range c.Holders {
				if h.Type != "person" {
					continue
				}
				masked := catalogue.MaskHolder(h)
				for _, x := range [][2]string{{h.ID, masked.ID}, {h.Name, masked.Name}} {
					if x[0] != "" {
						text = strings.ReplaceAll(text, x[0], x[1])
					}
				}
			}
		}
		return text
	}
}

func holderAt(c *Content, i int) catalogue.Holder {
	if i < len(c.Holders) {
		return c.Holders[i]
	}
	return catalogue.Holder{}
}

// large is how two pictures or two tables differ.
func large(f *catalogue.Field, was, is json.RawMessage, mask bool, hide func(string) string) (x Change, differs bool) {
	x = Change{Before: textOf(f, was), After: textOf(f, is)}
	secret := mask && f.ClassOf() == catalogue.Sensitive
	if f.Type == catalogue.Pict {
		a, b := pictureOf(was), pictureOf(is)
		if a == nil && b == nil || a != nil && b != nil && a.Media == b.Media && bytes.Equal(a.Data, b.Data) {
			return x, false
		}
		if a != nil && b != nil {
			x.After = sayNew
		}
		if x.Masked = secret; !secret {
			x.WasPicture, x.IsPicture = a, b
		}
		return x, true
	}
	for _, c := range f.Columns {
		x.Columns = append(x.Columns, c.Label)
	}
	x.Rows = rowChanges(f.Columns, rowsOf(was), rowsOf(is), func(text string) string {
		if !mask {
			return text
		}
		shown := hide(f.Masked(text))
		if shown != text {
			x.Masked = true
		}
		return shown
	})
	return x, len(x.Rows) > 0
}

// textOf is a value as people read it.
func textOf(f *catalogue.Field, raw json.RawMessage) (text string) {
	switch {
	case len(raw) == 0:
		return ""
	case f.Type == catalogue.Pict:
		if pictureOf(raw) == nil {
			return ""
		}
		return sayPict
	case f.Type == catalogue.Table:
		if rows := rowsOf(raw); len(rows) > 0 {
			return fmt.Sprintf("共 %d 行", len(rows))
		}
		return ""
	}
	if json.Unmarshal(raw, &text) != nil {
		return ""
	}
	return text
}

// A RevealRequest asks for what a correction changes in full, for a purpose.
type RevealRequest struct {
	ID      string `path:"id" json:"-" maxLength:"64"`
	Purpose string `json:"purpose" minLength:"1" maxLength:"64" doc:"用途代码"`
	Reason  string `json:"reason" minLength:"2" maxLength:"200" doc:"事由，写入审计记录；不写个人信息"`
}

// Reveal shows what a correction changes in full, by the rule by which package
// cert shows the values of a certificate: to who holds cert.reveal for the unit,
// and says what for. That they saw it is recorded before they do.
func (s *Service) Reveal(ctx context.Context, req RevealRequest) (*Correction, error) {
	e := fault.Invalid.New("显示的事由不符合规则").WithCode("issuing.reveal").WithHint("写明用途和事由，不要写个人信息")
	wrong := checkText(e, "reason", req.Reason, true, 200).OrNil()
	var out *Correction
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, req.ID, false)
		if err != nil {
			return err
		}
		if err := sees(ctx, r); err != nil {
			return err
		}
		x, err := correctionOf(tx, r.id)
		if err != nil {
			return err
		}
		if x == nil || x.ended {
			return fault.Conflict.New("此件没有可以对照的内容").WithCode("issuing.reveal").WithHint("只有正在办理的更正、变更、换证可以对照")
		}
		k, err := s.Catalogue.VersionTx(tx, r.kind, int(r.kindVersion))
		if err != nil {
			return err
		}
		q := iam.Question{Permission: permReveal, Org: r.unit, Purpose: req.Purpose, Class: classOf(k)}
		if wrong != nil { // who may not at all is told so, not asked what for
			q.Purpose, q.Gate = "", true
		}
		grounded, err := iam.Decided(ctx, q)
		if err != nil {
			return err
		}
		if wrong != nil {
			return wrong
		}
		before, err := s.beforeOf(x)
		if err != nil {
			return err
		}
		after, err := s.contentOf(r)
		if err != nil {
			return err
		}
		out = x.shown()
		out.Changes = changes(k, before, after, false)
		g := audit.GroundsFrom(grounded)
		return audit.Put(tx, audit.Entry{Action: "issuing.reveal", Object: objectOf(r.id), Purpose: g.Purpose, Rule: g.Rule, Reason: strings.TrimSpace(req.Reason)})
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.reveal", Object: objectOf(req.ID)}, err)
	}
	return out, nil
}
