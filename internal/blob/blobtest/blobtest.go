// Package blobtest makes a document store for other packages' tests, and holds
// the suite that an engine of documents must pass.
package blobtest

import (
	"context"
	"path/filepath"
	"testing"

	"sidian/internal/blob"
	"sidian/internal/keys"
)

// New returns a store in a directory of the test.
func New(t testing.TB, k *keys.Store) *blob.Store {
	t.Helper()
	dir, err := blob.CreateDir(filepath.Join(t.TempDir(), "documents"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := blob.New(context.Background(), dir, k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
