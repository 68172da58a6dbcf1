// Package seal owns electronic seals (电子印章, GB/T 38540) and every use of
// them.
//
// Words: a seal stands for an organisation or a person and is bound to a key,
// to a digital certificate for that key, and to an imprint (印模). The maker
// (制章人) signs seals. A seal is filed (备案) with an authority, from when it is
// in force, and kept by one person, its custodian (印章保管人). A rule (用印审批规则)
// says who may ask for which use and who decides. An approval (用印审批) lets one
// person stamp one content once. A policy (常备用印授权) lets an application or a
// role stamp certain purposes without a person at each document, until a date. A
// use (用印记录) is the row that is written before the key is called and closed
// after: every stamp that ever left a key is accounted for by one.
//
// States of a seal: made → effective ⇄ frozen; made|effective|frozen →
// cancelled; effective|frozen → replaced; an effective seal whose validity is
// over counts as expired. A frozen seal whose key was lost is not thawed. States
// of a use: intended → done, intended → withdrawn. States of a handover: offered
// → accepted, offered → withdrawn.
//
// Rows that let a seal be used (rules, policies, approvals that were not taken,
// uses that were not closed) carry a MAC under a key of this platform over all of
// their fields. It is checked wherever the row is used to grant: one that was
// written, edited or copied in the database grants nothing, is told of in the
// audit and raises an alarm. Rules and policies are counted as well, so that one
// that was deleted or put back to an earlier day is found (Integrity, Patrol).
// That an approval was taken is decided by the use that took it. What this cannot
// see is the whole database put back to an earlier day, and, for approvals and
// uses, a use that was deleted together with what its approval says of it: that
// stands in the audit, which is chained.
//
// Rows from before there were MACs get theirs once, in sidian migrate (Adopt, an
// audited action): what stands in the tables then is taken for right. Who writes
// into the database between the last start of the old version and that moment
// is not noticed; afterwards a row without a MAC grants nothing.
//
// It owns the tables seal_maker, seal_making, seal_seal, seal_handover,
// seal_rule, seal_approval, seal_policy and seal_use.
package seal

import (
	"sync"
	"sync/atomic"

	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/status"
)

// A Service makes seals and stamps with them. It is safe for concurrent use.
type Service struct {
	DB   *db.DB
	Keys *keys.Store
	PKI  *pki.Service
	// TimeStamps says whether each stamp carries a time stamp.
	TimeStamps bool

	// IAM knows whether a custodian may keep a seal; nil: that is asked when they
	// use it. Status publishes states, Notice tells people, Due reminds of
	// renewals, Outbox carries what others must hear: what is nil is left out.
	IAM    *iam.Service
	Status *status.Service
	Notice *notice.Service
	Due    *due.Service
	Outbox *outbox.Outbox
	// Person tells how well a person is known; nil: no seal is made for one.
	Person PersonCheck
	// Step is called after each step of what has more than one; nil but in tests
	// of crashes.
	Step func(name string)

	loaded  sync.Map // id → *material: what of a seal never changes
	guarded atomic.Pointer[guards]
	alarmed alarms
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}
