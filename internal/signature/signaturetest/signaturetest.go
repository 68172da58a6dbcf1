// Package signaturetest gives other packages' tests an instance in which people
// sign: a unit that lays documents before them, and people whose identity is
// verified.
package signaturetest

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"

	"sidian/gbcode"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/signature"
	"sidian/internal/signature/event"
	"sidian/internal/signature/ink/inktest"
	"sidian/ofd"
	"sidian/ofd/draw"
)

// Code is what everybody confirms with.
const Code = "123456"

// A World is an instance as far as this package knows it.
type World struct {
	*sealtest.World
	Blob      *blob.Store
	Outbox    *outbox.Outbox
	Signature *signature.Service

	Clerk   context.Context // of the market authority: begins tasks
	Program context.Context // acts for the county, with signature.ask and signature.read

	people atomic.Int32
}

// A Person is a holder whose identity is verified.
type Person struct {
	Ctx                    context.Context
	Account, Name, Citizen string
}

// New makes an instance in d.
func New(t testing.TB, d *db.DB) *World { return In(t, d, t.TempDir()) }

// In is New with its files in dir, where Open finds them.
func In(t testing.TB, d *db.DB, dir string) *World {
	t.Helper()
	e, err := blob.CreateDir(documents(dir))
	must(t, err)
	w, err := wire(t.Context(), sealtest.In(t, d, dir), e)
	must(t, err)
	w.Clerk = w.Hire(t, "signclerk", "clerk", sealtest.Market)
	c, err := w.IAM.CreateClient(w.Security, iam.ClientRequest{Name: "样例办事系统", Org: pkitest.Root, Scopes: []string{"signature.ask", "signature.read"}})
	must(t, err)
	w.Program, err = w.IAM.AsClient(context.Background(), c.ID)
	must(t, err)
	return w
}

// Open opens what In made in d and dir, as another process would. Nobody acts in
// it.
func Open(ctx context.Context, d *db.DB, dir, client string) (*World, error) {
	s, err := sealtest.Open(ctx, d, dir, client)
	if err != nil {
		return nil, err
	}
	e, err := blob.OpenDir(documents(dir))
	if err != nil {
		return nil, err
	}
	return wire(ctx, s, e)
}

func documents(dir string) string { return filepath.Join(dir, "documents") }

func wire(ctx context.Context, s *sealtest.World, e blob.Engine) (*World, error) {
	fonts, err := draw.Embedded()
	if err != nil {
		return nil, err
	}
	w := &World{World: s, Outbox: outbox.New(outbox.Consumer{Name: "test", Topics: append(event.All(), event.Enrolled, event.Cancelled),
		Handle: func(*db.Tx, outbox.Event) error { return nil }})}
	if w.Blob, err = blob.New(ctx, e, s.Keys); err != nil {
		return nil, err
	}
	w.Signature = &signature.Service{
		DB: s.DB, IAM: s.IAM, Keys: s.Keys, PKI: s.PKI, Seal: s.Seal, Blob: w.Blob, Outbox: w.Outbox, Fonts: fonts, Notice: s.Notice,
		Name: "青禾县样例平台", BaseURL: pkitest.BaseURL, TimeStamps: true, Confirm: confirm,
	}
	if w.Signature.Box, err = s.Keys.Box(ctx); err != nil {
		return nil, err
	}
	w.Signature.Index, err = s.Keys.Index(ctx, "signature.person")
	return w, err
}

func confirm(_ context.Context, answer string) (string, error) {
	if answer != Code {
		return "", fault.Forbidden.New("办理此事须再次证明是本人").WithCode("confirm.needed").WithHint("请输入一次性口令")
	}
	return "totp", nil
}

// Person opens the account of a holder of a name, with a citizen number of their own.
func (w *World) Person(t testing.TB, name string) Person {
	t.Helper()
	p := Person{Name: name, Citizen: Citizen(t, int(w.people.Add(1)))}
	var err error
	p.Account, err = w.IAM.HolderFor(context.Background(), p.Name, p.Citizen)
	must(t, err)
	p.Ctx, err = w.IAM.As(context.Background(), p.Account)
	must(t, err)
	return p
}

// Enrolled is Person with an identity.
func (w *World) Enrolled(t testing.TB, name string) Person {
	t.Helper()
	p := w.Person(t, name)
	_, err := w.Signature.Enrol(p.Ctx)
	must(t, err)
	return p
}

// Citizen is a valid citizen number of nobody: the area does not exist.
func Citizen(t testing.TB, n int) string {
	t.Helper()
	body := fmt.Sprintf("99999919900101%03d", n)
	sum := 0
	for i, c := range body {
		sum += int(c-'0') * []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}[i]
	}
	full := body + string("10X98765432"[sum%11])
	if _, err := gbcode.ParseCitizenID(full); err != nil {
		t.Fatal(err)
	}
	return full
}

// Words of the document, beside which signatures stand.
const (
	First  = "甲方（签字）："
	Second = "乙方（签字）："
	Third  = "丙方（签字）："
	// Field is a field of the document's data index.
	Field = "QZ"
)

// Document is a contract of one page, OFD.
func Document(t testing.TB) []byte {
	t.Helper()
	fonts, err := draw.Embedded()
	must(t, err)
	b := ofd.New(ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef", Title: "样例协议", CreationDate: "2026-01-01", Creator: "sidian"})
	page := b.AddPage(210, 297)
	d := draw.New(b)
	c := d.Page(page)
	style := draw.Style{Font: fonts.Serif, Size: 5}
	_, err = c.Text(ofd.Box{X: 20, Y: 20, W: 170, H: 20}, "样例协议", draw.Style{Font: fonts.Sans, Size: 9, Align: draw.Center})
	must(t, err)
	_, err = c.Text(ofd.Box{X: 20, Y: 50, W: 170, H: 60}, "双方约定如下：本协议为测试样例，不具有任何实际内容。", style)
	must(t, err)
	for i, word := range []string{First, Second, Third} {
		_, err = c.Text(ofd.Box{X: 20, Y: 150 + 30*float64(i), W: 50, H: 10}, word, style)
		must(t, err)
	}
	ids, err := c.Text(ofd.Box{X: 120, Y: 250, W: 50, H: 12}, "签名栏", style)
	must(t, err)
	must(t, d.Finish())
	b.Tag(Field, page.ID(), ids...)
	made, err := b.Build()
	must(t, err)
	var out bytes.Buffer
	data, err := made.Bytes()
	must(t, err)
	out.Write(data)
	return out.Bytes()
}

// At is a place beside a word of the document.
func At(word string) []signature.Place { return []signature.Place{{Keyword: word, W: 40, H: 16}} }

// Invite is a party by name and number.
func (p Person) Invite(places []signature.Place) signature.Party {
	return signature.Party{Name: p.Name, Citizen: p.Citizen, Places: places}
}

// Begin begins a task of the market authority.
func (w *World) Begin(t testing.TB, parties ...signature.Party) *signature.Task {
	t.Helper()
	x, err := w.Signature.Create(w.Clerk, signature.TaskRequest{Org: sealtest.Market, Title: "样例协议签署", Signers: parties}, "a.ofd", Document(t))
	must(t, err)
	return x
}

// Ready brings a signer to where they may sign.
func (w *World) Ready(t testing.TB, p Person, task string, number int) signature.SignRequest {
	t.Helper()
	scene, err := w.Signature.View(p.Ctx, task, number)
	must(t, err)
	if scene.Signer.Way == signature.Handwritten {
		scene, err = w.Signature.Capture(p.Ctx, task, number, inktest.Drawing(number))
		must(t, err)
	}
	return signature.SignRequest{Code: Code, Original: scene.Task.Original, Intent: scene.Intent.Version}
}

// Sign has a person sign from the first look to the end.
func (w *World) Sign(t testing.TB, p Person, task string, number int) *signature.Task {
	t.Helper()
	x, err := w.Signature.Sign(p.Ctx, task, number, w.Ready(t, p, task, number))
	must(t, err)
	return x
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
