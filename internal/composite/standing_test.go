package composite

import (
	"testing"

	"sidian/internal/cert/state"
)

// Every state of a required and of an optional member, and what two of them give.
func TestStand(t *testing.T) {
	t.Parallel()
	want := map[state.Status]Standing{
		state.Effective: InForce, state.Suspended: Suspended, state.Lost: Suspended, state.Expired: Broken, state.Recalled: Broken, state.Revoked: Broken,
		state.Rescinded: Broken, state.Cancelled: Broken, state.Abolished: Broken, state.Changed: Broken, state.Replaced: Broken,
	}
	if len(want) != len(state.Statuses()) {
		t.Fatalf("%d states are known, the table has %d", len(state.Statuses()), len(want))
	}
	for _, i := range state.Statuses() {
		got, because := Stand([]Part{{true, state.Effective}, {true, i.Status}})
		if got != want[i.Status] || (got == InForce) != (because == -1) || got != InForce && because != 1 {
			t.Errorf("a required member that is %s: %s because of %d", i.Status, got, because)
		}
		if got, because := Stand([]Part{{true, state.Effective}, {false, i.Status}}); got != InForce || because != -1 {
			t.Errorf("an optional member that is %s: %s because of %d", i.Status, got, because)
		}
		if got := (Part{false, i.Status}).Permits(); got != (i.Status == state.Effective) {
			t.Errorf("%s permits: %t", i.Status, got)
		}
		for _, j := range state.Statuses() {
			got, because := Stand([]Part{{true, i.Status}, {true, j.Status}})
			worst := InForce
			for _, s := range []Standing{want[i.Status], want[j.Status]} {
				if s == Broken || s == Suspended && worst == InForce {
					worst = s
				}
			}
			if got != worst || got != InForce && want[[]state.Status{i.Status, j.Status}[because]] != worst {
				t.Errorf("%s and %s: %s because of %d", i.Status, j.Status, got, because)
			}
		}
	}
	for name, c := range map[string]struct {
		parts []Part
		want  Standing
	}{
		"nothing":                     {nil, Broken},
		"an unknown state":            {[]Part{{true, "sealing"}}, Broken},
		"optional, all gone":          {[]Part{{false, state.Revoked}, {false, state.Expired}}, Broken},
		"optional, one may come back": {[]Part{{false, state.Revoked}, {false, state.Lost}}, Suspended},
		"optional, one left":          {[]Part{{false, state.Revoked}, {false, state.Effective}}, InForce},
	} {
		if got, _ := Stand(c.parts); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
