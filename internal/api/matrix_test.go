package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/httpx"
	"sidian/internal/iam/policy/policytest"
)

// only narrows TestMatrix while somebody works on a few lines.
var only = flag.String("lines", "", "ask only the lines whose routes match this expression")

// Every route, page or interface, asked by everybody, about what is of their
// unit and what is of another: what is to be expected is read off the policy.
func TestMatrix(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		routes := map[string]httpx.Route{}
		for _, r := range s.routes {
			routes[r.Method+" "+r.Pattern] = r
		}
		asked := map[string]bool{}
		cells, refused := 0, 0
		wanted := regexp.MustCompile(*only)
		for number, l := range allLines() {
			if !wanted.MatchString(l.route) {
				continue
			}
			r, ok := routes[l.name()]
			if !ok {
				t.Errorf("a line for %s, which is no route", l.name())
				continue
			}
			asked[l.name()] = true
			if !l.fits(r) {
				t.Errorf("%s asks for %s, and its line says otherwise", l.route, r.Need)
				continue
			}
			places := []policytest.Place{policytest.Own, policytest.Foreign}
			if !l.placed() {
				places = places[:1]
			}
			for _, p := range places {
				for i, a := range s.cast {
					e := s.expect(&l, r, a, p)
					if !e.allowed && !e.record { // refused at the door, before whose it is was looked at
						if p == policytest.Foreign || d.Engine() == "postgres" && (i+number)%len(s.cast) > 2 {
							continue // the door has no tables: of those that one engine saw, the other sees some of each route
						}
					}
					cells++
					if !e.allowed {
						refused++
					}
					s.try(t, &l, r, a, p, e)
				}
			}
		}
		for _, name := range slices.Sorted(maps.Keys(routes)) {
			if !asked[name] && *only == "" {
				t.Errorf("%s has no line: nobody knows who may", name)
			}
		}
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, "level=ERROR") {
				t.Errorf("the server's log: %s", line)
			}
		}
		t.Logf("%d routes, %d cells, %d of them refusals", len(routes), cells, refused)
	})
}

// A route that is not asked about is found, as is a parameter without a fixture.
func TestLinesAreWhole(t *testing.T) {
	t.Parallel()
	named := 0
	for _, more := range allMakers() {
		named += len(more)
	}
	if all := len(makers()); all != named {
		t.Errorf("%d names are made twice", named-all)
	}
	for _, l := range allLines() {
		if l.about == unsaid {
			t.Errorf("%s does not say whose business it is", l.route)
		}
		path, _, _ := strings.Cut(l.path(), "?")
		_, pattern, _ := strings.Cut(l.name(), " ")
		given, wanted := strings.Split(path, "/"), strings.Split(strings.ReplaceAll(pattern, "{$}", ""), "/")
		if len(given) != len(wanted) {
			t.Errorf("%s asks %s", l.route, path)
			continue
		}
		for i, part := range wanted {
			parameter := strings.HasPrefix(part, "{")
			if parameter && strings.HasPrefix(given[i], "{") || !parameter && given[i] != part {
				t.Errorf("%s asks %s", l.route, path)
			}
		}
	}
}

func apiLines() []line {
	return slices.Concat(lines, sealLines, applyLines, sealingLines, signLines, trustLines, complaintLines, itemLines, kindLines, listLines, issuingLines, batchLines, matterLines, boundLines, compositeLines, annotationLines, feedbackLines, archiveLines)
}

func allLines() []line { return slices.Concat(apiLines(), pageLines) }

// try asks once and compares.
func (s *stage) try(t *testing.T, l *line, r httpx.Route, a *actor, p policytest.Place, e expected) {
	t.Helper()
	if e.allowed && l.fresh && a.id() != "" { // the session of an administrator is their only one
		s.admit(t, a)
		defer s.admit(t, a)
	}
	rec := s.records[p]
	if e.allowed && r.Method != http.MethodGet {
		rec = rec.fresh()
	}
	rec.forActor(t, l, a, p, e.allowed)
	path, body := rec.fill(t, l.path()), rec.fill(t, l.body)
	began := s.DB.Now()
	before := s.refusals(t, a, began)
	got := s.call(t, r.Method, path, orNil(body), a.send, form(r, body))
	what := fmt.Sprintf("%s by %s, %s", l.route, a.name, p)
	if e.allowed {
		if !l.passed(got.status) {
			t.Errorf("%s: %d, may: %s", what, got.status, got.brief())
		}
		if l.after != nil {
			l.after(t, s, a)
		}
		return
	}
	s.refused(t, what, l, r, got, e)
	if p == policytest.Foreign {
		s.silent(t, what, got)
	}
	known := a.id() != "" || a.app != ""
	if known && got.status == http.StatusForbidden && s.refusals(t, a, began) == before && !s.knocked(t, a, r) {
		t.Errorf("%s: the refusal is not audited", what)
	}
}

// fits tells whether a line says of whose business a route is what the route
// says: what is for one permission must not become for everybody unnoticed.
func (l *line) fits(r httpx.Route) bool {
	asks := len(r.Permissions) > 0
	switch l.about {
	case anybody:
		return r.Public
	case known, person, mine:
		return !r.Public && !asks
	case unit:
		return asks || !r.Public && l.needs != nil
	}
	return asks
}

// passed tells whether an answer is one to who may.
func (l *line) passed(status int) bool {
	return status >= 200 && status < 400 || slices.Contains(l.also, status)
}

// refused wants a refusal in Chinese with a way out.
func (s *stage) refused(t *testing.T, what string, l *line, r httpx.Route, got answer, e expected) {
	t.Helper()
	statuses := e.statuses
	switch {
	case r.Page && got.status == http.StatusSeeOther && slices.Contains(statuses, http.StatusUnauthorized) && r.Method == http.MethodGet:
		if !strings.HasPrefix(got.header.Get("Location"), "/login") {
			t.Errorf("%s: %d to %q, want to be led to sign in", what, got.status, got.header.Get("Location"))
		}
		return
	case l.leads != "" && got.status == http.StatusSeeOther && strings.HasPrefix(got.header.Get("Location"), l.leads):
		return // what is there is asked for anew
	case l.blunt && e.record:
		statuses = append(slices.Clone(statuses), http.StatusUnprocessableEntity)
	}
	if !slices.Contains(statuses, got.status) {
		t.Errorf("%s: %d, want %v: %s", what, got.status, statuses, got.brief())
		return
	}
	if r.Page {
		if !strings.ContainsFunc(string(got.body), isHan) {
			t.Errorf("%s: refused without a word", what)
		}
		return
	}
	var p httpx.Problem
	if err := json.Unmarshal(got.body, &p); err != nil || !strings.ContainsFunc(p.Detail, isHan) || got.status != http.StatusNotFound && !strings.ContainsFunc(p.Hint, isHan) {
		t.Errorf("%s: refused without a reason and a way out: %s", what, got.body)
	}
	if got.status == http.StatusForbidden && e.codes != nil && !slices.Contains(e.codes, p.Code) {
		t.Errorf("%s: refused as %s, want one of %v", what, p.Code, e.codes)
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

// silent wants that a refusal tells nothing of another unit's record.
func (s *stage) silent(t *testing.T, what string, got answer) {
	t.Helper()
	for _, secret := range s.foreign {
		if bytes.Contains(got.body, []byte(secret)) {
			t.Errorf("%s: the refusal tells %q", what, secret)
		}
	}
}

// refusals is how often the audit holds that an actor was refused since a time.
func (s *stage) refusals(t *testing.T, a *actor, since time.Time) (n int) {
	t.Helper()
	must(t, s.DB.Read(context.Background(), func(tx *db.Tx) error {
		return tx.Get(`select count(*) from audit_entry where account = $1 and app = $2 and result = $3 and at >= $4`,
			[]any{a.id(), a.app, audit.Refused, since.UnixMilli()}, &n)
	}))
	return n
}

// knocked tells whether the audit holds that the actor was refused at a route:
// once a minute is enough.
func (s *stage) knocked(t *testing.T, a *actor, r httpx.Route) (yes bool) {
	t.Helper()
	q := audit.Query{Account: a.id(), App: a.app, Result: audit.Refused, Object: "route/" + r.Method + " " + r.Pattern, Limit: 1}
	must(t, s.DB.Read(context.Background(), func(tx *db.Tx) error {
		found, _, err := audit.List(tx, q)
		yes = len(found) > 0
		return err
	}))
	return yes
}

// form makes the body of a page a form.
func form(r httpx.Route, body string) func(*http.Request) {
	return func(hr *http.Request) {
		switch {
		case strings.HasPrefix(body, "--b"):
			hr.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		case r.Page && r.Method == http.MethodPost:
			hr.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
}

var tags = regexp.MustCompile(`(?s)<head>.*</head>|<header.*</header>|<[^>]*>|\s+`)

// brief is what an answer says, without markup.
func (a answer) brief() string {
	return fmt.Sprintf("%.400s", tags.ReplaceAllString(string(a.body), " "))
}

func orNil(body string) []byte {
	if body == "" {
		return nil
	}
	return []byte(body)
}
