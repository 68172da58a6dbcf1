package app

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/keys"
	"sidian/internal/keys/modules"
	"sidian/internal/keys/pkcs11"
	"sidian/internal/keys/sdf"
)

// keyOptions is what the configuration says about where keys are. create lets a
// token make its wrapping key.
func keyOptions(c conf.Config, create bool) modules.Options {
	k := c.Keys
	return modules.Options{
		Module: k.Module, MasterFile: c.MasterKeyFile, Others: k.Others,
		PKCS11: pkcs11.Options{Library: k.PKCS11.Library, Token: k.PKCS11.Token, PinFile: k.PKCS11.PinFile, Label: k.PKCS11.Label, Create: create},
		SDF:    sdf.Options{Library: k.SDF.Library, PinFile: k.SDF.PinFile, Label: k.SDF.Label, KEK: k.SDF.KEK, First: k.SDF.First, Last: k.SDF.Last},
	}
}

// openKeys opens the keys of an instance.
func openKeys(ctx context.Context, d *db.DB, c conf.Config) (*keys.Store, error) {
	m, others, err := modules.Open(keyOptions(c, false))
	if err != nil {
		return nil, err
	}
	s, err := keys.OpenIn(ctx, d, m, others...)
	if err != nil {
		modules.Close(m, others)
	}
	return s, err
}

// createKeys makes what holds the keys of a new instance, and its first keys.
func createKeys(ctx context.Context, d *db.DB, c conf.Config) (*keys.Store, error) {
	if _, err := os.Stat(c.MasterKeyFile); c.Keys.Module == keys.SoftModule && errors.Is(err, fs.ErrNotExist) {
		if err := keys.CreateMaster(c.MasterKeyFile); err != nil {
			return nil, err
		}
	}
	m, others, err := modules.Open(keyOptions(c, true))
	if err != nil {
		return nil, err
	}
	s, err := keys.CreateIn(ctx, d, m)
	if err != nil {
		modules.Close(m, others)
	}
	return s, err
}
