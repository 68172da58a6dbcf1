package seal

import (
	"context"
	"encoding/hex"
	"slices"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Get returns a seal that the caller may see, in its state now.
func (s *Service) Get(ctx context.Context, id string) (x *Seal, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if x, err = byID(tx, id); err != nil {
			return err
		}
		return x.readable(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	x.State = x.At(s.DB.Now())
	return x, nil
}

// readable refuses who may not see a seal: those who keep it may.
func (s *Seal) readable(ctx context.Context, tx *db.Tx) error {
	err := s.allow(ctx, tx, "seal.read")
	if err != nil && (s.keeps(ctx) == nil || s.allow(ctx, tx, "audit.read") == nil) {
		return nil // its custodian, and who audits
	}
	return err
}

// A Page is a page of a list, newest first. Next is the cursor of the page
// after it, or empty.
type Page struct {
	Items []*Seal `json:"items"`
	Next  string  `json:"next,omitempty"`
}

// Sizes of a page.
const (
	usualPage = 100
	mostPage  = 200
)

func pageSize(n int) int {
	if n <= 0 {
		return usualPage
	}
	return min(n, mostPage)
}

// A Query asks for a page of seals. Empty fields ask for all.
type Query struct {
	Org    string // of one organisation and all below it
	State  string
	Kind   string
	Text   string // what its name begins with, or its identifier or filing number
	Limit  int    // at most 200; 100
	Cursor string
}

// List pages through the seals that the caller may see, newest first, in their
// states now.
func (s *Service) List(ctx context.Context, limit int, cursor string) (*Page, error) {
	return s.Search(ctx, Query{Limit: limit, Cursor: cursor})
}

// Search is List of those that a query asks for.
func (s *Service) Search(ctx context.Context, q Query) (*Page, error) {
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.State != "" && !slices.Contains(States(), q.State) || q.Kind != "" && labels[q.Kind] == "" {
		return nil, fault.Invalid.New("没有这种印章类别或状态").WithCode("seal.query").WithHint("请从列表中选择")
	}
	limit := pageSize(q.Limit)
	p := &Page{Items: []*Seal{}}
	var found []*Seal
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		f := filter{state: q.State, kind: q.Kind, text: q.Text, now: tx.Now().UnixMilli(), before: before, beforeID: id, limit: limit + 1}
		if f.paths, err = seen(ctx, tx, q.Org); err != nil {
			return err
		}
		found, err = list(tx, f)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		p.Next = db.Cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	for _, x := range found {
		x.State = x.At(s.DB.Now())
		p.Items = append(p.Items, x)
	}
	return p, nil
}

// seen are the paths of what the caller may list: all, or those of one
// organisation, which must be among them.
func seen(ctx context.Context, tx *db.Tx, org string) ([]string, error) {
	if org == "" {
		return reach(ctx, tx, "seal.read")
	}
	path, err := iam.PathTx(tx, org)
	if err != nil {
		return nil, err
	}
	return []string{path}, allow(ctx, tx, "seal.read", org, path)
}

// A UsePage is a page of uses, newest first.
type UsePage struct {
	Items []UseRecord `json:"items"`
	Next  string      `json:"next,omitempty"`
}

// A UseRecord is a use with what allowed it.
type UseRecord struct {
	Use
	ContentDigest  string    `json:"content" doc:"待签内容的 SM3，十六进制"`
	DocumentDigest string    `json:"document,omitempty" doc:"用印后文件的 SM3，十六进制"`
	Approved       *Approval `json:"approved,omitempty" doc:"逐件审批"`
}

// Uses pages through the uses of a seal: who, when, on what, approved by whom.
func (s *Service) Uses(ctx context.Context, id string, limit int, cursor string) (*UsePage, error) {
	before, beforeID, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	limit = pageSize(limit)
	p := &UsePage{Items: []UseRecord{}}
	var found []*Use
	var approved map[string]*Approval
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		x, err := byID(tx, id)
		if err != nil {
			return err
		}
		if err := x.readable(ctx, tx); err != nil {
			return err
		}
		if found, err = pageOfUses(tx, id, before, beforeID, limit+1); err != nil {
			return err
		}
		approved, err = approvalsIn(tx, approvalsOf(found))
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(found) > limit {
		found = found[:limit]
		last := found[limit-1]
		p.Next = db.Cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	for _, u := range found {
		p.Items = append(p.Items, UseRecord{Use: *u, ContentDigest: hex.EncodeToString(u.Plan[:]), DocumentDigest: hexOf(u.Document), Approved: approved[u.Approval]})
	}
	return p, nil
}

func approvalsOf(uses []*Use) (ids []string) {
	for _, u := range uses {
		if u.Approval != "" {
			ids = append(ids, u.Approval)
		}
	}
	return ids
}
