package cert

import (
	"context"
	"fmt"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/iam"
)

// A Page is a page of a list, newest first. Next is the cursor of the page
// after it, or empty.
type Page struct {
	Items []*Certificate `json:"items"`
	Next  string         `json:"next,omitempty"`
}

const maxLimit = 100

// A ListQuery asks for a page of certificates.
type ListQuery struct {
	Issuer string // one issuer; empty: all that the caller may read
	Kind   string
	Number string
	Holder string // whole identifier or whole name of a holder
	Limit  int
	Cursor string

	issuers []string
	taken   [][2]string // kinds, and the units that gave them to one of issuers
	holder  *gm.Digest
}

// List pages through the certificates that the caller may read, masked. One
// audit row says by what it was narrowed and how many it showed.
func (s *Service) List(ctx context.Context, q ListQuery) (*Page, error) {
	q.issuers = iam.Orgs(ctx, "cert.read")
	if q.Issuer != "" {
		if err := iam.Allow(ctx, "cert.read", q.Issuer); err != nil {
			return nil, err
		}
		q.issuers = []string{q.Issuer}
	}
	if q.Limit <= 0 || q.Limit > maxLimit {
		q.Limit = 20
	}
	if q.Holder != "" {
		d := s.Index.Of(q.Holder)
		q.holder = &d
	}
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	var rows []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if q.taken, err = takenOver(tx, q.issuers); err != nil {
			return err
		}
		if rows, err = listOf(tx, q, before, id); err != nil {
			return err
		}
		if err := keptAll(tx, rows); err != nil {
			return err
		}
		return s.vet(tx, rows...)
	})
	if err != nil {
		return nil, err
	}
	p := &Page{}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		last := rows[q.Limit-1]
		p.Next = db.Cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	if p.Items, err = s.records(ctx, rows); err != nil {
		return nil, err
	}
	err = s.looked(ctx, audit.Entry{
		Action: actList, Object: "cert", Reason: fmt.Sprintf("按%s查询，列出 %d 份", q.criteria(), len(p.Items)),
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// criteria names what a list was narrowed by, and never the values: who looked
// for a person must not leave that person's name behind.
func (q *ListQuery) criteria() string {
	var by []string
	for _, c := range []struct{ value, name string }{
		{q.Issuer, "签发单位"}, {q.Kind, "证照类型"}, {q.Number, "证照编号"}, {q.Holder, "持证主体"},
	} {
		if c.value != "" {
			by = append(by, c.name)
		}
	}
	if len(by) == 0 {
		return "时间"
	}
	return strings.Join(by, "、")
}
