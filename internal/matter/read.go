package matter

import (
	"context"
	"encoding/json"
	"fmt"

	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Get returns a case, its applicant masked, to who reads or manages cases of its
// unit.
func (s *Service) Get(ctx context.Context, id string) (m *Matter, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id, false)
		if err != nil {
			return err
		}
		if err := sees(ctx, r.unit); err != nil {
			return err
		}
		m, err = s.wholeOf(tx, r)
		return err
	})
	return m, err
}

func (s *Service) wholeOf(tx *db.Tx, r *row) (*Matter, error) {
	m, err := s.brief(tx, r)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(r.materials), &m.Materials); err != nil {
		return nil, fmt.Errorf("matter: reading the materials of %s: %w", r.id, err)
	}
	x, err := s.standTx(tx, r, false)
	if err != nil {
		return nil, err
	}
	m.Certificates = x.links
	for i := range m.Results {
		w := &m.Results[i]
		if w.Certificate = x.of[w.Kind]; w.Certificate == "" {
			m.Missing++
		}
	}
	m.Calls, err = s.callsTx(tx, r.id)
	return m, err
}

// callsTx is what came of telling programs of a case.
func (s *Service) callsTx(tx *db.Tx, id string) (all []Call, err error) {
	if s.Calls == nil {
		return nil, nil
	}
	told, err := toldOf(tx, id)
	for _, t := range told {
		some, err := s.Calls(tx, t.topic, t.event)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, err
}

// brief is a case as lists show it.
func (s *Service) brief(tx *db.Tx, r *row) (*Matter, error) {
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return nil, err
	}
	applicant, err := s.applicantOf(r)
	if err != nil {
		return nil, err
	}
	m := &Matter{ID: r.id, CaseNo: r.caseNo, Unit: r.unit, UnitName: o.Name, Item: r.item, ItemName: r.itemName, ItemVersion: int(r.itemVersion), Applicant: catalogue.MaskHolder(applicant),
		State: State(r.state), Outcome: Outcome(r.outcome), OutcomeName: Outcome(r.outcome).Label(), Reason: r.reason,
		OpenedBy: r.openedBy, OpenedAt: moment(r.openedAt), ClosedBy: r.closedBy}
	if r.closedAt != nil {
		m.ClosedAt = moment(*r.closedAt)
	}
	for _, kind := range r.results {
		title, _, err := s.titleOf(tx, kind)
		if err != nil {
			return nil, err
		}
		m.Results = append(m.Results, Wanted{Kind: kind, Title: title})
	}
	return m, nil
}

// newestOf is the cursor before the newest case.
const newestOf = int64(1) << 52

// List pages through the cases that whoever acts reads or manages, newest first.
func (s *Service) List(ctx context.Context, q Query) (*Page, error) {
	if q.State != "" && q.State != string(Open) && q.State != string(Closed) {
		return nil, fault.Invalid.New("没有这种状态").WithCode("matter.state").WithHint("可选 open、closed").WithField("state", "unknown", "没有这种状态")
	}
	if q.Limit <= 0 || q.Limit > 100 {
		q.Limit = 20
	}
	at, id := newestOf, ""
	if q.Cursor != "" {
		var err error
		if at, id, err = db.ParseCursor(q.Cursor); err != nil {
			return nil, err
		}
	}
	p := &Page{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []*Matter{}, ""
		paths, err := iam.PathsTx(tx, append(iam.ScopeRoots(ctx, permManage), iam.ScopeRoots(ctx, permRead)...))
		if err != nil {
			return err
		}
		rows, err := list(tx, paths, q, at, id, q.Limit+1)
		if err != nil {
			return err
		}
		if len(rows) > q.Limit {
			rows = rows[:q.Limit]
			p.Next = db.Cursor(rows[q.Limit-1].openedAt, rows[q.Limit-1].id)
		}
		for _, r := range rows {
			m, err := s.brief(tx, r)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, m)
		}
		return nil
	})
	return p, err
}
