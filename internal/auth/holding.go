package auth

import (
	"slices"

	"strings"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// passkeysOf lists the passkeys by which an account may prove itself: those that
// are as they were enrolled, and that the account's row names.
func (s *Service) passkeysOf(tx *db.Tx, c credential) ([]passkeyRow, error) {
	rows, err := passkeyRows(tx, c.account)
	return slices.DeleteFunc(rows, func(r passkeyRow) bool {
		return !s.genuine(s.guards.passkeys, "auth_passkey", c, heldPasskey, r.id, r.mac, r.guarded())
	}), err
}

// certificatesOf is passkeysOf for digital certificates.
func (s *Service) certificatesOf(tx *db.Tx, c credential) ([]certificateRow, error) {
	rows, err := certificateRows(tx, c.account)
	return slices.DeleteFunc(rows, func(r certificateRow) bool {
		return !s.genuine(s.guards.certificates, "auth_certificate", c, heldCertificate, r.id, r.mac, r.guarded())
	}), err
}

// linksOf is passkeysOf for links.
func (s *Service) linksOf(tx *db.Tx, c credential) ([]linkRow, error) {
	rows, err := linkRows(tx, c.account)
	return slices.DeleteFunc(rows, func(r linkRow) bool {
		return !s.genuine(s.guards.links, "auth_link", c, heldLink, r.id, r.mac, r.guarded())
	}), err
}

func (s *Service) genuine(g *keys.Rows, table string, c credential, kind, id string, mac []byte, fields []any) bool {
	if c.altered {
		return false // nothing is known of what belongs to the account
	}
	if g.Check(mac, id, fields...) != nil || !c.holds(kind+id) {
		s.guards.suspect(table, id, c.account)
		return false
	}
	return true
}

// linked returns the link of an identity, or fault.NotFound.
func (s *Service) linked(tx *db.Tx, issuer string, subject gm.Digest) (linkRow, error) {
	r, err := linkOf(tx, issuer, subject)
	if err != nil {
		return r, err
	}
	c, err := s.credential(tx, r.account)
	if unlessNotFound(err) != nil {
		return r, err
	}
	if !s.genuine(s.guards.links, "auth_link", c, heldLink, r.id, r.mac, r.guarded()) {
		s.guards.suspect("auth_link", r.id, r.account)
		return r, errGone
	}
	return r, nil
}

func (s *Service) addPasskey(tx *db.Tx, r passkeyRow) error {
	r.created = tx.Now().UnixMilli()
	r.mac = s.guards.passkeys.Mac(r.id, r.guarded()...)
	if err := once(insertPasskey(tx, r)); err != nil {
		return err
	}
	if err := s.change(tx, r.account, func(c *credential) { c.take(heldPasskey + r.id) }); err != nil {
		return err
	}
	return s.guards.passkeys.Insert(tx, r.mac)
}

func (s *Service) addCertificate(tx *db.Tx, r certificateRow) error {
	r.created = tx.Now().UnixMilli()
	r.mac = s.guards.certificates.Mac(r.id, r.guarded()...)
	if err := once(insertCertificate(tx, r)); err != nil {
		return err
	}
	if err := s.change(tx, r.account, func(c *credential) { c.take(heldCertificate + r.id) }); err != nil {
		return err
	}
	return s.guards.certificates.Insert(tx, r.mac)
}

// addLink tells whether the identity was without a link.
func (s *Service) addLink(tx *db.Tx, r linkRow) (bool, error) {
	r.created = tx.Now().UnixMilli()
	r.mac = s.guards.links.Mac(r.id, r.guarded()...)
	if n, err := insertLink(tx, r); err != nil || n == 0 {
		return false, err
	}
	if err := s.change(tx, r.account, func(c *credential) { c.take(heldLink + r.id) }); err != nil {
		return false, err
	}
	return true, s.guards.links.Insert(tx, r.mac)
}

// end deletes a factor or a link of an account. What the account's row names and
// is not there any more is forgotten alike.
func (s *Service) end(tx *db.Tx, account, kind, id string) (found bool, err error) {
	g, remove := s.guards.passkeys, deletePasskey
	switch kind {
	case heldCertificate:
		g, remove = s.guards.certificates, deleteCertificate
	case heldLink:
		g, remove = s.guards.links, deleteLink
	}
	mac, err := remove(tx, account, id)
	found = err == nil
	if unlessNotFound(err) != nil {
		return false, err
	}
	c, err := s.credential(tx, account)
	if unlessNotFound(err) != nil {
		return false, err
	}
	if c.holds(kind + id) {
		found = true
		c.drop(kind + id)
		if err := s.keep(tx, c); err != nil {
			return false, err
		}
	}
	if len(mac) == 0 {
		return found, nil
	}
	return found, g.Delete(tx, mac)
}

// endFactors ends all second factors of an account but its one-time codes,
// whatever became of their rows.
func (s *Service) endFactors(tx *db.Tx, account string) error {
	c, err := s.credential(tx, account)
	if unlessNotFound(err) != nil {
		return err
	}
	all := map[string]string{} // id: kind
	for h := range strings.FieldsSeq(c.held) {
		if kind, id, _ := strings.Cut(h, "/"); kind+"/" != heldLink {
			all[id] = kind + "/"
		}
	}
	passkeys, err := passkeyRows(tx, account)
	if err != nil {
		return err
	}
	for _, r := range passkeys {
		all[r.id] = heldPasskey
	}
	digital, err := certificateRows(tx, account)
	if err != nil {
		return err
	}
	for _, r := range digital {
		all[r.id] = heldCertificate
	}
	for id, kind := range all {
		if _, err := s.end(tx, account, kind, id); err != nil {
			return err
		}
	}
	return nil
}
