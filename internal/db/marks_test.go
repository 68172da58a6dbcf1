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
