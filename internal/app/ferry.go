package app

import (
	"context"
	"encoding/pem"
	"errors"
	"io"
	"os"

	"sidian/internal/ferry"
)

// FerryOut makes files for the other zone of all that waits, in dir; with all,
// of every seal that was ever filed, for a zone that begins to ferry.
func FerryOut(ctx context.Context, config, dir string, all bool, log io.Writer) (made []ferry.Made, err error) {
	err = onFerry(ctx, config, log, func(a *App) (err error) {
		if all {
			if err := a.tellAll(ctx); err != nil {
				return err
			}
		}
		made, err = a.Ferry.Out(ctx, dir)
		return err
	})
	return made, err
}

// tellAll puts every seal among what waits.
func (a *App) tellAll(ctx context.Context) error {
	after := ""
	for {
		ids, err := a.Seal.Filed(ctx, after, 1000)
		if err != nil || len(ids) == 0 {
			return err
		}
		if err := a.Ferry.Tell(ctx, "seal", ids...); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
}

// FerryAgain writes a file that was made before once more.
func FerryAgain(ctx context.Context, config, dir string, seq int64, log io.Writer) (m ferry.Made, err error) {
	err = onFerry(ctx, config, log, func(a *App) (err error) { m, err = a.Ferry.Again(ctx, seq, dir); return err })
	return m, err
}

// FerryIn takes in the files of the other zone that are in dir.
func FerryIn(ctx context.Context, config, dir string, log io.Writer) (taken []ferry.Taken, err error) {
	err = onFerry(ctx, config, log, func(a *App) (err error) { taken, err = a.Ferry.InDir(ctx, dir); return err })
	return taken, err
}

// FerryCertificate writes the digital certificate that the other zone pins, PEM.
func FerryCertificate(ctx context.Context, config, path string, log io.Writer) error {
	return onFerry(ctx, config, log, func(a *App) error {
		c, err := a.Ferry.Certificate(ctx)
		if err != nil {
			return err
		}
		return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}), 0o644)
	})
}

func onFerry(ctx context.Context, config string, log io.Writer, do func(*App) error) error {
	c, err := loadConfig(config)
	if err != nil {
		return err
	}
	if c.Zone == "" {
		return troubledPart("ferry", Words{"配置没有写明所在区（zone），不能摆渡", "the configuration names no zone; nothing can be ferried"}, errors.New("zone is not set"))
	}
	a, err := openInstance(ctx, c, log)
	if err != nil {
		return err
	}
	return errors.Join(do(a), a.Close())
}
