package db

import (
	"slices"
	"testing"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	marks, args := Marks([]any{1, "b"}, []string{"c", "d"})
	if marks != "$3, $4" || !slices.Equal(args, []any{1, "b", "c", "d"}) {
		t.Errorf("marks %q, arguments %v", marks, args)
	}
}

func TestPadded(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{1: 1, 2: 2, 3: 4, 5: 8, 8: 8, 100: 128} {
		values := make([]int, n)
		values[n-1] = 7
		if got := Padded(values); len(got) != want || got[want-1] != 7 || len(values) != n {
			t.Errorf("%d values become %v", n, got)
		}
	}
}

func TestBelow(t *testing.T) {
	t.Parallel()
	if q, args := Below([]any{1}, "c.path", []string{"/a/", "/b/"}); q != "(c.path like $2 or c.path like $3)" || !slices.Equal(args, []any{1, "/a/%", "/b/%"}) {
		t.Errorf("%s, %v", q, args)
	}
	if q, args := Below([]any{1}, "c.path", nil); q != "(1 = 0)" || len(args) != 1 {
		t.Errorf("of no path: %s, %v", q, args)
	}
}
