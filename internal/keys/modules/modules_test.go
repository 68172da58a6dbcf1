package modules_test

import (
	"path/filepath"
	"strings"
	"testing"

	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/keys/modules"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "master.key")
	if err := keys.CreateMaster(file); err != nil {
		t.Fatal(err)
	}
	m, others, err := modules.Open(modules.Options{MasterFile: file, Others: []string{"soft"}})
	if err != nil || m.Name() != keys.SoftModule || len(others) != 0 {
		t.Fatalf("got %v and %d others, %v", m, len(others), err)
	}
	modules.Close(m, others)
	for name, o := range map[string]modules.Options{
		"unknown": {Module: "tpm"}, "unknown other": {MasterFile: file, Others: []string{"tpm"}},
		"pkcs11": {Module: "pkcs11"}, "sdf": {Module: "sdf"},
	} {
		_, _, err := modules.Open(o)
		if e := fault.As(err); e == nil || e.Code != "key.module" || e.Hint == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A module that this program was built without is refused by the tag's name.
func TestNotBuilt(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"pkcs11", "sdf"} {
		if e := fault.As(keys.NotBuilt(" "+tag, tag)); e == nil || !strings.Contains(e.Hint, "-tags "+tag) {
			t.Errorf("%s: %v", tag, e)
		}
	}
}
