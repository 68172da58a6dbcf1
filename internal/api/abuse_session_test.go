package api_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"sidian/internal/audit"
	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam"
	"sidian/internal/iam/policy/policytest"
)

// One stage serves all abuse of an engine: what one test does to a session, it
// does to one that it opened itself.
func TestAbuse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStage(t, d)
		for _, c := range []struct {
			name string
			try  func(*testing.T, *stage)
		}{
			{"forged tokens", forgedTokens},
			{"an ended session", endedSession},
			{"session fixation", sessionFixation},
			{"a used one-time code", usedCode},
			{"a used one-time link", usedLink},
			{"a pending sign-in", pendingEverywhere},
			{"another site", otherSite},
			{"another method", otherMethod},
			{"oversized and misshapen", misshapen},
			{"mass assignment", massAssignment},
			{"filters", foreignFilters},
			{"programs that widen their scope", wideningScope},
			{"administrators at each other's work", otherAdministrators},
			{"approving one's own", ownApproval},
			{"somebody else's idempotency key", foreignKey},
			{"hostile uploads", hostileUploads},
			{"what is good once", usedOnce},
			{"names of others", foreignNames},
			{"forged cursors", forgedCursors},
			{"credential stuffing", stuffing},
		} {
			t.Run(c.name, func(t *testing.T) { c.try(t, s) })
		}
		for line := range strings.Lines(s.log.String()) {
			if strings.Contains(line, "level=ERROR") {
				t.Errorf("the server's log: %s", line)
			}
		}
	})
}

// forgedTokens: what is no token of ours is nobody's, whatever it looks like.
func forgedTokens(t *testing.T, s *stage) {
	clerk, program := s.actor(t, "clerk"), s.actor(t, "program")
	for name, real := range map[string]string{"cookie": clerk.cookie, "bearer": program.bearer} {
		for _, forged := range []string{
			"", "x", real[:len(real)-1], real + "A", flipped(real), strings.ToLower(real), strings.Repeat("A", len(real)),
			base64.StdEncoding.EncodeToString([]byte(real)), real + "=", strings.Repeat("A", 4000), "null", "' or '1'='1", "%00", "eyJhbGciOiJub25lIn0.e30.",
		} {
			if forged == real {
				continue
			}
			who := &actor{cookie: forged}
			if name == "bearer" {
				who = &actor{bearer: forged}
			}
			if forged == "" {
				continue
			}
			s.get(t, "/api/v1/me", who.send).want(t, http.StatusUnauthorized)
		}
	}
	// A token of one sort is none of the other.
	s.get(t, "/api/v1/me", (&actor{bearer: clerk.cookie}).send).want(t, http.StatusUnauthorized)
	s.get(t, "/api/v1/me", (&actor{cookie: program.bearer}).send).want(t, http.StatusUnauthorized)
	// A wrong bearer is not replaced by a right cookie.
	s.get(t, "/api/v1/me", clerk.send, header("Authorization", "Bearer x")).want(t, http.StatusUnauthorized)
	s.get(t, "/api/v1/me?access_token="+program.bearer).want(t, http.StatusUnauthorized)
	s.get(t, "/api/v1/me", header("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("clerk:x")))).want(t, http.StatusUnauthorized)
}

// flipped is a token with one character another.
func flipped(token string) string {
	last := "A"
	if strings.HasSuffix(token, "A") {
		last = "B"
	}
	return token[:len(token)-1] + last
}

// endedSession: whoever kept a token that was stolen has nothing once it ended.
func endedSession(t *testing.T, s *stage) {
	e := s.equip(t, "robbed", iam.Staff, units[policytest.Own], auth.EquipRequest{})
	for name, end := range map[string]func(*actor) answer{
		"signed out":           func(a *actor) answer { return s.call(t, http.MethodDelete, "/api/v1/session", nil, a.send) },
		"signed out on a page": func(a *actor) answer { return s.call(t, http.MethodPost, "/logout", nil, a.send) },
		"signed out everywhere": func(a *actor) answer {
			other := &actor{cookie: s.enter(t, e)}
			return s.call(t, http.MethodDelete, "/api/v1/sessions", nil, other.send)
		},
		"ended by security": func(a *actor) answer {
			id := s.sessionOf(t, e.ID, a.cookie)
			return s.call(t, http.MethodPost, "/api/v1/sessions/"+id+"/end", []byte("{"+because+"}"), s.actor(t, "security").send)
		},
	} {
		stolen := &actor{cookie: s.enter(t, e)}
		s.get(t, "/api/v1/me", stolen.send).want(t, http.StatusOK)
		if got := end(stolen); got.status >= 400 {
			t.Fatalf("%s: %s", name, got.body)
		}
		s.get(t, "/api/v1/me", stolen.send).problem(t, http.StatusUnauthorized, "auth.session")
		s.call(t, http.MethodPut, "/api/v1/me/password", []byte(`{"current":"x","next":"x"}`), stolen.send).want(t, http.StatusUnauthorized)
	}
}

// sessionFixation: signing in opens another session than the one that the
// request came with, and that one ends.
func sessionFixation(t *testing.T, s *stage) {
	thief := s.equip(t, "planter", iam.Staff, units[policytest.Own], auth.EquipRequest{})
	victim := s.equip(t, "planted", iam.Staff, units[policytest.Own], auth.EquipRequest{})
	planted := &actor{cookie: s.enter(t, thief)}
	in := s.signInAs(t, victim, "", planted.send)
	in.want(t, http.StatusOK)
	if got := cookieOf(in); got == "" || got == planted.cookie {
		t.Error("the session goes on under the token that was planted")
	}
	s.get(t, "/api/v1/me", planted.send).want(t, http.StatusUnauthorized)
	invented := strings.Repeat("A", len(planted.cookie))
	in = s.signInAs(t, victim, "", (&actor{cookie: invented}).send)
	in.want(t, http.StatusOK)
	if cookieOf(in) == invented {
		t.Error("a token that the browser invented was taken")
	}
	s.get(t, "/api/v1/me", (&actor{cookie: invented}).send).want(t, http.StatusUnauthorized)
}

// usedCode: a one-time code opens one session.
func usedCode(t *testing.T, s *stage) {
	e := s.equip(t, "twice", iam.Staff, units[policytest.Own], auth.EquipRequest{})
	code := oneTime(t, e.TOTP, s.DB.Now())
	s.signInAs(t, e, code).want(t, http.StatusOK)
	s.signInAs(t, e, code).problem(t, http.StatusUnauthorized, "auth.failed")
	s.signInAs(t, e, oneTime(t, e.TOTP, s.DB.Now().Add(-30*time.Second))).problem(t, http.StatusUnauthorized, "auth.failed")
	s.signInAs(t, e, oneTime(t, e.TOTP, s.DB.Now().Add(10*time.Minute))).problem(t, http.StatusUnauthorized, "auth.failed")
	s.triedInVain(t, e)
}

// triedInVain wants that wrong sign-ins are in the audit.
func (s *stage) triedInVain(t *testing.T, e auth.Equipped) {
	t.Helper()
	var rows []audit.Entry
	must(t, s.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		rows, _, err = audit.List(tx, audit.Query{Object: "account/" + e.ID, Action: "auth.sign-in", Result: audit.Refused})
		return err
	}))
	if len(rows) == 0 {
		t.Error("no wrong sign-in is in the audit")
	}
}

// usedLink: a one-time link sets a password once.
func usedLink(t *testing.T, s *stage) {
	account := s.records[policytest.Own].fresh().account(t, units[policytest.Own])
	a := s.call(t, http.MethodPost, "/api/v1/accounts/"+account.ID+"/links", []byte(`{"purpose":"first",`+because+`}`), s.actor(t, "system").send)
	a.want(t, http.StatusCreated)
	path := a.json(t)["path"].(string)
	set := func(password string) answer {
		return s.call(t, http.MethodPost, path, []byte("next="+password+"&again="+password), header("Content-Type", "application/x-www-form-urlencoded"), header("Sec-Fetch-Site", "same-origin"))
	}
	s.get(t, path).want(t, http.StatusOK)
	if got := set("correct-Horse-battery-9"); got.status != http.StatusSeeOther {
		t.Fatalf("the link does not work: %d %s", got.status, got.brief())
	}
	if got := set("stolen-Horse-battery-9"); got.status < 400 {
		t.Errorf("the link worked again: %d", got.status)
	}
	if got := s.get(t, path); got.status < 400 {
		t.Errorf("the link is shown again: %d", got.status)
	}
	first := auth.Equipped{Account: account, Password: "correct-Horse-battery-9"}
	s.signInAs(t, first, "").want(t, http.StatusOK)
	first.Password = "stolen-Horse-battery-9"
	s.signInAs(t, first, "").want(t, http.StatusUnauthorized)
}

// pendingEverywhere: a sign-in under way opens no route but those of its steps.
func pendingEverywhere(t *testing.T, s *stage) {
	pending := s.actor(t, "pending")
	asked := 0
	for _, l := range allLines() {
		if l.about == anybody {
			continue
		}
		asked++
		method, _, _ := strings.Cut(l.name(), " ")
		rec := s.records[policytest.Own]
		rec.forActor(t, &l, pending, policytest.Own, false)
		got := s.call(t, method, rec.fill(t, l.path()), orNil(rec.fill(t, l.body)), pending.send)
		if got.status != http.StatusUnauthorized && !strings.HasPrefix(got.header.Get("Location"), "/login") {
			t.Errorf("%s: %d", l.route, got.status)
		}
	}
	if asked < 100 {
		t.Errorf("only %d routes", asked)
	}
}

// stuffing: many accounts tried from one place are locked out there, and each
// account by itself from anywhere; nothing tells which of them exist.
func stuffing(t *testing.T, s *stage) {
	victim := s.equip(t, "stuffed", iam.Staff, units[policytest.Own], auth.EquipRequest{})
	from := func(address string) func(*http.Request) {
		return func(r *http.Request) { r.RemoteAddr = address + ":9" }
	}
	var first []byte
	for i := range 40 {
		e := auth.Equipped{Password: "wrong-password"}
		e.Username = fmt.Sprintf("guess%d", i)
		if i == 3 {
			e.Username = victim.Username
		}
		got := s.signInAs(t, e, "", from("203.0.113.9"))
		var p struct{ Code, Detail, Hint string }
		must(t, json.Unmarshal(got.body, &p))
		said := []byte(p.Code + p.Detail + p.Hint)
		if i == 0 {
			first = said
		}
		switch {
		case i < 25 && string(said) != string(first):
			t.Errorf("the answer for %d is another: %s", i, got.body)
		case i > 35 && (got.status != http.StatusTooManyRequests || got.header.Get("Content-Type") != "application/problem+json"):
			t.Errorf("try %d from one address: %d", i, got.status)
		}
	}
	s.signInAs(t, victim, "", from("203.0.113.9")).problem(t, http.StatusTooManyRequests, "auth.locked")
	s.signInAs(t, victim, "", from("203.0.113.10")).want(t, http.StatusOK)
	for i := range 8 {
		wrong := victim
		wrong.Password = fmt.Sprint("wrong-password", i)
		s.signInAs(t, wrong, "", from(fmt.Sprintf("203.0.113.%d", 20+i)))
	}
	s.signInAs(t, victim, "", from("203.0.113.50")).problem(t, http.StatusTooManyRequests, "auth.locked")
	s.triedInVain(t, victim)
	var rows []audit.Entry
	must(t, s.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		rows, _, err = audit.List(tx, audit.Query{Address: "203.0.113.9", Limit: 100})
		return err
	}))
	if len(rows) == 0 {
		t.Error("the audit does not know the address")
	}
}
