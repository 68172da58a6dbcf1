package verify

import (
	"slices"

	"sidian/internal/provider"
	"sidian/ofd/sign"
)

// weigh takes the word of those who made the seals into the verdict: see the
// package's documentation.
func (v *Verdict) weigh(sources []provider.Source) {
	v.Sources = append(v.Sources, sources...)
	for _, src := range sources {
		switch src.Result {
		case provider.Answered:
			for _, i := range src.Indexes {
				if i < len(v.Signatures) {
					v.take(i, src)
				}
			}
		case provider.Ours, provider.Nobody:
		default:
			v.warn("provider_"+string(src.Result), src.Message)
		}
	}
	v.settle()
}

// take takes a source's word on one signature.
func (v *Verdict) take(i int, src provider.Source) {
	sig, said := &v.Signatures[i], src.Verdicts[i]
	switch {
	case sig.Verdict == sign.Invalid:
		if said == sign.Valid {
			v.warn("provider_differs", "签章服务商“"+src.Name+"”认为签章有效，与本平台的检查不一致；以本平台的检查为准")
		}
	case said == sign.Invalid:
		sig.Verdict = sign.Invalid
		v.say("provider_invalid", src.Message+"，以其结论为准")
	case sig.Verdict == sign.Valid && said != sign.Valid:
		sig.Verdict = sign.Undetermined
		v.say("provider_undetermined", src.Message+"，因此不能认定")
	case sig.Verdict == sign.Undetermined && said == sign.Valid && src.Flagged:
		v.warn("provider_flagged", "签章服务商“"+src.Name+"”曾作虚假答复，在重新批准前不采信其有效结论")
	case sig.Verdict == sign.Undetermined && said == sign.Valid && onlyChain(sig):
		sig.Verdict = sign.Valid
		if v.confirmed == nil {
			v.confirmed = map[int]bool{}
		}
		v.confirmed[i] = true
		v.note("签章人不在本平台的信任根之下，" + src.Message)
	}
}

// onlyChain tells whether nothing about a signature is unknown but whether its
// digital certificates lead to an anchor of ours.
func onlyChain(sig *sign.SignatureReport) bool {
	chain := false
	for _, c := range sig.Checks {
		switch {
		case c.Result == sign.Fail:
			return false
		case c.Result != sign.Unknown:
		case c.Code == sign.CheckChain:
			chain = true
		case c.Code != sign.CheckRevocation:
			return false
		}
	}
	return chain
}

// settle makes the file's verdict, and our own word as a source, the worst of
// their signatures' again.
func (v *Verdict) settle() {
	if len(v.Signatures) == 0 || v.Report.Verdict == sign.Refused || v.Report.Verdict == sign.Unsigned {
		return
	}
	v.Report.Verdict = sign.Valid
	for _, s := range v.Signatures {
		v.Report.Verdict = worse(v.Report.Verdict, s.Verdict)
	}
	for i := range v.Sources {
		src := &v.Sources[i]
		if src.Result != provider.Ours {
			continue
		}
		src.Verdict = sign.Valid
		for _, at := range src.Indexes {
			src.Verdict = worse(src.Verdict, v.Signatures[at].Verdict)
		}
	}
}

func worse(a, b sign.Verdict) sign.Verdict {
	order := []sign.Verdict{sign.Valid, sign.Undetermined, sign.Invalid}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// warn adds a warning once; say also makes it a reason.
func (v *Verdict) warn(code, message string) {
	w := sign.Warning{Code: code, Message: message}
	if !slices.Contains(v.Warnings, w) {
		v.Warnings = append(v.Warnings, w)
	}
}

func (v *Verdict) say(code, message string) {
	v.warn(code, message)
	v.note(message)
}

// note adds a reason once.
func (v *Verdict) note(message string) {
	if !slices.Contains(v.notes, message) {
		v.notes = append(v.notes, message)
	}
}
