package complaint

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// authorityType is the sort of unit that manages seals (管理单位).
const authorityType = "authority"

// tiers are those that have authorities, lowest first.
var tiers = []string{"county", "city", "province"}

// authorityFor is who decides about a unit: of the lowest tier that has one, the
// authority above it or beside those above it, and never the unit itself. One that
// stands below the unit does so only where there is no other.
func authorityFor(above, all []iam.Org) string {
	if len(above) == 0 {
		return ""
	}
	unit := above[0]
	below := ""
	for _, tier := range tiers {
		if unit.Type == authorityType && slices.Index(tiers, tier) <= slices.Index(tiers, unit.Tier) {
			continue // of its own tier it is the authority
		}
		for _, o := range above {
			for _, a := range all {
				switch {
				case a.Type != authorityType || a.Closed || a.Tier != tier || a.ID == unit.ID || a.ID != o.ID && a.Parent != o.ID:
				case a.Parent != unit.ID:
					return a.ID
				case below == "":
					below = a.ID
				}
			}
		}
	}
	return below
}

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

// sidesOf tells in which capacities whoever acts has to do with a complaint. Who
// has none is told that there is none. Who belongs to the unit is never the
// authority: they would learn who complained, and decide about their own.
func sidesOf(ctx context.Context, r *row) ([]Side, error) {
	p, ok := iam.From(ctx)
	if !ok {
		return nil, iam.Allow(ctx, permReply, r.org)
	}
	if p.Kind == iam.Holder {
		if p.Account == "" || p.Account != r.account {
			return nil, errUnknown()
		}
		if err := iam.Ask(ctx, iam.Question{Permission: permFile, Owner: true}); err != nil {
			return nil, err
		}
		return []Side{Complainant}, nil
	}
	var sides []Side
	if iam.Allow(ctx, permReply, r.org) == nil {
		sides = append(sides, Unit)
	}
	if p.Org != r.org && iam.Allow(ctx, permHandle, r.authority) == nil {
		sides = append(sides, Authority)
	}
	if len(sides) == 0 {
		return nil, errUnknown()
	}
	return sides, nil
}

// mayTx refuses who may not act on a complaint in the capacity of a side.
func mayTx(ctx context.Context, tx *db.Tx, r *row, side Side, sides []Side) error {
	p, ok := iam.From(ctx)
	switch {
	case !ok || p.Account == "":
		return fault.Forbidden.New("投诉须由人办理").WithCode("complaint.program").WithHint("请登录后办理")
	case side == Complainant && !slices.Contains(sides, Complainant):
		return fault.Forbidden.New("只有投诉人可以撤回").WithCode("complaint.complainant").WithHint("请由投诉人本人登录后办理")
	case side == Unit:
		return iam.Allow(ctx, permReply, r.org)
	case side == Authority && p.Org == r.org:
		return fault.Forbidden.New("不能处理对本单位的投诉").WithCode("complaint.own-unit").WithHint("由处理单位的印章管理员处理")
	case side == Authority:
		return decidesTx(ctx, tx, r, p)
	}
	return nil
}

// decidesTx refuses who does not decide for the authority: a role held above
// counts for the tiers below it, but a tier's cases are decided by people of that
// tier, and by nobody who explained for the unit.
func decidesTx(ctx context.Context, tx *db.Tx, r *row, p *iam.Principal) error {
	if err := iam.Allow(ctx, permHandle, r.authority); err != nil {
		return err
	}
	done, err := historyOf(tx, r.id)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(done, func(h *historyRow) bool { return h.account == p.Account && h.org == r.org }) {
		return fault.Forbidden.New("不能处理本人说明过的投诉").WithCode("complaint.own").WithHint("请由处理单位的其他人办理")
	}
	if p.Org == r.authority {
		return nil
	}
	at, err := iam.OrgTx(tx, r.authority)
	if err != nil {
		return err
	}
	own, err := iam.OrgTx(tx, p.Org)
	if err != nil || own.Tier != at.Tier {
		return fault.Forbidden.Wrap(err, "本级的投诉须由本级的人员处理").WithCode("complaint.tier").WithHint("请由该级印章管理单位的印章管理员处理")
	}
	return nil
}

func objectOf(id string) string { return "complaint/" + id }
