// Package keystest makes a key store for other packages' tests, and holds the
// suite that a store of keys must pass.
package keystest

import (
	"context"
	"path/filepath"
	"testing"

	"sidian/internal/db"
	"sidian/internal/keys"
)

// New returns a store of soft keys in d, under a master key of its own.
func New(t testing.TB, d *db.DB) *keys.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "master.key")
	if err := keys.CreateMaster(path); err != nil {
		t.Fatal(err)
	}
	s, err := keys.Create(context.Background(), d, path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
