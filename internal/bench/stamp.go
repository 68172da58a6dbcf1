package main

import (
	"context"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/ofd"
)

func stampMemory(ctx context.Context, span time.Duration) (figure, error) {
	return stampFigure(ctx, span, false)
}

func stampTimestampMemory(ctx context.Context, span time.Duration) (figure, error) {
	return stampFigure(ctx, span, true)
}

// stampFigure puts a seal on documents that exist already, as bytes: opened,
// every part digested, sealed, written.
func stampFigure(_ context.Context, span time.Duration, stamped bool) (f figure, err error) {
	b, err := newBench()
	if err != nil {
		return f, err
	}
	plain, err := b.plain()
	if err != nil {
		return f, err
	}
	var last []byte
	f.unit = "documents/s"
	if f.value, err = rate(span, func(int64) (err error) { last, err = b.stampBytes(plain, stamped); return err }); err != nil {
		return f, err
	}
	// The floor: one signature, two with a time stamp, and the digest of the
	// document's bytes.
	signatures := 1
	if stamped {
		signatures = 2
	}
	f.floor, err = rate(span, func(int64) error {
		sum := gm.Sum(plain)
		for range signatures {
			if _, err := b.key.Sign(sum[:]); err != nil {
				return err
			}
		}
		return nil
	})
	f.note = fmt.Sprintf("%s without its seal, %d bytes; sealed %d bytes", b.kind.Name, len(plain), len(last))
	return f, err
}

// plain is a document before anybody sealed it, as another system hands it in.
func (b *bench) plain() ([]byte, error) {
	d, err := b.draft(1)
	if err != nil {
		return nil, err
	}
	return d.Bytes()
}

// stampBytes is what the platform does with a document handed in.
func (b *bench) stampBytes(data []byte, stamped bool) ([]byte, error) {
	d, err := ofd.Open(data)
	if err != nil {
		return nil, err
	}
	return b.stamp(d, stamped)
}
