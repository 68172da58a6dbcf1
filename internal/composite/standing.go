package composite

import "sidian/internal/cert/state"

// A Standing is what its members make of a composite.
type Standing string

// The standings.
const (
	InForce   Standing = "in_force"
	Suspended Standing = "suspended" // comes back by itself when its members do
	Broken    Standing = "broken"    // a required member ended for good: it is composed anew, or cancelled
)

var standingNames = map[Standing]string{InForce: "各项必备许可有效", Suspended: "必备许可暂停", Broken: "必备许可已终止"}

// Label is the standing in Chinese.
func (s Standing) Label() string { return standingNames[s] }

// A Part is a member as far as its composite's standing goes: its status today, of
// the version that counts.
type Part struct {
	Required bool
	Status   state.Status
}

// Permits tells whether the business of this member may be done.
func (p Part) Permits() bool {
	i, ok := state.Of(p.Status)
	return ok && i.Stands
}

// ends tells that the member will not stand again by itself: an expired one may be
// extended, and counts as ended until it is.
func (p Part) ends() bool {
	i, ok := state.Of(p.Status)
	return !ok || !i.Passes && !i.Stands || p.Status == state.Expired
}

// Stand is the standing that members give, and the place of the one that decides
// it; -1: none does. Every required member must stand, and one member at least.
func Stand(parts []Part) (Standing, int) {
	result, because, permitted := InForce, -1, 0
	for i, p := range parts {
		switch {
		case p.Permits():
			permitted++
			continue
		case !p.Required:
			continue
		case p.ends() && result != Broken:
			result, because = Broken, i
		case result == InForce:
			result, because = Suspended, i
		}
	}
	if permitted > 0 || because >= 0 {
		return result, because
	}
	for i, p := range parts { // nothing is permitted any more
		if !p.ends() {
			return Suspended, i
		}
		because = 0
	}
	return Broken, because
}
