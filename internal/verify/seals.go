package verify

import (
	"context"
	"errors"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/ofd/sign"
)

// A SealState is what has become of a seal of ours that stamped the document.
type SealState struct {
	Signature string    `json:"signature" doc:"签章编号"`
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	State     string    `json:"state" enum:"effective,frozen,cancelled,replaced,expired"`
	StateName string    `json:"state_name" doc:"印章现状"`
	Since     time.Time `json:"since,omitzero" doc:"何时起处于该状态；有效的没有"`
	Effect    Effect    `json:"effect" enum:"none,note,undetermined,invalid" doc:"对本签章结论的影响"`
	Message   string    `json:"message,omitempty"`
}

// An Effect is what the state of a seal means for an earlier stamp.
type Effect string

// Effects, in the order of their weight.
const (
	NoEffect     Effect = "none"
	Noted        Effect = "note"
	Undetermined Effect = "undetermined"
	Invalid      Effect = "invalid"
)

// states looks up each seal of ours in the document, as it stands now.
func (s *Service) states(ctx context.Context, v *Verdict) error {
	if s.Seals == nil {
		return nil
	}
	own, err := s.issuing(ctx)
	if err != nil {
		return err
	}
	for i := range v.Signatures {
		sig := &v.Signatures[i]
		if sig.Seal == nil || sig.SES == nil || !madeUnder(own, sig) {
			continue
		}
		x, err := s.stateOf(ctx, sig)
		if err != nil {
			return err
		}
		if x == nil {
			continue
		}
		v.Seals = append(v.Seals, *x)
		v.apply(sig, x)
	}
	v.settle()
	return nil
}

// stateOf returns nil for a seal that the public register does not know.
func (s *Service) stateOf(ctx context.Context, sig *sign.SignatureReport) (*SealState, error) {
	p, err := s.Seals(ctx, sig.Seal.ID)
	if errors.Is(err, fault.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	x := &SealState{Signature: sig.ID, ID: p.ID, Name: p.Name, State: p.State, StateName: p.StateName}
	if calm(p.State) {
		x.Effect = NoEffect
		return x, nil
	}
	if s.Changed != nil {
		if x.Since, err = s.Changed(ctx, p.ID); err != nil && !errors.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	x.Effect, x.Message = effectOf(x, sig.Time, sig.TimeSource == sign.TimeStamped)
	return x, nil
}

// calm are the states that say nothing about a stamp: whether the seal was valid
// when it stamped is a check of its own.
func calm(state string) bool { return state == seal.Effective || state == seal.Expired }

// effectOf is the rule of the package's documentation. Stamps and time stamps tell
// seconds, changes of state milliseconds: within the second of the change nobody
// can tell which was first, and the stamp is not confirmed.
func effectOf(x *SealState, at time.Time, proven bool) (Effect, string) {
	what := "印章“" + x.Name + "”"
	since := x.Since.Truncate(time.Second)
	when := since.In(beijing).Format("2006-01-02 15:04:05")
	switch {
	case x.Since.IsZero():
		return Undetermined, what + "现状为" + x.StateName + "，何时起如此不明，不能确认签章当时的效力"
	case !at.IsZero() && at.Truncate(time.Second).Equal(since):
		return Undetermined, what + "自 " + when + " 起" + x.StateName + "，签章与之在同一秒内；时间只精确到秒，分不出先后，不能确认"
	case at.IsZero() || !at.Before(since):
		return Invalid, what + "自 " + when + " 起" + x.StateName + "，签章不早于该时间，无效"
	case proven:
		return Noted, what + "自 " + when + " 起" + x.StateName + "；时间戳证明签章在此之前，签章仍然有效"
	case x.State == seal.Replaced:
		return Noted, what + "自 " + when + " 起" + x.StateName + "；所称签章时间在此之前，但没有时间戳证明"
	default:
		return Undetermined, what + "自 " + when + " 起" + x.StateName + "；所称签章时间在此之前，但没有时间戳证明，不能确认"
	}
}

var beijing = time.FixedZone("CST", 8*3600)

// apply lets a state lower a signature's verdict.
func (v *Verdict) apply(sig *sign.SignatureReport, x *SealState) {
	switch {
	case x.Effect == NoEffect:
	case x.Effect == Invalid:
		sig.Verdict = sign.Invalid
		v.say("seal_"+x.State, x.Message)
	case x.Effect == Undetermined && sig.Verdict != sign.Invalid:
		sig.Verdict = sign.Undetermined
		v.say("seal_"+x.State, x.Message)
	default:
		v.warn("seal_"+x.State, x.Message)
	}
}

// issuing is our authority under which seal makers stand; nil before there is one.
func (s *Service) issuing(ctx context.Context) (*gm.Certificate, error) {
	all, err := s.PKI.Authorities(ctx)
	for _, a := range all {
		if a.ID == pki.Issuing {
			return a.Certificate, nil
		}
	}
	return nil, err
}

// madeUnder tells whether the maker of a signature's seal stands under an
// authority: an id alone could be anybody's.
func madeUnder(ca *gm.Certificate, sig *sign.SignatureReport) bool {
	maker := sig.SES.Seal.Maker
	if ca == nil || maker == nil {
		return false
	}
	_, err := maker.CheckFrom(ca)
	return err == nil
}
