package lasting_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"sidian/gm"
	"sidian/internal/db/dbtest"
	"sidian/internal/lasting"
)

// twoChains is a record of two chains of two time stamps each, that holds.
func twoChains(t *testing.T) (w *world, document []byte, whole []byte, o lasting.Options) {
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
	_, document, whole, o := twoChains(t)
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
	w, document, whole, _ := twoChains(t)
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
