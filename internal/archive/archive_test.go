package archive_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/archive"
	"sidian/internal/archive/pack"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing"
	"sidian/internal/sealing/sealingtest"
	"sidian/ofd/sign"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantCode wants a refusal of a kind and a code.
func wantCode(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if f := fault.As(err); f == nil || f.Kind != kind || f.Code != code {
		t.Fatalf("answered with %v, want %v %q", err, kind, code)
	}
}

// A world is an instance in which documents are sealed and filed.
type world struct {
	*sealingtest.World
	archive   *archive.Service
	consumer  outbox.Consumer
	archivist context.Context // of Market
	foreign   context.Context // of Land
	county    context.Context // of all
}

func newWorld(t testing.TB, d *db.DB) *world { return newWorldIn(t, d, t.TempDir()) }

// newWorldIn has its files in dir.
func newWorldIn(t testing.TB, d *db.DB, dir string) *world {
	t.Helper()
	w := &world{World: sealingtest.In(t, d, dir)}
	w.Seal.TimeStamps = true
	w.archive = w.service()
	w.consumer = w.archive.Consumer()
	w.Sealing.Outbox = outbox.New(w.consumer)
	w.archivist = w.Hire(t, "archivist", "archivist", sealtest.Market)
	w.foreign = w.Hire(t, "foreign", "archivist", sealtest.Land)
	w.county = w.Hire(t, "all", "archivist", "county")
	return w
}

func (w *world) service() *archive.Service {
	return &archive.Service{
		DB: w.DB, Keys: w.Keys, Blob: w.Blob, Sealing: w.Sealing, Due: &due.Service{DB: w.DB, Outbox: outbox.New()}, Notice: w.Notice, Name: "样例平台",
		Issue: func(ctx context.Context, name, key string, public *gm.PublicKey) (*gm.Certificate, error) {
			return w.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Name: name, Key: key, Public: public})
		},
		Trust: func(ctx context.Context) (sign.Options, error) {
			t, err := w.PKI.Trust(ctx)
			if err != nil {
				return sign.Options{}, err
			}
			return sign.Options{Anchors: t.Anchors, Intermediates: t.Intermediates, CRLs: t.Lists, Now: w.DB.Now()}, nil
		},
		TimeStamp: w.PKI.TimeStamp,
	}
}

// sealed seals a document of Market and tells nobody.
func (w *world) sealed(t testing.TB) *sealing.Request {
	t.Helper()
	r := w.Ask(t, 1, w.Step(sealtest.Market, 0, 20, 200))
	return w.Approve(t, r, 0)
}

// drain delivers what was told.
func (w *world) drain(t testing.TB) {
	t.Helper()
	_, err := outbox.Drain(t.Context(), w.DB, w.consumer, 1000)
	must(t, err)
}

// only is the one item there is.
func (w *world) only(t testing.TB) *archive.Item {
	t.Helper()
	p, err := w.archive.List(w.archivist, archive.Query{})
	must(t, err)
	if len(p.Items) != 1 {
		t.Fatalf("%d items, want one", len(p.Items))
	}
	it, err := w.archive.Get(w.archivist, p.Items[0].ID)
	must(t, err)
	return it
}

// unit says how Market files.
func (w *world) unit(t testing.TB) {
	t.Helper()
	_, err := w.archive.PutUnit(w.archivist, archive.Unit{Org: sealtest.Market, Fonds: "Z109", Category: "WS", Agency: "BGS", Archives: "样例县档案馆"})
	must(t, err)
}

func (w *world) filing() archive.Filing {
	return archive.Filing{
		Title: "关于公布办事指南的通知", Responsible: "样例县市场监督管理局", Year: w.DB.Now().Year(), Term: "D30", Agency: "BGS", Secrecy: "公开",
	}
}

// filed is an item that came in and was filed.
func (w *world) filed(t testing.TB) *archive.Item {
	t.Helper()
	w.unit(t)
	w.sealed(t)
	w.drain(t)
	it, err := w.archive.File(w.archivist, w.only(t).ID, w.filing())
	must(t, err)
	return it
}

// The whole way: sealed, in the queue by itself, filed, packed, handed over.
func TestWay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		r := w.sealed(t)
		w.drain(t)
		it := w.only(t)
		if it.State != archive.Waiting || it.SourceID != r.ID || it.Document != r.Document || it.Original != r.Original || it.Title != r.Title || it.Left == nil {
			t.Fatalf("came in as %+v", it)
		}
		_, err := w.archive.Pack(w.archivist, it.ID)
		wantCode(t, err, fault.Conflict, "archive.state")
		it, err = w.archive.File(w.archivist, it.ID, w.filing())
		must(t, err)
		_, err = w.archive.Pack(w.archivist, it.ID)
		wantCode(t, err, fault.Conflict, "archive.unit-unset")
		w.unit(t)
		it, err = w.archive.Pack(w.archivist, it.ID)
		must(t, err)
		if it.State != archive.Packed || !strings.HasPrefix(it.Code, "Z109-WS·") || !strings.HasSuffix(it.Code, "-D30-BGS-0001") || len(it.Checks) == 0 || it.Left != nil {
			t.Fatalf("packed as %+v", it)
		}
		for _, c := range it.Checks {
			t.Logf("%s %s %s %s: %s", c.ID, c.Property, c.Name, c.Result, c.Evidence)
			if c.Result == pack.Fail {
				t.Errorf("%s %s: %s", c.ID, c.Name, c.Evidence)
			}
		}
		data, it, err := w.archive.Package(w.archivist, it.ID)
		must(t, err)
		sum := gm.Sum(data)
		if got := hexOf(sum); got != it.Package || int64(len(data)) != it.PackageSize {
			t.Errorf("package of %s, want %s", got, it.Package)
		}
		document, _, err := w.Sealing.File(w.Asker, r.ID)
		must(t, err)
		if !bytes.Contains(data, document) { // nothing is compressed: byte for byte
			t.Error("the package does not hold the document as it was sealed")
		}
		it, err = w.archive.HandOver(w.archivist, it.ID, "青档收〔2026〕12号")
		must(t, err)
		if it.State != archive.Handed || it.Receipt == "" {
			t.Errorf("handed over as %+v", it)
		}
		rates, err := w.archive.Rates(w.archivist)
		must(t, err)
		if rates.Total.Sealed != 1 || rates.Total.Filed != 1 || rates.Total.Percent != 100 || len(rates.Items) != 1 {
			t.Errorf("rates: %+v", rates)
		}
		acts := []string{}
		for _, a := range it.Acts {
			acts = append(acts, a.Act)
		}
		if !slices.Equal(acts, []string{"take", "file", "pack", "hand"}) {
			t.Errorf("acts: %v", acts)
		}
	})
}

func hexOf(d gm.Digest) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for _, c := range d {
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}
