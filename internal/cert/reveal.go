package cert

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Field is one entry of the face as a record shows it.
type Field struct {
	Key    string `json:"key"`
	Label  string `json:"label"`
	Value  string `json:"value"`
	Class  string `json:"class" enum:"公开,内部,敏感" doc:"分级"`
	Masked bool   `json:"masked,omitempty" doc:"已遮蔽"`
}

// RevealHolder is the key that asks for the names and numbers of the holders.
const RevealHolder = "holder"

// RevealFor is how long a page shows what was revealed before it masks it again.
const RevealFor = 5 * time.Minute

// A RevealRequest asks for values of a certificate in full, for a purpose.
type RevealRequest struct {
	ID      string   `path:"id" json:"-" maxLength:"64"`
	Keys    []string `json:"keys" minItems:"1" maxItems:"64" doc:"照面项的键；持证主体为 holder"`
	Purpose string   `json:"purpose" maxLength:"64" doc:"用途代码"`
	Reason  string   `json:"reason" maxLength:"200" doc:"事由，写入审计记录；不要写个人信息"`
}

// Revealed is what was asked for, in full, and nothing else.
type Revealed struct {
	ID      string    `json:"id"`
	Fields  []Field   `json:"fields,omitempty"`
	Holders []Holder  `json:"holders,omitempty"`
	Until   time.Time `json:"until" doc:"到此时应重新遮蔽"`
}

// Reveal shows the asked values in full to who holds cert.reveal for the issuer
// and says what for. That it did stands in the audit, with the keys and never
// the values, before anyone sees them; so does a refusal.
func (s *Service) Reveal(ctx context.Context, req RevealRequest) (*Revealed, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, req.ID) })
	if err != nil {
		return nil, err
	}
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return nil, err
	}
	_, d, err := s.drafted(r, kind)
	if err != nil {
		return nil, err
	}
	ctx, err = s.mayReveal(ctx, r, kind, d, req)
	if err != nil {
		return nil, err
	}
	if err := checkKeys(kind, req.Keys); err != nil {
		return nil, err
	}
	err = s.looked(ctx, audit.Entry{
		Action: actReveal, Object: object(r.ID), Purpose: req.Purpose,
		Reason: strings.TrimSpace(req.Reason) + "（显示：" + strings.Join(labels(kind, req.Keys), "、") + "）",
	})
	if err != nil {
		return nil, err
	}
	return revealed(r.ID, kind, d, req.Keys, s.DB.Now().Add(RevealFor)), nil
}

// mayReveal asks with the class of what is asked for; what is not known counts
// as sensitive.
func (s *Service) mayReveal(ctx context.Context, r *row, kind *catalogue.Kind, d *catalogue.Draft, req RevealRequest) (context.Context, error) {
	class := catalogue.Public
	for _, key := range req.Keys {
		f := kind.Field(key)
		if f == nil {
			class = catalogue.Sensitive
			continue
		}
		class = higher(class, f.ClassOf())
	}
	return s.mayRevealClass(ctx, r, d, class, Reading{req.Purpose, req.Reason})
}

func (s *Service) mayRevealClass(ctx context.Context, r *row, d *catalogue.Draft, class string, rd Reading) (context.Context, error) {
	q := iam.Question{Permission: "cert.reveal", Org: r.ReadIn(ctx), Class: class, Purpose: rd.Purpose}
	wrong := rd.check(true)
	if wrong == nil && hide(rd.Reason, d.Holders) != rd.Reason {
		wrong = namesPerson()
	}
	if wrong == nil {
		return s.decided(ctx, r.ID, actReveal, q, rd.Reason)
	}
	// Whoever may not at all is told so, not asked what for.
	q.Purpose, q.Gate = "", true
	if ctx, err := s.decided(ctx, r.ID, actReveal, q, ""); err != nil {
		return ctx, err
	}
	return ctx, wrong
}

func checkKeys(kind *catalogue.Kind, keys []string) error {
	e := fault.Invalid.New("要显示的照面项不符合规则").WithCode("cert.keys").WithHint("请按证照记录中的照面项填写")
	if len(keys) == 0 || len(keys) > 64 {
		return e.WithField("keys", "count", "应有 1 到 64 项")
	}
	seen := map[string]bool{}
	for i, key := range keys {
		where := fmt.Sprintf("keys[%d]", i)
		f := kind.Field(key)
		switch {
		case seen[key]:
			e = e.WithField(where, "twice", "同一项写了两次")
		case key == RevealHolder:
		case f == nil:
			e = e.WithField(where, "unknown", "这类证照没有这个照面项")
		case f.Type == catalogue.Pict || f.Type == catalogue.Table:
			e = e.WithField(where, "type", "图片和表格请在版式文件中查看")
		}
		seen[key] = true
	}
	return e.OrNil()
}

// labels are what the audit says was shown: the words of the face, no values.
func labels(kind *catalogue.Kind, keys []string) []string {
	out := make([]string, len(keys))
	for i, key := range keys {
		out[i] = "持证主体"
		if f := kind.Field(key); f != nil {
			out[i] = f.Label
		}
	}
	return out
}

func revealed(id string, kind *catalogue.Kind, d *catalogue.Draft, keys []string, until time.Time) *Revealed {
	out := &Revealed{ID: id, Until: until}
	for i := range kind.Fields {
		f := &kind.Fields[i]
		if slices.Contains(keys, f.Key) {
			out.Fields = append(out.Fields, Field{Key: f.Key, Label: f.Label, Value: d.Fields[f.Key].Text, Class: f.ClassOf()})
		}
	}
	if slices.Contains(keys, RevealHolder) {
		for _, h := range d.Holders {
			out.Holders = append(out.Holders, Holder(h))
		}
	}
	return out
}
