package auth

import (
	"context"
	"fmt"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/auth/event"
	"sidian/internal/auth/passkey"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/outbox"
)

// guards make what was edited in the database prove nothing (GB/T 39786-2021,
// integrity of access-control information). Who has the database and not the
// keys cannot become somebody else: every row by which somebody comes in carries
// a MAC, and the row of an account names the factors and links that belong to
// it, so that one that was removed does not come back, and one that disappears
// is missed. What factors and links there are is counted, too, for doctor.
//
// What stays: an account's row put back to an earlier day is what was true on
// that day, and lets in who knows the password of that day. Doctor tells where
// factors changed since: they are not named then, or not counted.
type guards struct {
	credentials, passkeys, certificates, links, sessions, pendings, invitations *keys.Rows
	begun                                                                       *keys.Rows // has one row once old rows are adopted

	mu        sync.Mutex
	suspected map[string]string    // to be told: objects, and whose they seem to be
	told      map[string]time.Time // was told, so that one row does not alarm at every try
	counting  bool                 // begun has its row, as far as this process knows
}

// A suspect is a row that was edited.
type suspect struct{ object, account string }

func newGuards(ctx context.Context, ks *keys.Store) (*guards, error) {
	g := &guards{suspected: map[string]string{}, told: map[string]time.Time{}}
	for table, to := range map[string]**keys.Rows{
		"auth_credential": &g.credentials, "auth_passkey": &g.passkeys, "auth_certificate": &g.certificates, "auth_link": &g.links,
		"auth_session": &g.sessions, "auth_pending": &g.pendings, "auth_invitation": &g.invitations, "auth": &g.begun,
	} {
		var err error
		if *to, err = ks.Rows(ctx, table); err != nil {
			return nil, fmt.Errorf("auth: opening the guard of %s: %w", table, err)
		}
	}
	return g, nil
}

// What each row's MAC covers, in a fixed order: to change it is to make every
// row wrong. Counters that only grow are left out: they change with every use.

func (c credential) guarded() []any {
	return []any{c.password, c.passwordAt, c.mustChange, c.totp, c.totpAt, c.level, c.held}
}

// guarded of a passkey has its public key, of all that its body holds.
func (r passkeyRow) guarded() []any {
	var c passkey.Credential
	if c.UnmarshalBinary(r.body) != nil {
		return []any{r.account, r.credential, r.created}
	}
	return []any{r.account, r.credential, r.created, c.ID, c.Key}
}

func (r certificateRow) guarded() []any { return []any{r.account, r.fingerprint, r.until, r.created} }

func (r linkRow) guarded() []any { return []any{r.account, r.issuer, r.subject, r.platform, r.created} }

func (r sessionRow) guarded() []any { return []any{r.hash, r.account, r.second, r.level, r.created} }

func (p pendingRow) guarded() []any {
	return []any{p.hash, p.account, string(p.state), p.how, p.second, p.level, p.until}
}

func (r invitationRow) guarded() []any { return []any{r.hash, r.account, string(r.purpose), r.until} }

// errAltered refuses to go on from a row that was edited in the database.
func errAltered() error {
	return fault.Conflict.New("登录凭据的完整性校验不符，已停止使用").WithCode("auth.altered").
		WithHint("请联系安全管理员核实身份后重置登录凭据，并请平台运维人员运行 sidian doctor")
}

// errGone is as if there were no such row.
var errGone = fault.NotFound.New("没有这条记录").WithCode("auth.gone")

// suspect notes a row that was edited, to be told of outside the transaction.
func (g *guards) suspect(table, id, account string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.suspected) < mostSuspects {
		g.suspected[table+"/"+id] = account
	}
}

// Of very many rows the first ones are told, and doctor lists them all.
const (
	mostSuspects = 1000
	tellEvery    = time.Hour
)

// take returns what is to be told now.
func (g *guards) take(now time.Time) (list []suspect) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for object, account := range g.suspected {
		if last, told := g.told[object]; !told || now.Sub(last) >= tellEvery {
			list = append(list, suspect{object, account})
		}
	}
	clear(g.suspected)
	if len(g.told) > 10*mostSuspects {
		clear(g.told)
	}
	for _, x := range list {
		g.told[x.object] = now
	}
	return list
}

// tellSuspects raises the alarm about rows that were found edited, each once an
// hour. It is not the caller's fault and does not fail what they do: what could
// not be written is told by the next look.
func (s *Service) tellSuspects(ctx context.Context) {
	list := s.guards.take(s.DB.Now())
	if len(list) == 0 {
		return
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		for _, x := range list {
			if err := s.tellSuspect(tx, x); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return
	}
	s.guards.mu.Lock()
	defer s.guards.mu.Unlock()
	for _, x := range list {
		delete(s.guards.told, x.object)
		s.guards.suspected[x.object] = x.account
	}
}

func (s *Service) tellSuspect(tx *db.Tx, x suspect) error {
	if err := audit.Put(tx, audit.Entry{Action: "auth.altered", Object: x.object, Result: audit.Refused}); err != nil || s.opts.Outbox == nil {
		return err
	}
	row := event.Row{Object: x.object, Account: x.account, At: tx.Now().UnixMilli()}
	who, err := iam.SubjectTx(tx, x.account)
	if unlessNotFound(err) != nil {
		return err
	}
	row.Org = who.Org
	return s.opts.Outbox.Put(tx, outbox.Event{Topic: event.Tampered, Key: x.object, Body: row})
}
