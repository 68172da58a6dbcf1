package bound

import (
	"context"
	"errors"
	"fmt"

	"sidian/certid"
	"sidian/internal/catalogue"
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
	units   map[string]*iam.Org // by code
	told    map[string]bool     // notices to staff

	hold    bool            // the transaction acts on what it read
	offers  map[string]*row // that are there; nil where they are not held
	waiting map[string]bool // holders' names of which a wish waits
}

// An opening is an offer about to be opened, or to be moved to a later version.
type opening struct {
	c     certevent.Certificate
	h     *catalogue.Holder
	name  []byte // of the holder, as wishes have it
	r     *row
	rule  *Rule
	words said
	whom  *audience
	is    state.Info // of the certificate, in the transaction that opens it
}

// lookTx reads what counts for certificates, and holds their status if it is to be
// acted on. Of a kind that no rule is about there is nothing more to read.
func (s *Service) lookTx(tx *db.Tx, all []certevent.Certificate, hold bool) (l *look, err error) {
	l = &look{rules: map[string][]Rule{}, paths: map[string]string{}, told: map[string]bool{}, hold: hold}
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

// openings are what is offered with certificates.
func (s *Service) openings(l *look, all []certevent.Certificate) (list []*opening, err error) {
	for _, c := range all {
		path := l.paths[c.Issuer]
		rule := pick(l.rules[c.Kind], path)
		if rule == nil {
			continue
		}
		x := l.sayings[c.ID]
		switch {
		case x == nil:
			return nil, fmt.Errorf("bound: certificate %s is not issued", c.ID)
		case x.Status == cert.Altered:
			return nil, fmt.Errorf("%w: %s", errAltered, c.ID)
		}
		h := holderFor(rule.Sort, x.Holders)
		if h == nil {
			continue // whoever holds it has no such seal
		}
		o := &opening{c: c, h: h, name: s.nameKey(c.Kind, h.Name), rule: rule, words: wordsOf(rule, x, h), is: infoOf(x.Status)}
		o.r = &row{id: newID(), series: certid.Series(c.Identifier), sort: rule.Sort, kind: c.Kind, certificate: c.ID, identifier: c.Identifier, version: int64(c.Version),
			issuer: c.Issuer, path: path, follows: rule.Follows, rule: rule.ID, holder: s.holderKey(rule.Sort, h.ID), state: Open}
		list = append(list, o)
	}
	return list, nil
}

// aboutTx reads what there is already about what is to be offered.
func (l *look) aboutTx(tx *db.Tx, list []*opening) (err error) {
	var codes, series []string
	var names [][]byte
	for _, o := range list {
		if series, names = append(series, o.r.series), append(names, o.name); o.r.sort == Enterprise {
			codes = append(codes, o.h.ID)
		}
	}
	if l.units, err = iam.WithCodesTx(tx, codes); err != nil || !l.hold {
		return err
	}
	if l.waiting, err = namesWaiting(tx, names); err != nil {
		return err
	}
	l.offers = map[string]*row{}
	there, err := offersBySeries(tx, series)
	for _, r := range there {
		l.offers[r.once()] = r
	}
	return err
}

// once is what there is one offer of.
func (r *row) once() string { return r.series + " " + r.sort }

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
	list, err := s.openings(l, all)
	if err != nil || len(list) == 0 {
		return err
	}
	if err := l.aboutTx(tx, list); err != nil {
		return err
	}
	for _, o := range list {
		if l.waiting[string(o.name)] {
			err = s.Cert.Outbox.Put(tx, outbox.Event{Topic: wished, Key: o.c.ID, Body: o.c})
		} else if o.whom, err = s.whomTx(tx, l, o); err == nil && o.whom != nil {
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
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		all := []certevent.Certificate{c}
		var err error
		if l, err = s.lookTx(tx, all, false); err != nil {
			return err
		}
		list, err := s.openings(l, all)
		if o = nil; err != nil || len(list) == 0 {
			return err
		}
		o = list[0]
		if err := l.aboutTx(tx, list); err != nil {
			return err
		}
		if o.whom, err = s.whomTx(tx, l, o); err != nil || o.whom == nil {
			return err
		}
		waiting, err = wishesWaiting(tx, o.name, c.Kind)
		return err
	})
	if err != nil || o == nil || o.whom == nil {
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
