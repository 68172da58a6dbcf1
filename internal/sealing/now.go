package sealing

import (
	"bytes"
	"context"
	"errors"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A NowAsk asks for one document to be stamped at once, under a standing policy.
type NowAsk struct {
	BatchAsk
	Name string // of the file
	Data []byte // an OFD, or a PDF
}

// StampNow stamps one document under a standing policy of the seal and returns
// it: a batch of one. A repetition of the same request gives the same document.
func (s *Service) StampNow(ctx context.Context, a NowAsk) ([]byte, *Item, error) {
	a.single = true
	b, err := s.CreateBatch(ctx, a.BatchAsk)
	if err != nil {
		return nil, nil, err
	}
	if b.State == Ready {
		if b.Total == 0 {
			if _, err := take(a.Data); err != nil { // said with its fields, before anything is kept
				return nil, nil, err
			}
			if _, err := s.Add(ctx, b.ID, a.Name, bytes.NewReader(a.Data), int64(len(a.Data))); err != nil {
				return nil, nil, err
			}
		}
		if _, err := s.Act(ctx, b.ID, "start"); err != nil {
			return nil, nil, err
		}
	}
	if _, err := s.workBatch(context.WithoutCancel(ctx), b.ID); err != nil {
		return nil, nil, err
	}
	return s.stampedNow(ctx, b.ID)
}

// stampedNow is what became of a batch of one.
func (s *Service) stampedNow(ctx context.Context, id string) ([]byte, *Item, error) {
	b, err := s.Batch(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	page, err := s.Items(ctx, id, "", 0, 1)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case len(page.Items) == 1 && page.Items[0].State == Done:
		return s.ItemFile(ctx, id, page.Items[0].Line)
	case len(page.Items) == 1 && page.Items[0].State == Failed:
		return nil, nil, fault.Invalid.New("不能盖章：%s", page.Items[0].Trouble).WithCode("sealing.place").WithHint("请按说明更正后重试").
			WithField("file", "refused", page.Items[0].Trouble)
	case b.State == Paused:
		return nil, nil, s.giveUp(ctx, b)
	}
	return nil, nil, fault.Conflict.New("同一请求正在处理").WithCode("sealing.busy").WithHint("请稍后用同一 Idempotency-Key 再试")
}

// giveUp ends a batch of one that the seal's policy stopped: nobody would ever
// start it again.
func (s *Service) giveUp(ctx context.Context, b *Batch) error {
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := moveBatch(tx, b.ID, Paused, Cancelled); err != nil {
			return err
		}
		return dropItems(tx, b.ID)
	})
	if err != nil && !errors.Is(err, errMoved) {
		return err
	}
	return fault.Conflict.New("不能用印：%s", b.Trouble).WithCode("sealing.stopped").WithHint("请联系印章保管人")
}
