package state_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"sidian/internal/cert/state"
)

var update = flag.Bool("update", false, "write docs/certificate-states.md anew")

// The diagram in the documentation is the table.
func TestDocument(t *testing.T) {
	t.Parallel()
	const path = "../../../docs/certificate-states.md"
	got := state.Document()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("docs/certificate-states.md is not the table: go test ./internal/cert/state -update")
	}
}

// marks is every set of marks that may stand together.
func marks() (out [][]state.Mark) {
	inspections := []state.Mark{"", state.InspectionDue, state.InspectionPassed, state.InspectionFailed}
	for bits := range 8 {
		for _, inspection := range inspections {
			var set []state.Mark
			for i, m := range []state.Mark{state.Mortgaged, state.Pledged, state.Objected} {
				if bits>>i&1 == 1 {
					set = append(set, m)
				}
			}
			if inspection != "" {
				set = append(set, inspection)
			}
			out = append(out, set)
		}
	}
	return out
}

// Every action in every state does what its line says, and nothing else.
func TestEveryActionInEveryState(t *testing.T) {
	t.Parallel()
	done, refused := 0, 0
	for _, i := range state.Statuses() {
		for _, set := range marks() {
			was := state.State{Status: i.Status, Marks: set}
			open := state.Open(was)
			for _, a := range state.Actions() {
				has := func(m state.Mark) bool { return slices.Contains(set, m) }
				allowed := slices.Contains(a.From, i.Status) && !slices.ContainsFunc(a.Bars, has) && (len(a.Wants) == 0 || slices.ContainsFunc(a.Wants, has))
				got, no := a.Apply(was)
				if allowed != (no == nil) {
					t.Fatalf("%s in %s: %+v", a.Code, was, no)
				}
				if listed := slices.ContainsFunc(open, func(o state.Action) bool { return o.Code == a.Code }); listed != (allowed && a.Permission != "") {
					t.Errorf("%s in %s is offered: %t", a.Code, was, listed)
				}
				if no != nil {
					refused++
					if no.Code == "" || no.Rule == "" || no.Way == "" || got.String() != was.String() {
						t.Errorf("%s in %s: %+v, %s", a.Code, was, no, got)
					}
					continue
				}
				done++
				checkApplied(t, a, was, got)
			}
		}
	}
	if done == 0 || refused == 0 {
		t.Errorf("%d done, %d refused", done, refused)
	}
}

func checkApplied(t *testing.T, a state.Action, was, got state.State) {
	t.Helper()
	if want := a.To; want != "" && got.Status != want || want == "" && got.Status != was.Status {
		t.Errorf("%s of %s gives %s", a.Code, was, got)
	}
	inspections := 0
	for _, m := range state.Marks() {
		want := was.Has(m.Mark) && !slices.Contains(a.Clears, m.Mark) || slices.Contains(a.Sets, m.Mark)
		if got.Has(m.Mark) != want {
			t.Errorf("%s of %s gives %s", a.Code, was, got)
		}
		if got.Has(m.Mark) && strings.HasPrefix(string(m.Mark), "inspection") {
			inspections++
		}
	}
	if inspections > 1 {
		t.Errorf("%s of %s gives %s", a.Code, was, got)
	}
	if !slices.Equal(state.ParseMarks(state.MarksText(got.Marks)), got.Marks) {
		t.Errorf("the marks of %s do not come back", got)
	}
}

// What was published as invalid for ever never stands again, by any way; what is
// final has no way out; what can be taken back can.
func TestTable(t *testing.T) {
	t.Parallel()
	for _, i := range state.Statuses() {
		if i.Stands != (i.List == state.ListValid) || i.Stands == (i.Say != "") {
			t.Errorf("%s: stands %t, list %d, %q", i.Status, i.Stands, i.List, i.Say)
		}
		gone := i.List == state.ListInvalid || i.List == state.ListReplaced
		if gone != state.Final(i.Status) || i.Passes != (!gone && !i.Stands) {
			t.Errorf("%s: list %d, final %t, passes %t", i.Status, i.List, state.Final(i.Status), i.Passes)
		}
	}
	seen := map[string]bool{}
	for _, a := range state.Actions() {
		if seen[a.Code] || a.Name == "" || len(a.From) == 0 || a.Permission == "" && a.Code != state.Expire {
			t.Errorf("%+v", a)
		}
		seen[a.Code] = true
		if _, known := state.Of(a.To); a.To != "" && !known {
			t.Errorf("%s leads to %s", a.Code, a.To)
		}
		if a.To != "" && state.Final(a.To) && (!a.Basis || a.Undo != "") && a.Permission != "" {
			t.Errorf("%s ends a certificate without a basis, or can be taken back", a.Code)
		}
		if a.Undo == "" {
			continue
		}
		undo, ok := state.Find(a.Undo)
		was := state.State{Status: a.From[0]}
		after, no := a.Apply(was)
		back, unback := undo.Apply(after)
		if !ok || no != nil || unback != nil || back.String() != was.String() {
			t.Errorf("%s is not taken back by %s: %s, %s", a.Code, a.Undo, after, back)
		}
	}
}
