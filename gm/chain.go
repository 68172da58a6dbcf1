package gm

import (
	"fmt"
	"slices"
	"time"
)

// ChainResult is what BuildChain found.
type ChainResult struct {
	Chain   []*Certificate // from the certificate itself towards the anchor; as far as one got when not Reached
	Reached bool           // the last of Chain is an anchor
	// Problems say why no anchor was reached: "no_issuer", "untrusted_root", "bad_signature", "issuer_not_ca",
	// "path_length", "critical_extension", "unsupported", "chain_limit". Empty when Reached.
	Problems []Problem
	Notes    []Note // leniencies of the signatures in the chain
}

const (
	maxChain      = 8  // certificates in a chain
	maxSignatures = 64 // signatures checked in one search, against pools made to cost time
)

// BuildChain looks for a path from c to an anchor (a root, an intermediate, or c itself) through intermediates. It is a
// pure function of its arguments: neither the time nor revocation are looked at, so the result may be cached.
func (c *Certificate) BuildChain(intermediates, anchors *Pool) ChainResult {
	s := search{intermediates: intermediates, anchors: anchors, left: maxSignatures, best: []*Certificate{c}}
	if anchors.Contains(c) {
		return ChainResult{Chain: []*Certificate{c}, Reached: true}
	}
	if s.extend([]*Certificate{c}, nil) {
		return ChainResult{Chain: s.best, Reached: true, Notes: s.notes}
	}
	return ChainResult{Chain: s.best, Problems: s.problems}
}

type search struct {
	intermediates, anchors *Pool

	left     int // signatures that may still be checked
	best     []*Certificate
	notes    []Note
	problems []Problem // those of the longest chain
}

// extend tries every issuer of the last certificate, anchors first.
func (s *search) extend(chain []*Certificate, notes []Note) bool {
	last := chain[len(chain)-1]
	candidates := NewPool(append(s.anchors.issuersOf(last), s.intermediates.issuersOf(last)...)...).all
	var problems []Problem
	for _, issuer := range candidates {
		if contains(chain, issuer) {
			continue
		}
		if len(chain) == maxChain || s.left == 0 {
			problems = append(problems, Problem{"chain_limit", "证书链过长或候选颁发者过多，已停止查找"})
			break
		}
		found, problem := s.link(chain, issuer)
		if problem != nil {
			problems = append(problems, *problem)
			continue
		}
		path := append(slices.Clone(chain), issuer)
		all := append(slices.Clone(notes), found...)
		if s.anchors.Contains(issuer) {
			s.best, s.notes, s.problems = path, all, nil
			return true
		}
		if s.extend(path, all) {
			return true
		}
	}
	s.keep(chain, problems)
	return false
}

// keep remembers the longest chain and why it went no further.
func (s *search) keep(chain []*Certificate, problems []Problem) {
	if len(chain) < len(s.best) || (len(chain) == len(s.best) && len(s.problems) > 0) {
		return
	}
	last := chain[len(chain)-1]
	switch {
	case len(problems) > 0:
	case last.SelfIssued():
		problems = []Problem{{"untrusted_root", fmt.Sprintf("证书链到达根证书“%s”，但它不在给定的信任锚中", last.SubjectName())}}
	default:
		problems = []Problem{{"no_issuer", fmt.Sprintf("没有找到颁发者“%s”的数字证书", last.IssuerName())}}
	}
	s.best, s.problems = chain, problems
}

func contains(chain []*Certificate, c *Certificate) bool {
	return slices.ContainsFunc(chain, c.Equal)
}

// link checks that issuer may stand above the chain and signed its last certificate (RFC 5280 §6.1.3 a, §6.1.4).
func (s *search) link(chain []*Certificate, issuer *Certificate) ([]Note, *Problem) {
	last := chain[len(chain)-1]
	anchor := s.anchors.Contains(issuer)
	switch {
	case !issuer.mayIssue() && !(anchor && issuer.Version < 3): // old roots have no extensions
		return nil, &Problem{"issuer_not_ca", fmt.Sprintf("数字证书“%s”无权颁发数字证书", issuer.SubjectName())}
	case issuer.MaxPathLen >= 0 && intermediatesIn(chain) > issuer.MaxPathLen:
		return nil, &Problem{"path_length", fmt.Sprintf("证书链超过“%s”允许的长度", issuer.SubjectName())}
	case len(issuer.unhandled) > 0:
		return nil, &issuer.criticalProblems()[0]
	}
	s.left--
	notes, err := last.CheckFrom(issuer)
	if err == nil {
		return notes, nil
	}
	if isUnsupported(err) {
		return nil, &Problem{"unsupported", fmt.Sprintf("不能识别“%s”的签名算法", issuer.SubjectName())}
	}
	return nil, &Problem{"bad_signature", fmt.Sprintf("数字证书“%s”上颁发者“%s”的签名无效", last.SubjectName(), issuer.SubjectName())}
}

// intermediatesIn counts what a path length limit counts: the authorities below, not the leaf, not self-issued ones.
func intermediatesIn(chain []*Certificate) int {
	n := 0
	for _, c := range chain[1:] {
		if !c.SelfIssued() {
			n++
		}
	}
	return n
}

// CheckValidity tells which certificates of the chain are not valid at a time, the leaf's problems first.
func (r ChainResult) CheckValidity(at time.Time) []Problem {
	var out []Problem
	for _, c := range r.Chain {
		out = append(out, c.CheckValidity(at)...)
	}
	return out
}
