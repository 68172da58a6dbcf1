// Package cataloguetest makes a catalogue for the tests of other packages.
package cataloguetest

import (
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/kinds"
	"sidian/ofd/draw"
)

// New is a catalogue in d that holds the kinds named, published; without names
// all kinds that ship.
func New(t testing.TB, d *db.DB, names ...string) *catalogue.Service {
	t.Helper()
	fonts, err := draw.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	s := &catalogue.Service{DB: d, Fonts: fonts}
	if _, err := s.Import(t.Context(), kinds.FS, names...); err != nil {
		t.Fatal(err)
	}
	return s
}
