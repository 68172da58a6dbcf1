package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/keys"
	"sidian/internal/keys/modules"
)

// RewrapRequest exchanges what wraps the platform's keys: the master key file,
// or a module. One of File, NextConfig, Finish and Abandon is set.
type RewrapRequest struct {
	Config     string
	File       string // a master key file, made where there is none
	NextConfig string // a configuration whose keys.module is the next one
	Finish     bool   // end the one of before: Config names the next already
	Abandon    bool   // give the exchange up: Config still names the one of before
	Log        io.Writer
}

// Rewrap does one step of the exchange and returns how the wrapping keys stand
// after it.
func Rewrap(ctx context.Context, r RewrapRequest) ([]keys.Master, error) {
	c, err := loadConfig(r.Config)
	if err != nil {
		return nil, err
	}
	a, err := openInstance(ctx, c, r.Log)
	if err != nil {
		return nil, err
	}
	err = a.rewrap(ctx, r)
	var all []keys.Master
	if err == nil {
		all, err = a.Keys.Masters(ctx)
	}
	return all, errors.Join(err, a.Close())
}

func (a *App) rewrap(ctx context.Context, r RewrapRequest) error {
	var action string
	var err error
	switch {
	case r.Finish:
		action, err = "keys.rewrap-finish", a.Keys.FinishRewrap(ctx)
	case r.Abandon:
		action, err = "keys.rewrap-abandon", a.Keys.AbandonRewrap(ctx)
	default:
		action, err = "keys.rewrap", a.wrapAgain(ctx, r)
	}
	if err != nil {
		return err
	}
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: action, Object: "keys/master", Reason: "在服务器上执行"})
	})
}

func (a *App) wrapAgain(ctx context.Context, r RewrapRequest) error {
	next, others, err := nextModule(r)
	if err != nil {
		return err
	}
	defer modules.Close(next, others)
	_, err = a.Keys.Rewrap(ctx, next)
	return err
}

func nextModule(r RewrapRequest) (keys.Module, []keys.Module, error) {
	if r.NextConfig != "" {
		c, err := loadConfig(r.NextConfig)
		if err != nil {
			return nil, nil, err
		}
		return modules.Open(keyOptions(c, true))
	}
	if _, err := os.Stat(r.File); errors.Is(err, fs.ErrNotExist) {
		if err := keys.CreateMaster(r.File); err != nil {
			return nil, nil, troubledPart("keys", Words{"新的主密钥文件建不了", "the new master key file cannot be made"}, err)
		}
	}
	m, err := keys.Soft(r.File)
	return m, nil, err
}
