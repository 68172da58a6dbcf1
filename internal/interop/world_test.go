package interop

import (
	"context"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/signature"
	"sidian/internal/signature/signaturetest"
	"sidian/ofd/draw"
	"sidian/ses"
)

// A world is one instance in which units seal and people sign. It begins two
// days ago, so that what happens to its digital certificates later has happened
// by now, for tools that ask no clock but their own.
type world struct {
	*sealingtest.World
	people *signaturetest.World
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	d := dbtest.New(t, "sqlite")
	w := &world{}
	set(d, -48*time.Hour)
	w.World = sealingtest.New(t, d)
	w.people = w.signers(t)
	return w
}

// set makes an instance live some time from now.
func set(d *db.DB, from time.Duration) { d.Now = func() time.Time { return time.Now().Add(from) } }

// signers adds package signature to the instance.
func (w *world) signers(t *testing.T) *signaturetest.World {
	t.Helper()
	fonts, err := draw.Embedded()
	must(t, err)
	s := &signature.Service{
		DB: w.DB, IAM: w.IAM, Keys: w.Keys, PKI: w.PKI, Seal: w.Seal, Blob: w.Blob, Outbox: w.Outbox, Fonts: fonts, Notice: w.Notice,
		Name: "青禾县样例平台", BaseURL: pkitest.BaseURL, TimeStamps: true, Confirm: confirm,
	}
	s.Box, err = w.Keys.Box(t.Context())
	must(t, err)
	s.Index, err = w.Keys.Index(t.Context(), "signature.person")
	must(t, err)
	return &signaturetest.World{
		World: w.World.World, Blob: w.Blob, Outbox: w.Outbox, Signature: s, Clerk: w.Hire(t, "signclerk", "clerk", sealtest.Market),
	}
}

func confirm(_ context.Context, answer string) (string, error) {
	if answer != signaturetest.Code {
		return "", fault.Forbidden.New("办理此事须再次证明是本人").WithCode("confirm.needed").WithHint("请输入一次性口令")
	}
	return "totp", nil
}

// published is what a stranger fetches: /pki/roots.pem and the revocation list.
func (w *world) published(t *testing.T) (roots, list []byte) {
	t.Helper()
	roots, err := w.PKI.Roots(t.Context())
	must(t, err)
	list, err = w.PKI.List(t.Context(), "issuing")
	must(t, err)
	return roots, list
}

// A holding is what somebody holds who has the key of a seal, whoever that is.
type holding struct {
	signer      gm.Signer
	seal        *ses.Seal
	certificate *gm.Certificate
}

func (w *world) held(t *testing.T, id string) holding {
	t.Helper()
	var key string
	var made, der []byte
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) error {
		return tx.Get(`select key_id, seal, certificate from seal_seal where id = $1`, []any{id}, &key, &made, &der)
	}))
	var h holding
	var err error
	h.signer, err = w.Keys.Signer(t.Context(), key, keys.Seal)
	must(t, err)
	h.seal, err = ses.ParseSeal(made)
	must(t, err)
	h.certificate, err = gm.ParseCertificate(der)
	must(t, err)
	return h
}

// title is a document's title without what a file name cannot hold.
func title(name string) string { return strings.ReplaceAll(name, "/", "_") }
