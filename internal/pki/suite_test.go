package pki_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/pki"
	"sidian/internal/pki/pkitest"
)

const p256 = "sha256-ecdsa-p256"

// The time stamp authority of another suite is made when it is needed, once for
// all processes, rolled before it ends, and is published with its root.
func TestSuite(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
		var ahead atomic.Int64
		d.Now = func() time.Time { return now.Add(time.Duration(ahead.Load())) }
		w := pkitest.New(t, d)
		other := &pki.Service{DB: d, Keys: w.Keys, BaseURL: w.PKI.BaseURL} // another process
		if _, err := w.PKI.TimeStampBy(t.Context(), p256, []byte("x")); faultCode(err) != "pki.absent" {
			t.Errorf("stamped by nobody: %v", err)
		}
		before, err := w.PKI.Roots(t.Context())
		must(t, err)
		both := func() {
			var wait sync.WaitGroup
			for _, s := range []*pki.Service{w.PKI, other, w.PKI, other} {
				wait.Go(func() {
					if err := s.PrepareSuite(t.Context(), p256); err != nil {
						t.Errorf("preparing: %v", err)
					}
				})
			}
			wait.Wait()
		}
		one := func(s *pki.Service) *pki.SuiteAuthority {
			t.Helper()
			all, err := s.SuiteAuthorities(t.Context())
			must(t, err)
			if len(all) != 1 || all[0].Suite != p256 {
				t.Fatalf("%d authorities", len(all))
			}
			return all[0]
		}
		both()
		first := one(w.PKI)
		if !first.Timestamp.Equal(one(other).Timestamp) || !first.Timestamp.BuildChain(nil, gm.NewPool(first.Root)).Reached {
			t.Error("two authorities, or one below another root")
		}
		for _, s := range []*pki.Service{w.PKI, other} {
			token, err := s.TimeStampBy(t.Context(), p256, []byte("a tree"))
			must(t, err)
			x, err := gm.ParseTimestamp(token)
			must(t, err)
			if _, notes, err := x.Verify(gm.Candidate{Name: "tree", Message: []byte("a tree")}); err != nil || len(notes) > 0 || !x.Certificate.Equal(first.Timestamp) {
				t.Error(notes, err)
			}
		}
		after, err := w.PKI.Roots(t.Context())
		must(t, err)
		if !bytes.HasPrefix(after, before) || !bytes.Contains(after[len(before):], first.Root.PEM()) || !bytes.Contains(after[len(before):], []byte(p256)) {
			t.Error("it is not published")
		}
		trust, err := w.PKI.Trust(t.Context())
		must(t, err)
		if trust.Anchors.Contains(first.Root) {
			t.Error("it is an anchor of documents")
		}
		// Nine years on it has a new key below the same root; in thirty a new root.
		last := first
		for i, years := range []int{10, 19, 28} {
			ahead.Store(int64(now.AddDate(years, 0, -366).Sub(now)))
			both()
			a := one(w.PKI)
			if a.Timestamp.Equal(last.Timestamp) || !a.Timestamp.NotAfter.After(last.Timestamp.NotAfter) || a.Root.Equal(first.Root) != (i < 2) || !a.Timestamp.BuildChain(nil, gm.NewPool(a.Root)).Reached {
				t.Errorf("after %d years: until %v, below the first root: %v", years, a.Timestamp.NotAfter, a.Root.Equal(first.Root))
			}
			last = a
		}
		must(t, d.Read(t.Context(), func(tx *db.Tx) error {
			list, _, err := audit.List(tx, audit.Query{Action: "pki.suite"})
			if len(list) != 4 {
				t.Errorf("%d audit rows", len(list))
			}
			return err
		}))
		resealed(t, w, last)
	})
}

// resealed gives the keys of columns a new root: the authority still stamps.
func resealed(t *testing.T, w *pkitest.World, was *pki.SuiteAuthority) {
	t.Helper()
	must(t, w.Keys.Rotate(t.Context(), keys.Field))
	r, err := w.PKI.Resealer(t.Context())
	must(t, err)
	for _, want := range []int{2, 0} {
		must(t, w.DB.Write(t.Context(), func(tx *db.Tx) error {
			_, n, err := r.Reseal(tx, "", 10)
			if n != want || r.Name() != "pki" {
				t.Errorf("%s: %d keys sealed again, want %d", r.Name(), n, want)
			}
			return err
		}))
	}
	all, err := w.PKI.SuiteAuthorities(t.Context())
	must(t, err)
	if len(all) != 1 || !all[0].Timestamp.Equal(was.Timestamp) {
		t.Error("another authority after the keys were sealed again")
	}
}

// A root that somebody put into the database is none: its key is not ours.
func TestSuiteRefuses(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	bare := pkitest.Bare(t, d, t.TempDir())
	if err := bare.PKI.PrepareSuite(t.Context(), p256); faultCode(err) != "pki.absent" {
		t.Errorf("made before the instance is set up: %v", err)
	}
	must(t, bare.PKI.Setup(t.Context(), pki.SetupRequest{Name: "青禾县样例"}))
	if err := bare.PKI.PrepareSuite(t.Context(), "md5-none"); err == nil {
		t.Error("an unknown suite is made")
	}
	must(t, bare.PKI.PrepareSuite(t.Context(), "sm3-sm2"))
	if all, err := bare.PKI.SuiteAuthorities(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("%d authorities: %v", len(all), err)
	}
	token, err := bare.PKI.TimeStampBy(t.Context(), "sm3-sm2", []byte("x"))
	must(t, err)
	if x, err := gm.ParseTimestamp(token); err != nil || x.Certificate.KeyAlgorithm != "SM2" {
		t.Errorf("our own suite: %v", err)
	}
	must(t, bare.PKI.PrepareSuite(t.Context(), p256))
	key, err := gm.GenerateSuiteKey(p256)
	must(t, err)
	all, err := bare.PKI.SuiteAuthorities(t.Context())
	must(t, err)
	c, err := gm.CreateSuiteCertificate(&gm.CertificateTemplate{Subject: all[0].Root.Subject, NotBefore: all[0].Root.NotBefore, NotAfter: all[0].Root.NotAfter, IsCA: true, KeyUsage: x509.KeyUsageCertSign}, key, nil, key)
	must(t, err)
	must(t, d.Write(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`update pki_suite set certificate = $1 where id = $2`, c.Raw, p256+".root")
		return err
	}))
	if _, err := bare.PKI.SuiteAuthorities(t.Context()); err == nil {
		t.Error("a root that was put in is believed")
	}
	if _, err := bare.PKI.TimeStampBy(t.Context(), p256, []byte("x")); err == nil {
		t.Error("it stamps")
	}
}

// openssl believes the time stamps of another suite by what is published.
func TestOpensslBelievesSuites(t *testing.T) {
	t.Parallel()
	w := pkitest.New(t, dbtest.New(t, "sqlite"))
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		must(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
		return filepath.Join(dir, name)
	}
	data := []byte("what is proved")
	at := put("data", data)
	for _, s := range gm.Suites()[1:] {
		must(t, w.PKI.PrepareSuite(t.Context(), s.Name))
		token, err := w.PKI.TimeStampBy(t.Context(), s.Name, data)
		must(t, err)
		roots, err := w.PKI.Roots(t.Context())
		must(t, err)
		verify := func(data string) ([]byte, error) {
			return exec.CommandContext(context.WithoutCancel(t.Context()), "openssl", "ts", "-verify", "-token_in", "-data", data, "-in", put("token", token), "-CAfile", put("roots.pem", roots)).CombinedOutput()
		}
		if out, err := verify(at); err != nil {
			t.Errorf("%s: %v\n%s", s.Name, err, out)
		}
		if _, err := verify(put("other", []byte("another"))); err == nil {
			t.Errorf("%s is believed over something else", s.Name)
		}
	}
}

func faultCode(err error) string {
	if f := fault.As(err); f != nil {
		return f.Code
	}
	return ""
}
