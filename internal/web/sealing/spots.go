package sealing

import (
	"context"
	"fmt"
	"slices"

	"sidian/internal/fault"
	"sidian/internal/sealing"
	"sidian/ofd"
)

// A spot is where an imprint is shown on a page, as package sealing resolves it.
type spot struct {
	sealing.Spot
	Seal int  // place in the draft
	Free bool // it can be moved by hand
}

// spots resolves every place of a draft that can be; what cannot is told at its
// control.
func (s *Service) spots(ctx context.Context, d *draft, doc *ofd.Document) (out []spot, err error) {
	told := fault.Invalid.New("盖章位置还不正确").WithCode("sealing.place").WithHint("请按每一项的说明更正后重试")
	var steps []sealing.StepAsk
	var of []int // which seal of the draft a step is
	for i := range d.Seals {
		places, err := d.Seals[i].places(i, d.Pages)
		if e := fault.As(err); e != nil {
			told.Fields = append(told.Fields, e.Fields...)
			continue
		}
		steps, of = append(steps, sealing.StepAsk{Seal: d.Seals[i].Seal, Places: places}), append(of, i)
	}
	found, err := s.Sealing.Places(ctx, doc, steps)
	e := fault.As(err)
	if err != nil && (e == nil || e.Code != "sealing.place") {
		return nil, err
	}
	if e != nil {
		for _, f := range e.Fields {
			told = told.WithField(control(d, steps, of, f), f.Code, f.Message)
		}
	}
	for i, list := range found {
		c := &d.Seals[of[i]]
		for _, at := range list {
			out = append(out, spot{Spot: at, Seal: of[i], Free: at.Clip == nil && c.Way != onWord})
		}
	}
	return out, told.OrNil()
}

// control is the control at which a place is typed that package sealing refused.
func control(d *draft, steps []sealing.StepAsk, of []int, f fault.Field) string {
	var i, j int
	if n, _ := fmt.Sscanf(f.Name, "steps[%d].places[%d]", &i, &j); n < 1 || i >= len(steps) {
		return f.Name
	}
	n, places := of[i], steps[i].Places
	if j >= len(places) {
		return name(n, "way")
	}
	switch p := places[j]; {
	case p.Straddle != nil && slices.Contains([]string{"page", "straddle"}, f.Code):
		return name(n, "from")
	case p.Straddle != nil:
		return name(n, "edge-y")
	case p.Keyword != "":
		return name(n, "word")
	case f.Code == "page":
		return name(n, "on")
	}
	return name(n, "x")
}
