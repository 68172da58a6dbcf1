package sealing_test

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/ofd"
)

var contentOf = seal.Content

func ask(seals ...[]sealing.Place) (steps []sealing.StepAsk) {
	for i, p := range seals {
		steps = append(steps, sealing.StepAsk{Seal: string(rune('a' + i)), Places: p})
	}
	return steps
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	d := prepared(t, sealingtest.Document(t, "用印位置", 4))
	at := func(p sealing.Place) []sealing.Place { return []sealing.Place{p} }
	for _, tt := range []struct {
		name  string
		steps []sealing.StepAsk
		spots int    // of the first step
		code  string // of the field that is refused
	}{
		{"一页", ask(at(sealing.Place{Page: 1, X: 10, Y: 10})), 1, ""},
		{"右下角", ask(at(sealing.Place{Page: 4, X: 168, Y: 255})), 1, ""},
		{"超出右边", ask(at(sealing.Place{Page: 1, X: 169, Y: 10})), 0, "outside"},
		{"超出左边", ask(at(sealing.Place{Page: 1, X: -1, Y: 10})), 0, "outside"},
		{"没有的页", ask(at(sealing.Place{Page: 5, X: 10, Y: 10})), 0, "page"},
		{"多页", ask(at(sealing.Place{Pages: []int{1, 3}, X: 10, Y: 10})), 2, ""},
		{"重复的页", ask(at(sealing.Place{Pages: []int{1, 1}, X: 10, Y: 10})), 0, "page"},
		{"每一页", ask(at(sealing.Place{All: true, X: 10, Y: 10})), 4, ""},
		{"关键字", ask(at(sealing.Place{Keyword: sealingtest.Keyword})), 1, ""},
		{"关键字全角半角", ask(at(sealing.Place{Keyword: "(盖章)"})), 1, ""},
		{"关键字每一处", ask(at(sealing.Place{Keyword: "用印位置", Each: true, W: 20, H: 20})), 4, ""},
		{"没有的关键字", ask(at(sealing.Place{Keyword: "骑缝"})), 0, "keyword"},
		{"关键字右侧放不下", ask(at(sealing.Place{Keyword: "用印位置", Right: true, W: 120, H: 20})), 0, "outside"},
		{"数据项", ask(at(sealing.Place{Field: sealingtest.Field, W: 20, H: 20})), 1, ""},
		{"没有的数据项", ask(at(sealing.Place{Field: "落款"})), 0, "field"},
		{"骑缝", ask(at(sealing.Place{Straddle: &sealing.Straddle{}, Y: 100})), 4, ""},
		{"骑缝两页", ask(at(sealing.Place{Straddle: &sealing.Straddle{From: 2, To: 3}, Y: 100})), 2, ""},
		{"骑缝一页", ask(at(sealing.Place{Straddle: &sealing.Straddle{From: 2, To: 2}, Y: 100})), 0, "straddle"},
		{"骑缝倒序", ask(at(sealing.Place{Straddle: &sealing.Straddle{From: 3, To: 2}, Y: 100})), 0, "page"},
		{"骑缝超出下边", ask(at(sealing.Place{Straddle: &sealing.Straddle{}, Y: 280})), 0, "outside"},
		{"没有选", ask(at(sealing.Place{X: 10, Y: 10})), 0, "way"},
		{"选了两种", ask(at(sealing.Place{Page: 1, All: true})), 0, "way"},
		{"太小", ask(at(sealing.Place{Page: 1, W: 1, H: 1})), 0, "size"},
		{"只有宽", ask(at(sealing.Place{Page: 1, W: 20})), 0, "size"},
		{"太大", ask(at(sealing.Place{Page: 1, W: 200, H: 200})), 0, "size"},
		{"不是数", ask(at(sealing.Place{Page: 1, X: math.NaN()})), 0, "number"},
		{"无穷", ask(at(sealing.Place{Page: 1, X: math.Inf(1)})), 0, "number"},
		{"两枚并排", ask(at(sealing.Place{Page: 1, X: 10, Y: 10}), at(sealing.Place{Page: 1, X: 60, Y: 10})), 1, ""},
		{"两枚稍压", ask(at(sealing.Place{Page: 1, X: 10, Y: 10}), at(sealing.Place{Page: 1, X: 30, Y: 10})), 1, ""},
		{"两枚重叠", ask(at(sealing.Place{Page: 1, X: 10, Y: 10}), at(sealing.Place{Page: 1, X: 11, Y: 11})), 0, "covered"},
		{"小的全在大的里", ask(at(sealing.Place{Page: 1, X: 10, Y: 10}), at(sealing.Place{Page: 1, X: 20, Y: 20, W: 10, H: 10})), 0, "covered"},
		{"同一枚盖两次同一处", ask([]sealing.Place{{Page: 1, X: 10, Y: 10}, {Page: 1, X: 10, Y: 10}}), 0, "covered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			spots, err := sealing.Spots(d, tt.steps, 42, 42)
			if tt.code == "" {
				must(t, err)
				if len(spots[0]) != tt.spots {
					t.Errorf("%d spots, want %d", len(spots[0]), tt.spots)
				}
				return
			}
			f := fault.As(err)
			if f == nil || f.Code != "sealing.place" || f.Hint == "" || !slices.ContainsFunc(f.Fields, func(f fault.Field) bool {
				return f.Code == tt.code && strings.HasPrefix(f.Name, "steps[")
			}) {
				t.Errorf("got %+v, want the field's code %s", err, tt.code)
			}
		})
	}
}

// The slices of a straddle seal make up one imprint, each at its page's edge.
func TestStraddle(t *testing.T) {
	t.Parallel()
	d := prepared(t, sealingtest.Document(t, "骑缝章", 30))
	spots, err := sealing.Spots(d, ask([]sealing.Place{{Straddle: &sealing.Straddle{}, Y: 120}}), 42, 42)
	must(t, err)
	if len(spots[0]) != 30 {
		t.Fatalf("%d slices", len(spots[0]))
	}
	var sum float64
	for i, s := range spots[0] {
		if s.Page != i+1 || s.Clip == nil || math.Abs(s.X+s.Clip.X+s.Clip.W-210) > 0.01 || math.Abs(s.Clip.X-sum) > 0.01 {
			t.Errorf("slice %d: %+v", i, s)
			continue
		}
		sum += s.Clip.W
	}
	if math.Abs(sum-42) > 0.01 {
		t.Errorf("the slices are %f mm together", sum)
	}
	_, err = sealing.Spots(d, ask([]sealing.Place{{Straddle: &sealing.Straddle{}, Y: 120, W: 20, H: 20}}), 42, 42)
	if f := fault.As(err); f == nil || f.Fields[0].Code != "straddle" || !strings.Contains(f.Fields[0].Message, "20") {
		t.Errorf("a slice of 0.7 mm: %v", err)
	}
}

// A seal that stands on the document already is not covered by another.
func TestPlaceOnStamp(t *testing.T) {
	t.Parallel()
	d := prepared(t, sealingtest.Document(t, "已盖章", 1))
	list, err := d.SignaturesWith(0, ofd.NewSignature{ID: 1, Type: "Seal", Loc: "/Doc_0/Signs/Sign_0/Signature.xml", MaxID: 2})
	must(t, err)
	d, err = d.With(list, ofd.NewPart("Doc_0/Signs/Sign_0/Signature.xml", []byte(`<?xml version="1.0" encoding="UTF-8"?>
<ofd:Signature xmlns:ofd="http://www.ofdspec.org/2016"><ofd:SignedInfo><ofd:StampAnnot ID="2" PageRef="`+pageID(d)+`" Boundary="100 200 40 40"/></ofd:SignedInfo></ofd:Signature>`)))
	must(t, err)
	_, err = sealing.Spots(d, ask([]sealing.Place{{Page: 1, X: 101, Y: 201, W: 40, H: 40}}), 42, 42)
	if f := fault.As(err); f == nil || f.Fields[0].Code != "covered" {
		t.Errorf("got %v", err)
	}
	_, err = sealing.Spots(d, ask([]sealing.Place{{Page: 1, X: 50, Y: 201, W: 40, H: 40}}), 42, 42)
	must(t, err)
}

func pageID(d *ofd.Document) string { return strconv.FormatUint(uint64(d.Body().Pages()[0].ID), 10) }
