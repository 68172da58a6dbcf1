package sealing

import (
	"errors"
	"slices"
	"testing"

	"sidian/internal/fault"
)

// The whole table: every act on every state, those that are refused included.
func TestStepMoves(t *testing.T) {
	t.Parallel()
	states := []string{Draft, Waiting, Approved, Stamping, Stamped, Dropped}
	acts := []act{actBegin, actApprove, actGrant, actIntend, actFinish, actLose, actDrop}
	want := map[string]string{
		"draft begin": Waiting, "draft drop": Dropped,
		"waiting approve": Waiting, "waiting grant": Approved, "waiting drop": Dropped,
		"approved intend": Stamping, "approved lose": Waiting, "approved drop": Dropped,
		"stamping finish": Stamped, "stamping lose": Waiting,
	}
	for _, s := range states {
		for _, a := range acts {
			to, err := (&Step{State: s}).move(a)
			if to != want[s+" "+string(a)] || (to == "") != errors.Is(err, fault.Conflict) {
				t.Errorf("%s %s leads to %q, %v", s, a, to, err)
			}
			if f := fault.As(err); err != nil && (f.Code != "sealing.state" || f.Hint == "") {
				t.Errorf("%s %s: no way out", s, a)
			}
		}
	}
	for s := range stepMoves {
		if !slices.Contains(states, s) || Label(s) == "" {
			t.Errorf("the state %s is not tested, or has no name", s)
		}
	}
	if len(stepMoves) != len(states) {
		t.Errorf("%d states", len(stepMoves))
	}
}

func TestRequestMoves(t *testing.T) {
	t.Parallel()
	states := []string{Open, Done, Refused, Withdrawn}
	steps := func(states ...string) (out []*Step) {
		for _, s := range states {
			out = append(out, &Step{State: s})
		}
		return out
	}
	for _, from := range states {
		for _, to := range states {
			r := &Request{State: from, Steps: steps(Stamped, Stamped)}
			if err := r.end(to); (err == nil) != (from == Open && to != Open) {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
	}
	for _, tt := range []struct {
		to    string
		steps []*Step
		code  string
	}{
		{Done, steps(Stamped, Waiting), "sealing.state"},
		{Refused, steps(Stamped, Waiting), ""},
		{Refused, steps(Stamping, Waiting), "sealing.stamping"},
		{Withdrawn, steps(Approved, Stamping), "sealing.stamping"},
		{Withdrawn, steps(Approved, Draft), ""},
	} {
		err := (&Request{State: Open, Steps: tt.steps}).end(tt.to)
		if f := fault.As(err); (f == nil) != (tt.code == "") || f != nil && f.Code != tt.code {
			t.Errorf("to %s: %v, want %q", tt.to, err, tt.code)
		}
	}
}
