package sign

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sidian/gm"
	"sidian/ses"
)

// samplesNow is a moment after the samples were made.
var samplesNow = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// signedSamples are the documents made for this project: files as they should
// be, files with encodings of the field, and attacks.
var signedSamples = []struct {
	file    string
	verdict Verdict
	fails   string   // the failing check
	warns   []string // codes of warnings that name the leniency
}{
	{file: "gen-sign.ofd", verdict: Undetermined},
	{file: "gen-v1.ofd", verdict: Undetermined},
	{file: "gen-v4.ofd", verdict: Undetermined},
	{file: "gen-v5.ofd", verdict: Undetermined},
	{file: "gen-whole.ofd", verdict: Undetermined},
	{file: "q00-plain.ofd", verdict: Valid},
	{file: "q01-seal-raw-rs.ofd", verdict: Valid, warns: []string{gm.NoteRawRS}},
	{file: "q02-sig-raw-rs.ofd", verdict: Valid, warns: []string{gm.NoteRawRS}},
	{file: "q04-sig-missing-sign-octet.ofd", verdict: Valid, warns: []string{gm.NoteIntegerEncoding}},
	{file: "q05-ext-critical-false.ofd", verdict: Valid},
	{file: "q06-tbs-ext-tag0.ofd", verdict: Valid},
	{file: "q07-certlist-digest.ofd", verdict: Valid},
	{file: "q08-timestamp-garbage.ofd", verdict: Valid, warns: []string{"timestamp_not_token"}},
	{file: "q10-v1.ofd", verdict: Valid},
	{file: "q11-v1-shape-version4.ofd", verdict: Valid, warns: []string{ses.NoteVersion, ses.NoteProperty}},
	{file: "q13-v1-seal-over-sealinfo.ofd", verdict: Valid, warns: []string{ses.NoteSealBytes}},
	{file: "q15-v5.ofd", verdict: Valid},
	{file: "q16-v5-seal-timestamp.ofd", verdict: Valid, warns: []string{"seal_timestamp_not_token", "timestamp_not_token"}},
	{file: "q21-relative-locs.ofd", verdict: Valid},
	{file: "q22-checkmethod-oid.ofd", verdict: Valid},
	{file: "q23-provider-elements.ofd", verdict: Valid},
	{file: "q25-no-type.ofd", verdict: Valid},
	{file: "q26-default-namespace.ofd", verdict: Valid},
	{file: "q30-p7-attrs-unsorted.ofd", verdict: Valid},
	{file: "q31-p7-attrs-sorted.ofd", verdict: Valid},
	{file: "q33-p7-base64-hash.ofd", verdict: Valid, warns: []string{gm.NoteBase64Hash}},
	{file: "x01-page-changed.ofd", verdict: Invalid, fails: CheckDigest},
	{file: "x03-sigvalue-flipped.ofd", verdict: Invalid, fails: CheckValue},
	{file: "x04-file-missing.ofd", verdict: Invalid, fails: CheckDigest},
	{file: "x06-seal-signature-bad.ofd", verdict: Invalid, fails: CheckSealSignature},
	{file: "x07-seal-expired.ofd", verdict: Invalid, fails: CheckSealValidity},
	{file: "x09-smuggled-file.ofd", verdict: Valid, warns: []string{"unreferenced"}},
	{file: "x12-no-references.ofd", verdict: Invalid, fails: CheckCoverage},
	{file: "x13-zip-slip.ofd", verdict: Refused},
}

// always are warnings that any of the samples may have: there are no
// revocation lists, and the machine that made them was set to UTC.
var always = []string{"no_revocation_data", gm.NoteSetOrder}

func sampleOptions(t testing.TB) Options {
	t.Helper()
	der, err := os.ReadFile("testdata/signed/root.der")
	if err != nil {
		t.Fatal(err)
	}
	root, err := gm.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Anchors: gm.NewPool(root), Now: samplesNow}
}

func show(t testing.TB, r *Report) {
	t.Helper()
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	t.Log(string(b))
}

func TestSignedSamples(t *testing.T) {
	t.Parallel()
	for _, tc := range signedSamples {
		t.Run(tc.file, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join("testdata/signed", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			r := Verify(data, sampleOptions(t))
			if r.Verdict != tc.verdict {
				t.Errorf("verdict %s, want %s", r.Verdict, tc.verdict)
			}
			for _, code := range tc.warns {
				if !r.HasWarning(code) {
					t.Errorf("no warning %s", code)
				}
			}
			for _, w := range r.Warnings {
				if tc.verdict == Valid && !slices.Contains(tc.warns, w.Code) && !slices.Contains(always, w.Code) {
					t.Errorf("unexpected warning %s: %s", w.Code, w.Message)
				}
			}
			for _, s := range r.Signatures {
				checkOneFailure(t, &s, tc.fails)
			}
			if t.Failed() {
				show(t, r)
			}
		})
	}
}

// checkOneFailure sees that every check is reported, and that the one expected
// fails and no other.
func checkOneFailure(t *testing.T, s *SignatureReport, fails string) {
	t.Helper()
	if len(s.Checks) != len(CheckCodes) {
		t.Fatalf("%d checks", len(s.Checks))
	}
	for i, c := range s.Checks {
		if c.Code != CheckCodes[i] || c.Message == "" {
			t.Errorf("check %d is %+v", i, c)
		}
		if (c.Result == Fail) != (c.Code == fails) {
			t.Errorf("%s is %s: %s", c.Code, c.Result, c.Message)
		}
	}
}

// The shared folder has public files of other products as well, which are not ours to copy.
func TestSharedSamples(t *testing.T) {
	t.Parallel()
	const folder = "../../../shared/samples"
	data, err := os.ReadFile(filepath.Join(folder, "expected.json"))
	if err != nil {
		t.Skip("the shared samples are not beside the project")
	}
	var expected map[string]Verdict
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	for name, want := range expected {
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			if r := Verify(data, sampleOptions(t)); r.Verdict != want {
				t.Errorf("verdict %s, want %s", r.Verdict, want)
				show(t, r)
			}
		})
	}
}
