package auditor_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/auditor"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/fault"
	"sidian/internal/iam/iamtest"
)

// export makes an export and unpacks it into a directory.
func (o *office) export(ctx context.Context, q auditor.Query, format, from string) (dir string, m *auditor.Manifest) {
	o.t.Helper()
	x, err := o.Export(ctx, q, format, "年度检查", from)
	if err != nil {
		o.t.Fatal(err)
	}
	var b bytes.Buffer
	if m, err = x.Write(ctx, &b); err != nil {
		o.t.Fatal(err)
	}
	return unpack(o.t, b.Bytes()), m
}

func unpack(t *testing.T, b []byte) (dir string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close(), os.WriteFile(filepath.Join(dir, filepath.Base(f.Name)), data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// openssl runs it in dir and returns what it prints.
func openssl(dir string, args ...string) (string, error) {
	c := exec.Command("openssl", args...)
	c.Dir = dir
	out, err := c.CombinedOutput()
	return string(out), err
}

// evil is what people type.
var evil = []string{"=1+2", "+1", "-1", "@x", "\t=1", " =1", "＝1", "引\"号,逗\r\n行", "</row>\x01", "寻常"}

func (o *office) typed() {
	for _, s := range evil {
		o.did("issuer", iamtest.Market, audit.Entry{Action: "cert.issue", Object: "cert/9", Reason: s, After: gm.Sum([]byte(s))})
	}
}

// Whoever has openssl and the export needs nothing of ours.
func TestExportWithOpenSSL(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.typed()
		for _, format := range []string{auditor.NDJSON, auditor.CSV, auditor.XLSX} {
			dir, m := o.export(o.Ctx(t, "audit"), auditor.Query{Object: "cert/9"}, format, "")
			file := "audit." + format
			if m.Rows != len(evil) || m.Unlinked != 0 || m.LastSeq-m.FirstSeq != int64(len(evil)-1) || m.Head == nil || m.Head.Seq < m.LastSeq || m.Truncated {
				t.Errorf("%s: %+v", format, m)
			}
			var stated auditor.Manifest
			if err := json.Unmarshal(read(t, dir, "manifest.json"), &stated); err != nil || stated.SM3 != m.SM3 || stated.Reason != "年度检查" || stated.Account == "" {
				t.Errorf("%s: %+v, %v", format, stated, err)
			}
			if out, err := openssl(dir, "dgst", "-sm3", file); err != nil || !strings.Contains(out, stated.SM3) {
				t.Errorf("%s: %s, %v", format, out, err)
			}
			verify := func(key, sig, of string) (string, error) {
				return openssl(dir, "dgst", "-sm3", "-verify", key, "-sigopt", "distid:1234567812345678", "-signature", sig, of)
			}
			for _, c := range [][3]string{{"key.pem", "manifest.sig", "manifest.json"}, {"head.pem", "head.sig", "head.txt"}} {
				if out, err := verify(c[0], c[1], c[2]); err != nil || !strings.Contains(out, "Verified OK") {
					t.Errorf("%s %s: %s, %v", format, c[2], out, err)
				}
			}
			out, err := openssl(dir, "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-digest", "sm3",
				"-pkeyopt", "distid:1234567812345678", "-sigfile", "manifest.sig", "-in", "manifest.json")
			if err != nil || !strings.Contains(out, "Verified Successfully") {
				t.Errorf("%s: pkeyutl: %s, %v", format, out, err)
			}
			changed := bytes.Replace(read(t, dir, "manifest.json"), []byte(`"rows": 10`), []byte(`"rows": 9`), 1)
			if err := os.WriteFile(filepath.Join(dir, "manifest.json"), changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := verify("key.pem", "manifest.sig", "manifest.json"); err == nil {
				t.Errorf("%s: a changed manifest verifies: %s", format, out)
			}
		}
		ends := o.trail("audit.exported")
		if len(ends) != 3 || len(o.trail("audit.export")) != 6 || ends[0].After == (gm.Digest{}) || ends[0].Result != audit.Done {
			t.Errorf("%+v", ends)
		}
	})
}

// What people typed is text in every format, and no formula.
func TestExportIsInert(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, "sqlite")
	o := newOffice(t, d)
	o.typed()
	dir, _ := o.export(o.Ctx(t, "audit"), auditor.Query{Object: "cert/9"}, auditor.CSV, "")
	data := read(t, dir, "audit.csv")
	if !bytes.HasPrefix(data, []byte("\xef\xbb\xbf链序,")) {
		t.Errorf("begins with %q", data[:20])
	}
	rows, err := csv.NewReader(bytes.NewReader(data[3:])).ReadAll()
	if err != nil || len(rows) != len(evil)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	const reason = 14
	for i, want := range []string{"'=1+2", "'+1", "'-1", "'@x", "'\t=1", "' =1", "'＝1", "引\"号,逗\n行", "</row>\x01", "寻常"} {
		if got := rows[len(evil)-i][reason]; got != want {
			t.Errorf("reason %q, want %q", got, want)
		}
	}
	dir, _ = o.export(o.Ctx(t, "audit"), auditor.Query{Object: "cert/9"}, auditor.XLSX, "")
	f, err := excelize.OpenReader(bytes.NewReader(read(t, dir, "audit.xlsx")))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cells, err := f.GetRows("审计记录")
	if err != nil || len(cells) != len(evil)+1 || cells[len(evil)][reason] != "'=1+2" || cells[1][reason] != "寻常" {
		t.Errorf("%q, %v", cells, err)
	}
	if formula, err := f.GetCellFormula("审计记录", "O11"); formula != "" || err != nil {
		t.Errorf("a formula %q, %v", formula, err)
	}
	dir, _ = o.export(o.Ctx(t, "audit"), auditor.Query{Object: "cert/9"}, auditor.NDJSON, "")
	var got []string
	for line := range bytes.Lines(read(t, dir, "audit.ndjson")) {
		var e auditor.Entry
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		got = append([]string{e.Reason}, got...)
		if after := gm.Sum([]byte(e.Reason)); e.After != hex.EncodeToString(after[:]) || e.Seq == 0 {
			t.Errorf("%+v", e)
		}
	}
	if strings.Join(got, "|") != strings.Join(evil, "|") {
		t.Errorf("%q", got)
	}
}

// An export that may not hold everything says so, and the next continues where
// it ended.
func TestExportContinues(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.typed()
		seen := map[string]bool{}
		next, parts := "", 0
		for {
			x, err := o.Export(o.Ctx(t, "audit"), auditor.Query{Object: "cert/9"}, auditor.NDJSON, "年度检查", next)
			if err != nil {
				t.Fatal(err)
			}
			auditor.Limit(x, 4)
			var b bytes.Buffer
			m, err := x.Write(t.Context(), &b)
			if err != nil {
				t.Fatal(err)
			}
			for line := range bytes.Lines(read(t, unpack(t, b.Bytes()), "audit.ndjson")) {
				var e auditor.Entry
				if err := json.Unmarshal(line, &e); err != nil || seen[e.ID] {
					t.Errorf("%s twice, %v", e.ID, err)
				}
				seen[e.ID] = true
			}
			parts++
			if next = m.Next; !m.Truncated {
				break
			}
		}
		if len(seen) != len(evil) || parts != 3 {
			t.Errorf("%d entries in %d parts", len(seen), parts)
		}
	})
}

func TestExportRefuses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		ctx := o.Ctx(t, "audit")
		for name, c := range map[string]struct{ format, reason, cursor, code string }{
			"format":   {"pdf", "理由", "", "audit.format"},
			"none":     {"", "理由", "", "audit.format"},
			"reason":   {auditor.CSV, " \n", "", "audit.reason"},
			"too long": {auditor.CSV, strings.Repeat("长", 501), "", "audit.reason"},
			"nul":      {auditor.CSV, "a\x00", "", "audit.reason"},
			"cursor":   {auditor.CSV, "理由", "x", "cursor"},
		} {
			_, err := o.Export(ctx, auditor.Query{}, c.format, c.reason, c.cursor)
			refused(t, name, err, fault.Invalid, c.code)
		}
		if len(o.trail("audit.export")) != 0 {
			t.Error("a refused export is audited as one")
		}
	})
}

// An export that breaks off is noted as failed, also when the reader has gone.
func TestExportBreaksOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		o.typed()
		ctx, cancel := context.WithCancel(o.Ctx(t, "audit"))
		x, err := o.Export(ctx, auditor.Query{}, auditor.CSV, "年度检查", "")
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := x.Write(ctx, io.Discard); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		x, err = o.Export(o.Ctx(t, "audit"), auditor.Query{}, auditor.XLSX, "年度检查", "")
		if err != nil {
			t.Fatal(err)
		}
		r, w := io.Pipe()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := x.Write(o.Ctx(t, "audit"), w); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%v", err)
		}
		for _, e := range o.trail("audit.exported") {
			if e.Result != audit.Failed {
				t.Errorf("%+v", e)
			}
		}
		if n := len(o.trail("audit.exported")); n != 2 {
			t.Errorf("%d ends", n)
		}
	})
}

// The head of an export finds the loss of the newest entries later.
func TestExportedHeadIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		o := newOffice(t, d)
		_, m := o.export(o.Ctx(t, "audit"), auditor.Query{}, auditor.CSV, "")
		digest, err := hex.DecodeString(m.Head.Digest)
		if err != nil {
			t.Fatal(err)
		}
		known := chain.Head{Seq: m.Head.Seq}
		copy(known.Digest[:], digest)
		r, err := chain.Check(t.Context(), d, o.County.Keys, chain.Options{Known: []chain.Head{known}})
		if err != nil || !r.Intact() {
			t.Errorf("%+v, %v", r, err)
		}
	})
}
