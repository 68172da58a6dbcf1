package provider

import (
	"bytes"
	"context"
	"slices"
	"sync"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/ofd/sign"
)

// registryLife is how long a change by another process may go unnoticed.
const registryLife = 2 * time.Second

// A registry is what the router needs: the entries in force by what they answer
// for, and our own authorities. It is not changed once made, but for what it
// remembers of makers.
type registry struct {
	entries     []*Entry
	byMaker     map[gm.Digest]*Entry
	authorities []authority
	between     []*gm.Certificate
	until       time.Time

	mu    sync.Mutex
	owner map[gm.Digest]owner // by maker; bounded
}

// An authority is an issuing one: ours when entry is nil.
type authority struct {
	certificate *gm.Certificate
	entry       *Entry
}

// An owner is who answers for a maker: ours, an entry, or nobody.
type owner struct {
	ours  bool
	entry *Entry
}

const (
	maxOwners = 4096
	maxDepth  = 5 // of authorities above a maker
)

// load returns the registry, at most registryLife old.
func (s *Service) load(ctx context.Context) (*registry, error) {
	s.mu.Lock()
	r, ended := s.known, s.ended
	s.mu.Unlock()
	if r != nil && s.o.DB.Now().Before(r.until) {
		return r, nil
	}
	r, altered, err := s.read(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	if s.ended == ended {
		s.known = r
	}
	s.mu.Unlock()
	return r, s.alarmAltered(ctx, altered)
}

func (s *Service) endRegistry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = nil
	s.ended++
	s.kept.clear()
}

func (s *Service) read(ctx context.Context) (r *registry, altered []*Entry, err error) {
	var all []*Entry
	if err := s.o.DB.Read(ctx, func(tx *db.Tx) (err error) { all, err = standing(tx); return err }); err != nil {
		return nil, nil, err
	}
	trust, err := s.o.PKI.Trust(ctx)
	if err != nil {
		return nil, nil, err
	}
	own, err := s.o.PKI.Authorities(ctx)
	if err != nil {
		return nil, nil, err
	}
	r = &registry{byMaker: map[gm.Digest]*Entry{}, owner: map[gm.Digest]owner{}, between: trust.Intermediates.Certificates(), until: s.o.DB.Now().Add(registryLife)}
	for _, a := range own {
		r.authorities = append(r.authorities, authority{a.Certificate, nil})
	}
	for _, e := range all {
		if e.Altered || s.rows.Check(e.mac, e.Entry, e.fields()...) != nil {
			altered = append(altered, e)
			continue
		}
		if e.State != Active {
			continue
		}
		r.entries = append(r.entries, e)
		for _, m := range e.Makers {
			if m.Use == UseMaker {
				r.byMaker[m.parsed.Digest()] = e
			} else {
				r.authorities = append(r.authorities, authority{m.parsed, e})
			}
		}
	}
	return r, altered, nil
}

// alarmAltered tells of each edited row once a process and hour.
func (s *Service) alarmAltered(ctx context.Context, altered []*Entry) error {
	for _, e := range altered {
		if !s.sayOnce("altered " + e.Entry) {
			continue
		}
		err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
			return s.o.Outbox.Put(tx, outbox.Event{Topic: iam.TopicAlarm, Key: object(e.ID), Body: iam.Alarm{Table: "provider_entry", ID: e.Entry, At: tx.Now()}})
		})
		if err != nil {
			s.unsay("altered " + e.Entry)
			return err
		}
	}
	return nil
}

// sayAgain is after how long the same trouble is reported again.
const sayAgain = time.Hour

// sayOnce bounds what strangers' questions can make us write: it tells whether
// this was not reported within the hour.
func (s *Service) sayOnce(what string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.o.DB.Now()
	if at, ok := s.said[what]; ok && now.Sub(at) < sayAgain {
		return false
	}
	if len(s.said) > 1000 {
		clear(s.said)
	}
	s.said[what] = now
	return true
}

// unsay lets something be reported again, whose report came to nothing.
func (s *Service) unsay(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.said, what)
}

// ownerOf finds who answers for a maker, or for the signer of a signature
// without a seal.
func (r *registry) ownerOf(c *gm.Certificate) owner {
	d := c.Digest()
	if e := r.byMaker[d]; e != nil {
		return owner{entry: e}
	}
	r.mu.Lock()
	o, known := r.owner[d]
	r.mu.Unlock()
	if known {
		return o
	}
	o = r.climb(c)
	r.mu.Lock()
	if len(r.owner) >= maxOwners {
		clear(r.owner)
	}
	r.owner[d] = o
	r.mu.Unlock()
	return o
}

// climb looks for the nearest authority above c that belongs to somebody.
func (r *registry) climb(c *gm.Certificate) owner {
	for range maxDepth {
		for _, a := range r.authorities {
			if a.certificate.Equal(c) || signedBy(c, a.certificate) {
				return owner{ours: a.entry == nil, entry: a.entry}
			}
		}
		i := slices.IndexFunc(r.between, func(x *gm.Certificate) bool { return !x.Equal(c) && signedBy(c, x) })
		if i < 0 || c.SelfIssued() {
			return owner{}
		}
		c = r.between[i]
	}
	return owner{}
}

func signedBy(c, issuer *gm.Certificate) bool {
	if !bytes.Equal(c.RawIssuer, issuer.RawSubject) {
		return false
	}
	_, err := c.CheckFrom(issuer)
	return err == nil
}

// isOurs tells whether a digital certificate belongs to this platform.
func (s *Service) isOurs(ctx context.Context, c *gm.Certificate) (bool, error) {
	if s.o.Ours != nil {
		return s.o.Ours(ctx, c)
	}
	own, err := s.o.PKI.Authorities(ctx)
	if err != nil {
		return false, err
	}
	r := &registry{}
	for _, a := range own {
		r.authorities = append(r.authorities, authority{a.Certificate, nil})
	}
	return r.climb(c).ours, nil
}

// A share is the signatures of a document for which one answers.
type share struct {
	owner
	ids        []string
	indexes    []int
	signatures []*sign.SignatureReport
	maker      string
}

// split gives each signature of a report to who answers for it, in the order in
// which they are met.
func (s *Service) split(ctx context.Context, r *registry, rep *sign.Report) ([]*share, error) {
	var out []*share
	for i := range rep.Signatures {
		sig := &rep.Signatures[i]
		c := makerOf(sig)
		var o owner
		if c != nil {
			o = r.ownerOf(c)
			if s.o.Ours != nil && o.entry == nil {
				ours, err := s.o.Ours(ctx, c)
				if err != nil {
					return nil, err
				}
				o.ours = ours
			}
		}
		at := slices.IndexFunc(out, func(x *share) bool { return x.owner == o && (o != owner{} || x.maker == makerName(sig)) })
		if at < 0 {
			out = append(out, &share{owner: o, maker: makerName(sig)})
			at = len(out) - 1
		}
		out[at].ids, out[at].indexes = append(out[at].ids, sig.ID), append(out[at].indexes, i)
		out[at].signatures = append(out[at].signatures, sig)
	}
	return out, nil
}

// makerOf is the digital certificate by which a signature is routed: the seal
// maker's, and the signer's where there is no seal.
func makerOf(sig *sign.SignatureReport) *gm.Certificate {
	if sig.SES != nil && sig.SES.Seal != nil && sig.SES.Seal.Maker != nil {
		return sig.SES.Seal.Maker
	}
	if sig.SES != nil {
		return nil
	}
	return sig.Certificate
}

func makerName(sig *sign.SignatureReport) string {
	if c := makerOf(sig); c != nil {
		return c.SubjectName()
	}
	return ""
}
