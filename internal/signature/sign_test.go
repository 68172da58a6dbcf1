package signature_test

import (
	"slices"
	"testing"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/signature/signaturetest"
	"sidian/ofd/sign"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantFault wants a refusal that names the rule and the way out.
func wantFault(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	e := fault.As(err)
	if e == nil || e.Kind != kind || e.Code != code {
		t.Errorf("got %v, want %s %s", err, kind, code)
		return
	}
	if e.Msg == "" || e.Hint == "" {
		t.Errorf("%s says %q and no way out", code, e.Msg)
	}
}

// verified verifies the document of a task and wants so many valid signatures.
func verified(t testing.TB, w *signaturetest.World, task string, n int) *signature.Verified {
	t.Helper()
	_, data, err := w.Signature.File(w.Clerk, task)
	must(t, err)
	v, err := w.Signature.Verify(t.Context(), "a.ofd", data)
	must(t, err)
	if v.Report.Verdict != sign.Valid && n > 0 || len(v.Report.Signatures) != n || len(v.Records) != n {
		t.Fatalf("%s with %d signatures and %d records, want %d: %+v", v.Report.Verdict, len(v.Report.Signatures), len(v.Records), n, v.Report.Signatures)
	}
	if v.Known == nil || len(v.Known.Signed) != n || !v.Known.Current {
		t.Fatalf("the register says %+v", v.Known)
	}
	return v
}

// A contract is signed by two people, one after the other, and both signatures show
// and verify.
func TestSign(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a, b := w.Enrolled(t, "王小明"), w.Enrolled(t, "欧阳晓红")
		x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)), b.Invite(signaturetest.At(signaturetest.Second)))
		if x.State != signature.Open || x.Signers[0].State != signature.Invited || x.Signers[1].State != signature.Waiting {
			t.Fatalf("begun as %+v", x)
		}
		if x.Signers[0].Name != "王**" || x.Signers[0].Citizen == a.Citizen {
			t.Errorf("the signer is shown as %q %q", x.Signers[0].Name, x.Signers[0].Citizen)
		}
		_, err := w.Signature.View(b.Ctx, x.ID, 2)
		must(t, err) // may look, though it is not their turn
		_, err = w.Signature.Sign(b.Ctx, x.ID, 2, signature.SignRequest{Code: signaturetest.Code, Original: x.Original, Intent: "1"})
		wantFault(t, err, fault.Conflict, "signature.order")
		one := w.Sign(t, a, x.ID, 1)
		if one.State != signature.Open || one.Signers[0].State != signature.Signed || one.Signers[1].State != signature.Invited {
			t.Fatalf("after the first: %+v", one)
		}
		verified(t, w, x.ID, 1)
		two := w.Sign(t, b, x.ID, 2)
		if two.State != signature.Done {
			t.Fatalf("after the second: %+v", two)
		}
		v := verified(t, w, x.ID, 2)
		if r := v.Records[0]; r.Name != "王**" || r.Factor != "totp" || r.Serial == "" || r.Intent != "1" {
			t.Errorf("the record says %+v", r)
		}
		if seal := v.Report.Signatures[1].Seal; seal == nil || seal.Name != b.Name {
			t.Errorf("the second seal is %+v", seal)
		}
		if v.Report.Signatures[0].TimeSource == "" || !slices.ContainsFunc(v.Report.Signatures[0].Chain, func(*gm.Certificate) bool { return true }) {
			t.Errorf("the first signature has no proof of time or chain: %+v", v.Report.Signatures[0])
		}
	})
}
