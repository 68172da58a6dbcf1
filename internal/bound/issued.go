package bound

import (
	"context"
	"errors"
	"fmt"

	"sidian/certid"
	"sidian/internal/cert"
	certevent "sidian/internal/cert/event"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/outbox"
)

// errAltered says that the register's row is not the one that was written: no seal
// is offered on it until somebody has looked.
var errAltered = errors.New("bound: the row of a certificate was altered")

// A look is what was read for some certificates together, in one transaction.
type look struct {
	rules   map[string][]Rule // by kind
	paths   map[string]string // of issuers
	sayings map[string]*cert.Saying
	told    map[string]bool // notices to staff
}

// An opening is an offer about to be opened, or to be moved to a later version.
type opening struct {
	r     *row
	rule  *Rule
	words said
	whom  *audience
	is    state.Info // of the certificate, in the transaction that opens it
}

// lookTx reads what counts for certificates, and holds their status if it is to be
// acted on. Of a kind that no rule is about there is nothing more to read.
func (s *Service) lookTx(tx *db.Tx, all []certevent.Certificate, hold bool) (l *look, err error) {
	l = &look{rules: map[string][]Rule{}, paths: map[string]string{}, told: map[string]bool{}}
	var ids []string
	for _, c := range all {
		rules, known := l.rules[c.Kind]
		if !known {
			if rules, err = rulesOf(tx, c.Kind); err != nil {
				return nil, err
			}
			l.rules[c.Kind] = rules
		}
		if len(rules) == 0 {
			continue
		}
		path, known := l.paths[c.Issuer]
		if !known {
			if path, err = iam.PathTx(tx, c.Issuer); err != nil {
				return nil, err
			}
			l.paths[c.Issuer] = path
		}
		if pick(rules, path) != nil {
			ids = append(ids, c.ID)
		}
	}
	l.sayings, err = s.Cert.SayingsTx(tx, ids, hold)
	return l, err
}

// openingTx is what is offered with a certificate, and to whom; nil: nothing.
// waiting are the wishes of the holder's name that wait: one may be of it.
func (s *Service) openingTx(tx *db.Tx, l *look, c certevent.Certificate) (o *opening, waiting []*wishRow, err error) {
	path := l.paths[c.Issuer]
	rule := pick(l.rules[c.Kind], path)
	if rule == nil {
		return nil, nil, nil
	}
	x := l.sayings[c.ID]
	switch {
	case x == nil:
		return nil, nil, fmt.Errorf("bound: certificate %s is not issued", c.ID)
	case x.Status == cert.Altered:
		return nil, nil, fmt.Errorf("%w: %s", errAltered, c.ID)
	}
	h := holderFor(rule.Sort, x.Holders)
	if h == nil {
		return nil, nil, nil // whoever holds it has no such seal
	}
	o = &opening{rule: rule, words: wordsOf(rule, x, h), is: infoOf(x.Status)}
	o.r = &row{id: newID(), series: certid.Series(c.Identifier), sort: rule.Sort, kind: c.Kind, certificate: c.ID, identifier: c.Identifier, version: int64(c.Version),
		issuer: c.Issuer, path: path, follows: rule.Follows, rule: rule.ID, holder: s.holderKey(rule.Sort, h.ID), state: Open}
	if o.whom, err = s.whomTx(tx, o.r, h); err != nil || o.whom == nil {
		return nil, nil, err
	}
	waiting, err = wishesWaiting(tx, s.nameKey(c.Kind, h.Name), c.Kind)
	return o, waiting, err
}

// allIssued opens the offers of certificates that were issued, but for those of
// which a wish waits: these are looked at one by one. It may be called again for
// the same, and after later events. Row locks order it: a certificate whose status
// changes waits until its offer is there to be found by who follows it, and an
// offer that another made meanwhile is seen.
func (s *Service) allIssued(tx *db.Tx, events []outbox.Event) error {
	all := make([]certevent.Certificate, len(events))
	for i, ev := range events {
		if err := ev.Decode(&all[i]); err != nil {
			return err
		}
	}
	l, err := s.lookTx(tx, all, true)
	if err != nil {
		return err
	}
	for _, c := range all {
		o, waiting, err := s.openingTx(tx, l, c)
		switch {
		case err != nil:
			return err
		case o == nil:
		case len(waiting) > 0:
			err = s.Cert.Outbox.Put(tx, outbox.Event{Topic: wished, Key: c.ID, Body: c})
		default:
			err = s.openTx(tx, l, o, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// issued opens the offer of one certificate that was issued, with the wish for it.
func (s *Service) issued(ctx context.Context, ev outbox.Event) error {
	var c certevent.Certificate
	if err := ev.Decode(&c); err != nil {
		return err
	}
	var l *look
	var o *opening
	var waiting []*wishRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if l, err = s.lookTx(tx, []certevent.Certificate{c}, false); err != nil {
			return err
		}
		o, waiting, err = s.openingTx(tx, l, c)
		return err
	})
	if err != nil || o == nil {
		return err
	}
	wish, err := s.wishAmong(ctx, o.r, waiting)
	if err != nil {
		return err
	}
	if wish != nil {
		o.r.wished, o.r.agent, o.r.agentBy = true, wish.agent, wish.account
		if o.whom.accounts = append(o.whom.accounts, wish.agentAccount); len(wish.agent) == 0 {
			o.r.agentBy = ""
		}
		w, err := s.openFrom(wishCell(wish.draft), wish.content)
		if err != nil {
			return err
		}
		o.words.Agent = w.Agent
	}
	return s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		clear(l.told) // it may run twice
		if o.is, err = s.standing(tx, o.r); err != nil {
			return err
		}
		return s.openTx(tx, l, o, wish)
	})
}
