package auth

import (
	"sidian/gm"
	"sidian/internal/db"
)

// Rows that live for hours are guarded each by itself: nothing counts them.

func (s *Service) addSession(tx *db.Tx, r sessionRow) error {
	r.created = tx.Now().UnixMilli()
	r.mac = s.guards.sessions.Mac(r.id, r.guarded()...)
	return insertSession(tx, r)
}

func (s *Service) liveSession(tx *db.Tx, hash gm.Digest) (sessionRow, error) {
	r, err := liveSession(tx, hash)
	if err == nil && s.guards.sessions.Check(r.mac, r.id, r.guarded()...) != nil {
		s.guards.suspect("auth_session", r.id, r.account)
		return sessionRow{}, errSession
	}
	return r, err
}

func (s *Service) addPending(tx *db.Tx, p pendingRow) error {
	p.mac = s.guards.pendings.Mac(p.id, p.guarded()...)
	return insertPending(tx, p)
}

func (s *Service) livePending(tx *db.Tx, hash gm.Digest) (pendingRow, error) {
	p, err := livePending(tx, hash)
	if err == nil && s.guards.pendings.Check(p.mac, p.id, p.guarded()...) != nil {
		s.guards.suspect("auth_pending", p.id, p.account)
		return pendingRow{}, errGone
	}
	return p, err
}

func (s *Service) addInvitation(tx *db.Tx, r invitationRow) error {
	r.mac = s.guards.invitations.Mac(r.id, r.guarded()...)
	return insertInvitation(tx, r)
}

func (s *Service) liveInvitation(tx *db.Tx, hash gm.Digest) (invitationRow, error) {
	r, err := liveInvitation(tx, hash)
	if err == nil && s.guards.invitations.Check(r.mac, r.id, r.guarded()...) != nil {
		s.guards.suspect("auth_invitation", r.id, r.account)
		return invitationRow{}, errLink()
	}
	return r, err
}
