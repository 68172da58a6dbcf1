package policy

import "slices"

// Scopes lists the organisations for which, and for all below which, the
// subject may do what the permission names without stating a purpose or class:
// the scope of a list's SQL. Sorted, each once; empty allows nothing. Rules
// cannot look at the organisation, so this and Decide agree for every one.
func (s *Set) Scopes(sub Subject, permission string) []string {
	return s.ScopesFor(sub, Question{Permission: permission})
}

// ScopesFor is Scopes of a whole question; its Org, Owner and Gate are not
// looked at.
func (s *Set) ScopesFor(sub Subject, q Question) []string {
	q.Org, q.Owner, q.Gate = "", false, false
	situation, ok := s.compiled.situation(&sub, &q)
	if !ok {
		return nil
	}
	context := s.compiled.context(situation, q.Purpose)
	var roots []string
	s.each(&sub, q.Permission, func(a *acting, org string) bool {
		if org != "" && s.judge(&sub, &q, a, context, true).outcome == allowed {
			roots = append(roots, org)
		}
		return true
	})
	slices.Sort(roots)
	return slices.Compact(roots)
}
