package certtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/ofd/sign"
)

// CheckAll proves what docs/issuance.md promises, whatever crashed before: of
// each certificate, of all numbers, and of the documents, after those that no
// row names were swept away. It changes nothing else.
func (w *World) CheckAll(ctx context.Context) error {
	s, err := w.state(ctx)
	if err != nil {
		return err
	}
	trust, err := w.PKI.Trust(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	numbers := map[string]string{}
	for _, c := range s.certificates {
		for _, err := range append(s.check(c), w.checkDocument(ctx, c, trust)) {
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s (%s): %w", c.id, c.status, err))
			}
		}
		key := c.kind + " " + c.issuer + " " + c.number + " " + c.version
		if other, twice := numbers[key]; twice {
			wrong = append(wrong, fmt.Errorf("%s and %s have one number", c.id, other))
		}
		numbers[key] = c.id
		delete(s.uses, "cert/"+c.id)
	}
	for object := range s.uses {
		wrong = append(wrong, fmt.Errorf("a use for %s, which does not exist", object))
	}
	return errors.Join(append(wrong, w.checkStore(ctx, s))...)
}

func (w *World) state(ctx context.Context) (s *state, err error) {
	err = w.DB.Read(ctx, func(tx *db.Tx) error { s, err = readState(tx); return err })
	return s, err
}

// check looks at the rows of one certificate.
func (s *state) check(c certificate) (wrong []error) {
	unless := func(holds bool, format string, args ...any) {
		if !holds {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	object := "cert/" + c.id
	count := func(of map[string]int, what, key string) int { return of[what+" "+key] }
	unless(s.holders[c.id] > 0, "no holder")
	unless(count(s.audits, "cert.plan", object) == 1, "%d audit rows cert.plan", count(s.audits, "cert.plan", object))
	issued, withdrawn := 0, 0
	state := map[string]string{cert.Sealing: seal.Intended, cert.Effective: seal.Done, cert.Withdrawn: seal.Withdrawn}[c.status]
	switch c.status {
	case cert.Effective:
		issued = 1
	case cert.Withdrawn:
		withdrawn = 1
		unless(c.repetition == "", "it holds a repetition")
	}
	for what, want := range map[string]int{"cert.issue": issued, "cert.withdraw": withdrawn} {
		unless(count(s.audits, what, object) == want, "%d audit rows %s, want %d", count(s.audits, what, object), what, want)
	}
	for what, want := range map[string]int{"cert.issued": issued, "cert.withdrawn": withdrawn} {
		unless(count(s.events, what, c.id) == want, "%d events %s, want %d", count(s.events, what, c.id), what, want)
	}
	uses := s.uses[object]
	if len(uses) != 1 {
		return append(wrong, fmt.Errorf("%d uses", len(uses)))
	}
	u := uses[0]
	unless(u.id == c.useID, "its use is another")
	unless(u.state == state, "its use is %s", u.state)
	unless(u.document == c.document, "its use names another document")
	unless(u.plan == c.content, "its use is for another content")
	unless(u.attempts >= 1, "its use counts no attempt")
	return wrong
}

// checkDocument looks at the document: there, whole, and believed.
func (w *World) checkDocument(ctx context.Context, c certificate, trust *pki.Trust) error {
	if c.status != cert.Effective {
		return nil
	}
	data, err := w.Blob.Get(ctx, c.document)
	if err != nil {
		return err
	}
	if gm.Sum(data) != c.document || int64(len(data)) != c.size {
		return errors.New("the document is another")
	}
	r := sign.Verify(data, sign.Options{Anchors: trust.Anchors, Intermediates: trust.Intermediates, CRLs: trust.Lists, Now: w.DB.Now()})
	if r.Verdict != sign.Valid {
		return fmt.Errorf("the document is %s: %+v", r.Verdict, r.Signatures)
	}
	return nil
}

// checkStore sweeps, and then finds as many documents as certificates name.
func (w *World) checkStore(ctx context.Context, s *state) error {
	later := w.DB.Now().Add(1000 * time.Hour)
	if _, err := w.Blob.Sweep(ctx, later, w.Cert.Named); err != nil {
		return err
	}
	left, want := 0, 0
	_, err := w.Blob.Sweep(ctx, later, func(_ context.Context, digests []gm.Digest) (map[gm.Digest]bool, error) {
		all := map[gm.Digest]bool{}
		for _, d := range digests {
			all[d] = true
			left++
		}
		return all, nil
	})
	for _, c := range s.certificates {
		if c.status == cert.Effective {
			want++
		}
	}
	if err == nil && left != want {
		err = fmt.Errorf("%d documents are stored, %d are named", left, want)
	}
	return err
}

// Tally is how many certificates are in each state.
func (w *World) Tally(ctx context.Context) (map[string]int, error) {
	s, err := w.state(ctx)
	if err != nil {
		return nil, err
	}
	n := map[string]int{}
	for _, c := range s.certificates {
		n[c.status]++
	}
	return n, nil
}

// Attempts is how often the key may have been called, over all uses.
func (w *World) Attempts(ctx context.Context) (n int64, err error) {
	s, err := w.state(ctx)
	if err != nil {
		return 0, err
	}
	for _, uses := range s.uses {
		for _, u := range uses {
			n += u.attempts
		}
	}
	return n, nil
}

// Counts is how many rows each table has, before and after what must leave no
// trace.
func (w *World) Counts(t testing.TB) (text string) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) (err error) { text, err = countRows(tx); return err }))
	return text
}

// Texts is everything that the tables say in the open.
func (w *World) Texts(t testing.TB) (text string) {
	t.Helper()
	must(t, w.DB.Read(t.Context(), func(tx *db.Tx) (err error) { text, err = readTexts(tx); return err }))
	return text
}
