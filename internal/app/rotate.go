package app

import (
	"context"
	"errors"
	"io"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// RotateRequest says what to do about the keys that columns are encrypted with.
type RotateRequest struct {
	Config        string
	Status        bool // tell, and change nothing
	Pause, Resume bool // stop and go on with encrypting again
	Log           io.Writer
	// Progress, where it is not nil, is told how far it is while it goes on.
	Progress func([]keys.Progress)
}

// watchEvery is how often progress is told.
const watchEvery = time.Second

// Rotate brings a new key for encrypted columns into use and encrypts again
// what was encrypted under the older ones, while the instance may be serving.
// Whatever ends it, the next call or the serving program goes on from there: a
// new key is made only when nothing waits for the last one.
func Rotate(ctx context.Context, r RotateRequest) ([]keys.Progress, error) {
	c, err := loadConfig(r.Config)
	if err != nil {
		return nil, err
	}
	a, err := openInstance(ctx, c, r.Log)
	if err != nil {
		return nil, err
	}
	all, err := a.rotate(ctx, r)
	return all, errors.Join(err, a.Close())
}

func (a *App) rotate(ctx context.Context, r RotateRequest) ([]keys.Progress, error) {
	all, err := a.Rotation.Progress(ctx)
	switch {
	case err != nil || r.Status:
		return all, err
	case r.Pause:
		err = a.noted(ctx, "keys.pause", a.Rotation.Pause)
	case r.Resume:
		err = a.noted(ctx, "keys.resume", a.Rotation.Resume)
	default:
		if done(all) {
			err = a.noted(ctx, "keys.rotate", func(tx *db.Tx) error { return a.Keys.RotateTx(tx, keys.Field) })
		}
		if err == nil {
			err = a.encryptAgain(ctx, r.Progress)
		}
	}
	if err != nil {
		return nil, err
	}
	return a.Rotation.Progress(ctx)
}

// noted does something to the keys and leaves an audit entry of it.
func (a *App) noted(ctx context.Context, action string, do func(*db.Tx) error) error {
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: "keys/" + string(keys.Field), Reason: "在服务器上执行"})
	})
}

// done tells whether nothing waits for the current key.
func done(all []keys.Progress) bool {
	for _, p := range all {
		if p.Finished.IsZero() {
			return false
		}
	}
	return true
}

// encryptAgain works until the first pass over everything is through. The last
// look, which needs the key to be some minutes old, is left to the serving
// program.
func (a *App) encryptAgain(ctx context.Context, tell func([]keys.Progress)) error {
	result := make(chan error, 1)
	working, stop := context.WithCancel(ctx)
	defer stop()
	go func() { result <- a.Rotation.Run(working) }()
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case err := <-result:
			return err
		case <-tick.C:
		}
		all, err := a.Rotation.Progress(ctx)
		if err != nil {
			stop()
			return errors.Join(err, <-result)
		}
		if tell != nil {
			tell(all)
		}
	}
}
