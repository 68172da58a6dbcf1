package sealapply

import (
	"context"
	"errors"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
)

// A Basis is the certificate that an application rests on where a seal is issued
// together with one (绑定发放, S4 任务10): what stands on it counts, not what was
// typed.
type Basis struct {
	Identifier string // 电子证照标识
	Kind       string // what people call it: 营业执照
	Name       string // of its holder
	Code       string // of its holder, where that is a unit: 统一社会信用代码
	Stands     bool   // it may be relied on now
	Status     string // what people call its status
}

// checkBasis holds an application against the certificate that it rests on. No
// message names a person.
func (f *facts) checkBasis(l *checklist) {
	b := f.basis
	if b == nil {
		return
	}
	const name = "与所依据的证照一致"
	person := seal.OfPerson(f.row.sealKind)
	switch {
	case !b.Stands:
		l.put(CheckBasis, name, Fail, "所依据的%s%s，不能据以办理印章；恢复有效后可以继续，已失效的请撤回申请", b.Kind, b.Status)
	case !person && f.org.Name != b.Name:
		l.put(CheckBasis, name, Fail, "单位登记的名称与%s上的名称不一致，请先办理单位信息变更", b.Kind)
	case !person && f.org.USCC != b.Code:
		l.put(CheckBasis, name, Fail, "单位登记的统一社会信用代码与%s上的不一致", b.Kind)
	case f.content.Name != b.Name:
		l.put(CheckBasis, name, Fail, "印模上的名称与%s上的不一致", b.Kind)
	default:
		l.put(CheckBasis, name, Pass, "%s有效，名称一致（电子证照标识 %s）", b.Kind, b.Identifier)
	}
}

// CreateAs is Create with the ids of the application and of the seal that it
// makes as the caller fixed them beforehand, so that what is repeated after a
// crash is the same: an application that is there already is returned as it is,
// if the caller may see it.
func (s *Service) CreateAs(ctx context.Context, id, makes string, q CreateRequest) (*Application, error) {
	a, err := s.Get(ctx, id)
	if err == nil || !errors.Is(err, fault.NotFound) {
		return a, err
	}
	return s.create(ctx, id, makes, q)
}

// A Stand is how far an application is. It is for the context that began it,
// which answers for whom it tells.
type Stand struct {
	State     State
	Makes     string // the id of the seal that it makes
	TierName  string // whose review it waits for
	Authority string // who reviews first, makes and files; empty: not submitted yet
	Trouble   string
	Submitted time.Time
	Ended     time.Time
}

// StandTx returns nil where there is no such application.
func StandTx(tx *db.Tx, id string) (*Stand, error) {
	r, err := appByID(tx, id, false)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	steps, err := stepsOf(tx, id)
	if err != nil {
		return nil, err
	}
	x := &Stand{State: r.state, Makes: r.makes, Authority: first(r.round, steps).org, Trouble: r.trouble, Submitted: momentOf(r.submitted), Ended: momentOf(r.ended)}
	if step := current(r.round, steps); step != nil {
		x.TierName = tierLabels[step.tier]
	}
	return x, nil
}

// ActsForTx are the enterprises that an account is registered to act for now.
func ActsForTx(tx *db.Tx, account string) ([]string, error) { return boundOrgs(tx, account) }

// BondTx registers who acts for an enterprise on the word of staff who verified
// it (by) while its certificate was issued. Who was registered before stays as
// they were: what a reviewer ended is not begun again here.
func (s *Service) BondTx(tx *db.Tx, account, org, basis, by string) error {
	known, err := everBoundTx(tx, account, org)
	if err != nil || known {
		return err
	}
	_, err = insertBond(tx, &Bond{ID: newID(), Account: account, Org: org, Basis: basis, RegisteredBy: by, CreatedAt: tx.Now()})
	return err
}

// ReachTx are the paths of the units whose applications and seals the caller may
// do something with by a permission: those of a list.
func ReachTx(ctx context.Context, tx *db.Tx, permission string) ([]string, error) {
	return pathsTx(ctx, tx, iam.ScopeRoots(ctx, permission))
}

// AgentsTx are the accounts that are registered to act for an enterprise now.
func AgentsTx(tx *db.Tx, org string) (accounts []string, err error) {
	list, err := bondsOf(tx, org)
	for _, b := range list {
		if b.EndedAt.IsZero() {
			accounts = append(accounts, b.Account)
		}
	}
	return accounts, err
}
