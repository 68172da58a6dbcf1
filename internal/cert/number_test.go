package cert_test

import (
	"context"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/ofd"
)

// What a unit set for the numbers of an inherited kind counts in its certificates,
// from the next on: in the register, in the document, and after a restart; the number
// of a certificate that stands already stays, also in its next version.
func TestUnitNumbersItsOwnWay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := certtest.New(t, d, "road_transport")
		before := w.Issue(t, "road_transport")
		designer := w.Hire(t, "number-designer", "designer", sealtest.Market)
		manager := w.Hire(t, "number-manager", "manager", pkitest.Root)
		set(t, w, designer, manager, "样交{yy}-{seq:5}")
		seen := map[string]bool{before.Number: true, before.Identifier: true}
		for _, want := range []string{"-00001", "-00002"} {
			c := w.Issue(t, "road_transport")
			if got := c.Number; len([]rune(got)) != 10 || got[len(got)-6:] != want || seen[c.Number] || seen[c.Identifier] {
				t.Errorf("numbered %s, want …%s; %v", got, want, seen)
			}
			seen[c.Number], seen[c.Identifier] = true, true
			doc, err := ofd.Open(w.Document(t, c))
			must(t, err)
			if n, _ := doc.Info().Custom("ZZBH"); n != c.Number {
				t.Errorf("the document says %s, the register %s", n, c.Number)
			}
		}
		again, err := w.Cert.Get(w.Client, before.ID)
		must(t, err)
		if again.Number != before.Number {
			t.Errorf("was %s, is %s", before.Number, again.Number)
		}
		must(t, w.CheckAll(t.Context()))
	})
}

func set(t *testing.T, w *certtest.World, designer, manager context.Context, pattern string) {
	t.Helper()
	n, err := w.Catalogue.ProposeNumbering(designer, catalogue.NumberingProposal{Kind: "road_transport", Org: sealtest.Market, Pattern: pattern, Reason: "按本局字号"})
	must(t, err)
	_, err = w.Catalogue.AgreeNumbering(manager, n.ID, "同意")
	must(t, err)
}
