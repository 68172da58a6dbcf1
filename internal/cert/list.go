package cert

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A Page is a page of a list, newest first. Next is the cursor of the page
// after it, or empty.
type Page struct {
	Items []*Certificate `json:"items"`
	Next  string         `json:"next,omitempty"`
}

const maxLimit = 100

// List pages through the certificates that the caller may read.
func (s *Service) List(ctx context.Context, q ListQuery) (*Page, error) {
	q.issuers = iam.Orgs(ctx, "cert.read")
	if q.Issuer != "" {
		if err := allowed(ctx, "cert.read", q.Issuer); err != nil {
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
	before, id, err := parseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	var rows []*row
	err = s.DB.Read(ctx, func(tx *db.Tx) error { rows, err = listOf(tx, q, before, id); return err })
	if err != nil {
		return nil, err
	}
	p := &Page{}
	if p.Items, err = s.records(ctx, rows); err != nil {
		return nil, err
	}
	if len(rows) == q.Limit {
		last := rows[len(rows)-1]
		p.Next = cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	return p, nil
}

func cursor(at int64, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(at, 10) + " " + id))
}

func parseCursor(c string) (before int64, id string, err error) {
	if c == "" {
		return noCursor, "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(c)
	if err == nil {
		at, rest, ok := strings.Cut(string(b), " ")
		if before, err = strconv.ParseInt(at, 10, 64); err == nil && ok {
			return before, rest, nil
		}
	}
	return 0, "", fault.Invalid.New("游标不正确").WithField("cursor", "malformed", "请原样使用上一页返回的游标")
}
