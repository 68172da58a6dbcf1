package records

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"sidian/internal/auditor"
	"sidian/internal/fault"
)

// A namer gives organisations and accounts their names, each asked for once.
type namer struct {
	s    *Service
	ctx  context.Context
	orgs map[string]string
	err  error
	// users are the usernames of accounts that no name is known of.
	users map[string]string
}

func (s *Service) namer(ctx context.Context) *namer {
	return &namer{s: s, ctx: ctx, orgs: map[string]string{}}
}

// org is the name of an organisation, or its id where there is none of that.
func (n *namer) org(id string) string {
	if id == "" || n.err != nil {
		return ""
	}
	if name, ok := n.orgs[id]; ok {
		return name
	}
	o, err := n.s.IAM.Org(n.ctx, id)
	if errors.Is(err, fault.NotFound) {
		o.Name, err = id, nil
	}
	n.err, n.orgs[id] = err, o.Name
	return o.Name
}

func (n *namer) orgList(ids []string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = n.org(id)
	}
	return strings.Join(names, "、")
}

// known looks up the usernames of those who stand without a name.
func (n *namer) known(list []auditor.Entry) {
	var ids []string
	for i := range list {
		if e := &list[i]; e.Name == "" && e.Account != "" && !slices.Contains(ids, e.Account) {
			ids = append(ids, e.Account)
		}
	}
	if len(ids) > 0 && n.err == nil {
		n.users, n.err = n.s.Usernames(n.ctx, ids)
	}
	for i := range list {
		if e := &list[i]; e.Name == "" {
			e.Name = n.users[e.Account]
		}
	}
}

// who is whoever an entry names: a person, a program, the platform, a stranger.
func who(e *auditor.Entry) string {
	switch {
	case e.Name != "":
		return e.Name
	case e.Account != "":
		return e.Account
	case e.App != "":
		return "应用 " + e.App
	case e.Address != "":
		return "未登录的访问者"
	}
	return "平台"
}

func personWord(p *auditor.Person) string {
	e := auditor.Entry{Name: p.Name, Account: p.Account, App: p.App}
	if len(p.Addresses) > 0 {
		e.Address = p.Addresses[0]
	}
	return who(&e)
}

// address is an address of these pages with what it asks for; what is empty is
// left out.
func address(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return (&url.URL{Path: path, RawQuery: v.Encode()}).String()
}

func personPage(account string) string {
	if account == "" {
		return ""
	}
	return (&url.URL{Path: "/console/audit/people/" + account}).String()
}

// providerPage is where the seal administrators decide on a provider.
func providerPage(id string) string {
	return (&url.URL{Path: "/console/providers/" + id}).String()
}

func entryPage(id string) string   { return (&url.URL{Path: "/console/audit/entries/" + id}).String() }
func objectPage(o string) string   { return address("/console/audit/objects", "object", o) }
func lookBackPage(o string) string { return address("/console/audit/lookback", "object", o) }
