package seal

import (
	"context"
	"encoding/base64"
	"math"
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Get returns a seal that the caller may see, in its state now.
func (s *Service) Get(ctx context.Context, id string) (x *Seal, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { x, err = byID(tx, id); return err })
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, "seal.read", x.Org); err != nil {
		return nil, err
	}
	x.State = x.At(s.DB.Now())
	return x, nil
}

// A Page is a page of a list, newest first. Next is the cursor of the page
// after it, or empty.
type Page struct {
	Items []*Seal `json:"items"`
	Next  string  `json:"next,omitempty"`
}

// List pages through the seals that the caller may see, in their states now.
func (s *Service) List(ctx context.Context, limit int, cursor string) (*Page, error) {
	before, id, err := parseCursor(cursor)
	if err != nil {
		return nil, err
	}
	p := &Page{Items: []*Seal{}}
	var found []*Seal
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		found, err = page(tx, iam.Orgs(ctx, "seal.read"), before, id, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		p.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(last.CreatedAt.UnixMilli(), 10) + " " + last.ID))
	}
	for _, x := range found {
		x.State = x.At(s.DB.Now())
		p.Items = append(p.Items, x)
	}
	return p, nil
}

// parseCursor returns where the page before ended; it says nothing of what the
// caller may see, so that a forged one gains nothing.
func parseCursor(c string) (before int64, id string, err error) {
	if c == "" {
		return math.MaxInt64, "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(c)
	at, id, _ := strings.Cut(string(b), " ")
	before, bad := strconv.ParseInt(at, 10, 64)
	if err != nil || bad != nil || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz234567") != "" {
		return 0, "", fault.Invalid.New("游标不正确").WithCode("cursor").WithHint("请从第一页重新查询").WithField("cursor", "malformed", "请原样使用上一页返回的游标")
	}
	return before, id, nil
}
