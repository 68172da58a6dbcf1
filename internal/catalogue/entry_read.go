package catalogue

import (
	"context"
	"strconv"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

func viewOf(tx *db.Tx, r *entryRow) (*Entry, error) {
	e := &Entry{ID: r.id, Name: r.name, Title: r.title, Code: r.code, Org: r.org, Manager: r.manager, State: EntryState(r.state), Version: r.version, Base: r.base,
		Published: r.published, Starts: r.starts, Reason: r.reason, By: r.account, At: moment(r.created), ChangedAt: moment(r.changed),
		ByIssuer: r.issuerBy != "", ByManager: r.managerBy != ""}
	for _, u := range []struct {
		id   string
		name *string
	}{{r.org, &e.OrgName}, {r.manager, &e.ManagerName}} {
		o, err := iam.OrgTx(tx, u.id)
		if err != nil {
			return nil, err
		}
		*u.name = o.Name
	}
	return e, nil
}

// seenTx is an entry that whoever acts may see.
func (s *Service) seenTx(ctx context.Context, tx *db.Tx, id string) (*entryRow, error) {
	r, err := entryTx(tx, id, false)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errNoEntry()
	}
	return r, maySee(ctx, r)
}

func (s *Service) entry(ctx context.Context, id string) (e *Entry, err error) {
	var r *entryRow
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if r, err = s.seenTx(ctx, tx, id); err != nil {
			return err
		}
		if e, err = viewOf(tx, r); err != nil {
			return err
		}
		steps, err := stepsOf(tx, r.id)
		for _, st := range steps {
			e.Steps = append(e.Steps, Step{Action: st.action, By: st.account, Org: st.org, Reason: st.reason, At: moment(st.at)})
		}
		if err != nil {
			return err
		}
		e.May, err = s.offersTx(ctx, tx, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	e.Parts = s.partsOf(r.name, r.files)
	if s.Used != nil && r.base > 0 {
		e.Used, err = s.Used(ctx, r.name)
	}
	return e, err
}

// offersTx is what whoever acts may do now.
func (s *Service) offersTx(ctx context.Context, tx *db.Tx, r *entryRow) (o Offers, err error) {
	mine := iam.May(ctx, permManage, r.org)
	o.Edit = mine && r.state == string(EntryDraft)
	o.Submit, o.Withdraw = o.Edit, mine && r.open()
	if r.state != string(EntrySubmitted) {
		return o, nil
	}
	side, p, err := s.sideTx(ctx, tx, r)
	o.SendBack = err == nil
	if err == nil {
		err = r.agreedTwice(side, p)
	}
	f := fault.As(err)
	if err != nil && f == nil {
		return o, err
	}
	if f != nil {
		o.WhyUnable = f.Msg
		return o, nil
	}
	o.Agree, o.Side = true, side
	return o, nil
}

func (s *Service) draftFiles(ctx context.Context, id string) (files map[string][]byte, version int, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := s.seenTx(ctx, tx, id)
		if err != nil {
			return err
		}
		files, version = r.files, r.version
		return nil
	})
	return files, version, err
}

func (s *Service) entries(ctx context.Context, q EntryQuery) (*EntryPage, error) {
	f := entryFilter{state: string(q.State), org: q.Org, name: q.Name, limit: q.Limit, at: 1 << 62}
	if f.limit <= 0 || f.limit > 100 {
		f.limit = 50
	}
	if q.Cursor != "" {
		at, id, ok := strings.Cut(q.Cursor, ".")
		n, err := strconv.ParseInt(at, 36, 64)
		if !ok || err != nil {
			return nil, fault.Invalid.New("cursor 不正确").WithCode("cursor").WithHint("用上一页返回的 cursor").WithField("cursor", "cursor", "用上一页返回的 cursor")
		}
		f.at, f.id = n, id
	}
	p := &EntryPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []Entry{}, ""
		if err := f.scopeTx(ctx, tx); err != nil {
			return err
		}
		ask := f
		ask.limit++
		found, err := listEntries(tx, ask)
		if err != nil {
			return err
		}
		if len(found) > f.limit {
			found = found[:f.limit]
			last := found[f.limit-1]
			p.Next = strconv.FormatInt(last.created, 36) + "." + last.id
		}
		for _, r := range found {
			e, err := viewOf(tx, r)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, *e)
		}
		return nil
	})
	return p, err
}

// scopeTx sets whose entries a list holds.
func (f *entryFilter) scopeTx(ctx context.Context, tx *db.Tx) error {
	f.paths, f.manages = nil, iam.ScopeRoots(ctx, permAgree)
	for _, permission := range []string{permRead, permManage, permAgree} {
		for _, root := range iam.ScopeRoots(ctx, permission) {
			o, err := iam.OrgTx(tx, root)
			if err != nil {
				return err
			}
			f.paths = append(f.paths, o.Path())
		}
	}
	return nil
}
