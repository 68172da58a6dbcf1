package certtest

import (
	"fmt"
	"strings"

	"sidian/gm"
	"sidian/internal/db"
)

// tables are all that a refused request must leave as it was. Sequences are not
// among them: gaps are allowed.
var tables = []string{
	"cert_certificate", "cert_holder", "cert_issuer", "seal_seal", "seal_use", "seal_policy", "pki_certificate", "pki_list",
	"audit_entry", "outbox_event", "outbox_delivery", "keys_key", "catalogue_kind", "httpx_idempotency",
}

func countRows(tx *db.Tx) (string, error) {
	var b strings.Builder
	for _, table := range tables {
		var n int64
		if err := tx.Get(`select count(*) from `+table, nil, &n); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "%s %d\n", table, n)
	}
	return b.String(), nil
}

// readTexts is every text and every byte that certificates, audit and outbox keep.
func readTexts(tx *db.Tx) (string, error) {
	var b strings.Builder
	for _, q := range []string{
		`select account, name, org, app, action, object, reason || result, canonical from audit_entry`,
		`select id, topic, key, '', '', '', body, leaf from outbox_event`,
		`select identifier, kind, issuer, number, code, case_no, coalesce(repetition, ''), plan from cert_certificate`,
		`select certificate_id, '', '', '', '', '', '', id_index from cert_holder`,
	} {
		err := tx.All(q, nil, func(scan func(...any) error) error {
			var s [7]string
			var raw []byte
			err := scan(&s[0], &s[1], &s[2], &s[3], &s[4], &s[5], &s[6], &raw)
			fmt.Fprintf(&b, "%v %s\n", s, raw)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// state is what CheckAll looks at, gathered in one snapshot.
type state struct {
	certificates []certificate
	uses         map[string][]use // by object
	audits       map[string]int   // "action object" → how many
	events       map[string]int   // "topic key" → how many
	holders      map[string]int
}

type certificate struct {
	id, kind, issuer, number, version, status, useID, repetition string
	document, content                                            gm.Digest
	size                                                         int64
}

type use struct {
	id, state      string
	plan, document gm.Digest
	attempts       int64
}

func readState(tx *db.Tx) (*state, error) {
	s := &state{uses: map[string][]use{}}
	if err := s.readCertificates(tx); err != nil {
		return nil, err
	}
	if err := s.readUses(tx); err != nil {
		return nil, err
	}
	var err error
	if s.audits, err = tally(tx, `select action || ' ' || object from audit_entry where object like 'cert/%'`); err != nil {
		return nil, err
	}
	if s.events, err = tally(tx, `select topic || ' ' || key from outbox_event`); err != nil {
		return nil, err
	}
	s.holders, err = tally(tx, `select certificate_id from cert_holder`)
	return s, err
}

func (s *state) readCertificates(tx *db.Tx) error {
	return tx.All(`
		select id, kind, issuer, number, version, status, use_id, coalesce(repetition, ''), document, content, size
		  from cert_certificate order by id`, nil, func(scan func(...any) error) error {
		var c certificate
		var document, content []byte
		err := scan(&c.id, &c.kind, &c.issuer, &c.number, &c.version, &c.status, &c.useID, &c.repetition, &document, &content, &c.size)
		copy(c.document[:], document)
		copy(c.content[:], content)
		s.certificates = append(s.certificates, c)
		return err
	})
}

func (s *state) readUses(tx *db.Tx) error {
	return tx.All(`select id, object, state, plan, document, attempts from seal_use order by id`, nil, func(scan func(...any) error) error {
		var u use
		var object string
		var plan, document []byte
		err := scan(&u.id, &object, &u.state, &plan, &document, &u.attempts)
		copy(u.plan[:], plan)
		copy(u.document[:], document)
		s.uses[object] = append(s.uses[object], u)
		return err
	})
}

func tally(tx *db.Tx, q string) (map[string]int, error) {
	n := map[string]int{}
	err := tx.All(q, nil, func(scan func(...any) error) error {
		var key string
		err := scan(&key)
		n[key]++
		return err
	})
	return n, err
}
