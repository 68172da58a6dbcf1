package issuing

import (
	"context"
	"slices"
	"time"

	"sidian/internal/db"
	"sidian/internal/iam"
)

// A Batch is what was pushed of offline making at a time, as lists show it.
type Batch struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind"`
	KindName   string    `json:"kind_name"`
	Unit       string    `json:"unit"`
	UnitName   string    `json:"unit_name"`
	PushedBy   string    `json:"pushed_by" doc:"账号；应用以 app/ 开头"`
	PushedAt   time.Time `json:"pushed_at"`
	Items      int       `json:"items" doc:"推送的件数"`
	Taken      int       `json:"taken" doc:"本次收到的"`
	Late       int       `json:"late" doc:"其中超过推送时限的"`
	Again      int       `json:"again" doc:"以前已经收到的"`
	Refused    int       `json:"refused" doc:"不能收的"`
	FinishedAt time.Time `json:"finished_at,omitzero" doc:"逐件处理完的时间；没有的，推送曾中断，可整批重推"`
}

// A BatchPage is a page of batches, newest first.
type BatchPage struct {
	Items []*Batch `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// Batches pages through what was pushed for the units whose drafts whoever asks
// works on.
func (s *Service) Batches(ctx context.Context, limit int, cursor string) (*BatchPage, error) {
	before, id := newestOf, ""
	if cursor != "" {
		var err error
		if before, id, err = db.ParseCursor(cursor); err != nil {
			return nil, err
		}
	}
	if limit <= 0 || limit > 100 {
		limit = 20
	}
	page := &BatchPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []*Batch{}, ""
		var below []string
		for _, p := range working {
			paths, err := iam.PathsTx(tx, iam.ScopeRoots(ctx, p))
			if err != nil {
				return err
			}
			below = append(below, paths...)
		}
		slices.Sort(below)
		rows, err := listBatches(tx, slices.Compact(below), before, id, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = db.Cursor(rows[limit-1].pushed, rows[limit-1].id)
		}
		for _, r := range rows {
			b, err := s.batchOf(tx, r)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, b)
		}
		return nil
	})
	return page, err
}

// Batch is one batch. Its drafts are listed by [Service.List].
func (s *Service) Batch(ctx context.Context, id string) (b *Batch, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := batchByID(tx, id)
		if err != nil {
			return err
		}
		if !iam.MayAny(ctx, r.unit, working...) {
			return errNoBatch()
		}
		b, err = s.batchOf(tx, r)
		return err
	})
	return b, err
}

func (s *Service) batchOf(tx *db.Tx, r *batchRow) (*Batch, error) {
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return nil, err
	}
	title := r.kind
	if k, err := s.Catalogue.KindTx(tx, r.kind); err == nil { // it may be out of use since
		title = k.Title
	}
	return &Batch{ID: r.id, Kind: r.kind, KindName: title, Unit: r.unit, UnitName: o.Name, PushedBy: r.pushedBy, PushedAt: moment(r.pushed), Items: int(r.items),
		Taken: int(r.taken), Late: int(r.late), Again: int(r.again), Refused: int(r.refused), FinishedAt: momentOf(r.finished)}, nil
}
