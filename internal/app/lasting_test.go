package app

import (
	"strings"
	"testing"

	"sidian/internal/conf"
	"sidian/internal/lasting"
)

// The operator ends an algorithm before the program would, and no other.
func TestSunset(t *testing.T) {
	t.Parallel()
	a := &App{Conf: conf.Config{Timestamp: conf.Timestamp{Ends: []string{"sm3=2040-12-31"}}}}
	all, err := a.sunset()
	if err != nil || all[lasting.SM3].Year() != 2040 || all[lasting.SHA384] != lasting.Sunset()[lasting.SHA384] {
		t.Errorf("%v, %v", all, err)
	}
	a.Conf.Timestamp.Ends = []string{"md5=2040-12-31"}
	if _, err := a.sunset(); err == nil || !strings.Contains(err.Error(), "sha256") {
		t.Errorf("an unknown algorithm: %v", err)
	}
}
