package seals

import (
	"context"
	"fmt"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

func (s *Service) now() time.Time { return s.IAM.DB.Now() }

// authority is the sort of unit that manages the seals of its tier.
const authority = "authority"

// mayOf tells whether the reader may do something with seals of an
// organisation, as package seal decides it: there, above it, or at the authority
// of its tier. It is for what is offered; package seal asks again.
func (s *Service) mayOf(ctx context.Context, permission, org string) bool {
	if iam.May(ctx, permission, org) {
		return true
	}
	for _, root := range iam.ScopeRoots(ctx, permission) {
		o, err := s.IAM.Org(ctx, root)
		if err == nil && o.Type == authority && !o.Closed && o.Parent != "" && iam.May(ctx, "seal.manage", root) && s.below(ctx, org, o.Parent) {
			return true
		}
	}
	return false
}

// below tells whether an organisation is another, or stands below it.
func (s *Service) below(ctx context.Context, org, top string) bool {
	for range 32 { // more than may stand above each other
		if org == top {
			return true
		}
		o, err := s.IAM.Org(ctx, org)
		if err != nil || o.Parent == "" {
			return false
		}
		org = o.Parent
	}
	return false
}

// keeps tells whether the reader keeps a seal, or manages it.
func (s *Service) keeps(ctx context.Context, x *seal.Seal) bool {
	return x.Custodian != "" && x.Custodian == iam.Self(ctx) && (own(ctx, x) || iam.May(ctx, "seal.use", x.Org)) || s.mayOf(ctx, "seal.manage", x.Org)
}

func own(ctx context.Context, x *seal.Seal) bool {
	return x.Kind == seal.Personal && x.Person != "" && x.Person == iam.Self(ctx)
}

// stateChip is a state as a word on a colour.
func stateChip(state string) page.Chip {
	class := map[string]string{
		seal.Made: page.Care, seal.Effective: page.Good, seal.Frozen: page.Bad, seal.Expired: page.Care, seal.Cancelled: page.Plain, seal.Replaced: page.Plain,
	}[state]
	return page.Chip{Class: class, Word: seal.StateName(state)}
}

// chips are the state of a seal and what is soon to be done about it.
func chips(x *seal.Seal, now time.Time) []page.Chip {
	out := []page.Chip{stateChip(x.State)}
	if !x.LostAt.IsZero() && x.State == seal.Frozen {
		out = append(out, page.Chip{Class: page.Bad, Word: "密钥失控"})
	}
	if left := days(now, x.ValidTo); alive(x) && left >= 0 && left <= soon {
		out = append(out, page.Chip{Class: page.Care, Word: lastDays(left)})
	}
	return out
}

// soon is how many days before its end a seal is marked.
const soon = 30

// days is how many days there are until a time, by the calendar here.
func days(now, until time.Time) int {
	midnight := func(t time.Time) time.Time {
		t = page.In(t)
		return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	}
	return int(midnight(until).Sub(midnight(now)).Hours() / 24)
}

func lastDays(left int) string {
	if left == 0 {
		return "今天到期"
	}
	return fmt.Sprintf("%d 天后到期", left)
}

// alive tells whether a seal is filed and not gone for ever.
func alive(x *seal.Seal) bool { return x.State == seal.Effective || x.State == seal.Frozen }

// open tells whether something can still become of a seal.
func open(x *seal.Seal) bool { return alive(x) || x.State == seal.Made }

// shown is the name of a seal in lists: a person's is masked, but to themselves
// and to who keeps it.
func shown(ctx context.Context, x *seal.Seal) string {
	if seal.OfPerson(x.Kind) && x.Person != iam.Self(ctx) && x.Custodian != iam.Self(ctx) {
		return gbcode.MaskName(x.Name)
	}
	return x.Name
}

// renewal is where a seal is renewed, while that may be done.
func renewal(ctx context.Context, x *seal.Seal, now time.Time) string {
	if !x.RenewalOpen(now) || !(iam.May(ctx, "seal.apply", x.Org) || own(ctx, x)) {
		return ""
	}
	return applying("renew", x.ID)
}

// applying is where something is applied for, about a seal.
func applying(kind, id string) string {
	return page.Asking("/console/seal-applications/new", "kind", kind, "seal", id)
}

func dash(text string) string {
	if text == "" {
		return "—"
	}
	return text
}

// untilOf reads a day that is the last one, here.
func untilOf(field, typed string) (time.Time, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return time.Time{}, fault.Invalid.New("请填写期限").WithCode("date").WithField(field, "required", "必填")
	}
	day, err := time.ParseInLocation(time.DateOnly, typed, page.In(time.Time{}).Location())
	if err != nil {
		return time.Time{}, fault.Invalid.New("日期不正确").WithCode("date").WithField(field, "format.date", "应为日期，例如 2026-12-31")
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), nil
}
