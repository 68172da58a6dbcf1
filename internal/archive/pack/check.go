package pack

import (
	"errors"
	"io"
)

// Check checks a package of size bytes by the four properties. It answers an
// error, which wraps ErrUnreadable, only when there is nothing to report on, or
// when reading r goes wrong.
func Check(r io.ReaderAt, size int64, o Options) (*Report, error) {
	return nil, errors.New("pack: checking")
}
