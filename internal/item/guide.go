package item

import (
	"context"
	"slices"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Guide is what the public is told of an item (办事指南): what to hand in, what
// not, and what comes out of it.
type Guide struct {
	Code      string     `json:"code"`
	Name      string     `json:"name"`
	OrgName   string     `json:"org_name" doc:"实施机构"`
	TypeName  string     `json:"type_name"`
	TierName  string     `json:"tier_name"`
	Audience  string     `json:"audience,omitempty" doc:"服务对象"`
	Way       string     `json:"way,omitempty" doc:"办件类型"`
	Days      int        `json:"days,omitempty" doc:"承诺时限，工作日"`
	Basis     string     `json:"basis,omitempty" doc:"设定依据"`
	Note      string     `json:"note,omitempty"`
	Version   int        `json:"version"`
	Starts    string     `json:"starts"`
	Ends      string     `json:"ends,omitempty"`
	Materials []HandIn   `json:"materials" doc:"申请材料"`
	Results   []KindName `json:"results" doc:"办理结果证照"`
}

// A HandIn is a material in a guide.
type HandIn struct {
	Name     string    `json:"name"`
	Exempt   bool      `json:"exempt" doc:"免交：由窗口调取电子证照，不得要求提交原件或复印件"`
	Optional bool      `json:"optional,omitempty" doc:"没有也可以办理，或可容缺"`
	Kind     *KindName `json:"kind,omitempty" doc:"可用电子证照代替"`
}

// A KindName is a kind with its code in the catalogue.
type KindName struct {
	Name  string `json:"name"`
	Title string `json:"title"`
	Code  string `json:"code,omitempty"`
}

func kindName(name string, kinds kindsByName) KindName {
	if k := kinds[name]; k != nil {
		return KindName{name, k.Title, k.Code.String()}
	}
	return KindName{Name: name, Title: name}
}

// Guide is the guide of an item that is in force today. Anybody may read it.
func (s *Service) Guide(ctx context.Context, code string) (*Guide, error) {
	names, err := s.names(ctx)
	if err != nil {
		return nil, err
	}
	kinds, err := s.kinds(ctx)
	if err != nil {
		return nil, err
	}
	var g *Guide
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, v, bound, err := s.todayTx(tx, code)
		if err != nil {
			return err
		}
		g = guideOf(r, v, bound, kinds)
		g.OrgName = names[r.org]
		return nil
	})
	return g, err
}

// todayTx is an item that is in force today, as it is today.
func (s *Service) todayTx(tx *db.Tx, code string) (*row, *versionRow, []*bindingRow, error) {
	r, err := byCode(tx, strings.ToUpper(code), false)
	if err != nil {
		return nil, nil, nil, err
	}
	if r == nil {
		return nil, nil, nil, errUnknown()
	}
	v, err := inForceOn(tx, r.id, today(tx.Now()))
	if err != nil {
		return nil, nil, nil, err
	}
	if v == nil {
		return nil, nil, nil, fault.NotFound.New("这个事项现在不办理").WithCode("item.not-in-force").WithHint("请从现行的事项中选择")
	}
	bound, err := boundOf(tx, r.id)
	return r, v, bound, err
}

func guideOf(r *row, v *versionRow, bound []*bindingRow, kinds kindsByName) *Guide {
	c := &v.content
	g := &Guide{Code: r.code, Name: c.Name, TypeName: NameOf(Types(), c.Type), TierName: NameOf(Tiers(), c.Tier), Audience: NameOf(Audiences(), c.Audience), Way: NameOf(Ways(), c.Way),
		Days: c.Days, Basis: c.Basis, Note: c.Note, Version: int(v.version), Starts: c.Starts, Ends: c.Ends, Materials: []HandIn{}, Results: []KindName{}}
	for _, m := range c.Materials {
		g.Materials = append(g.Materials, HandIn{Name: m.Name, Optional: m.Spared})
	}
	for _, b := range bound {
		k := kindName(b.kind, kinds)
		switch b.role {
		case Result:
			g.Results = append(g.Results, k)
		case Input:
			name := b.material
			if name == "" {
				name = k.Title
			}
			i := slices.IndexFunc(g.Materials, func(h HandIn) bool { return h.Name == name && h.Kind == nil })
			if i < 0 {
				i, g.Materials = len(g.Materials), append(g.Materials, HandIn{Name: name})
			}
			g.Materials[i].Kind, g.Materials[i].Exempt = &k, b.exempt
			g.Materials[i].Optional = g.Materials[i].Optional || !b.needed
		}
	}
	return g
}

// Guides pages through the items that are in force, for anybody: all, or those
// bound to a kind.
func (s *Service) Guides(ctx context.Context, text, kind, cursor string, limit int) (*Page, error) {
	f := (&Query{Text: text, Kind: kind, Cursor: cursor, Limit: limit}).filter()
	f.everybody = true
	return s.page(ctx, &f, true, func(*db.Tx) error { return nil })
}

// MayAsk refuses to ask an applicant for a certificate of a kind, its original or
// a copy, where the item exempts it (免提交, CAT-12). It is asked at acceptance.
func (s *Service) MayAsk(ctx context.Context, code, kind string) error {
	return s.DB.Read(ctx, func(tx *db.Tx) error {
		_, _, bound, err := s.todayTx(tx, code)
		if err != nil {
			return err
		}
		for _, b := range bound {
			if b.role == Input && b.kind == kind && b.exempt {
				return fault.Conflict.New("这个事项免提交该证照，不得要求申请人提交原件或复印件").WithCode("item.exempt").WithHint("请调取电子证照办理")
			}
		}
		return nil
	})
}

// Results are the kinds that an item in force today makes, by name: what a case of
// it ends with.
func (s *Service) Results(ctx context.Context, code string) (kinds []string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		kinds, err = s.ResultsTx(tx, code)
		return err
	})
	return kinds, err
}

// ResultsTx is Results in a caller's transaction.
func (s *Service) ResultsTx(tx *db.Tx, code string) (kinds []string, err error) {
	_, _, bound, err := s.todayTx(tx, code)
	for _, b := range bound {
		if b.role == Result {
			kinds = append(kinds, b.kind)
		}
	}
	return kinds, err
}

// Visible are the fields of a kind that an officer sees who inspects by an item
// (CAT-13), by their keys: none where the item is no inspection, is not in force,
// or is not bound to the kind.
func (s *Service) Visible(ctx context.Context, code, kind string) (fields []string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		fields = nil
		_, v, bound, err := s.todayTx(tx, code)
		if err != nil || v.content.Type != Inspection {
			return err
		}
		for _, b := range bound {
			if b.role == Inspect && b.kind == kind {
				fields = b.fields
			}
		}
		return nil
	})
	return fields, err
}
