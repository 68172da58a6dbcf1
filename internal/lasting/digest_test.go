package lasting_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/lasting"
	"sidian/internal/pki/pkitest"
	"sidian/ofd/sign"
)

const (
	p256 = "sha256-ecdsa-p256"
)

// A suiteAuthority is an authority of another suite: see authority.
type suiteAuthority struct {
	root *gm.Certificate
	tsa  gm.TimestampAuthority
}

func newSuiteAuthority(suite string, from time.Time, years int) (*suiteAuthority, error) {
	issue := func(name string, parent *gm.Certificate, by *gm.SuiteKey, ca bool) (*gm.Certificate, *gm.SuiteKey, error) {
		key, err := gm.GenerateSuiteKey(suite)
		if err != nil {
			return nil, nil, err
		}
		tmpl := &gm.CertificateTemplate{Subject: pkix.Name{CommonName: fmt.Sprintf("%s %s %d", name, suite, from.Year())}, NotBefore: from.Add(-time.Hour), NotAfter: from.AddDate(years, 0, 0), MaxPathLen: -1}
		if tmpl.IsCA = ca; ca {
			tmpl.KeyUsage, by = x509.KeyUsageCertSign|x509.KeyUsageCRLSign, key
		} else {
			tmpl.KeyUsage, tmpl.ExtKeyUsage = x509.KeyUsageDigitalSignature, []asn1.ObjectIdentifier{gm.OIDTimeStamping}
		}
		c, err := gm.CreateSuiteCertificate(tmpl, key, parent, by)
		return c, key, err
	}
	root, key, err := issue("样例根", nil, nil, true)
	if err != nil {
		return nil, err
	}
	stamp, own, err := issue("样例时间戳", root, key, false)
	if err != nil {
		return nil, err
	}
	return &suiteAuthority{root, gm.TimestampAuthority{Certificate: stamp, Key: own, Policy: asn1.ObjectIdentifier{2, 25, 1}}}, nil
}

// others gives a world authorities of other suites, made when they are needed, and
// counts the documents that are read.
func (w *world) others() (read *atomic.Int64) {
	var mu sync.Mutex
	all := map[string]*suiteAuthority{}
	w.Others = map[string]lasting.Stamper{}
	for _, x := range gm.Suites()[1:] {
		w.Others[x.Name] = lasting.Stamper{
			Prepare: func(context.Context) (err error) {
				mu.Lock()
				defer mu.Unlock()
				if a := all[x.Name]; a == nil || a.root.NotAfter.Before(w.now.AddDate(3, 0, 0)) {
					all[x.Name], err = newSuiteAuthority(x.Name, w.now, 12)
				}
				return err
			},
			TimeStamp: func(_ context.Context, m []byte) ([]byte, error) {
				mu.Lock()
				defer mu.Unlock()
				q, err := gm.NewTimestampRequestBy(x.Digest, m, nil)
				if err != nil {
					return nil, err
				}
				r, err := all[x.Name].tsa.Respond(q, w.now)
				if err != nil {
					return nil, err
				}
				return gm.ParseTimestampResponse(r)
			},
		}
	}
	trust, document := w.Trust, w.Document
	w.Trust = func(ctx context.Context) (sign.Options, error) {
		o, err := trust(ctx)
		mu.Lock()
		defer mu.Unlock()
		anchors := o.Anchors.Certificates()
		for _, a := range all {
			anchors = append(anchors, a.root)
		}
		o.Anchors = gm.NewPool(anchors...)
		return o, err
	}
	read = &atomic.Int64{}
	w.Document = func(ctx context.Context, x gm.Digest) ([]byte, error) { read.Add(1); return document(ctx, x) }
	return read
}

// ending are algorithms of which SM3 ends some years from now, SHA-256 later, and
// the rest not.
func (w *world) ending(sm3, sha256 int) {
	never := w.now.AddDate(60, 0, 0)
	w.Algorithms = lasting.Algorithms{
		lasting.SM3: w.now.AddDate(sm3, 0, 0), lasting.SM2: never, lasting.SHA256: w.now.AddDate(sha256, 0, 0), lasting.ECDSAP256: never, lasting.SHA384: never, lasting.ECDSAP384: never,
	}
}

func (w *world) digests(t *testing.T, ctx context.Context, id string) []string {
	t.Helper()
	p, err := w.Proof(ctx, id)
	must(t, err)
	return p.Digests
}

// SM3 ends in year 12 and SHA-256 in year 24: a certificate of year 0 still proves
// in year 30 that it was valid on its first day, by three chains, which an outsider
// checks with the record, the document and the roots alone.
func TestAnotherDigest(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, c, id, document := aged(t, d)
		read := w.others()
		w.Lead, w.Batch = 400*24*time.Hour, 3
		w.ending(12, 24)
		began, made, readUntil := w.now, w.work(t), int64(0)
		must(t, d.Write(t.Context(), func(tx *db.Tx) error { // as those of before were
			_, err := tx.Exec(`update lasting_stamp set rests = ''`)
			return err
		}))
		for year := 1; year <= 30; year++ {
			w.later(t, 1, year%10 == 9)
			made += w.work(t)
			if year == 10 {
				readUntil = read.Load()
			}
		}
		// Two batches of year 0, of year 11 by SHA-256 and of year 23 by SHA-384, and one
		// renewal of those by SHA-256, whose authority ended first.
		if made != 7 {
			t.Errorf("%d time stamps in thirty years", made)
		}
		if readUntil != 0 || read.Load() != 10 {
			t.Errorf("%d documents read before SM3 ends, %d in all", readUntil, read.Load())
		}
		p, err := w.Proof(c.Client, id)
		must(t, err)
		if p.Report.Result != lasting.Valid || p.Since.Sub(began).Abs() > time.Second || !p.Until.After(w.now) || !slices.Equal(p.Digests, []string{"sm3", "sha256", "sha384"}) {
			t.Fatalf("%+v by %v", p.Report, p.Digests)
		}
		at, err := w.Stamps(t.Context(), id, gm.Sum(document))
		must(t, err)
		if !slices.EqualFunc(at, p.Stamped, func(x lasting.Made, y time.Time) bool { return x.At.Equal(y) && x.Digest != "" }) {
			t.Errorf("the time line says %v, the proof %v", at, p.Stamped)
		}
		der, err := w.DER(c.Client, id)
		must(t, err)
		r, err := lasting.Parse(der)
		must(t, err)
		o, err := w.Options(t.Context())
		must(t, err)
		if got := lasting.Verify(document, r, o); got.Result != lasting.Valid {
			t.Errorf("read from DER: %+v", got)
		}
		if again, err := r.DER(); err != nil || !bytes.Equal(again, der) {
			t.Errorf("written again it is another: %v", err)
		}
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Action: "lasting.chains"})
			if len(list) != 4 {
				t.Errorf("%d audit entries of two further chains of two batches", len(list))
			}
			return err
		}))
		// Of a document that is issued now, the first chain is by what is believed.
		ids := w.note(t, pkitest.Root, []byte("issued in year 30"))
		w.work(t)
		if got := w.digests(t, c.Hire(t, "reader9", "clerk", pkitest.Root), ids[0]); !slices.Equal(got, []string{"sha384"}) {
			t.Errorf("a new document by %v", got)
		}
	})
}

// Not renewed before the digest ended, it cannot be told any more; nor by one who
// does not know the new algorithm.
func TestAnotherDigestTooLate(t *testing.T) {
	t.Parallel()
	w, c, id, document := aged(t, dbtest.New(t, "sqlite"))
	w.others()
	w.ending(8, 40)
	w.work(t)
	w.later(t, 9, false)
	p, err := w.Proof(c.Client, id)
	must(t, err)
	if p.Report.Result != lasting.Undetermined || !slices.Equal(codes(p.Report), []string{"algorithm"}) {
		t.Errorf("never renewed: %+v", p.Report)
	}
	w.work(t)
	p, err = w.Proof(c.Client, id)
	must(t, err)
	if p.Report.Result != lasting.Undetermined || !slices.Equal(codes(p.Report), []string{"algorithm"}) || p.Report.Problems[0].Stamp != 1 || len(p.Digests) != 2 {
		t.Errorf("renewed too late: %+v by %v", p.Report, p.Digests)
	}
	w.ending(20, 40) // by whose table SM3 has not ended, it is whole
	o, err := w.Options(t.Context())
	must(t, err)
	if got := lasting.Verify(document, p.Record, o); got.Result != lasting.Valid {
		t.Errorf("%+v", got)
	}
	o.Algorithms = lasting.Algorithms{lasting.SM3: w.now.AddDate(20, 0, 0), lasting.SM2: w.now.AddDate(20, 0, 0)}
	if got := lasting.Verify(document, p.Record, o); got.Result != lasting.Undetermined || !slices.Equal(codes(got), []string{"algorithm"}) {
		t.Errorf("SHA-256 is not listed: %+v", got)
	}
	p.Record.Stamps[1].Digest = "sha3-256"
	if got := lasting.Verify(document, p.Record, o); got.Result != lasting.Undetermined || !slices.Equal(codes(got), []string{"suite"}) || !got.Since.IsZero() {
		t.Errorf("a digest nobody knows: %+v", got)
	}
	if _, err := p.Record.DER(); err == nil {
		t.Error("it is written")
	}
}

// chained2 is a record of two chains of two time stamps each, that holds.
func chained2(t *testing.T) (w *world, document []byte, whole []byte, o lasting.Options) {
	t.Helper()
	w, c, id, document := aged(t, dbtest.New(t, "sqlite"))
	w.others()
	w.Lead = 400 * 24 * time.Hour
	w.ending(20, 60)
	w.work(t)
	for year := 1; year <= 30; year++ {
		w.later(t, 1, year%10 == 9)
		w.work(t)
	}
	p, err := w.Proof(c.Client, id)
	must(t, err)
	if p.Report.Result != lasting.Valid || len(p.Record.Stamps) != 4 || !slices.Equal(p.Digests, []string{"sm3", "sha256"}) {
		t.Fatalf("%d time stamps by %v: %+v", len(p.Record.Stamps), p.Digests, p.Report)
	}
	whole, err = json.Marshal(p.Record)
	must(t, err)
	o, err = w.Options(t.Context())
	must(t, err)
	return w, document, whole, o
}

// Whatever is altered in chains is told: each octet of the document, of each tree,
// of each material and of each time stamp that another is over.
func TestAnotherDigestTampered(t *testing.T) {
	t.Parallel()
	_, document, whole, o := chained2(t)
	load := func() *lasting.Record {
		r := &lasting.Record{}
		must(t, json.Unmarshal(whole, r))
		return r
	}
	invalid := func(what string, r *lasting.Record, document []byte) {
		t.Helper()
		if got := lasting.Verify(document, r, o); got.Result != lasting.Invalid || got.Problems[0].Message == "" || !got.Since.IsZero() {
			t.Errorf("%s: %+v", what, got)
		}
	}
	r := load()
	each := func(what string, b []byte, step int) {
		t.Helper()
		for i := 0; i < len(b); i += step {
			b[i] ^= 1
			invalid(fmt.Sprintf("%s at %d", what, i), r, document)
			b[i] ^= 1
		}
	}
	each("the document", document, 1+len(document)/20)
	for i := range r.Stamps {
		s := &r.Stamps[i]
		for j, list := range s.Path {
			for k := range list {
				each(fmt.Sprintf("the tree of stamp %d, %d.%d", i, j, k), list[k], 3)
			}
		}
		each(fmt.Sprintf("the material of stamp %d", i), s.Material, 1+len(s.Material)/40)
		if i+1 < len(r.Stamps) {
			each(fmt.Sprintf("the token of stamp %d", i), s.Token, 1+len(s.Token)/60)
		}
	}
	if got := lasting.Verify(document, r, o); got.Result != lasting.Valid {
		t.Fatalf("put back: %+v", got)
	}
	last := r.Stamps[3].Token
	each("the signature of the last", last[len(last)-20:], 3)
	for what, change := range map[string]func(r *lasting.Record){
		"the first chain is left out":       func(r *lasting.Record) { r.Stamps = r.Stamps[2:] },
		"a time stamp of it is left out":    func(r *lasting.Record) { r.Stamps = slices.Delete(r.Stamps, 1, 2) },
		"the first of the second chain":     func(r *lasting.Record) { r.Stamps = slices.Delete(r.Stamps, 2, 3) },
		"the chains are told as one":        func(r *lasting.Record) { r.Stamps[2].Digest, r.Stamps[3].Digest = "sm3", "sm3" },
		"the first chain by another digest": func(r *lasting.Record) { r.Stamps[0].Digest, r.Stamps[1].Digest = "sha256", "sha256" },
		"each its own chain":                func(r *lasting.Record) { r.Stamps[1].Digest = "sha384" },
		"the chains change places":          func(r *lasting.Record) { r.Stamps = slices.Concat(r.Stamps[2:], r.Stamps[:2]) },
		"the last chain twice":              func(r *lasting.Record) { r.Stamps = slices.Concat(r.Stamps, r.Stamps[2:]) },
	} {
		r := load()
		change(r)
		invalid(what, r, document)
	}
	// Cut short it still is a proof, which was not renewed.
	r = load()
	r.Stamps = r.Stamps[:2]
	if got := lasting.Verify(document, r, o); got.Result != lasting.Undetermined {
		t.Errorf("without the second chain: %+v", got)
	}
}

// An outsider with SHA-256 and openssl alone goes from the document and the octets
// of the record to what the first time stamp of the second chain is over.
func TestAnotherDigestIndependently(t *testing.T) {
	t.Parallel()
	w, document, whole, _ := chained2(t)
	record := &lasting.Record{}
	must(t, json.Unmarshal(whole, record))
	der, err := record.DER()
	must(t, err)
	var parts struct {
		Version    int
		Algorithms []struct{ OID asn1.ObjectIdentifier }
		Chains     []asn1.RawValue
	}
	_, err = asn1.Unmarshal(der, &parts)
	must(t, err)
	if len(parts.Algorithms) != 2 || !parts.Algorithms[0].OID.Equal(gm.OIDSM3) || !parts.Algorithms[1].OID.Equal(gm.OIDSHA256) || len(parts.Chains) != 2 {
		t.Fatalf("%v in %d chains", parts.Algorithms, len(parts.Chains))
	}
	atsc, err := asn1.Marshal(parts.Chains[:1])
	must(t, err)
	sum := func(b ...[]byte) []byte { x := sha256.Sum256(slices.Concat(b...)); return x[:] }
	sorted := func(list ...[]byte) []byte { slices.SortFunc(list, bytes.Compare); return slices.Concat(list...) }
	s := record.Stamps[2]
	message := sorted(sum(sum(document), sum(atsc)), sum(s.Material))
	if !bytes.Equal(message, slices.Concat(s.Path[0]...)) && !bytes.Equal(message, sorted(s.Path[0]...)) {
		t.Fatal("the group is not over the document and the chain before")
	}
	for _, list := range s.Path[1:] {
		message = sorted(sum(message), list[0])
	}
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		return filepath.Join(dir, name)
	}
	var roots []byte
	o, err := w.Options(t.Context())
	must(t, err)
	for _, c := range o.Anchors.Certificates() {
		if c.KeyAlgorithm == "ECDSA P-256" {
			roots = append(roots, c.PEM()...)
		}
	}
	verify := func(message []byte) ([]byte, error) {
		return exec.CommandContext(context.WithoutCancel(t.Context()), "openssl", "ts", "-verify", "-token_in", "-in", put("token", s.Token), "-data", put("message", message), "-CAfile", put("roots.pem", roots), "-attime", strconv.FormatInt(s.At.Unix()+60, 10)).CombinedOutput()
	}
	if out, err := verify(message); err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
	message[0] ^= 1
	if _, err := verify(message); err == nil {
		t.Error("openssl believes another message")
	}
}

// Whatever step it dies at, renewal by another digest is finished by the next, what
// was read is not read again, and nothing is stamped twice.
func TestAnotherDigestCrash(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"choose", "read", "stamp", "write"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				p := pkitest.New(t, d)
				reader := p.Hire(t, "reader", "clerk", pkitest.Root)
				w := over(t, d, p)
				read := w.others()
				w.ending(8, 40)
				w.Batch = 70
				ids := w.note(t, pkitest.Root, texts(80)...)
				w.work(t)
				w.later(t, 7, true)
				w.Lead = 400 * 24 * time.Hour
				func() {
					defer func() {
						if r := recover(); r != (died{}) {
							t.Errorf("it did not die, but %v", r)
						}
						w.Step = nil
					}()
					w.Step = func(name string) {
						if name == at {
							panic(died{})
						}
					}
					_, _ = w.Work(t.Context())
				}()
				w.work(t)
				w.now = w.now.Add(time.Hour) // the lease is over
				w.work(t)
				if n := w.work(t); n != 0 {
					t.Errorf("%d more", n)
				}
				some := []string{ids[0], ids[33], ids[66], ids[79]} // of both batches, and of both parts of the first
				w.whole(t, reader, some, 2)
				for _, id := range some {
					if got := w.digests(t, reader, id); !slices.Equal(got, []string{"sm3", "sha256"}) {
						t.Errorf("%s by %v", id, got)
					}
				}
				if n := read.Load() - int64(len(some)*2); n != 80 { // each Proof reads one
					t.Errorf("%d documents were read for eighty", n)
				}
			})
		})
	}
}

// Two workers share the renewal; what is not there any more does not stop the rest.
func TestAnotherDigestTogether(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		p := pkitest.New(t, d)
		reader := p.Hire(t, "reader", "clerk", pkitest.Root)
		w := over(t, d, p)
		w.others()
		w.ending(8, 40)
		w.Batch = 4
		data := texts(14)
		ids := w.note(t, pkitest.Root, data...)
		w.work(t)
		gone := gm.Sum(data[5])
		document := w.Document
		w.Document = func(ctx context.Context, x gm.Digest) ([]byte, error) {
			if x == gone {
				return nil, fault.NotFound.New("没有这份文件")
			}
			return document(ctx, x)
		}
		w.later(t, 7, true)
		w.Lead = 400 * 24 * time.Hour
		var both sync.WaitGroup
		var made atomic.Int64
		for range 2 {
			both.Go(func() {
				n, err := w.Work(t.Context())
				made.Add(int64(n))
				if err != nil {
					t.Errorf("one of two: %v", err)
				}
			})
		}
		both.Wait()
		made.Add(int64(w.work(t))) // what one saw in the other's hands
		if n := made.Load(); n != 4 {
			t.Errorf("%d time stamps for four batches", n)
		}
		w.whole(t, reader, slices.Concat(ids[:5], ids[6:]), 2)
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Action: "lasting.chains"})
			said := slices.ContainsFunc(list, func(r audit.Entry) bool { return r.Reason != "" })
			if len(list) != 4 || !said {
				t.Errorf("%d audit entries; that a document is gone is said: %v", len(list), said)
			}
			return err
		}))
		der, err := w.DER(reader, ids[5])
		must(t, err)
		r, err := lasting.Parse(der)
		must(t, err)
		if len(r.Stamps) != 1 {
			t.Errorf("%d time stamps over a document that was not there", len(r.Stamps))
		}
	})
}

// Where no authority of another suite is there, or a document was exchanged, it is
// said; time stamps go on as long as the digest is believed.
func TestAnotherDigestRefuses(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	p := pkitest.New(t, d)
	reader := p.Hire(t, "reader", "clerk", pkitest.Root)
	w := over(t, d, p)
	w.ending(13, 40)
	data := texts(2)
	ids := w.note(t, pkitest.Root, data...)
	w.work(t)
	w.later(t, 12, true)
	w.now = w.by.root.NotBefore.Add(2 * time.Hour)
	w.Lead = 400 * 24 * time.Hour
	if _, err := w.Work(t.Context()); err == nil {
		t.Error("nothing is said of a digest that ends")
	}
	w.others()
	x := gm.Sum(data[1])
	w.docs[x] = []byte("another")
	w.now = w.now.Add(time.Hour)
	if _, err := w.Work(t.Context()); err == nil {
		t.Error("an exchanged document is stamped anew")
	}
	w.docs[x] = data[1]
	there := w.Document
	w.Document = func(context.Context, gm.Digest) ([]byte, error) { return nil, fault.NotFound.New("没有这份文件") }
	w.now = w.now.Add(time.Hour)
	if _, err := w.Work(t.Context()); err == nil {
		t.Error("all documents are taken for gone")
	}
	w.Document = there
	stamper := w.Others[p256]
	w.Others[p256] = lasting.Stamper{Prepare: stamper.Prepare, TimeStamp: func(ctx context.Context, m []byte) ([]byte, error) { return w.by.stamp(m, w.now) }}
	w.now = w.now.Add(time.Hour)
	if _, err := w.Work(t.Context()); err == nil {
		t.Error("a tree by SHA-256 is stamped by SM3")
	}
	w.Others[p256] = lasting.Stamper{Prepare: func(context.Context) error { return errors.New("down") }}
	w.now = w.now.Add(time.Hour)
	if _, err := w.Work(t.Context()); err == nil {
		t.Error("it is stamped by nobody")
	}
	w.Others[p256] = stamper
	w.now = w.now.Add(time.Hour)
	w.work(t)
	if got := w.digests(t, reader, ids[1]); !slices.Equal(got, []string{"sm3", "sha256"}) {
		t.Errorf("by %v", got)
	}
}

func FuzzParse(f *testing.F) {
	stamps := []lasting.Stamp{
		{Digest: "sm3", Path: [][][]byte{{{1}, {2}}, {{3}}}, Material: []byte{0x30, 0}, Token: []byte{0x30, 0}},
		{Digest: "sha256", Path: [][][]byte{{{1}, {2}}}, Material: []byte{0x30, 0}, Token: []byte{0x30, 0}},
	}
	for n := range 2 {
		der, err := (&lasting.Record{Version: 1, Stamps: stamps[:n+1]}).DER()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := lasting.Parse(der)
		if err != nil {
			return
		}
		if got := lasting.Verify([]byte("x"), r, lasting.Options{Now: time.Unix(0, 0)}); got.Result == lasting.Valid {
			t.Errorf("%+v", got)
		}
		if again, err := r.DER(); err == nil {
			if _, err := lasting.Parse(again); err != nil {
				t.Errorf("what was written is not read: %v", err)
			}
		}
	})
}
