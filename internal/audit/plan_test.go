package audit_test

import (
	"strings"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
)

// Every way reads entries in the order of its index, and sorts nothing: a page
// costs the same however many entries there are.
func TestPlans(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fill(t, d, 2000)
		explain := "explain query plan "
		if d.Engine() == "postgres" {
			explain = "explain "
			if err := d.Write(t.Context(), func(tx *db.Tx) error { return tx.Define(`analyze audit_entry;`) }); err != nil {
				t.Fatal(err)
			}
		}
		for column, q := range audit.Statements {
			index := "audit_entry_at"
			args := []any{int64(0), int64(1) << 60, "", 100}
			if column != "" {
				index = "audit_entry_" + column
				args = []any{int64(0), int64(1) << 60, "", "o1", 100}
			}
			if column == "result" {
				args[3] = audit.Refused
			}
			var plan []string
			err := d.Write(t.Context(), func(tx *db.Tx) error {
				if d.Engine() == "postgres" { // the table is small
					if _, err := tx.Exec(`set local enable_seqscan = off`); err != nil {
						return err
					}
				}
				return tx.All(explain+q, args, func(scan func(...any) error) error {
					var a, b, c int64
					var line string
					var err error
					if d.Engine() == "postgres" {
						err = scan(&line)
					} else {
						err = scan(&a, &b, &c, &line)
					}
					plan = append(plan, line)
					return err
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(plan, "\n")
			if d.Engine() == "sqlite" && (!strings.Contains(got, "USING INDEX "+index+" ") || strings.Contains(got, "TEMP B-TREE")) {
				t.Errorf("%q: %s", column, got)
			}
			// PostgreSQL may prefer another index where that costs less.
			if d.Engine() == "postgres" && strings.Contains(got, "Seq Scan") {
				t.Errorf("%q: %s", column, got)
			}
		}
	})
}
