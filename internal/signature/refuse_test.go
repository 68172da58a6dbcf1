package signature_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal/sealtest"
	"sidian/internal/signature"
	"sidian/internal/signature/ink"
	"sidian/internal/signature/ink/inktest"
	"sidian/internal/signature/signaturetest"
)

// lower is the same person in a session of a lower assurance.
func lower(t testing.TB, w *signaturetest.World, p signaturetest.Person, level int) context.Context {
	t.Helper()
	x, err := w.IAM.Principal(t.Context(), p.Account, iam.Proof{Session: "s", Level: level})
	must(t, err)
	return iam.With(t.Context(), x)
}

// What is refused when a task is begun.
func TestCreateRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a := w.Person(t, "王小明")
		good := func() signature.TaskRequest {
			return signature.TaskRequest{Org: sealtest.Market, Title: "协议", Signers: []signature.Party{a.Invite(signaturetest.At(signaturetest.First))}}
		}
		for name, tc := range map[string]struct {
			ctx  context.Context
			edit func(*signature.TaskRequest)
			data []byte
			code string
		}{
			"as nobody":                 {ctx: t.Context(), code: "auth.required"},
			"for another unit":          {edit: func(r *signature.TaskRequest) { r.Org = sealtest.Land }, code: "auth.org"},
			"for a unit as a person":    {ctx: a.Ctx, code: "auth.permission"},
			"as a program for itself":   {ctx: w.Program, edit: func(r *signature.TaskRequest) { r.Org = "" }, code: "signature.person"},
			"as a person, not verified": {ctx: lower(t, w, a, 1), edit: func(r *signature.TaskRequest) { r.Org = "" }, code: "auth.level"},
			"no title":                  {edit: func(r *signature.TaskRequest) { r.Title = " " }, code: "signature.request"},
			"nobody to sign":            {edit: func(r *signature.TaskRequest) { r.Signers = nil }, code: "signature.request"},
			"too many":                  {edit: func(r *signature.TaskRequest) { r.Signers = make([]signature.Party, 51) }, code: "signature.request"},
			"twice":                     {edit: func(r *signature.TaskRequest) { r.Signers = append(r.Signers, r.Signers[0]) }, code: "signature.request"},
			"over already":              {edit: func(r *signature.TaskRequest) { r.Until = d.Now().Add(-time.Hour) }, code: "signature.request"},
			"in years":                  {edit: func(r *signature.TaskRequest) { r.Until = d.Now().AddDate(2, 0, 0) }, code: "signature.request"},
			"no number":                 {edit: func(r *signature.TaskRequest) { r.Signers[0].Citizen = "" }, code: "signature.request"},
			"wrong number":              {edit: func(r *signature.TaskRequest) { r.Signers[0].Citizen = "999999199001010000" }, code: "signature.request"},
			"account and number":        {edit: func(r *signature.TaskRequest) { r.Signers[0].Account = a.Account }, code: "signature.request"},
			"unknown account": {edit: func(r *signature.TaskRequest) {
				r.Signers[0] = signature.Party{Account: "none", Places: signaturetest.At(signaturetest.First)}
			}, code: "signature.account"},
			"no place":             {edit: func(r *signature.TaskRequest) { r.Signers[0].Places = nil }, code: "signature.request"},
			"unknown keyword":      {edit: func(r *signature.TaskRequest) { r.Signers[0].Places[0].Keyword = "丁方" }, code: "signature.place"},
			"unknown field":        {edit: func(r *signature.TaskRequest) { r.Signers[0].Places[0] = signature.Place{Field: "none"} }, code: "signature.place"},
			"off the page":         {edit: func(r *signature.TaskRequest) { r.Signers[0].Places[0] = signature.Place{Page: 1, X: 200, Y: 10} }, code: "signature.place"},
			"no such page":         {edit: func(r *signature.TaskRequest) { r.Signers[0].Places[0] = signature.Place{Page: 2, X: 20, Y: 10} }, code: "signature.place"},
			"no number of a place": {edit: func(r *signature.TaskRequest) { r.Signers[0].Places[0] = signature.Place{Page: 1, X: math.NaN()} }, code: "signature.place"},
			"negative place":       {edit: func(r *signature.TaskRequest) { r.Signers[0].Places[0] = signature.Place{Page: 1, X: -1} }, code: "signature.place"},
			"groups for some": {edit: func(r *signature.TaskRequest) {
				b := w.Person(t, "李四").Invite(signaturetest.At(signaturetest.Second))
				b.Group = 1
				r.Signers = append(r.Signers, b)
			}, code: "signature.request"},
			"must be paper": {edit: func(r *signature.TaskRequest) { r.Item = "marriage" }, code: "signature.paper"},
			"no OFD":        {data: []byte("hello"), code: "signature.file"},
			"a PDF":         {data: []byte("%PDF-1.7\n"), code: "signature.pdf"},
			"too large":     {data: make([]byte, signature.MaxFile+1), code: "signature.size"},
		} {
			t.Run(name, func(t *testing.T) {
				r := good()
				if tc.edit != nil {
					tc.edit(&r)
				}
				ctx, data := tc.ctx, tc.data
				if ctx == nil {
					ctx = w.Clerk
				}
				if data == nil {
					data = signaturetest.Document(t)
				}
				_, err := w.Signature.Create(ctx, r, "a.ofd", data)
				if e := fault.As(err); e == nil || e.Code != tc.code || e.Hint == "" {
					t.Errorf("got %v, want %s with a way out", err, tc.code)
				}
				if err != nil && (strings.Contains(err.Error(), a.Citizen) || strings.Contains(err.Error(), a.Name)) {
					t.Error("the refusal tells who it is")
				}
			})
		}
	})
}

// What a signer is refused.
func TestSignRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a, b, c := w.Enrolled(t, "王小明"), w.Enrolled(t, "李四"), w.Person(t, "王小明") // c has the name of a, and another number
		x := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)), b.Invite(signaturetest.At(signaturetest.Second)))
		sv := w.Signature
		// Others learn nothing.
		for _, ctx := range []context.Context{c.Ctx, w.Hire(t, "landclerk", "clerk", sealtest.Land)} { // another person, another unit
			_, err := sv.Get(ctx, x.ID)
			wantFault(t, err, fault.NotFound, "signature.unknown")
			_, _, err = sv.File(ctx, x.ID)
			wantFault(t, err, fault.NotFound, "signature.unknown")
			_, err = sv.Picture(ctx, x.ID, 1, 0)
			wantFault(t, err, fault.NotFound, "signature.unknown")
			_, err = sv.View(ctx, x.ID, 1)
			wantFault(t, err, fault.NotFound, "signature.other")
			_, err = sv.Sign(ctx, x.ID, 1, signature.SignRequest{})
			wantFault(t, err, fault.NotFound, "signature.other")
			_, err = sv.Refuse(ctx, x.ID, 1, "不签")
			wantFault(t, err, fault.NotFound, "signature.other")
			_, err = sv.Capture(ctx, x.ID, 1, inktest.Drawing(1))
			wantFault(t, err, fault.NotFound, "signature.unknown")
			_, err = sv.Link(ctx, x.ID, 1)
			wantFault(t, err, fault.NotFound, "signature.unknown")
			wantFault(t, sv.Withdraw(ctx, x.ID, "不要了"), fault.NotFound, "signature.unknown")
			wantFault(t, sv.Remind(ctx, x.ID), fault.NotFound, "signature.unknown")
		}
		_, err := sv.View(lower(t, w, a, 1), x.ID, 1)
		wantFault(t, err, fault.Forbidden, "auth.level")
		_, err = sv.View(w.Program, x.ID, 1)
		wantFault(t, err, fault.Forbidden, "signature.person")
		_, err = sv.View(b.Ctx, x.ID, 1)
		wantFault(t, err, fault.NotFound, "signature.other")
		_, err = sv.View(a.Ctx, x.ID, 7)
		wantFault(t, err, fault.NotFound, "signature.unknown")
		wantFault(t, sv.Withdraw(a.Ctx, x.ID, "不要了"), fault.Forbidden, "auth.permission") // a signer is no initiator

		// In the wrong order.
		sr := signature.SignRequest{Code: signaturetest.Code, Original: x.Original, Intent: "1"}
		_, err = sv.Sign(a.Ctx, x.ID, 1, sr)
		wantFault(t, err, fault.Conflict, "signature.unseen")
		_, err = sv.Capture(a.Ctx, x.ID, 1, inktest.Drawing(1))
		wantFault(t, err, fault.Conflict, "signature.unseen")
		_, err = sv.View(a.Ctx, x.ID, 1)
		must(t, err)
		_, err = sv.Sign(a.Ctx, x.ID, 1, sr)
		wantFault(t, err, fault.Conflict, "signature.uncaptured")
		_, err = sv.View(b.Ctx, x.ID, 2)
		must(t, err)
		_, err = sv.Capture(b.Ctx, x.ID, 2, inktest.Drawing(1))
		wantFault(t, err, fault.Conflict, "signature.order")

		// What is no handwriting.
		nan, back, huge := inktest.Drawing(1), inktest.Drawing(1), &ink.Drawing{Width: 10, Height: 10, Strokes: make([]ink.Stroke, ink.MaxStrokes+1)}
		nan.Strokes[0][0].X, back.Strokes[0][0].T = math.NaN(), -1
		for name, bad := range map[string]*ink.Drawing{"nothing": nil, "empty": {Width: 10, Height: 10}, "NaN": nan, "negative time": back, "too many strokes": huge} {
			_, err = sv.Capture(a.Ctx, x.ID, 1, bad)
			if e := fault.As(err); e == nil || e.Code != "signature.drawing" {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = sv.Capture(a.Ctx, x.ID, 1, inktest.Drawing(1))
		must(t, err)

		// What was not confirmed, or something else.
		for code, edit := range map[string]func(*signature.SignRequest){
			"confirm.needed":     func(r *signature.SignRequest) { r.Code = "000000" },
			"signature.document": func(r *signature.SignRequest) { r.Original = strings.Repeat("0", 64) },
			"signature.intent":   func(r *signature.SignRequest) { r.Intent = "0" },
		} {
			r := sr
			edit(&r)
			_, err = sv.Sign(a.Ctx, x.ID, 1, r)
			if e := fault.As(err); e == nil || e.Code != code {
				t.Errorf("got %v, want %s", err, code)
			}
		}
		must(t, sv.Cancel(a.Ctx, "不再使用"))
		_, err = sv.Sign(a.Ctx, x.ID, 1, sr)
		wantFault(t, err, fault.Conflict, "signature.identity")
		_, err = sv.Enrol(a.Ctx)
		must(t, err)
		_, err = sv.Sign(a.Ctx, x.ID, 1, sr)
		must(t, err)
		_, err = sv.Sign(a.Ctx, x.ID, 1, sr) // twice
		wantFault(t, err, fault.Conflict, "signature.signed")
		_, err = sv.Refuse(a.Ctx, x.ID, 1, "反悔")
		wantFault(t, err, fault.Conflict, "signature.signed")
		_, err = sv.Evidence(a.Ctx, x.ID)
		wantFault(t, err, fault.Conflict, "signature.open")

		// Refused, and therefore over.
		done, err := sv.Refuse(b.Ctx, x.ID, 2, "价格不对")
		must(t, err)
		if done.State != signature.Refused || done.Signers[1].Reason != "价格不对" {
			t.Errorf("refused as %+v", done)
		}
		wantFault(t, sv.Withdraw(w.Clerk, x.ID, "不要了"), fault.Conflict, "signature.refused")
		wantFault(t, sv.Remind(w.Clerk, x.ID), fault.Conflict, "signature.refused")
		verified(t, w, x.ID, 1)
	})
}

// A task that is withdrawn, or whose time is over, takes no signature.
func TestOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := signaturetest.New(t, d)
		a := w.Enrolled(t, "王小明")
		x, y := w.Begin(t, a.Invite(signaturetest.At(signaturetest.First))), w.Begin(t, a.Invite(signaturetest.At(signaturetest.First)))
		rx, ry := w.Ready(t, a, x.ID, 1), w.Ready(t, a, y.ID, 1)
		must(t, w.Signature.Withdraw(w.Clerk, x.ID, "条款有误"))
		_, err := w.Signature.Sign(a.Ctx, x.ID, 1, rx)
		wantFault(t, err, fault.Conflict, "signature.withdrawn")

		now := d.Now
		d.Now = func() time.Time { return now().Add(14*24*time.Hour + time.Hour) }
		if expired, reminded, err := w.Signature.Tick(t.Context()); err != nil || expired != 0 || reminded != 1 {
			t.Errorf("a day before: %d expired, %d reminded, %v", expired, reminded, err)
		}
		if _, reminded, err := w.Signature.Tick(t.Context()); err != nil || reminded != 0 {
			t.Errorf("reminded again: %d, %v", reminded, err)
		}
		d.Now = func() time.Time { return now().Add(16 * 24 * time.Hour) }
		_, err = w.Signature.Sign(a.Ctx, y.ID, 1, ry) // before anybody ticks
		wantFault(t, err, fault.Conflict, "signature.expired")
		if expired, _, err := w.Signature.Tick(t.Context()); err != nil || expired != 1 {
			t.Errorf("%d expired, %v", expired, err)
		}
		got, err := w.Signature.Get(w.Clerk, y.ID)
		must(t, err)
		if got.State != signature.Expired || got.ClosedAt.IsZero() {
			t.Errorf("is %+v", got)
		}
		if _, err := w.Signature.Evidence(w.Clerk, y.ID); err != nil {
			t.Error(err)
		}
	})
}
