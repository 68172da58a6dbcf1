package policy

import (
	"slices"

	"github.com/cedar-policy/cedar-go/types"
)

// classes are the values of Question.Class.
var classes = []string{"", Public, Internal, Sensitive}

const levels = 4 // 0 to 3

// situation is what a rule sees of a question, numbered so that each of the few
// possible contexts is built once: building one costs more than deciding.
type situation struct {
	purpose, class, level int // 0: not stated; purpose and class
	second, strict, owner bool
}

func (c *compiled) size() int { return (len(c.purposes) + 1) * len(classes) * levels * 8 }

// situation returns false if the purpose or the class is unknown, and always for
// the zero Set.
func (c *compiled) situation(sub *Subject, q *Question) (s situation, ok bool) {
	if c == nil {
		return s, false
	}
	s = situation{second: sub.Second, strict: sub.Strict, owner: q.Owner}
	if sub.Level > 0 && sub.Level < levels { // a level that is none proves nothing
		s.level = sub.Level
	}
	if q.Purpose != "" {
		if s.purpose, ok = c.purposes[q.Purpose]; !ok {
			return s, false
		}
	}
	s.class = slices.Index(classes, q.Class)
	return s, s.class >= 0
}

func (c *compiled) context(s situation, purpose string) types.Record {
	i := (s.purpose*len(classes)+s.class)*levels + s.level
	for _, b := range []bool{s.second, s.strict, s.owner} {
		i *= 2
		if b {
			i++
		}
	}
	if r := c.contexts[i].Load(); r != nil {
		return *r
	}
	m := types.RecordMap{
		attrSecond: types.Boolean(s.second),
		attrStrict: types.Boolean(s.strict),
		attrOwner:  types.Boolean(s.owner),
		attrLevel:  types.Long(s.level),
	}
	if s.purpose > 0 {
		m[attrPurpose] = types.String(purpose)
	}
	if s.class > 0 {
		m[attrClass] = types.String(classes[s.class])
	}
	r := types.NewRecord(m)
	c.contexts[i].Store(&r)
	return r
}
