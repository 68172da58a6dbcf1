//go:build scale

package status_test

import (
	"testing"
	"time"

	"sidian/internal/db/dbtest"
	"sidian/internal/keys/keystest"
	"sidian/internal/status"
	"sidian/internal/status/statustest"
)

// scaleRows is how many certificates a full list holds.
const scaleRows = 10_000_000

// A list of ten million certificates is served from memory, and a change is seen
// within two seconds. The figures are printed, for docs/performance.md.
func TestScale(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			d := dbtest.New(t, engine)
			k := keystest.New(t, d)
			here, there := &status.Service{DB: d, Keys: k, BaseURL: base}, &status.Service{DB: d, Keys: k, BaseURL: base}
			f, err := statustest.Measure(t.Context(), here, there, status.Certificates, scaleRows)
			must(t, err)
			t.Logf("%s: %+v", engine, f)
			if f.There > 2*time.Second {
				t.Errorf("another process sees a change after %v", f.There)
			}
			if f.Serve > time.Millisecond {
				t.Errorf("a page takes %v to serve: it does not come from memory", f.Serve)
			}
		})
	}
}
