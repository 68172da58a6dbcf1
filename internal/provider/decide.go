package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Approve puts the proposed version of a provider in force. Who proposed it may
// not: two people decide whom the platform believes.
func (s *Service) Approve(ctx context.Context, id, note string) (*Entry, error) {
	return s.change(ctx, "provider.approve", id, note, proposalOf, func(tx *db.Tx, e *Entry, me string) error {
		if e.ProposedBy == me {
			return fault.Forbidden.New("不能批准自己提出的登记").WithCode("provider.own").WithHint("请由另一位印章管理人员批准")
		}
		if err := s.freeMakers(tx, e); err != nil {
			return err
		}
		if why := s.o.checkEndpoint(e.Endpoint); why != "" { // the configuration may have changed since
			return errEndpoint(why)
		}
		if err := s.replace(tx, e.ID, me); err != nil {
			return err
		}
		e.DecidedBy, e.DecidedAt, e.Note = me, tx.Now(), note
		return s.put(tx, e, Active)
	})
}

// Reject ends a proposal. Its proposer may: that withdraws it.
func (s *Service) Reject(ctx context.Context, id, note string) (*Entry, error) {
	return s.change(ctx, "provider.reject", id, note, proposalOf, func(tx *db.Tx, e *Entry, me string) error {
		e.DecidedBy, e.DecidedAt, e.Note = me, tx.Now(), note
		return s.put(tx, e, Refused)
	})
}

// Suspend stops asking and believing a provider at once. One person is enough.
func (s *Service) Suspend(ctx context.Context, id, reason string) (*Entry, error) {
	return s.change(ctx, "provider.suspend", id, reason, liveOf, func(tx *db.Tx, e *Entry, me string) error {
		e.EndedBy, e.EndedAt, e.EndedReason = me, tx.Now(), reason
		return s.put(tx, e, Suspended)
	})
}

// Remove ends a suspended provider for good; by somebody other than who suspended it.
func (s *Service) Remove(ctx context.Context, id, reason string) (*Entry, error) {
	return s.change(ctx, "provider.remove", id, reason, liveOf, func(tx *db.Tx, e *Entry, me string) error {
		if e.State == Suspended && e.EndedBy == me {
			return fault.Forbidden.New("不能移除由自己暂停的服务商").WithCode("provider.own").WithHint("请由另一位印章管理人员移除")
		}
		e.EndedBy, e.EndedAt, e.EndedReason = me, tx.Now(), reason
		return s.put(tx, e, Removed)
	})
}

// Resume proposes the suspended version again, as it was.
func (s *Service) Resume(ctx context.Context, id, reason string) (*Entry, error) {
	var was *Entry
	if err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) { was, err = liveOf(tx, id); return err }); err != nil {
		return nil, err
	}
	if was.Altered || s.rows.Check(was.mac, was.Entry, was.fields()...) != nil {
		return nil, errAltered(was)
	}
	r := Request{ID: was.ID, Org: was.Org, Name: was.Name, Operator: was.Operator, Zone: was.Zone, Endpoint: was.Endpoint, Protocol: was.Protocol, Certificate: was.Certificate, Reason: reason}
	for _, m := range was.Makers {
		if m.Use == UseMaker {
			r.Makers = append(r.Makers, m.Certificate)
		} else {
			r.Authorities = append(r.Authorities, m.Certificate)
		}
	}
	return s.Propose(ctx, r)
}

// change is the frame of every decision: who, over what, why, in one transaction.
func (s *Service) change(ctx context.Context, action, id, reason string, find func(*db.Tx, string) (*Entry, error), do func(*db.Tx, *Entry, string) error) (*Entry, error) {
	if reason = strings.TrimSpace(reason); reason == "" || len(reason) > 2000 {
		return nil, fault.Invalid.New("须写明理由").WithCode("provider.reason").WithHint("请填写 500 字以内的理由").WithField("reason", "required", "必填，不超过 500 字")
	}
	me, err := person(ctx)
	if err != nil {
		return nil, s.refused(ctx, action, id, err)
	}
	if err := iam.Allow(ctx, Manage, ""); err != nil {
		return nil, s.refused(ctx, action, id, err)
	}
	var e *Entry
	err = s.o.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if e, err = find(tx, id); err != nil {
			return err
		}
		if err := iam.Allow(ctx, Manage, e.Org); err != nil {
			return err
		}
		if e.Altered || s.rows.Check(e.mac, e.Entry, e.fields()...) != nil {
			return errAltered(e)
		}
		before := e.digest()
		if err := do(tx, e, me); err != nil {
			return err
		}
		tx.AfterCommit(s.endRegistry)
		return audit.Put(tx, audit.Entry{Action: action, Object: object(id), Reason: reason, Before: before, After: e.digest()})
	})
	if err != nil {
		return nil, s.refused(ctx, action, id, err)
	}
	s.endRegistry()
	return e, nil
}

func errAltered(e *Entry) error {
	return fault.Conflict.New("签章服务商“%s”的登记在数据库中被改动，不能继续使用", e.Name).WithCode("provider.altered").WithHint("请系统管理员查明原因，核实后重新登记")
}

// put writes an entry in its next state, with its new MAC.
func (s *Service) put(tx *db.Tx, e *Entry, to State) error {
	if err := e.move(to); err != nil {
		return err
	}
	e.State, e.StateName = to, stateNames[to]
	return s.update(tx, e)
}

func (s *Service) update(tx *db.Tx, e *Entry) error {
	before := slices.Clone(e.mac)
	if e.mac = s.rows.Mac(e.Entry, e.fields()...); e.mac == nil {
		return fmt.Errorf("provider: an entry of unknown shape")
	}
	if err := updateEntry(tx, e); err != nil {
		return err
	}
	return s.rows.Update(tx, before, e.mac)
}

// replace ends the version in force, where there is one.
func (s *Service) replace(tx *db.Tx, id, me string) error {
	old, err := liveOf(tx, id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.rows.Check(old.mac, old.Entry, old.fields()...) != nil {
		return errAltered(old)
	}
	old.EndedBy, old.EndedAt = me, tx.Now()
	return s.put(tx, old, Replaced)
}

// freeMakers asks again at the approval what was asked at the proposal.
func (s *Service) freeMakers(tx *db.Tx, e *Entry) error {
	for _, m := range e.Makers {
		name, err := claimed(tx, m.parsed.Digest(), e.ID)
		if err != nil {
			return err
		}
		if name != "" {
			return fault.Conflict.New("数字证书“%s”已登记在签章服务商“%s”名下", m.Subject, name).WithCode("provider.maker-taken").WithHint("请退回本登记，核对后重新提出")
		}
	}
	return nil
}

// flag marks a provider that lied, once.
func (s *Service) flag(tx *db.Tx, id string) error {
	e, err := liveOf(tx, id)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || !e.FlaggedAt.IsZero() || s.rows.Check(e.mac, e.Entry, e.fields()...) != nil {
		return err
	}
	e.FlaggedAt = tx.Now()
	tx.AfterCommit(s.endRegistry)
	return s.update(tx, e)
}

// List returns what stands: in force, suspended or proposed; with ended, also
// what is over. For anybody who may read providers.
func (s *Service) List(ctx context.Context, ended bool) ([]*Entry, error) {
	if err := iam.Allow(ctx, Read, ""); err != nil {
		return nil, err
	}
	all := []*Entry{}
	err := s.o.DB.Read(ctx, func(tx *db.Tx) error {
		found, err := standing(tx)
		if ended && err == nil {
			found, err = entries(tx, `1 = 1`)
		}
		all = append(all, found...)
		return err
	})
	s.dress(all)
	return all, err
}

// Get returns all versions of a provider, oldest first.
func (s *Service) Get(ctx context.Context, id string) ([]*Entry, error) {
	if err := iam.Allow(ctx, Read, ""); err != nil {
		return nil, err
	}
	var all []*Entry
	err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = history(tx, id)
		if err == nil {
			_, err = only(all, nil)
		}
		return err
	})
	s.dress(all)
	return all, err
}

// dress adds what is not in the row.
func (s *Service) dress(all []*Entry) {
	for _, e := range all {
		e.Altered = e.Altered || s.rows.Check(e.mac, e.Entry, e.fields()...) != nil
		if e.State == Active || e.State == Suspended {
			h := s.calls.of(e.ID).health(s.o.DB.Now())
			e.Health = &h
		}
	}
}
