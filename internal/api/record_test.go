package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"

	"sidian/internal/audit"
	"sidian/internal/auditor"
	"sidian/internal/auth"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/iam/policy/policytest"
	"sidian/internal/onboard"
	"sidian/internal/outbox"
	"sidian/internal/pki/pkitest"
	"sidian/internal/signature"
)

// A record is what one unit has: one thing of every sort that a route can name,
// made when it is first asked for. A fresh one is for a request that may change
// what it names.
type record struct {
	s     *stage
	place policytest.Place
	got   map[string]string
	elses *signature.Task
}

// fresh is a record of the same unit that nobody used yet. What is costly to
// make and not changed is that of all.
func (r *record) fresh() *record {
	return &record{s: r.s, place: r.place, got: map[string]string{}}
}

func (r *record) org() string { return units[r.place] }

// allMakers are the makers of every package.
func allMakers() []map[string]func(t testing.TB, r *record) string {
	return []map[string]func(t testing.TB, r *record) string{orgMakers(), sealMakers(), signMakers(), archiveMakers(), complaintMakers(), itemMakers(), kindMakers(), listMakers(), issuingMakers(), batchMakers(), matterMakers(), boundMakers(), compositeMakers(), annotationMakers(), feedbackMakers()}
}

// makers make things by the names that lines use.
func makers() map[string]func(t testing.TB, r *record) string {
	all := map[string]func(t testing.TB, r *record) string{}
	for _, more := range allMakers() {
		maps.Copy(all, more)
	}
	return all
}

// orgMakers make what concerns units, people, what they may do and did.
func orgMakers() map[string]func(t testing.TB, r *record) string {
	return map[string]func(t testing.TB, r *record) string{
		"org":    func(_ testing.TB, r *record) string { return r.org() },
		"number": func(_ testing.TB, r *record) string { r.s.n++; return strconv.Itoa(r.s.n) },
		"branch": func(t testing.TB, r *record) string {
			o, err := r.s.IAM.CreateOrg(r.s.root["system"], iam.OrgRequest{Parent: r.org(), Name: "样例所" + r.value(t, "number"), Tier: "town"})
			must(t, err)
			return o.ID
		},
		"account":  func(t testing.TB, r *record) string { return r.account(t, r.org()).ID },
		"heir":     func(t testing.TB, r *record) string { return r.account(t, r.org()).ID },
		"username": func(t testing.TB, r *record) string { return r.username(t, r.value(t, "account")) },
		"heirname": func(t testing.TB, r *record) string { return r.username(t, r.value(t, "heir")) },
		"equipped": func(t testing.TB, r *record) string {
			return r.s.equip(t, "equipped"+r.value(t, "number"), iam.Staff, r.org(), auth.EquipRequest{}).ID
		},
		"posted": func(t testing.TB, r *record) string { // a branch with a contact
			_, err := r.s.IAM.Appoint(r.s.root["system"], iam.PostRequest{Org: r.value(t, "branch"), Post: iam.PostContact, Account: r.value(t, "account"), Reason: "测试"})
			must(t, err)
			return r.value(t, "branch")
		},
		"grant": func(t testing.TB, r *record) string { // waits for a decision
			g, err := r.s.IAM.ProposeGrant(r.s.root["system"], iam.GrantRequest{Account: r.value(t, "account"), Role: "clerk", Org: r.org(), Reason: "测试"})
			must(t, err)
			return g.ID
		},
		"held": func(t testing.TB, r *record) string { // has effect
			return r.s.grant(t, r.value(t, "account"), "designer", r.org())
		},
		"client": func(t testing.TB, r *record) string {
			c, err := r.s.IAM.CreateClient(r.s.root["security"], iam.ClientRequest{Name: "样例应用" + r.value(t, "number"), Org: r.org(), Scopes: []string{"kind.read"}})
			must(t, err)
			return c.ID
		},
		"secret": func(t testing.TB, r *record) string {
			list, err := r.s.IAM.Secrets(r.s.root["security"], r.value(t, "client"))
			must(t, err)
			return list[0].ID
		},
		"glass": func(t testing.TB, r *record) string {
			g, err := r.s.IAM.OpenGlass(r.opener(t), iam.GlassRequest{Org: r.org(), Object: "cert/some", Reason: "测试中的应急查阅，事由至少十个字"})
			must(t, err)
			return g.ID
		},
		"cert":     func(t testing.TB, r *record) string { return r.certificate(t).ID },
		"certcode": func(t testing.TB, r *record) string { return r.certificate(t).Code },
		"session": func(t testing.TB, r *record) string { // somebody else's
			e := r.s.equip(t, "sitting"+r.value(t, "number"), iam.Staff, r.org(), auth.EquipRequest{})
			return r.s.sessionOf(t, e.ID, r.s.enter(t, e))
		},
		"alarm": func(t testing.TB, r *record) string {
			id := "alarm" + r.value(t, "number") + r.org()
			must(t, r.s.DB.Write(t.Context(), func(tx *db.Tx) error {
				body, err := json.Marshal(auditor.Event{Org: r.org(), Object: "glass/x", At: tx.Now()})
				if err != nil {
					return err
				}
				return auditor.Alarms().Handle(tx, outbox.Event{ID: id, Topic: auditor.Glass, Key: "x", Body: json.RawMessage(body), At: tx.Now()})
			}))
			return id
		},
		"run": func(t testing.TB, r *record) string { // a table that somebody of the unit sent
			ctx := r.s.Hire(t, "bringer"+r.value(t, "number"), "system", r.org())
			table := "单位编号,上级单位,单位全称,层级\n," + r.org() + ",样例导入所" + r.value(t, "number") + ",乡镇级\n"
			run, err := r.s.Onboard.Draft(ctx, onboard.File{Kind: onboard.Units, Data: []byte(table)})
			must(t, err)
			return run.ID
		},
		"issue": func(t testing.TB, r *record) string {
			q := exampleRequest(t)
			q.Issuer = r.org()
			b, err := json.Marshal(q)
			must(t, err)
			return string(b)
		},
		"entry": func(t testing.TB, r *record) string {
			object := "cert/entry" + r.value(t, "number")
			ctx := audit.WithActor(context.Background(), audit.Actor{Account: "somebody", Org: r.org()})
			var found []audit.Entry
			must(t, r.s.DB.Write(ctx, func(tx *db.Tx) (err error) {
				if err = audit.Put(tx, audit.Entry{Action: "cert.view", Object: object}); err != nil {
					return err
				}
				found, _, err = audit.List(tx, audit.Query{Object: object})
				return err
			}))
			return found[0].ID
		},
	}
}

// opener is an administrator of the whole county who has not broken the glass.
func (r *record) opener(t testing.TB) context.Context {
	t.Helper()
	return r.s.Hire(t, "opener"+r.value(t, "number"), "system", pkitest.Root)
}

func (r *record) account(t testing.TB, org string) iam.Account {
	t.Helper()
	r.s.n++
	a, err := r.s.IAM.CreateAccount(r.s.root["system"], iam.AccountRequest{Username: fmt.Sprint("made", r.s.n), Kind: iam.Staff, Name: "样例", Org: org})
	must(t, err)
	return a
}

func (r *record) username(t testing.TB, id string) string {
	t.Helper()
	a, err := r.s.IAM.Account(r.s.root["system"], id)
	must(t, err)
	return a.Username
}

// certificate is the unit's one certificate.
func (r *record) certificate(t testing.TB) *cert.Certificate {
	t.Helper()
	list, err := r.s.Cert.List(r.s.Client, cert.ListQuery{Issuer: r.org()})
	must(t, err)
	if len(list.Items) > 0 {
		return list.Items[0]
	}
	q := exampleRequest(t)
	q.Issuer = r.org()
	c, err := r.s.Cert.Issue(r.s.Client, q)
	must(t, err)
	return c
}

func exampleRequest(t testing.TB) (q cert.IssueRequest) {
	t.Helper()
	must(t, json.Unmarshal(example(t, stageKind), &q))
	return q
}

// costly are not made again for a request that may change what it names.
var costly = []string{"cert", "certcode", "seal", "entry", "org", "receiver", "use", "soon", "spare", "lost", "statement", "permit", "foldkind"}

// value is a thing by its name.
func (r *record) value(t testing.TB, name string) string {
	t.Helper()
	if name != "number" {
		if v, ok := r.got[name]; ok {
			return v
		}
	}
	for _, c := range costly {
		if shared := r.s.records[r.place]; name == c && r != shared {
			return shared.value(t, name)
		}
	}
	make, ok := makers()[name]
	if !ok {
		t.Fatalf("no fixture makes ${%s}", name)
	}
	v := make(t, r)
	r.got[name] = v
	return v
}

// forActor sets what a request names of the actor themselves: what is theirs, if
// they may; else somebody else's.
func (r *record) forActor(t testing.TB, l *line, a *actor, p policytest.Place, may bool) {
	t.Helper()
	r.got["password"], r.got["purpose"] = a.account.Password, a.purpose()
	all := belongings()
	for name := range all {
		delete(r.got, name)
	}
	theirs := p == policytest.Own && a.known && may && (a.id() != "" || a.program())
	for name, o := range all {
		if theirs && o.theirs != nil && l.uses(name) {
			r.got[name] = o.theirs(t, r, a)
		}
	}
	for name, o := range all {
		if r.got[name] == "" && l.uses(name) {
			r.got[name] = r.value(t, o.others)
		}
	}
}

// fill replaces ${name} by the things of r. What they say is not looked into:
// files may say anything.
func (r *record) fill(t testing.TB, text string) string {
	t.Helper()
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, _ := strings.Cut(rest, "}")
		b.WriteString(r.value(t, name))
		text = after
	}
}

// sessionOf is the id of the session that a cookie stands for.
func (s *stage) sessionOf(t testing.TB, account, cookie string) string {
	t.Helper()
	who := &actor{cookie: cookie}
	a := s.get(t, "/api/v1/sessions", who.send)
	var list struct {
		Items []struct {
			ID      string
			Current bool
		}
	}
	must(t, json.Unmarshal(a.body, &list))
	for _, x := range list.Items {
		if x.Current {
			return x.ID
		}
	}
	t.Fatalf("no session of %s: %s", account, a.body)
	return ""
}
