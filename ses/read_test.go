package ses_test

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"testing"

	"sidian/ses"
)

// samples is the folder of documents that this package's tests share with ofd/sign.
const samples = "../ofd/sign/testdata/signed"

func part(t testing.TB, file, name string) []byte {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(samples, file))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func codes(s *ses.Signature) map[string]bool {
	m := map[string]bool{}
	for _, n := range s.Notes {
		m[n.Code] = true
	}
	return m
}

func TestParseSignatureSamples(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		file    string
		version int
		notes   []string
	}{
		{"q00-plain.ofd", ses.V4, nil},
		{"q01-seal-raw-rs.ofd", ses.V4, nil},
		{"q05-ext-critical-false.ofd", ses.V4, nil},
		{"q06-tbs-ext-tag0.ofd", ses.V4, nil},
		{"q07-certlist-digest.ofd", ses.V4, nil},
		{"q08-timestamp-garbage.ofd", ses.V4, nil},
		{"q10-v1.ofd", ses.V1, nil},
		{"q11-v1-shape-version4.ofd", ses.V1, []string{ses.NoteVersion, ses.NoteProperty}},
		{"q13-v1-seal-over-sealinfo.ofd", ses.V1, nil},
		{"q15-v5.ofd", ses.V5, nil},
		{"q16-v5-seal-timestamp.ofd", ses.V5, nil},
		{"gen-v1.ofd", ses.V1, nil},
		{"gen-v4.ofd", ses.V4, nil},
		{"gen-v5.ofd", ses.V5, nil},
	} {
		t.Run(tc.file, func(t *testing.T) {
			t.Parallel()
			s, err := ses.ParseSignature(part(t, tc.file, "Doc_0/Signs/Sign_0/SignedValue.dat"))
			if err != nil {
				t.Fatal(err)
			}
			if s.Version != tc.version || s.Seal.Version != tc.version {
				t.Errorf("version %d, seal %d, want %d", s.Version, s.Seal.Version, tc.version)
			}
			got := codes(s)
			if len(got) != len(tc.notes) {
				t.Errorf("notes %v, want %v", s.Notes, tc.notes)
			}
			for _, c := range tc.notes {
				if !got[c] {
					t.Errorf("note %s missing in %v", c, s.Notes)
				}
			}
			if _, err := s.VerifyValue(); err != nil {
				t.Error(err)
			}
			if _, err := s.Seal.VerifyMaker(); err != nil {
				t.Error(err)
			}
			if _, ok := s.SignerInSeal(); !ok {
				t.Error("signer not in seal")
			}
			if s.Time.IsZero() || s.Seal.ValidFrom.IsZero() || !s.Seal.ValidAt(s.Time) {
				t.Errorf("times: %v in %v..%v", s.Time, s.Seal.ValidFrom, s.Seal.ValidTo)
			}
			if s.Seal.Name == "" || s.Seal.Picture.Width != 40 || len(s.Seal.Picture.Data) < 1000 {
				t.Errorf("seal %q picture %d mm, %d octets", s.Seal.Name, s.Seal.Picture.Width, len(s.Seal.Picture.Data))
			}
		})
	}
}

// Seals of another product; the files are not ours to copy.
func TestSharedSeals(t *testing.T) {
	t.Parallel()
	const folder = "../../shared/samples/signed"
	for name, version := range map[string]int{"ofdrw_UserV1.esl": ses.V1, "ofdrw_UserV4.esl": ses.V4} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Skip("the shared samples are not beside the project")
			}
			s, err := ses.ParseSeal(data)
			if err != nil {
				t.Fatal(err)
			}
			if s.Version != version {
				t.Errorf("version %d, want %d", s.Version, version)
			}
			if _, err := s.VerifyMaker(); err != nil {
				t.Error(err)
			}
		})
	}
}
