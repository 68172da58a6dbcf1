package annotation

import (
	"context"
	"fmt"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// How often, and how long, a repetition looks whether the first is done.
const (
	looking = 50 * time.Millisecond
	waiting = 5 * time.Second
)

// repeated returns what was made for a repetition already, or nil. It waits a
// while for a first that is on its way.
func (s *Service) repeated(ctx context.Context, w *work) (*Copy, error) {
	if w.repetition == "" {
		return nil, nil
	}
	end := time.After(waiting)
	for {
		var r *row
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = byRepetition(tx, w.repetition); return err })
		if err != nil || r == nil {
			return nil, err
		}
		if r.request != w.request {
			return nil, fault.Conflict.New("这个 Idempotency-Key 已用于内容不同的请求").WithCode("idempotency.reused").WithHint("新的请求请用新的键")
		}
		if r.status != Sealing {
			return s.shown(r)
		}
		select {
		case <-time.After(looking):
		case <-end:
			return s.shown(r)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// taken answers a repetition whose first began meanwhile.
func (s *Service) taken(ctx context.Context, w *work) (*Copy, error) {
	c, err := s.repeated(ctx, w)
	if c == nil && err == nil {
		if w.repetition == "" {
			return nil, fmt.Errorf("annotation: number %s stands in the register", w.number)
		}
		return nil, withdrawn() // it was withdrawn this moment
	}
	return c, err
}

func withdrawn() error {
	return fault.Conflict.New("加注件没有制成，已撤回").WithCode("annotation.withdrawn").WithHint("原因见证照的追溯；排除后请重新制作")
}

// outcome is what became of a copy.
func (s *Service) outcome(ctx context.Context, id string) (*Copy, error) {
	var r *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = byID(tx, id); return err })
	if err != nil {
		return nil, err
	}
	return s.shown(r)
}

// shown is the record of a copy that is there, or why it is not.
func (s *Service) shown(r *row) (*Copy, error) {
	switch r.status {
	case Sealing:
		return nil, fault.Conflict.New("同一请求正在处理").WithCode("annotation.sealing").WithHint("请稍后用同一 Idempotency-Key 再试")
	case Withdrawn:
		return nil, withdrawn()
	}
	p, err := s.openPlan(r)
	if err != nil {
		return nil, err
	}
	return s.copyOf(r, p), nil
}
