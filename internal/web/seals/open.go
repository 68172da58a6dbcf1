package seals

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// An openSeal is what anybody may know of a seal, here or in the other zone.
type openSeal struct {
	seal.PublicSeal
	Zone  string    `json:"zone,omitempty"`   // of the other zone; empty: it is ours
	Taken time.Time `json:"told_at,omitzero"` // when the other zone told it
	AsOf  time.Time `json:"as_of"`            // until when it holds
	Chip  page.Chip `json:"-"`
	Href  string    `json:"-"`
}

type openList struct {
	page.Frame `json:"-"`
	Problem    *page.Problem `json:"-"`
	Field      page.Field    `json:"-"`
	Asked      bool          `json:"-"`
	At         time.Time     `json:"as_of"`
	Items      []openSeal    `json:"items"`
}

// ours is a seal of this zone, as of now.
func (s *Service) ours(p seal.PublicSeal) openSeal {
	return openSeal{PublicSeal: p, AsOf: s.now(), Chip: stateChip(p.State), Href: page.At(Open, p.ID)}
}

// theirs is a seal of the other zone as it was last told. Names of persons were
// masked before they were told, and are masked again here.
func (s *Service) theirs(body json.RawMessage, taken time.Time) (openSeal, error) {
	var p seal.PublicSeal
	if err := json.Unmarshal(body, &p); err != nil {
		return openSeal{}, fmt.Errorf("seals: reading what the other zone told: %w", err)
	}
	if seal.OfPerson(p.Kind) {
		p.Name = gbcode.MaskName(p.Name)
	}
	if p.State == seal.Effective && s.now().After(p.ValidTo) {
		p.State, p.StateName = seal.Expired, seal.StateName(seal.Expired)
	}
	return openSeal{PublicSeal: p, Zone: s.Peer, Taken: taken, AsOf: taken, Chip: stateChip(p.State), Href: page.At(Open, p.ID)}, nil
}

func (s *Service) findOpen(ctx context.Context, text string) (out []openSeal, err error) {
	found, err := s.Seal.PublicFind(ctx, text)
	if err != nil {
		return nil, err
	}
	for _, p := range found {
		out = append(out, s.ours(p))
	}
	if s.Neighbours == nil {
		return out, nil
	}
	told, err := s.Neighbours(ctx, text)
	if err != nil {
		return nil, err
	}
	for _, t := range told {
		one, err := s.theirs(t.Body, t.Taken)
		if err != nil {
			return nil, err
		}
		out = append(out, one)
	}
	return out, nil
}

func (s *Service) getOpenList(w http.ResponseWriter, r *http.Request) error {
	ctx, text := r.Context(), strings.TrimSpace(r.URL.Query().Get("q"))
	p := &openList{Frame: s.Kit.Frame(r, "印章查询", "open-seals", page.Middle), Asked: text != "", At: s.now(), Items: []openSeal{},
		Field: page.Field{ID: "q", Name: "q", Label: "单位或印章名称、印章编号、备案号", Value: text, Max: 100, Autocomplete: "off", Hint: "名称从开头填起，至少两个字，例如“青禾县市场监督”"}}
	if !p.Asked && !page.WantsJSON(r) {
		return s.set.Show(w, http.StatusOK, "open", p)
	}
	found, err := s.findOpen(ctx, text)
	if err == nil {
		p.Items = append(p.Items, found...)
		if page.WantsJSON(r) {
			return page.ShowJSON(w, p)
		}
		return s.set.Show(w, http.StatusOK, "open", p)
	}
	code := page.StatusOf(err)
	if code == 0 || page.WantsJSON(r) {
		return err
	}
	fields := []page.Field{p.Field}
	p.Problem = page.Mark(err, fields)
	p.Field, p.Asked, p.Title = fields[0], false, "有错误："+p.Title
	return s.set.Show(w, code, "open", p)
}

type openPage struct {
	page.Frame
	X       openSeal
	Sign    string
	Means   string
	Facts   []page.Fact
	Lists   []page.Copy
	Instead string // address of what took its place
}

// means are what each state means to who looks at a document.
var means = map[string]string{
	seal.Effective: "这枚印章已备案，现在可以用印。",
	seal.Frozen:    "这枚印章已停止使用：冻结期间加盖的印章不应采信。冻结之前、有时间戳的文件不受影响。",
	seal.Expired:   "这枚印章的有效期已过，不能再用印。到期之前、有时间戳的文件仍然有效。",
	seal.Cancelled: "这枚印章已永久停用。注销之前、有时间戳的文件仍然有效。",
	seal.Replaced:  "这枚印章已由新印章代替，不能再用印。更换之前、有时间戳的文件仍然有效。",
}

func (s *Service) getOpen(ctx context.Context, id string) (openSeal, error) {
	p, err := s.Seal.PublicGet(ctx, id)
	if err == nil {
		return s.ours(*p), nil
	}
	if e := fault.As(err); e == nil || e.Kind != fault.NotFound || s.Neighbour == nil {
		return openSeal{}, err
	}
	told, e := s.Neighbour(ctx, id)
	if f := fault.As(e); f != nil && f.Kind == fault.NotFound {
		return openSeal{}, err // it is unknown to both
	}
	if e != nil {
		return openSeal{}, e
	}
	return s.theirs(told.Body, told.Taken)
}

func (s *Service) getOpenSeal(w http.ResponseWriter, r *http.Request) error {
	x, err := s.getOpen(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	if page.WantsJSON(r) {
		return page.ShowJSON(w, x)
	}
	p := &openPage{Frame: s.Kit.Frame(r, x.Name+"："+x.StateName, "open-seals", page.Middle), X: x, Means: means[x.State], Facts: openFacts(x)}
	p.Sign = map[string]string{page.Good: "✓", page.Bad: "✕"}[x.Chip.Class]
	if p.Sign == "" {
		p.Sign = "!"
	}
	if x.ReplacedBy != "" {
		p.Instead = page.At(Open, x.ReplacedBy)
	}
	return s.set.Show(w, http.StatusOK, "state", p)
}

func openFacts(x openSeal) []page.Fact {
	out := []page.Fact{{Label: "类别", Text: x.KindName}}
	if x.Unit != "" {
		out = append(out, page.Fact{Label: "单位", Text: x.Unit})
	}
	out = append(out, page.Fact{Label: "印章编号", Text: x.ID, Code: true})
	if x.Number != "" {
		out = append(out, page.Fact{Label: "备案号", Text: x.Number, Code: true})
	}
	if x.Authority != "" {
		out = append(out, page.Fact{Label: "备案机关", Text: x.Authority})
	}
	if !x.FiledAt.IsZero() {
		out = append(out, page.Fact{Label: "备案时间", Text: page.Day(x.FiledAt)})
	}
	return append(out, page.Fact{Label: "有效期", Text: page.Day(x.ValidFrom) + " 至 " + page.Day(x.ValidTo)})
}
