package gm

import "slices"

// Pool is an immutable set of certificates, found by subject. Safe for concurrent use. A nil Pool is empty.
type Pool struct {
	all       []*Certificate
	bySubject map[string][]*Certificate
	digests   map[Digest]bool
}

// NewPool returns a pool of certs without nils and duplicates.
func NewPool(certs ...*Certificate) *Pool {
	p := &Pool{bySubject: map[string][]*Certificate{}, digests: map[Digest]bool{}}
	for _, c := range certs {
		if c == nil || p.digests[c.digest] {
			continue
		}
		p.digests[c.digest] = true
		p.all = append(p.all, c)
		p.bySubject[c.subjectName] = append(p.bySubject[c.subjectName], c)
	}
	return p
}

// Certificates returns the certificates in the order given.
func (p *Pool) Certificates() []*Certificate {
	if p == nil {
		return nil
	}
	return slices.Clone(p.all)
}

// Len is the number of certificates.
func (p *Pool) Len() int {
	if p == nil {
		return 0
	}
	return len(p.all)
}

// Contains tells whether the pool holds c.
func (p *Pool) Contains(c *Certificate) bool {
	return p != nil && c != nil && p.digests[c.digest]
}

// issuersOf returns the certificates whose subject is c's issuer, those first whose key identifier fits as well.
func (p *Pool) issuersOf(c *Certificate) []*Certificate {
	if p == nil {
		return nil
	}
	found := slices.Clone(p.bySubject[c.issuerName])
	slices.SortStableFunc(found, func(a, b *Certificate) int { return keyIDDistance(a, c) - keyIDDistance(b, c) })
	return found
}

// keyIDDistance: 0 the identifiers agree, 1 one is missing, 2 they differ (a hint only, RFC 4158 §3.5.12).
func keyIDDistance(issuer, c *Certificate) int {
	switch {
	case len(issuer.SubjectKeyID) == 0 || len(c.AuthorityKeyID) == 0:
		return 1
	case slices.Equal(issuer.SubjectKeyID, c.AuthorityKeyID):
		return 0
	}
	return 2
}
