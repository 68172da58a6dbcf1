package httpx

import (
	"io"
	"time"
)

// A File is an answer that is not JSON.
type File struct {
	Name      string        // offered to save as; empty: shown in place
	Inline    bool          // shown in place although it has a name
	MediaType string        // "application/ofd"
	Data      []byte        // the content, or
	Reader    io.ReadCloser // the content as a stream; closed when sent
	ETag      string        // opaque, without quotes; a request that has it gets 304
	MaxAge    time.Duration // how long others may keep it; zero: not at all
	Public    bool          // with MaxAge: shared caches may keep it
}
