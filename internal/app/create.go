package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/pki"
	"sidian/kinds"
)

// Create makes the instance of a configuration: master key, schema, keys,
// documents, authorities, kinds; the administrators come after it. It refuses
// what exists already. When it fails, the files that it made are gone again.
func Create(ctx context.Context, c conf.Config, o Options, name string) (*App, error) {
	if err := selfTest(); err != nil {
		return nil, err
	}
	m, err := newMaking(c)
	if err != nil {
		return nil, err
	}
	a, err := create(ctx, c, o, name)
	if err != nil {
		return nil, errors.Join(err, m.undo())
	}
	a.making = m
	return a, nil
}

func create(ctx context.Context, c conf.Config, o Options, name string) (*App, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, troubledPart("data", Words{"数据目录建不了", "the data directory cannot be made"}, err)
	}
	d, err := openDatabase(ctx, c, db.Create)
	if err != nil {
		return nil, err
	}
	a, err := wire(ctx, c, o, d, createKeys, createBlobs)
	if err == nil {
		err = a.furnish(ctx, name)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return a, nil
}

// furnish puts in what every instance begins with.
func (a *App) furnish(ctx context.Context, name string) (err error) {
	r := pki.SetupRequest{Name: name}
	if a.Conf.Authority.Mode == "files" {
		if r.Issuing, err = given(a.Conf.Authority.CertFile, a.Conf.Authority.KeyFile); err != nil {
			return err
		}
	}
	if a.Conf.Timestamp.Mode == "files" {
		if r.Timestamp, err = given(a.Conf.Timestamp.CertFile, a.Conf.Timestamp.KeyFile); err != nil {
			return err
		}
	}
	if err := a.PKI.Setup(ctx, r); err != nil {
		return fmt.Errorf("app: setting up the authorities: %w", err)
	}
	if _, err := a.Provider.Certificate(ctx); err != nil {
		return fmt.Errorf("app: making the key of answers to other platforms: %w", err)
	}
	if err := a.Seal.Setup(ctx, name+"制章"); err != nil {
		return fmt.Errorf("app: setting up the seal maker: %w", err)
	}
	if _, err := a.Catalogue.Import(ctx, kinds.FS); err != nil {
		return fmt.Errorf("app: importing the kinds: %w", err)
	}
	return nil
}
