package pki

import (
	"bytes"
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// A SuiteAuthority is the time stamp authority of a suite other than SM3 with SM2
// ([gm.Suite]), for proof that has to outlive them. Its root is its own, by the
// same suite: under ours it would end with SM3. It vouches for time stamps alone,
// and is no anchor of documents.
type SuiteAuthority struct {
	Suite           string
	Root, Timestamp *gm.Certificate

	rootKey, key *gm.SuiteKey
}

// Rows of pki_suite.
const (
	suiteRoot      = ".root"
	suiteTimestamp = ".timestamp"
)

// SuiteAuthorities are the time stamp authorities of other suites that stand.
func (s *Service) SuiteAuthorities(ctx context.Context) (out []*SuiteAuthority, err error) {
	for _, x := range gm.Suites()[1:] {
		a, err := s.suiteAuthority(ctx, x.Name)
		if err != nil {
			return nil, err
		}
		if a != nil {
			out = append(out, a)
		}
	}
	return out, nil
}

// suiteAuthority is the one of a suite; nil: there is none yet. It is read each
// time: a time stamp over thousands of documents is rare, and another process may
// have rolled it.
func (s *Service) suiteAuthority(ctx context.Context, suite string) (*SuiteAuthority, error) {
	var root, stamp *suiteRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if root, err = suiteRowOf(tx, suite+suiteRoot); err == nil {
			stamp, err = suiteRowOf(tx, suite+suiteTimestamp)
		}
		return err
	})
	if err != nil || root == nil || stamp == nil {
		return nil, err
	}
	a := &SuiteAuthority{Suite: suite}
	if a.Root, a.rootKey, err = s.openSuite(ctx, root); err != nil {
		return nil, err
	}
	a.Timestamp, a.key, err = s.openSuite(ctx, stamp)
	return a, err
}

func suiteCell(id string) keys.Cell {
	return keys.Cell{Table: "pki_suite", Column: "sealed", Row: id}
}

// openSuite takes a row apart. That the key, which only this platform can seal, is
// the certificate's is what makes a root in the database an anchor.
func (s *Service) openSuite(ctx context.Context, r *suiteRow) (*gm.Certificate, *gm.SuiteKey, error) {
	box, err := s.Keys.Box(ctx)
	if err != nil {
		return nil, nil, err
	}
	der, err := box.Open(suiteCell(r.id), r.sealed)
	if err != nil {
		return nil, nil, err
	}
	defer clear(der)
	key, err := gm.ParseSuiteKey(der)
	if err != nil {
		return nil, nil, fmt.Errorf("pki: the key of %s: %w", r.id, err)
	}
	c, err := gm.ParseCertificate(r.certificate)
	if err == nil && !key.Certifies(c) {
		err = errors.New("its certificate is for another key")
	}
	if err != nil {
		return nil, nil, fmt.Errorf("pki: authority %s: %w", r.id, err)
	}
	return c, key, nil
}

// PrepareSuite makes the time stamp authority of a suite, under a root of its own,
// where there is none, and gives it a new key and certificate before the old ends:
// with a new root where the old would end too soon. Any number of processes may call
// it; for SM3 with SM2 there is nothing to be done here.
func (s *Service) PrepareSuite(ctx context.Context, suite string) error {
	if suite == gm.Suites()[0].Name {
		return nil
	}
	old, err := s.suiteAuthority(ctx, suite)
	if err != nil {
		return err
	}
	now := s.DB.Now().UTC().Truncate(time.Second)
	if old != nil && now.Add(timestampLead).Before(old.Timestamp.NotAfter) {
		return nil
	}
	next, err := s.makeSuite(ctx, suite, old, now)
	if err != nil {
		return fmt.Errorf("pki: making the time stamp authority of %s: %w", suite, err)
	}
	return s.putSuite(ctx, suite, old, next)
}

// makeSuite makes a time stamp authority, and a root unless the old outlives it.
func (s *Service) makeSuite(ctx context.Context, suite string, old *SuiteAuthority, now time.Time) (a *SuiteAuthority, err error) {
	name, err := s.suiteName(ctx, suite)
	if err != nil {
		return nil, err
	}
	a = &SuiteAuthority{Suite: suite}
	until := now.AddDate(timestampYears, 0, 0)
	if old != nil && !old.Root.NotAfter.Before(until) {
		a.Root, a.rootKey = old.Root, old.rootKey
	} else {
		if a.rootKey, err = gm.GenerateSuiteKey(suite); err != nil {
			return nil, err
		}
		t := &gm.CertificateTemplate{
			Subject:   pkix.Name{Country: []string{"CN"}, CommonName: name + "根"},
			NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(rootYears, 0, 0), IsCA: true, MaxPathLen: 0, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		}
		if a.Root, err = gm.CreateSuiteCertificate(t, a.rootKey, nil, a.rootKey); err != nil {
			return nil, err
		}
	}
	if a.key, err = gm.GenerateSuiteKey(suite); err != nil {
		return nil, err
	}
	t := &gm.CertificateTemplate{
		Subject:   pkix.Name{Country: []string{"CN"}, CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: until, MaxPathLen: -1, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []asn1.ObjectIdentifier{gm.OIDTimeStamping},
	}
	a.Timestamp, err = gm.CreateSuiteCertificate(t, a.key, a.Root, a.rootKey)
	return a, err
}

// suiteName is what an authority of a suite is called: as the built-in one, and by
// its algorithms.
func (s *Service) suiteName(ctx context.Context, suite string) (string, error) {
	set, err := s.authorities(ctx)
	if err != nil {
		return "", err
	}
	a := set.find(Timestamp)
	if a == nil {
		return "", errAbsent()
	}
	return a.Certificate.Subject.CommonName + " " + strings.ToUpper(suite), nil
}

func errAbsent() error {
	return fault.Unavailable.New("本平台还没有时间戳服务").WithCode("pki.absent").WithHint("请系统管理员完成平台初始化")
}

// putSuite keeps an authority unless another process was first.
func (s *Service) putSuite(ctx context.Context, suite string, old, next *SuiteAuthority) error {
	root, err := s.sealSuite(ctx, suite+suiteRoot, next.Root, next.rootKey)
	if err != nil {
		return err
	}
	stamp, err := s.sealSuite(ctx, suite+suiteTimestamp, next.Timestamp, next.key)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		e := audit.Entry{Action: "pki.suite", Object: "pki/" + suite, After: gm.Sum(next.Timestamp.Raw)}
		if old == nil {
			n, err := insertSuite(tx, stamp)
			if err != nil || n == 0 {
				return err
			}
			if _, err = insertSuite(tx, root); err != nil {
				return err
			}
			return audit.Put(tx, e)
		}
		n, err := replaceSuite(tx, stamp, old.Timestamp.Raw)
		if err != nil || n == 0 {
			return err
		}
		if next.Root != old.Root {
			if _, err := replaceSuite(tx, root, old.Root.Raw); err != nil {
				return err
			}
		}
		e.Before = gm.Sum(old.Timestamp.Raw)
		return audit.Put(tx, e)
	})
}

func (s *Service) sealSuite(ctx context.Context, id string, c *gm.Certificate, key *gm.SuiteKey) (*suiteRow, error) {
	box, err := s.Keys.Box(ctx)
	if err != nil {
		return nil, err
	}
	der, err := key.DER()
	if err != nil {
		return nil, err
	}
	defer clear(der)
	sealed, err := box.Seal(suiteCell(id), der)
	return &suiteRow{id: id, certificate: c.Raw, sealed: sealed}, err
}

// TimeStampBy is TimeStamp by a suite, whose authority PrepareSuite has made.
func (s *Service) TimeStampBy(ctx context.Context, suite string, message []byte) ([]byte, error) {
	if suite == gm.Suites()[0].Name {
		return s.TimeStamp(ctx, message)
	}
	a, err := s.suiteAuthority(ctx, suite)
	if err != nil {
		return nil, err
	}
	if a == nil {
		return nil, errAbsent()
	}
	x, _ := gm.SuiteOf(suite) // there is an authority of it
	request, err := gm.NewTimestampRequestBy(x.Digest, message, nonce())
	if err != nil {
		return nil, err
	}
	tsa := &gm.TimestampAuthority{Certificate: a.Timestamp, Key: a.key, Policy: s.policy(), Accuracy: time.Second}
	response, err := tsa.Respond(request, s.DB.Now().UTC())
	if err != nil {
		return nil, fmt.Errorf("pki: a time stamp by %s: %w", suite, err)
	}
	token, err := gm.ParseTimestampResponse(response)
	if err != nil {
		return nil, fmt.Errorf("pki: a time stamp by %s: %w", suite, err)
	}
	return token, nil
}

// suiteRoots writes the roots of time stamps by other suites, and what is below them.
func (s *Service) suiteRoots(ctx context.Context, b *bytes.Buffer) error {
	all, err := s.SuiteAuthorities(ctx)
	for _, a := range all {
		fmt.Fprintf(b, "# %s\n%s%s", a.Suite, a.Root.PEM(), a.Timestamp.PEM())
	}
	return err
}

// suiteResealer seals the keys of suites again: the encrypted column of this package.
type suiteResealer struct{ box *keys.Box }

// Resealer is what a rotation of the keys of fields calls for the keys of time
// stamp authorities of other suites.
func (s *Service) Resealer(ctx context.Context) (keys.Resealer, error) {
	box, err := s.Keys.Box(ctx)
	return suiteResealer{box}, err
}

func (suiteResealer) Name() string { return "pki" }

func (x suiteResealer) Reseal(tx *db.Tx, after string, n int) (next string, done int, err error) {
	values, err := suitesAfter(tx, after, n)
	if err != nil {
		return "", 0, err
	}
	return x.box.Reseal(values, n, func(was keys.Sealed, again []byte) (int64, error) { return resealSuite(tx, was, again) })
}
