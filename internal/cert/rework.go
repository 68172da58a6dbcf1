package cert

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/workday"
)

// rework makes the work of a stored plan again. The document must come out as
// it was: its content is what the seal's use was recorded for.
func (s *Service) rework(ctx context.Context, r *row) (*work, error) {
	w := &work{row: *r}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if w.kind, err = s.Catalogue.VersionTx(tx, r.Kind, r.KindVersion); err != nil {
			return err
		}
		o, err := iam.OrgTx(tx, r.Issuer)
		w.org = &o
		return err
	})
	if err != nil {
		return nil, err
	}
	if w.plan, err = s.openPlan(r); err != nil {
		return nil, err
	}
	if err := s.draw(ctx, w); err != nil {
		return nil, err
	}
	if w.content != r.content {
		return nil, fault.Conflict.New("按原计划生成的版式文件与用印记录不一致").WithCode("cert.content")
	}
	return w, nil
}

// dateText is a date as it stands in the register, "" for none.
func dateText(d workday.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
