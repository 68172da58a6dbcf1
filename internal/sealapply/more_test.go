package sealapply_test

import (
	"os"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/keys"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/sealapply/sealapplytest"
)

// A digital certificate that the unit holds is used again, nobody else's is.
func TestHeldCertificate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		name := sealapplytest.Name(sealapplytest.Market)
		first := w.Filed(t, w.Keeper, sealapplytest.Market, seal.LegalName, name)
		a := w.Filled(t, w.Keeper, sealapplytest.Market, seal.Special, name+"审批专用章")
		held, err := w.Apply.Certificates(w.Keeper, a.ID)
		must(t, err)
		if len(held) != 1 {
			t.Fatalf("%d are held", len(held))
		}
		b := w.Filled(t, w.Other, sealapplytest.Land, seal.LegalName, sealapplytest.Name(sealapplytest.Land))
		_, err = w.Apply.ChooseCertificate(w.Other, b.ID, sealapply.Held, held[0].Serial)
		wantCode(t, err, "sealapply.certificate")
		_, err = w.Apply.ChooseCertificate(w.Keeper, a.ID, sealapply.Outside, "")
		must(t, err)
		list, err := w.Apply.Checks(w.Keeper, a.ID)
		must(t, err)
		if result(list, sealapply.CheckCertificate) != sealapply.Wait {
			t.Errorf("nobody has issued it yet: %+v", list)
		}
		_, err = w.Apply.Submit(w.Keeper, a.ID)
		must(t, err)
		_, err = w.Apply.Review(w.OfCounty, a.ID, yes("county"))
		wantCode(t, err, "sealapply.checks") // what is to be found out yet blocks a review
		_, err = w.Apply.RequestCertificate(w.Keeper, a.ID, "省电子认证")
		wantHidden(t, err)
		_, err = w.Apply.Review(w.OfCounty, a.ID, sealapply.ReviewRequest{Tier: "county", Opinion: "请使用已持有的证书"})
		must(t, err)
		_, err = w.Apply.ChooseCertificate(w.Keeper, a.ID, sealapply.Held, held[0].Serial)
		must(t, err)
		_, err = w.Apply.Submit(w.Keeper, a.ID)
		must(t, err)
		w.Pass(t, a.ID)
		_, err = w.Apply.Make(w.Another, a.ID)
		must(t, err)
		x, err := w.Seal.Get(w.Keeper, a.Makes)
		must(t, err)
		y, err := w.Seal.Get(w.Keeper, first.Makes)
		must(t, err)
		if x.Certificate != y.Certificate || x.ValidTo != y.ValidTo {
			t.Errorf("%s until %s, and %s until %s", x.Certificate, x.ValidTo, y.Certificate, y.ValidTo)
		}
	})
}

// A form is imported for one's own region, from a day that has not passed, once;
// an application keeps the version that it was made with.
func TestImportForm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		shipped, err := os.ReadFile("forms/country.yaml")
		must(t, err)
		form := func(region, day string) []byte {
			s := strings.Replace(string(shipped), `region: ""`, `region: "`+region+`"`, 1)
			return []byte(strings.Replace(s, "version: 2022-01-01", "version: "+day, 1))
		}
		today := d.Now().Add(8 * 3600e9).UTC().Format("2006-01-02")
		before, err := w.Apply.Create(w.Keeper, sealapply.CreateRequest{Kind: sealapply.Apply, Org: sealapplytest.Market, SealKind: seal.LegalName})
		must(t, err)
		for name, region := range map[string]string{"another's": "411526", "the country's": "", "the province's": "990000"} {
			if _, err := w.Apply.ImportForm(w.OfCounty, form(region, today), "样例"); err == nil {
				t.Errorf("%s form was taken", name)
			}
		}
		_, err = w.Apply.ImportForm(w.Keeper, form("999999", today), "样例")
		wantHidden(t, err)
		_, err = w.Apply.ImportForm(w.OfCounty, form("999999", "2020-01-01"), "样例")
		wantCode(t, err, "sealapply.form-date")
		_, err = w.Apply.ImportForm(w.OfCounty, form("999999", today), "样例")
		must(t, err)
		_, err = w.Apply.ImportForm(w.OfCounty, form("999999", today), "样例")
		wantCode(t, err, "sealapply.form-exists")
		after, err := w.Apply.Create(w.Keeper, sealapply.CreateRequest{Kind: sealapply.Apply, Org: sealapplytest.Market, SealKind: seal.Special})
		must(t, err)
		before, err = w.Apply.Get(w.Keeper, before.ID)
		must(t, err)
		if before.FormRegion != "" || after.FormRegion != "999999" || after.FormDate != today {
			t.Errorf("%q and %q %s", before.FormRegion, after.FormRegion, after.FormDate)
		}
	})
}

// Every document of an application is named, so that none is swept away; every
// encrypted value is looked at when keys are rotated.
func TestNamedAndReseal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := sealapplytest.New(t, d)
		w.Filled(t, w.Keeper, sealapplytest.Market, seal.LegalName, sealapplytest.Name(sealapplytest.Market))
		w.Filled(t, w.Keeper, sealapplytest.Market, seal.Special, sealapplytest.Name(sealapplytest.Market)+"审批专用章")
		digests := []gm.Digest{gm.Sum(sealapplytest.PDF("application")), gm.Sum(sealapplytest.Imprint(t, sealapplytest.Name(sealapplytest.Market))), gm.Sum([]byte("other"))}
		named, err := w.Apply.Named(t.Context(), digests)
		must(t, err)
		if !named[digests[0]] || !named[digests[1]] || named[digests[2]] {
			t.Errorf("%v", named)
		}
		must(t, w.Keys.Rotate(t.Context(), keys.Field))
		changed := 0
		must(t, d.Write(t.Context(), func(tx *db.Tx) error {
			changed = 0
			x := w.Apply.Resealer()
			for after, rounds := "", 0; rounds < 50; rounds++ {
				next, n, err := x.Reseal(tx, after, 1)
				if err != nil {
					return err
				}
				changed += n
				if after = next; after == "" {
					want, err := x.Count(tx)
					if int64(changed) != want {
						t.Errorf("%d of %d were sealed again", changed, want)
					}
					return err
				}
			}
			t.Error("it does not end")
			return nil
		}))
	})
}
