package audit_test

import (
	"testing"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// BenchmarkPut is what ten entries take in one transaction, with the row that
// makes each wait for its link; "alone" is the transaction without any.
func BenchmarkPut(b *testing.B) {
	dbtest.EachBench(b, func(b *testing.B, d *db.DB) {
		actor := audit.Actor{Account: "0123456789abcdef", Name: "经办人", Org: "market", Address: "10.0.0.1", Session: "0123456789abcdef"}
		e := audit.Entry{Actor: actor, Action: "cert.issue", Object: "cert/0123456789abcdef", Purpose: "issue", After: gm.Sum(nil)}
		for name, n := range map[string]int{"alone": 0, "ten": 10} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					err := d.Write(b.Context(), func(tx *db.Tx) error {
						for range n {
							if err := audit.Put(tx, e); err != nil {
								return err
							}
						}
						_, err := tx.Exec(`update audit_turn set id = id`)
						return err
					})
					if err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	})
}
