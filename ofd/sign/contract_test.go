package sign

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"sidian/ses/sestest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The JSON is a contract with users and scripts: names, order, and lists that
// are never null.
func TestReportJSON(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/signed/x01-page-changed.ofd")
	if err != nil {
		t.Fatal(err)
	}
	o := sampleOptions(t)
	o.File = "x01-page-changed.ofd"
	got, err := json.MarshalIndent(Verify(data, o), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/report.golden.json"
	if *update {
		if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != strings.TrimSuffix(string(want), "\n") {
		t.Errorf("the report changed:\n%s", got)
	}
	for _, file := range []Options{{}, o} {
		b, err := json.Marshal(Verify(nil, file))
		if err != nil || strings.Contains(string(b), "null") {
			t.Errorf("%s %v", b, err)
		}
	}
}

func TestSealPart(t *testing.T) {
	t.Parallel()
	pki := sestest.New(t)
	o := stampOptions(pki)
	o.SealPart = SealPart(o.Seal)
	clean(t, stamp(t, open(t, plain().zip(t)), o), options(pki), 1)
	o.SealPart = SealPart(pki.Seal())
	if _, err := Stamp(open(t, plain().zip(t)), o); err == nil {
		t.Error("another seal's part was taken")
	}
}
