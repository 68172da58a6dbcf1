package auditor

import (
	"context"
	"slices"

	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Page is some entries, newest first. It may be short, or empty, and yet have
// a cursor: what was asked for is rare, and the search goes on from there.
type Page struct {
	Entries []Entry `json:"entries"`
	Next    string  `json:"next,omitempty" doc:"下一页的游标；本页没有结果而有游标时，可继续查询"`
}

// maxPage is the most entries on one page.
const maxPage = 500

// Search returns the entries of the caller's scope that q asks for, newest
// first, at most limit (100 when zero), after the page that ended at cursor.
func (s *Service) Search(ctx context.Context, q Query, cursor string, limit int) (*Page, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	scope, err := s.scope(ctx, Read, q.Orgs)
	if err != nil {
		return nil, err
	}
	page, err := s.page(ctx, q.within(scope), cursor, limit)
	if err != nil {
		return nil, err
	}
	return page, s.note(ctx, audit.Entry{Action: "audit.search", Object: "audit/entries", Reason: q.criteria()})
}

func (s *Service) page(ctx context.Context, q audit.Query, from string, limit int) (*Page, error) {
	after, err := parseCursor(from)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = 100
	}
	q.After, q.Limit = after, min(limit, maxPage)
	page := &Page{Entries: []Entry{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		found, next, err := audit.List(tx, q)
		if err != nil {
			return err
		}
		page.Next = cursor(next)
		page.Entries, err = linked(tx, found)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, s.name(ctx, pointers(page.Entries))
}

// linked turns entries into what auditors see, with their places in the chain.
func linked(tx *db.Tx, found []audit.Entry) ([]Entry, error) {
	ids := make([]string, len(found))
	for i := range found {
		ids[i] = found[i].ID
	}
	links, err := chain.Links(tx, ids)
	out := make([]Entry, len(found))
	for i := range found {
		out[i] = entryOf(&found[i])
		out[i].Seq = links[found[i].ID].Seq
	}
	return out, err
}

func pointers(entries []Entry) []*Entry {
	out := make([]*Entry, len(entries))
	for i := range entries {
		out[i] = &entries[i]
	}
	return out
}

// A Timeline is what happened to an object, oldest first.
type Timeline struct {
	Object  string  `json:"object"`
	Entries []Entry `json:"entries"`
	Earlier string  `json:"earlier,omitempty" doc:"更早部分的游标"`
}

// Timeline tells what happened to an object, as far as the caller's scope goes:
// the newest entries, oldest first.
func (s *Service) Timeline(ctx context.Context, object, cursor string) (*Timeline, error) {
	if err := named(object); err != nil {
		return nil, err
	}
	scope, err := s.scope(ctx, Read, nil)
	if err != nil {
		return nil, err
	}
	page, err := s.page(ctx, audit.Query{Object: object, Orgs: scope}, cursor, maxPage)
	if err != nil {
		return nil, err
	}
	slices.Reverse(page.Entries)
	t := &Timeline{Object: object, Entries: page.Entries, Earlier: page.Next}
	return t, s.note(ctx, audit.Entry{Action: "audit.timeline", Object: object})
}

// named refuses an object, or an account, that is none.
func named(name string) error {
	if name == "" {
		return fault.Invalid.New("没有指明对象").WithCode("audit.object").WithHint("请填写对象，例如 cert/编号")
	}
	return Query{Object: name}.Validate()
}
