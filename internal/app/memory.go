package app

import (
	"os"
	"runtime/debug"
)

// gcPercent lets garbage grow to four times what is in use before it is
// collected: issuing leaves a third of a megabyte behind a document, and what
// is in use is small (docs/performance.md).
const gcPercent = 400

// TuneMemory sets how often memory is collected, unless GOGC says it.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
