package sealing

import (
	"context"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// mayLook tells whether whoever acts may see a request and its document: who
// asked, those of the asking unit who see its seals, and who approves the use of
// a seal in it.
func mayLook(ctx context.Context, r *Request) bool {
	if p, ok := iam.From(ctx); ok && p.Account != "" && p.Account == r.Account {
		return true
	}
	if iam.Allow(ctx, "seal.read", r.Org) == nil {
		return true
	}
	for _, st := range r.Steps {
		if iam.Allow(ctx, "seal.use", st.SealOrg) == nil {
			return true
		}
	}
	return false
}

// look returns a request to who may see it.
func (s *Service) look(ctx context.Context, id string) (r *Request, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { r, err = requestByID(tx, id); return err })
	if err != nil {
		return nil, err
	}
	if !mayLook(ctx, r) {
		return nil, unknown()
	}
	return r, nil
}

// Get returns a request with its steps.
func (s *Service) Get(ctx context.Context, id string) (*Request, error) {
	r, err := s.look(ctx, id)
	if err != nil {
		return nil, err
	}
	return r, s.named(ctx, r)
}

// named fills in the names of units.
func (s *Service) named(ctx context.Context, list ...*Request) error {
	names := map[string]string{}
	return s.DB.Read(ctx, func(tx *db.Tx) error {
		for _, r := range list {
			if _, known := names[r.Org]; !known {
				o, err := iam.OrgTx(tx, r.Org)
				if err != nil {
					return err
				}
				names[r.Org] = o.Name
			}
			r.OrgName = names[r.Org]
		}
		return nil
	})
}

// Whose requests a list shows.
const (
	Mine      = "mine"    // that whoever acts asked for
	ToApprove = "approve" // with a step that waits for them
	Unit      = "unit"    // of units whose seals they may see
)

// A ListQuery asks for a page of requests. Empty State asks for all.
type ListQuery struct {
	Whose  string // Mine, ToApprove, Unit
	State  string
	Limit  int // at most 100; 20
	Cursor string
}

// List pages through requests, newest first.
func (s *Service) List(ctx context.Context, q ListQuery) (*RequestPage, error) {
	before, id, err := db.ParseCursor(q.Cursor)
	if err != nil {
		return nil, err
	}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	var list []*Request
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		switch q.Whose {
		case ToApprove:
			list, err = requestsWaiting(tx, iam.Orgs(ctx, "seal.use"), before, id, q.Limit+1)
		case Unit:
			list, err = requestsBefore(tx, "org", iam.Orgs(ctx, "seal.read"), q.State, before, id, q.Limit+1)
		default:
			p, err := person(ctx)
			if err != nil {
				return err
			}
			if list, err = requestsBefore(tx, "account", []string{p.Account}, q.State, before, id, q.Limit+1); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		return withSteps(tx, list)
	})
	if err != nil {
		return nil, err
	}
	page := &RequestPage{Items: list}
	if len(list) > q.Limit {
		page.Items = list[:q.Limit]
		last := page.Items[q.Limit-1]
		page.Next = db.Cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	if page.Items == nil {
		page.Items = []*Request{}
	}
	for _, r := range page.Items {
		r.Findings = nil
	}
	return page, s.named(ctx, page.Items...)
}

// File returns the sealed document of a request that is done. That somebody took
// it is recorded before he gets it.
func (s *Service) File(ctx context.Context, id string) ([]byte, *Request, error) {
	r, err := s.look(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if r.State != Done {
		return nil, nil, fault.Conflict.New("用印申请处于“%s”，还没有盖完章的文件", Label(r.State)).WithCode("sealing.unfinished").WithHint("全部印章盖完后可下载")
	}
	return s.hand(ctx, r, r.document)
}

// Upload returns the document as it was uploaded.
func (s *Service) Upload(ctx context.Context, id string) ([]byte, *Request, error) {
	r, err := s.look(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	return s.hand(ctx, r, r.original)
}

func (s *Service) hand(ctx context.Context, r *Request, digest gm.Digest) ([]byte, *Request, error) {
	b, err := s.bytes(ctx, digest)
	if err != nil {
		return nil, nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "sealing.read", Object: "sealing/" + r.ID, After: digest})
	})
	return b, r, err
}

// Named tells the sweeper of documents which of them a row names.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (out map[gm.Digest]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = named(tx, digests); return err })
	return out, err
}
