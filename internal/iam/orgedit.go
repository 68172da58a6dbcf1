package iam

import (
	"context"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A FormerName is a name that an organisation had.
type FormerName struct {
	Name   string    `json:"name"`
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

// OrgEdit changes an organisation; nil fields stay.
type OrgEdit struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
	USCC   *string `json:"uscc,omitempty"`
	Region *string `json:"region,omitempty"`
	Type   *string `json:"type,omitempty"`
	Sort   *int64  `json:"sort,omitempty"`
	Reason string  `json:"reason" minLength:"1" maxLength:"500"`
}

// apply returns o as the edit wants it.
func (e *OrgEdit) apply(o Org) (Org, error) {
	for _, f := range []struct {
		to   *string
		from *string
	}{{&o.Name, e.Name}, {&o.USCC, e.USCC}, {&o.Region, e.Region}, {&o.Type, e.Type}} {
		if f.from != nil {
			*f.to = strings.TrimSpace(*f.from)
		}
	}
	if e.Sort != nil {
		o.Sort = *e.Sort
	}
	return o, checkOrg(fault.Invalid.New("单位信息不符合规则").WithCode("org.invalid"), o.Name, o.USCC, o.Region, o.Type).OrNil()
}

// EditOrg changes an organisation. A former name stays in the records.
func (s *Service) EditOrg(ctx context.Context, id string, e OrgEdit) (Org, error) {
	if err := needReason(e.Reason); err != nil {
		return Org{}, err
	}
	if err := Allow(ctx, "org.manage", id); err != nil {
		return Org{}, s.refused(ctx, "org.edit", "org/"+id, err)
	}
	var after Org
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		before, err := OrgTx(tx, id)
		if err != nil {
			return err
		}
		if after, err = e.apply(before); err != nil {
			return err
		}
		switch {
		case before.Closed:
			return fault.Conflict.New("单位已停用").WithCode("org.closed")
		case !intact(s.guards.orgs, &before):
			return errAltered()
		}
		if after.USCC != "" && after.USCC != before.USCC {
			if n, err := withCode(tx, after.USCC, id); err != nil || n > 0 {
				if err != nil {
					return err
				}
				return fault.Conflict.New("统一社会信用代码已由另一单位使用").WithCode("org.exists")
			}
		}
		if after.Name != before.Name {
			if err := insertFormer(tx, id, before.Name, audit.ActorFrom(ctx).Account, e.Reason); err != nil {
				return err
			}
		}
		if err := s.saveOrg(tx, &after); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "org.edit", Object: "org/" + id, Reason: e.Reason, Before: before.digest(), After: after.digest()})
	})
	return after, err
}

// FormerNames lists the names that an organisation had, oldest first. They are
// public, as the organisation is.
func (s *Service) FormerNames(ctx context.Context, org string) (list []FormerName, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if _, err := OrgTx(tx, org); err != nil {
			return err
		}
		list, err = formersOf(tx, org)
		return err
	})
	return list, err
}
