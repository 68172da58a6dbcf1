package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/ofd"
	"sidian/ofd/render"
)

// Get returns an item with the rows of its last check and what happened to it.
func (s *Service) Get(ctx context.Context, id string) (it *Item, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if it, err = itemByID(tx, id); err != nil {
			return err
		}
		if iam.Allow(ctx, "archive.read", it.Org) != nil {
			return unknown()
		}
		if it.Checks, err = checksOf(tx, it); err != nil {
			return err
		}
		if it.Acts, err = actsOf(tx, id); err != nil {
			return err
		}
		return s.show(tx, it)
	})
	return it, err
}

// show fills in what other tables say of items.
func (s *Service) show(tx *db.Tx, list ...*Item) error {
	names := map[string]string{}
	for _, it := range list {
		if _, known := names[it.Org]; !known {
			o, err := iam.OrgTx(tx, it.Org)
			if err != nil {
				return err
			}
			names[it.Org] = o.Name
		}
		it.OrgName = names[it.Org]
		if s.Due == nil || !open(it.State) {
			continue
		}
		p, err := s.Due.Promise(tx, TopicFile, it.ID)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		it.Due, it.Left = p.Due, &p.Left
	}
	return nil
}

// open tells whether an item is still to be packed.
func open(state string) bool { return state == Waiting || state == Ready || state == Failed }

// A Query asks for a page of items. Empty State asks for all, "open" for what is
// still to be packed; empty Org for every organisation that may be seen.
type Query struct {
	State  string
	Org    string
	Limit  int // at most 100; 20
	Cursor string
}

// Open is the State of a Query for what is still to be packed.
const Open = "open"

// List pages through items: what is still to be packed, oldest first; the rest
// newest first.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	at, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	oldest := q.State == Open || open(q.State)
	if oldest && q.Cursor == "" {
		at, id = -1, ""
	}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	var states []string
	switch q.State {
	case "":
	case Open:
		states = []string{Waiting, Ready, Failed}
	default:
		states = []string{q.State}
	}
	p := &Page{Items: []*Item{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		orgs := iam.Orgs(ctx, "archive.read")
		if q.Org != "" {
			if !slices.Contains(orgs, q.Org) {
				return nil
			}
			orgs = []string{q.Org}
		}
		list, err := itemsOf(tx, orgs, states, oldest, at, id, q.Limit+1)
		if err != nil {
			return err
		}
		p.Next = ""
		if len(list) > q.Limit {
			list = list[:q.Limit]
			last := list[q.Limit-1]
			p.Next = db.Cursor(last.SealedAt.UnixMilli(), last.ID)
		}
		if len(list) > 0 {
			p.Items = list
		}
		return s.show(tx, list...)
	})
	return p, err
}

// Rates tells how far each organisation that may be seen has filed what it
// sealed (归档率).
func (s *Service) Rates(ctx context.Context) (*Rates, error) {
	out := &Rates{Items: []Rate{}}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		counts, err := counted(tx, iam.Orgs(ctx, "archive.read"))
		if err != nil {
			return err
		}
		out.Items, out.Total = []Rate{}, Rate{By: map[string]int64{}}
		for org, by := range counts {
			o, err := iam.OrgTx(tx, org)
			if err != nil {
				return err
			}
			r := Rate{Org: org, OrgName: o.Name, Excluded: by[Excluded], Filed: by[Packed] + by[Handed], Handed: by[Handed]}
			r.By = by
			for state, n := range by {
				r.Sealed += n
				out.Total.By[state] += n
			}
			out.Total.Sealed += r.Sealed
			out.Total.Excluded += r.Excluded
			out.Total.Filed += r.Filed
			out.Total.Handed += r.Handed
			r.percent()
			out.Items = append(out.Items, r)
		}
		out.Total.percent()
		slices.SortFunc(out.Items, func(a, b Rate) int {
			if a.Percent != b.Percent {
				return a.Percent - b.Percent
			}
			return bytes.Compare([]byte(a.Org), []byte(b.Org))
		})
		return nil
	})
	return out, err
}

func (r *Rate) percent() {
	r.Percent = 100
	if due := r.Sealed - r.Excluded; due > 0 {
		r.Percent = int(100 * r.Filed / due)
	}
}

// Package returns the package of an item. That somebody took it is recorded
// before he gets it.
func (s *Service) Package(ctx context.Context, id string) ([]byte, *Item, error) {
	it, err := s.Get(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if it.packed == (gm.Digest{}) {
		return nil, nil, fault.Conflict.New("还没有组包").WithCode("archive.unpacked").WithHint("请先整理并组包")
	}
	data, err := s.bytes(ctx, it, it.packed, "归档信息包")
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "archive.read", Object: object(it.ID), After: it.packed})
	})
	return data, it, err
}

// Picture is a page of the document of an item, as SVG. page counts from 1.
func (s *Service) Picture(ctx context.Context, id string, page int) ([]byte, error) {
	it, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	data, err := s.bytes(ctx, it, it.document, "盖章后的文件")
	if err != nil {
		return nil, err
	}
	d, err := ofd.Open(data)
	if err != nil {
		return nil, fmt.Errorf("archive: opening a document: %w", err)
	}
	if page < 1 || page > len(d.Body().Pages()) {
		return nil, fault.NotFound.New("文件没有第 %d 页", page).WithCode("archive.page").WithHint("请核对页码")
	}
	var b bytes.Buffer
	_, err = render.SVG(d, page-1, &b, render.Options{})
	var limit *render.LimitError
	if errors.As(err, &limit) {
		return nil, fault.Invalid.Wrap(err, "这一页太大，不能显示").WithCode("archive.page").WithHint("请下载文件后用阅读软件查看")
	}
	if err != nil {
		return nil, fmt.Errorf("archive: showing a page: %w", err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "archive.view", Object: object(it.ID), After: it.document})
	})
	return b.Bytes(), err
}

// bytes reads what a row names. What is not what it was is refused, and those who
// file are told: nobody else would notice.
func (s *Service) bytes(ctx context.Context, it *Item, digest gm.Digest, what string) ([]byte, error) {
	data, err := s.Blob.Get(ctx, digest)
	if err == nil {
		return data, nil
	}
	if !errors.Is(err, blob.ErrCorrupt) && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	return nil, s.changed(ctx, it, what+"与登记的摘要不符，或已丢失")
}

// changed tells of a document that is not what it was, and refuses.
func (s *Service) changed(ctx context.Context, it *Item, why string) error {
	err := s.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		if err := audit.Put(tx, audit.Entry{Action: "archive.changed", Object: object(it.ID), Result: audit.Refused, Rule: "archive.changed", Before: it.document}); err != nil {
			return err
		}
		return s.tell(tx, it, "archive.changed", "归档文件与登记不符", "“"+short(it.Title)+"”："+why)
	})
	if err != nil {
		return err
	}
	return fault.Conflict.New("%s", why).WithCode("archive.changed").WithHint("请立即联系系统管理员从备份恢复，在此之前不能归档")
}

// Named tells the sweeper of documents which of them a row names.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (out map[gm.Digest]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = named(tx, digests); return err })
	return out, err
}

// Pages is how many pages the document of an item has, 0 where it cannot be
// opened.
func (s *Service) Pages(ctx context.Context, it *Item) int {
	data, err := s.Blob.Get(ctx, it.document)
	if err != nil {
		return 0
	}
	d, err := ofd.Open(data)
	if err != nil {
		return 0
	}
	return len(d.Body().Pages())
}
