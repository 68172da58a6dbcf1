package issuing

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

// actorOf names who acts, so that a program is told from every person.
func actorOf(ctx context.Context) string {
	p, ok := iam.From(ctx)
	switch {
	case !ok:
		return ""
	case p.Account != "":
		return p.Account
	}
	return "app/" + p.Client
}

// working are what somebody holds who works on drafts of a unit.
var working = []string{permCollect, permReview, permSeal}

// seesTx tells whether whoever acts works on drafts of the unit; to others there
// is no such draft.
func sees(ctx context.Context, r *row) error {
	p, ok := iam.From(ctx)
	if !ok {
		return iam.Allow(ctx, permCollect, r.unit)
	}
	if p.Kind == iam.Holder || !iam.MayAny(ctx, r.unit, working...) {
		return errUnknown()
	}
	return nil
}

// collects tells the actions by which somebody has collected.
var collects = []Action{ActCreate, ActApply, ActCorrect, ActSave, ActSubmit}

// apart refuses who did another part of the same draft already, whatever roles
// they hold.
func apart(steps []*stepRow, actor string, a Action, from State) error {
	did := func(actions ...Action) bool {
		return slices.ContainsFunc(steps, func(x *stepRow) bool { return x.actor == actor && slices.Contains(actions, x.action) })
	}
	reviewed := did(ActPass, ActReturn)
	switch {
	case from == Submitted && did(collects...):
		return fault.Forbidden.New("您经手过此件的采集，不能审核").WithCode("issuing.own").WithHint("请由另一位审核人审核")
	case (from == Passed || from == Issuing) && did(collects...):
		return fault.Forbidden.New("您经手过此件的采集，不能制作签发").WithCode("issuing.own").WithHint("请由没有经手采集和审核的签发人办理")
	case (from == Passed || from == Issuing) && reviewed:
		return fault.Forbidden.New("您审核过此件，不能制作签发").WithCode("issuing.own").WithHint("请由没有经手采集和审核的签发人办理")
	case from == Drafted && (a == ActSave || a == ActSubmit) && (reviewed || did(ActIssue, ActSendBack)):
		return fault.Forbidden.New("您审核或签发过此件，不能再采集").WithCode("issuing.own").WithHint("请由经办人补正")
	}
	return nil
}

// may refuses who may not do this now with a draft that was taken: by right, and
// by what they did before.
func may(ctx context.Context, r *row, x *rule) error {
	if err := sees(ctx, r); err != nil {
		return err
	}
	if err := iam.Allow(ctx, x.needs, r.unit); err != nil {
		return err
	}
	return apart(r.done, actorOf(ctx), x.action, r.state)
}

// classOf is the class of what a kind collects: as sensitive as its most
// sensitive field, and what tells of persons is never public.
func classOf(k *catalogue.Kind) string {
	class := catalogue.Internal
	for i := range k.Fields {
		if k.Fields[i].ClassOf() == catalogue.Sensitive {
			class = catalogue.Sensitive
		}
	}
	return class
}

// purpose is what those who make certificates look at personal data for.
const purpose = "issue"

// readable asks whether what is collected may be shown in full, and returns the
// context whose audit rows say why.
func readable(ctx context.Context, r *row, k *catalogue.Kind) (context.Context, error) {
	held := ""
	for _, p := range working {
		if iam.Allow(ctx, p, r.unit) == nil {
			held = p
			break
		}
	}
	return iam.Decided(ctx, iam.Question{Permission: held, Org: r.unit, Purpose: purpose, Class: classOf(k)})
}

func objectOf(id string) string         { return "issuing/" + id }
func incidentObject(id string) string   { return "incident/" + id }
func clip(text string, most int) string { return string([]rune(text)[:min(len([]rune(text)), most)]) }
