//go:build scale

package app_test

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestScaleBrowserBatch tells the story of a batch of 5,000 rows, and how long it
// took and what the program grew to.
func TestScaleBrowserBatch(t *testing.T) {
	w := enter(t)
	begin := time.Now()
	manyShops(t, w, axeSource(t), 5000)
	took := time.Since(begin)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM") {
			t.Logf("5,000 rows in %s, the whole story; at most %s", took.Round(time.Second), strings.TrimSpace(strings.TrimPrefix(line, "VmHWM:")))
		}
	}
}
