package notice

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// recent is how old what is not read may be to be counted: to whoever takes over
// a post, what their predecessors were told long ago is there to look up, and not
// to be worked through.
const recent = 90 * 24 * time.Hour

const (
	pageLimit  = 20
	maxLimit   = 100
	maxUnread  = 1000
	keepMonths = 36
)

// A Page is one page of an inbox, newest first.
type Page struct {
	Items []Notice `json:"items"`
	Next  string   `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// Inbox lists what whoever acts was told, newest first; at most 100, 20 when
// limit is zero.
func (s *Service) Inbox(ctx context.Context, limit int, cursor string) (*Page, error) {
	me, err := reader(ctx)
	if err != nil {
		return nil, err
	}
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 {
		limit = pageLimit
	}
	limit = min(limit, maxLimit)
	branches, out := branchesOf(ctx, me), &Page{Items: []Notice{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all := []Notice{}
		for _, b := range branches {
			some, err := list(tx, b, before, id, limit+1)
			if err != nil {
				return err
			}
			all = append(all, some...)
		}
		slices.SortFunc(all, func(x, y Notice) int {
			if c := y.At.Compare(x.At); c != 0 {
				return c
			}
			return strings.Compare(y.ID, x.ID)
		})
		out.Items, out.Next = all, ""
		if len(all) > limit {
			out.Items = all[:limit]
			last := out.Items[limit-1]
			out.Next = db.Cursor(last.At.UnixMilli(), last.ID)
		}
		return markRead(tx, me.Account, out.Items)
	})
	return out, err
}

// markRead says of each notice when account read it.
func markRead(tx *db.Tx, account string, list []Notice) error {
	if len(list) == 0 {
		return nil
	}
	ids := make([]string, len(list))
	for i, n := range list {
		ids[i] = n.ID
	}
	read, err := readTimes(tx, account, ids)
	for i := range list {
		list[i].ReadAt = read[list[i].ID]
	}
	return err
}

// Unread counts what whoever acts was told in the last 90 days and has not read,
// to 1,000 at most.
func (s *Service) Unread(ctx context.Context) (int, error) {
	me, err := reader(ctx)
	if err != nil {
		return 0, err
	}
	branches, told, read := branchesOf(ctx, me), 0, []tally(nil)
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		since := tx.Now().Add(-recent).UnixMilli()
		told = 0
		for _, b := range branches {
			n, err := countTold(tx, b, since)
			if err != nil {
				return err
			}
			told += n
		}
		read, err = countRead(tx, me.Account, since)
		return err
	})
	if err != nil {
		return 0, err
	}
	return min(told-countSeen(branches, read), maxUnread), nil
}

// countSeen counts of what was read that which is still in the inbox: who lost a
// permission has read what they are not told any more.
func countSeen(branches []branch, read []tally) (n int) {
	in := map[string]map[string]bool{} // permission → organisations
	for _, b := range branches {
		for _, permission := range b.held {
			if in[permission] == nil {
				in[permission] = map[string]bool{}
			}
			for _, org := range b.orgs {
				in[permission][org] = true
			}
		}
	}
	for _, t := range read {
		if t.permission == "" || in[t.permission][t.org] {
			n += t.n
		}
	}
	return n
}

// Read marks one notice as read by whoever acts. One that they do not see is a
// fault.NotFound.
func (s *Service) Read(ctx context.Context, id string) error {
	me, err := reader(ctx)
	if err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		n, err := get(tx, id)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if err != nil || !sees(ctx, me, n) { // the same answer for what is not there and what is another's
			return fault.NotFound.New("没有这条消息").WithCode("notice.unknown").WithHint("消息可能已过保存期限，或者您已不再承担相应的工作")
		}
		return insertRead(tx, me.Account, n)
	})
}

// ReadAll marks all that whoever acts was told in the last 90 days as read.
func (s *Service) ReadAll(ctx context.Context) error {
	me, err := reader(ctx)
	if err != nil {
		return err
	}
	branches := branchesOf(ctx, me)
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		since := tx.Now().Add(-recent).UnixMilli()
		for _, b := range branches {
			if err := readBranch(tx, b, me.Account, since); err != nil {
				return err
			}
		}
		return nil
	})
}

// reader refuses whoever has no inbox: strangers, programs.
func reader(ctx context.Context) (*iam.Principal, error) {
	p, ok := iam.From(ctx)
	if !ok {
		return nil, fault.Unauthorized.New("请先登录").WithCode("auth.required").WithHint("登录后重试")
	}
	if p.Account == "" {
		return nil, fault.Forbidden.New("消息属于本人，接入应用没有消息").WithCode("notice.person").WithHint("请由本人登录后查看")
	}
	return p, nil
}

// Sweep deletes what was told more than three years ago, and reports how much; and
// what is known of sending it after three months.
func (s *Service) Sweep(ctx context.Context) (deleted int64, err error) {
	for n := int64(1); n > 0; {
		err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = deleteSent(tx, tx.Now().Add(-keepSent).UnixMilli())
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	for {
		var n int64
		err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
			n, err = deleteBefore(tx, tx.Now().AddDate(0, -keepMonths, 0).UnixMilli())
			return err
		})
		deleted += n
		if err != nil || n == 0 {
			return deleted, err
		}
	}
}
