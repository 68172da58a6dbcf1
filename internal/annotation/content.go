package annotation

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/catalogue/face"
	"sidian/internal/cert"
	"sidian/internal/keys"
	"sidian/internal/seal/cover"
	"sidian/ofd"
	"sidian/ofd/draw"
)

// A plan is all that a copy says beyond its original: from both the same document
// comes each time. Its JSON is what is stored, encrypted.
type plan struct {
	DocID     string    `json:"doc_id"`
	Purpose   string    `json:"purpose"`
	Recipient string    `json:"recipient"`
	Item      string    `json:"item,omitempty"`
	CaseNo    string    `json:"case_no,omitempty"`
	Maker     string    `json:"maker"` // the unit, or the program, that asked
	At        time.Time `json:"at"`
	Until     time.Time `json:"until"`
}

func cellOf(id string) keys.Cell {
	return keys.Cell{Table: "annotation_copy", Column: "content", Row: id}
}

func (s *Service) sealPlan(id string, p *plan) ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("annotation: writing a plan: %w", err)
	}
	return s.box.Seal(cellOf(id), b)
}

func (s *Service) openPlan(r *row) (*plan, error) {
	b, err := s.box.Open(cellOf(r.id), r.content)
	if err != nil {
		return nil, fmt.Errorf("annotation: opening the plan of %s: %w", r.id, err)
	}
	p := &plan{}
	if err := json.Unmarshal(b, p); err != nil {
		return nil, fmt.Errorf("annotation: reading the plan of %s: %w", r.id, err)
	}
	return p, nil
}

// metadata is what the copy adds to the elements of its original (GB/T 36903,
// 加注件), with its number and the digest of the original.
func (p *plan) metadata(number string, original gm.Digest) []ofd.CustomData {
	const compact = "20060102150405"
	return append([]ofd.CustomData{
		{Name: "JZJZZSJ", Value: p.At.In(beijing).Format(compact)},
		{Name: "JZJZZZ", Value: p.Maker},
		{Name: "JZJZZSY", Value: p.Purpose},
		{Name: "JZJYXQJZSJ", Value: p.Until.In(beijing).Format(compact)},
	}, cover.Data(number, original)...)
}

const clock = "2006年1月2日 15:04"

// draw makes the copy, not sealed yet.
func (s *Service) draw(number string, p *plan, base *cert.Base) (*ofd.Document, error) {
	c := base.Certificate
	v := base.Values
	v.DocID, v.Title = p.DocID, "加注件："+v.Title
	v.Created = p.At.In(beijing).Format(time.DateOnly)
	v.Metadata = append(append([]ofd.CustomData{}, v.Metadata...), p.metadata(number, c.Digest)...)
	until := p.Until.In(beijing).Format(clock)
	page := cover.Cover{
		Heading: "电子证照加注页",
		Facts: [][2]string{
			{cover.Number, number}, {"原件名称", c.KindName}, {"证照编号", c.Number}, {"签发单位", c.IssuerName},
			{"用途", p.Purpose}, {"接收方", p.Recipient}, {"事项", strings.TrimSpace(p.Item + " " + p.CaseNo)}, {"有效期至", until},
			{"制作", p.Maker + " " + p.At.In(beijing).Format(clock)}, {cover.Origin, cover.Digest(c.Digest)},
		},
		Foot: "原件作为附件附后，未作任何改动，其上的签章可单独验证。本件只用于上述用途、接收方和事项，期限届满或改作他用无效；原件的状态以核验为准。",
	}
	mark := cover.Words(p.Recipient, p.Purpose, p.Item, until)
	d, err := base.Face.FillWith(v, func(b *ofd.Builder, d *draw.Drawing, sheets []face.Sheet) error {
		for _, sh := range sheets {
			if err := cover.Watermark(d, sh.ID, sh.Box, mark, s.Fonts); err != nil {
				return cover.Refusal(err, "annotation.request")
			}
		}
		cover.Attach(b, c.Identifier+".ofd", base.Original)
		if err := page.Draw(d.Page(b.AddPage(cover.Page.W, cover.Page.H)), s.Fonts); err != nil {
			return cover.Refusal(err, "annotation.request")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d, nil
}

// newID returns 130 random bits as text.
func newID() string { return strings.ToLower(rand.Text()) }

// newDocID is a random UUID without dashes (GB/T 33190 DocID).
func newDocID() string {
	b := make([]byte, 16)
	rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return hex.EncodeToString(b)
}
