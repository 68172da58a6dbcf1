// Package auditor is what the audit administrator (审计管理员) works with: the
// search of audit entries, the look-back from a record to the persons who saw
// or changed it (责任倒查) and from a person to the records, exports that others
// can check with openssl, and alarms.
//
// It changes nothing of what it shows. Its permissions are audit.read and
// audit.export, each for organisations: an entry belongs to the organisation
// that its actor acted for. What the platform did itself, and what strangers
// tried, belongs to the root organisation. Whoever reads here is audited too,
// with what was asked for and without what was found.
//
// An alarm is something that an auditor, or a security administrator, should
// look at soon: break-glass reading, a locked account, a broken chain. Its
// states: open → acknowledged.
//
// It owns the table auditor_alarm.
package auditor

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// Permissions.
const (
	Read   = "audit.read"
	Take   = "audit.export"
	Review = "glass.review" // alarms
)

// A Service answers auditors. It is safe for concurrent use.
type Service struct {
	DB   *db.DB
	Keys *keys.Store
	// Names, if not nil, gives the names of accounts as auditors may see them, by
	// id. Without it, or for an account that it does not know, the name is the
	// one that the entry holds.
	Names func(ctx context.Context, accounts []string) (map[string]string, error)
}
