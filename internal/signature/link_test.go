package signature_test

import (
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/signature/ink/inktest"
	"sidian/internal/signature/signaturetest"
)

// A link shows a stranger the title and nobody's name, is claimed by whom it was
// made for, and by nobody else.
func TestLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a, b := w.Enrolled(t, "王小明"), w.Enrolled(t, "李四")
		x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)))
		l, err := w.Signature.Link(w.Clerk, x.ID, 1)
		must(t, err)
		if !strings.HasSuffix(l.URL, "/s/sign/"+l.Token) {
			t.Errorf("the address is %s", l.URL)
		}
		got, err := w.Signature.Open(t.Context(), l.Token)
		must(t, err)
		if got.Yours || got.Name != "王**" || got.Title == "" || got.By == "" || got.Task != x.ID {
			t.Errorf("a stranger is shown %+v", got)
		}
		_, err = w.Signature.Open(b.Ctx, l.Token)
		wantFault(t, err, fault.NotFound, "signature.other")
		_, err = w.Signature.Open(lower(t, w, a, 1), l.Token)
		wantFault(t, err, fault.Forbidden, "auth.level")
		if got, err = w.Signature.Open(a.Ctx, l.Token); err != nil || !got.Yours {
			t.Errorf("its signer is shown %+v, %v", got, err)
		}
		for name, token := range map[string]string{"none": "", "another": strings.Repeat("a", len(l.Token)), "longer": l.Token + "a"} {
			if _, err := w.Signature.Open(t.Context(), token); fault.As(err) == nil {
				t.Errorf("%s opens: %v", name, err)
			}
		}
		again, err := w.Signature.Link(w.Clerk, x.ID, 1)
		must(t, err)
		_, err = w.Signature.Open(t.Context(), l.Token) // the earlier one ended
		wantFault(t, err, fault.NotFound, "signature.link")
		_, err = w.Signature.OpenPad(t.Context(), again.Token) // is no pad
		wantFault(t, err, fault.NotFound, "signature.link")
		w.Sign(t, a, x.ID, 1)
		_, err = w.Signature.Open(t.Context(), again.Token)
		wantFault(t, err, fault.NotFound, "signature.link")
		_, err = w.Signature.Link(w.Clerk, x.ID, 1)
		wantFault(t, err, fault.Conflict, "signature.signed")
	})
}

// A phone writes for the desk: one device, one drawing, ten minutes.
func TestPad(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a, b := w.Enrolled(t, "王小明"), w.Enrolled(t, "李四")
		p1, p2 := a.Invite(signaturetest.At(signaturetest.First)), b.Invite(signaturetest.At(signaturetest.Second))
		p1.Group, p2.Group = 1, 1
		x := w.Begin(t, p1, p2)
		sv, stranger := w.Signature, t.Context()
		_, err := sv.Pad(a.Ctx, x.ID, 1)
		wantFault(t, err, fault.NotFound, "signature.unknown") // not claimed yet
		_, err = sv.View(a.Ctx, x.ID, 1)
		must(t, err)
		_, err = sv.Pad(b.Ctx, x.ID, 1)
		wantFault(t, err, fault.NotFound, "signature.unknown")
		l, err := sv.Pad(a.Ctx, x.ID, 1)
		must(t, err)
		wantFault(t, sv.DrawPad(stranger, l.Token, "", inktest.Drawing(1)), fault.Forbidden, "signature.device")
		pad, err := sv.OpenPad(stranger, l.Token)
		must(t, err)
		if pad.Device == "" || pad.Name != "王**" || pad.Ratio != 2.5 {
			t.Errorf("the pad shows %+v", pad)
		}
		_, err = sv.OpenPad(stranger, l.Token) // another device
		wantFault(t, err, fault.Conflict, "signature.device")
		wantFault(t, sv.DrawPad(stranger, l.Token, "x", inktest.Drawing(1)), fault.Forbidden, "signature.device")
		if err := sv.DrawPad(stranger, l.Token, pad.Device, nil); fault.As(err) == nil || fault.As(err).Code != "signature.drawing" {
			t.Errorf("nothing was written: %v", err)
		}
		must(t, sv.DrawPad(stranger, l.Token, pad.Device, inktest.Drawing(1)))
		wantFault(t, sv.DrawPad(stranger, l.Token, pad.Device, inktest.Drawing(2)), fault.NotFound, "signature.link") // once
		scene, err := sv.Scene(a.Ctx, x.ID, 1)
		must(t, err)
		if scene.Signer.State != signature.Captured || !strings.HasPrefix(scene.Drawing, "M") || scene.Box == "" {
			t.Errorf("at the desk: %s %.20s %s", scene.Signer.State, scene.Drawing, scene.Box)
		}
		// The pad of one signer does not write for another, and an old one for nobody.
		_, err = sv.View(b.Ctx, x.ID, 2)
		must(t, err)
		other, err := sv.Pad(b.Ctx, x.ID, 2)
		must(t, err)
		wantFault(t, sv.DrawPad(stranger, other.Token, pad.Device, inktest.Drawing(1)), fault.Forbidden, "signature.device")
		opened, err := sv.OpenPad(stranger, other.Token)
		must(t, err)
		now := d.Now
		d.Now = func() time.Time { return now().Add(11 * time.Minute) }
		wantFault(t, sv.DrawPad(stranger, other.Token, opened.Device, inktest.Drawing(1)), fault.NotFound, "signature.link")
		d.Now = now
		_, err = sv.Sign(a.Ctx, x.ID, 1, signature.SignRequest{Code: signaturetest.Code, Original: x.Original, Intent: "1"})
		must(t, err)
		_, err = sv.Pad(a.Ctx, x.ID, 1)
		wantFault(t, err, fault.Conflict, "signature.signed")
		must(t, sv.Withdraw(w.Clerk, x.ID, "不要了"))
		wantFault(t, sv.DrawPad(stranger, other.Token, opened.Device, inktest.Drawing(1)), fault.NotFound, "signature.link")
	})
}
