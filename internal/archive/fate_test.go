package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"sidian/internal/archive"
	"sidian/internal/archive/pack"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/seal"
	"sidian/internal/seal/sealtest"
	"sidian/internal/status"
	"sidian/internal/verify"
	"sidian/ofd/sign"
)

// judged makes the verdict of the platform, which looks up what became of the
// seal, go into packages.
func (w *world) judged() {
	v := &verify.Service{
		DB: w.DB, PKI: w.PKI, Cert: &cert.Service{DB: w.DB, IAM: w.IAM}, Cache: sign.NewChainCache(), Seals: w.Seal.PublicGet,
		Changed: func(ctx context.Context, id string) (at time.Time, err error) {
			err = w.DB.Read(ctx, func(tx *db.Tx) error {
				e, err := status.EntryTx(tx, status.Seals, id)
				at = e.At
				return err
			})
			return at, err
		},
	}
	w.archive.Verify = func(ctx context.Context, data []byte) (*sign.Report, []byte, error) {
		out, err := v.Document(ctx, "盖章文件.ofd", data)
		if err != nil {
			return nil, nil, err
		}
		record, err := json.Marshal(out)
		return out.Report, record, err
	}
}

// recordIn is the record of the verification in a package.
func recordIn(t testing.TB, data []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	must(t, err)
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "验证记录.txt") {
			continue
		}
		r, err := f.Open()
		must(t, err)
		defer r.Close()
		b, err := io.ReadAll(r)
		must(t, err)
		return string(b)
	}
	t.Fatal("no record in the package")
	return ""
}

// What became of a seal later keeps nothing from being filed, also where no time
// stamp proves that the seal was good when it stamped: the record says so, and
// the checks warn.
func TestFateOfSeal(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stamped bool
		state   string
		later   time.Duration
		verdict string // of the record
		warns   bool
	}{
		"frozen, with a time stamp":                 {true, seal.Frozen, time.Hour, "valid", false},
		"frozen, without":                           {false, seal.Frozen, time.Hour, "undetermined", true},
		"cancelled, with a time stamp":              {true, seal.Cancelled, time.Hour, "valid", false},
		"cancelled, without":                        {false, seal.Cancelled, time.Hour, "undetermined", true},
		"cancelled two years later, without":        {false, seal.Cancelled, 2 * 365 * 24 * time.Hour, "undetermined", true},
		"frozen two years later, with a time stamp": {true, seal.Frozen, 2 * 365 * 24 * time.Hour, "valid", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := newWorld(t, d)
				w.judged()
				w.Seal.TimeStamps = c.stamped
				it := w.filed(t)
				now := d.Now
				d.Now = func() time.Time { return now().Add(c.later) }
				must(t, w.Seal.SetState(w.Keeper, w.Seals[sealtest.Market].ID, c.state, "撤并"))
				d.Now = func() time.Time { return now().Add(c.later + time.Hour) }
				it, err := w.archive.Pack(w.archivist, it.ID)
				must(t, err)
				if it.State != archive.Packed {
					t.Fatalf("%s: %+v", it.State, it.Acts)
				}
				warned := false
				for _, row := range it.Checks {
					if row.ID == "1-4-2" {
						warned = row.Result == pack.Warn && strings.Contains(row.Evidence, "组包时的验证结论")
					}
				}
				if warned != c.warns {
					t.Errorf("warned is %v, want %v: %+v", warned, c.warns, it.Checks)
				}
				data, _, err := w.archive.Package(w.archivist, it.ID)
				must(t, err)
				record := recordIn(t, data)
				if !strings.Contains(record, `"verdict":"`+c.verdict+`"`) || !strings.Contains(record, `"state":"`+c.state+`"`) {
					t.Errorf("the record is %s", record)
				}
			})
		})
	}
}
