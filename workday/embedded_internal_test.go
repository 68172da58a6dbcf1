package workday

import "testing"

func TestEmbeddedDataIsReadable(t *testing.T) {
	t.Parallel()
	for _, err := range embedded().errs {
		t.Error(err)
	}
	if n := len(embedded().lunar); n != 31*7 {
		t.Errorf("%d festival days in the table, want %d", n, 31*7)
	}
}
