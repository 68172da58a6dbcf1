package iam

import (
	"context"
	"slices"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// The posts that a unit names, each another person.
const (
	PostContact   = "contact"   // 联系人
	PostCustodian = "custodian" // 印章保管人
	PostReviewer  = "reviewer"  // 审核人
)

// A Post is who holds a post of a unit, or held it.
type Post struct {
	ID       string    `json:"id"`
	Org      string    `json:"org"`
	OrgName  string    `json:"org_name"`
	Post     string    `json:"post" enum:"contact,custodian,reviewer"`
	PostName string    `json:"post_name"`
	Account  string    `json:"account"`
	Name     string    `json:"name"`
	Phone    string    `json:"phone,omitempty" doc:"脱敏"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"`
	Reason   string    `json:"reason"`
}

// PostRequest appoints somebody.
type PostRequest struct {
	Org     string `path:"id"`
	Post    string `json:"post" enum:"contact,custodian,reviewer"`
	Account string `json:"account" minLength:"1" maxLength:"64"`
	Reason  string `json:"reason" minLength:"1" maxLength:"500"`
}

// postNames are the posts in Chinese.
var postNames = map[string]string{PostContact: "联系人", PostCustodian: "印章保管人", PostReviewer: "审核人"}

func errNoPost() error {
	return fault.Invalid.New("没有这个岗位").WithCode("post.unknown").WithField("post", "enum", "应为 contact、custodian 或 reviewer")
}

// Appoint gives somebody a post of a unit, in place of who held it. The three
// posts of a unit are three people (OPS-02; 印章保管与审核分离).
func (s *Service) Appoint(ctx context.Context, r PostRequest) (Post, error) {
	if err := needReason(r.Reason); err != nil {
		return Post{}, err
	}
	if _, ok := postNames[r.Post]; !ok {
		return Post{}, errNoPost()
	}
	if err := Allow(ctx, "org.manage", r.Org); err != nil {
		return Post{}, s.refused(ctx, "post.appoint", "org/"+r.Org, err)
	}
	var out Post
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		row, err := s.appoint(tx, r, audit.ActorFrom(ctx).Account)
		if err != nil {
			return err
		}
		list, err := s.showPosts(tx, []*postRow{row})
		if err == nil {
			out = list[0]
		}
		return err
	})
	return out, err
}

func (s *Service) appoint(tx *db.Tx, r PostRequest, by string) (*postRow, error) {
	if err := s.postable(tx, r); err != nil {
		return nil, err
	}
	held, err := postsOf(tx, r.Org)
	if err != nil {
		return nil, err
	}
	for _, h := range held {
		switch {
		case !intact(s.guards.posts, h):
			return nil, errAltered()
		case h.account == r.Account && h.post == r.Post:
			return nil, fault.Conflict.New("已由此人担任").WithCode("post.same")
		case h.account == r.Account:
			return nil, fault.Conflict.New("联系人、印章保管人、审核人须为三个不同的人，此人已是%s", postNames[h.post]).
				WithCode("post.separation").WithHint("请另选一人，或先免去此人的%s", postNames[h.post])
		}
	}
	for _, h := range held {
		if h.post == r.Post {
			if err := s.endPost(tx, h, by, r.Reason); err != nil {
				return nil, err
			}
		}
	}
	row := &postRow{key: newID(), org: r.Org, post: r.Post, account: r.Account, since: tx.Now().UnixMilli(), reason: r.Reason, by: by}
	if err := s.insertPost(tx, row); err != nil {
		return nil, err
	}
	return row, audit.Put(tx, audit.Entry{Action: "post.appoint", Object: "org/" + r.Org, Reason: r.Reason, After: digestOf(row.fields())})
}

// postable refuses who cannot hold a post: it takes a person at work in the unit
// or in one above it, which acts for it (GEN-08).
func (s *Service) postable(tx *db.Tx, r PostRequest) error {
	o, err := OrgTx(tx, r.Org)
	if err != nil {
		return err
	}
	a, err := accountTx(tx, r.Account)
	if err != nil {
		return err
	}
	switch {
	case o.Closed:
		return fault.Conflict.New("单位已停用").WithCode("org.closed")
	case a.closed():
		return fault.Conflict.New("账号已停用").WithCode("account.closed")
	case a.kind != Staff:
		return fault.Conflict.New("岗位只能由工作人员担任").WithCode("post.kind")
	case !slices.Contains(o.ids(), a.org):
		return fault.Conflict.New("岗位须由本单位或上级单位的人员担任").WithCode("post.org").WithHint("请选择本单位人员，或先把此人调入")
	}
	return nil
}

// Dismiss leaves a post of a unit empty.
func (s *Service) Dismiss(ctx context.Context, org, post, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	if err := Allow(ctx, "org.manage", org); err != nil {
		return s.refused(ctx, "post.dismiss", "org/"+org, err)
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		held, err := postsOf(tx, org)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(held, func(h *postRow) bool { return h.post == post })
		if i < 0 {
			return fault.NotFound.New("该岗位无人担任").WithCode("post.empty")
		}
		if !intact(s.guards.posts, held[i]) {
			return errAltered()
		}
		before := digestOf(held[i].fields())
		if err := s.endPost(tx, held[i], audit.ActorFrom(ctx).Account, reason); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "post.dismiss", Object: "org/" + org, Reason: reason, Before: before})
	})
}

// endPosts leaves the posts of a unit that closes.
func (s *Service) endPosts(tx *db.Tx, org, reason string) error {
	held, err := postsOf(tx, org)
	for _, h := range held {
		if err == nil {
			err = s.endPost(tx, h, audit.ActorFrom(tx.Context()).Account, reason)
		}
	}
	return err
}

// Posts lists who holds the posts of a unit, with past also who held them,
// newest first. A row that was edited in the database is left out.
func (s *Service) Posts(ctx context.Context, org string, past bool) (list []Post, err error) {
	if err := allowAny(ctx, org, "org.read", "org.manage"); err != nil {
		return nil, err
	}
	var altered []string
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		rows, err := postsOf(tx, org)
		if past && err == nil {
			rows, err = allPostsOf(tx, org)
		}
		if err != nil {
			return err
		}
		altered = nil
		rows = slices.DeleteFunc(rows, func(r *postRow) bool {
			bad := !intact(s.guards.posts, r)
			if bad {
				altered = append(altered, r.key)
			}
			return bad
		})
		list, err = s.showPosts(tx, rows)
		return err
	})
	for _, id := range altered {
		s.alarm(ctx, "iam_post", id)
	}
	return list, err
}

func (s *Service) showPosts(tx *db.Tx, rows []*postRow) ([]Post, error) {
	var accounts, orgs []string
	for _, r := range rows {
		accounts, orgs = append(accounts, r.account), append(orgs, r.org)
	}
	people, err := s.people(tx, accounts)
	if err != nil {
		return nil, err
	}
	names, err := orgNames(tx, orgs)
	if err != nil {
		return nil, err
	}
	list := make([]Post, 0, len(rows))
	for _, r := range rows {
		p := Post{ID: r.key, Org: r.org, OrgName: names[r.org], Post: r.post, PostName: postNames[r.post], Account: r.account,
			Name: people[r.account].Name, Phone: people[r.account].Phone, Reason: r.reason}
		p.Since, p.Until = r.times()
		list = append(list, p)
	}
	return list, nil
}

// people are accounts by id, masked; unknown ones are zero.
func (s *Service) people(tx *db.Tx, ids []string) (map[string]Account, error) {
	out := map[string]Account{}
	for some := range slices.Chunk(distinct(ids), 500) {
		rows, err := accountsByID(tx, some)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if out[row.key], err = s.open(row); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
