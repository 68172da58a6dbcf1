package lasting_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
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
				w.die(t, at)
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
		made := w.both(t) + int64(w.work(t)) // and what one saw in the other's hands
		if made != 4 {
			t.Errorf("%d time stamps for four batches", made)
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
