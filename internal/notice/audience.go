package notice

import (
	"context"
	"slices"
	"strings"

	"sidian/internal/iam"
)

// A branch is a condition whose rows stand in one index by their time, so that a
// page of them costs the page and not the inbox. An inbox is several, and no
// notice is in two of them: it is for one account, or for one permission.
type branch struct {
	account string // for this one; or, when it is empty, for
	orgs    []string
	held    []string // permissions
}

// eachOrg is how many organisations are asked one by one. Who is told for more
// walks all by their time.
const eachOrg = 200

// chunk is how many organisations one statement takes.
const chunk = 5000

// branchesOf is the inbox of whoever acts, as of now: what they are told as
// themselves, and by what they hold. Permissions that are held for the same
// organisations are asked for together.
func branchesOf(ctx context.Context, me *iam.Principal) []branch {
	all := []branch{{account: me.Account}}
	groups, order := map[string][]string{}, []string{} // permissions by the organisations that they are held for
	for _, permission := range me.Permissions() {
		key := strings.Join(iam.ScopeRoots(ctx, permission), "\x00")
		if key == "" {
			continue
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], permission)
	}
	for _, key := range order {
		held := groups[key]
		orgs, step := iam.Orgs(ctx, held[0]), chunk
		if len(orgs) <= eachOrg {
			step = 1
		}
		for some := range slices.Chunk(orgs, step) {
			all = append(all, branch{orgs: some, held: held})
		}
	}
	return all
}

// sees tells whether a notice is in the inbox of whoever acts: the same answer
// that its branches give.
func sees(ctx context.Context, me *iam.Principal, n Notice) bool {
	if n.Account != "" {
		return n.Account == me.Account
	}
	return slices.Contains(me.Permissions(), n.Permission) && slices.Contains(iam.Orgs(ctx, n.Permission), n.Org)
}
