package interop

import (
	"testing"
)

// seen is how often the reader shows a seal or a signature of an output, which
// counts each place of it.
var seen = map[string]int{
	"one seal": 1, "two departments in order": 2, "three in parallel": 3, "straddle over thirty pages": 30, "keyword": 1, "converted PDF": 2,
	"batch, document 1": 1, "annotated copy": 1, "original inside of the annotated copy": 1, "handwritten, after signer 3": 3,
}

// A reader that is not ours shows what is sealed and signed, and finds each seal
// and each person's signature genuine.
func TestOtherReaderVerifiesOutputs(t *testing.T) {
	t.Parallel()
	reader := fetchReader(t)
	for _, x := range newWorld(t).outputs(t) {
		want, chosen := seen[x.name]
		if !chosen {
			continue
		}
		page := open(t, reader, x.data)
		if page.Error != "" || len(page.Seals) != want {
			t.Errorf("%s: the reader finds %d seals on %d pages, want %d; error %q", x.name, len(page.Seals), page.Pages, want, page.Error)
		}
		for i, s := range page.Seals {
			if !s.Verified || s.Method != "1.2.156.10197.1.501" {
				t.Errorf("%s: the reader finds seal %d %+v", x.name, i+1, s)
			}
		}
	}
}
