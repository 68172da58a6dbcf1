package matter

import (
	"errors"
	"slices"

	"sidian/internal/cert"
	certevent "sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/matter/event"
	"sidian/internal/outbox"
)

// Consumer links certificates that are issued under a case number, and notes by which
// events programs were told of cases. Certificates may come before the case, and the
// case before them.
func (s *Service) Consumer() outbox.Consumer {
	return outbox.Consumer{Name: "matter", Topics: []string{certevent.Issued, event.Opened, event.Result, event.Closed}, Handle: s.take}
}

func (s *Service) take(tx *db.Tx, ev outbox.Event) error {
	if ev.Topic != certevent.Issued {
		return insertTold(tx, ev.ID, ev.Key, ev.Topic, ev.At)
	}
	var body certevent.Certificate
	if err := ev.Decode(&body); err != nil {
		return err
	}
	c, err := s.Cert.ForCaseTx(tx, body.ID, "")
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || c.CaseNo == "" {
		return err
	}
	if err := link(tx, c.ID, c.Issuer, c.CaseNo, c.Kind); err != nil {
		return err
	}
	r, err := byCase(tx, c.Issuer, c.CaseNo)
	if err != nil || r == nil || State(r.state) == Closed {
		return err
	}
	_, err = s.standTx(tx, r, true)
	return err
}

// nameTx links a certificate that carries no number to a case for which it was
// issued, by the word of who closes it.
func (s *Service) nameTx(tx *db.Tx, r *row, id string) error {
	c, err := s.Cert.ForCaseTx(tx, id, "")
	if errors.Is(err, fault.NotFound) || err == nil && c.Issuer != r.unit {
		return errNamed("没有这份由本单位签发的证照", "请核对证照编号")
	}
	if err != nil {
		return err
	}
	switch caseNo, _, err := linkOf(tx, id); {
	case err != nil:
		return err
	case c.CaseNo != "" && c.CaseNo != r.caseNo, caseNo != "" && caseNo != r.caseNo:
		return errNamed("证照是为另一办件签发的", "请列出为本件签发的证照")
	case c.CaseNo == "" && c.IssuedAt.UnixMilli() < r.openedAt:
		return errNamed("证照在本件受理之前已签发", "请为本件签发证照")
	}
	return link(tx, id, r.unit, r.caseNo, c.Kind)
}

func errNamed(rule, way string) error {
	return fault.Conflict.New("%s", rule).WithCode("matter.named").WithHint("%s", way).WithField("certificates", "foreign", rule)
}

// A standing is which of a case's certificates count.
type standing struct {
	links []Linked
	of    map[string]string // kind → certificate
}

func (x *standing) counting() (ids []string) {
	for _, l := range x.links {
		if l.Counts {
			ids = append(ids, l.ID)
		}
	}
	return ids
}

// standTx looks at the certificates that carry a case's number. With tell, those
// that count for the first time are noted and told of.
func (s *Service) standTx(tx *db.Tx, r *row, tell bool) (*standing, error) {
	x := &standing{of: map[string]string{}}
	ids, counted, err := linked(tx, r.unit, r.caseNo)
	if err != nil || len(ids) == 0 {
		return x, err
	}
	applicant, err := s.applicantOf(r)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		c, err := s.Cert.ForCaseTx(tx, id, applicant.ID)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		l := Linked{ID: c.ID, Identifier: c.Identifier, Kind: c.Kind, StatusName: cert.Label(c.Status), IssuedAt: c.IssuedAt, Why: uncounted(r, c, counted[id])}
		l.Counts = l.Why == ""
		x.links = append(x.links, l)
		if !l.Counts {
			continue
		}
		if x.of[c.Kind] == "" {
			x.of[c.Kind] = c.ID
		}
		if tell && counted[id] == "" {
			if err := s.countTx(tx, r, id); err != nil {
				return nil, err
			}
		}
	}
	return x, nil
}

func (s *Service) countTx(tx *db.Tx, r *row, certificate string) error {
	now, err := count(tx, certificate, r.id)
	if err != nil || !now {
		return err
	}
	return s.tell(tx, r, event.Result, []string{certificate})
}

// uncounted says why a certificate does not count for a case; empty: it does.
func uncounted(r *row, c *cert.ForCase, counted string) string {
	switch {
	case c.Issuer != r.unit:
		return "由其他单位签发"
	case !slices.Contains(r.results, c.Kind):
		return "不是本事项的结果证照"
	case !c.Holds:
		return "持证主体不是本件的申请人"
	case c.Status != cert.Effective:
		return "证照现为" + cert.Label(c.Status)
	case counted != "" && counted != r.id:
		return "已算作另一办件的结果"
	}
	return ""
}

func (s *Service) tell(tx *db.Tx, r *row, topic string, certificates []string) error {
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: r.id, Body: event.Matter{
		ID: r.id, Org: r.unit, CaseNo: r.caseNo, Item: r.item, State: r.state, Outcome: r.outcome, Certificates: certificates, At: tx.Now().UnixMilli(),
	}})
}
