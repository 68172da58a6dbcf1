package main

import (
	"strings"
	"testing"
)

func TestMessage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		environment map[string]string
		chinese     bool
	}{
		{"none", nil, false},
		{"Chinese", map[string]string{"LANG": "zh_CN.UTF-8"}, true},
		{"English over Chinese", map[string]string{"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := message(func(name string) string { return tt.environment[name] })
			if strings.Contains(got, "尚未") != tt.chinese || strings.Contains(got, "\n") {
				t.Errorf("it says %q", got)
			}
		})
	}
}
