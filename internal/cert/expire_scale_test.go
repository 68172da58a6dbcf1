//go:build scale

package cert_test

import (
	"testing"
	"time"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// A tick that has nothing to end does not walk the table, however long it is; one
// that has something to end costs what that costs.
func TestExpireScale(t *testing.T) {
	for _, engine := range dbtest.Engines {
		t.Run(engine, func(t *testing.T) {
			const many = 100_000
			l := newLife(t, dbtest.New(t, engine), ending)
			tick := func(want int) time.Duration {
				t.Helper()
				at := time.Now()
				n, err := l.Cert.Expire(t.Context())
				if err != nil || n != want {
					t.Errorf("%d ended, want %d, %v", n, want, err)
				}
				return time.Since(at)
			}
			model := l.Issue(t, ending)
			before := tick(0)
			must(t, l.DB.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`
					insert into cert_certificate
					       (id, identifier, kind, kind_version, issuer, number, version, status, code, plan, content, use_id, document, size,
					        valid_from, valid_to, case_no, lease_until, created_at, issued_at, listed, expires_at)
					with recursive n (i) as (select 1 union all select i + 1 from n where i < $2)
					select 'f' || cast(i as text), 'f' || cast(i as text), kind, kind_version, issuer, 'f' || cast(i as text), version, status, 'f' || cast(i as text),
					       plan, content, use_id, document, size, valid_from, valid_to, case_no, lease_until, created_at, issued_at, 1, expires_at + i
					  from cert_certificate, n where id = $1`, model.ID, many)
				return err
			}))
			idle := tick(0)
			l.now = time.UnixMilli(l.count(`select expires_at from cert_certificate where id = $1`, model.ID) + 1000)
			took := tick(1001)
			after := tick(0)
			t.Logf("%s: nothing to end %v with one row, %v and %v with %d; 1001 of them ended in %v", engine, before, idle, after, many, took)
			if max(idle, after) > 5*before+20*time.Millisecond {
				t.Errorf("a tick grows with the store: %v, then %v and %v", before, idle, after)
			}
		})
	}
}
