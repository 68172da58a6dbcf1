package due

import (
	"time"

	"sidian/workday"
)

// Shipped are the rules of the program.
func Shipped() ([]Rule, error) {
	b, err := shipped()
	if err != nil {
		return nil, err
	}
	return b.rules, nil
}

// ParseBook reads rules and tells what is wrong with them.
func ParseBook(data []byte) error { _, err := parseBook(data); return err }

// Pick is pick.
var Pick = pick

// Planned is what a rule makes of a start.
type Planned struct {
	Due, Opens  time.Time
	Moments     []string
	Provisional bool
	Missing     int
}

// Plan counts a rule; pauses are pairs of moments.
func Plan(r Rule, c *workday.Calendar, since, until time.Time, pauses ...[2]time.Time) Planned {
	var spans []span
	for _, p := range pauses {
		spans = append(spans, span{p[0], p[1]})
	}
	p := r.planned(c, since, until, spans)
	out := Planned{Due: p.due, Opens: p.opens, Provisional: p.provisional, Missing: p.missing}
	for _, m := range p.moments {
		out.Moments = append(out.Moments, m.kind+" "+m.at.In(time.FixedZone("", 8*3600)).Format("01-02 15:04"))
	}
	return out
}

// Batch is how many promises one transaction of the ticker takes.
const Batch = batch

// DecodeRow reads what stands encoded in a row and writes it again.
func DecodeRow(moments, pauses, terms string) (string, string, string, error) {
	m, err := decodeMoments(moments)
	if err != nil {
		return "", "", "", err
	}
	s, err := decodeSpans(pauses)
	if err != nil {
		return "", "", "", err
	}
	r, err := decodeTerms(terms)
	if err != nil {
		return "", "", "", err
	}
	t, err := encodeTerms(r)
	return encodeMoments(m), encodeSpans(s), t, err
}

// A Statement is SQL whose cost must not grow with the table, and the index
// that sees to it.
type Statement struct {
	SQL   string
	Args  []any
	Index string
}

// Statements are those that run often.
func Statements() (all []Statement) {
	at := int64(1_800_000_000_000)
	many := make([]string, eachOrg+1)
	for i := range many {
		many[i] = "o" + time.UnixMilli(int64(i)).Format("05.000")
	}
	for _, x := range []struct {
		q     Query
		index string
	}{
		{Query{Account: "a"}, "due_promise_account"},
		{Query{Holds: []Hold{{"p", []string{"o"}}}}, "due_promise_held"},
		{Query{Orgs: []string{"o"}}, "due_promise_org"},
		{Query{Holds: []Hold{{"p", many}}}, "due_promise_account"},
		{Query{Orgs: many}, "due_promise_order"},
	} {
		for _, b := range append(x.q.mine(), x.q.unit()...) {
			all = append(all,
				Statement{listQuery(b), append(b.args[:len(b.args):len(b.args)], at, "", 20), x.index},
				Statement{countQuery(b), append(b.args[:len(b.args):len(b.args)], at, 20), x.index})
		}
	}
	return append(all, Statement{nextQuery, []any{at, 20}, "due_promise_next"}, Statement{untalliedQuery, []any{20}, "due_promise_untallied"})
}
