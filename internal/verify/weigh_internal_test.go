package verify

import (
	"strings"
	"testing"
	"time"

	"sidian/internal/provider"
	"sidian/internal/seal"
	"sidian/ofd/sign"
)

// signature is one with a verdict of ours, and the checks that lead to it.
func signature(id string, v sign.Verdict, unknown ...string) sign.SignatureReport {
	s := sign.SignatureReport{ID: id, Verdict: v}
	for _, code := range unknown {
		s.Checks = append(s.Checks, sign.CheckResult{Code: code, Result: sign.Unknown})
	}
	if v == sign.Invalid {
		s.Checks = append(s.Checks, sign.CheckResult{Code: sign.CheckDigest, Result: sign.Fail})
	}
	return s
}

func TestWeigh(t *testing.T) {
	t.Parallel()
	chain := []string{sign.CheckChain, sign.CheckRevocation}
	answered := func(v sign.Verdict) provider.Source {
		return provider.Source{Name: "样例", Result: provider.Answered, Indexes: []int{0}, Verdicts: map[int]sign.Verdict{0: v}}
	}
	for name, c := range map[string]struct {
		ours    sign.SignatureReport
		source  provider.Source
		want    sign.Verdict
		warning string
	}{
		"invalid stays":                  {signature("1", sign.Invalid), answered(sign.Valid), sign.Invalid, "provider_differs"},
		"invalid and confirmed":          {signature("1", sign.Invalid), answered(sign.Invalid), sign.Invalid, ""},
		"valid and confirmed":            {signature("1", sign.Valid), answered(sign.Valid), sign.Valid, ""},
		"valid, then revoked":            {signature("1", sign.Valid), answered(sign.Invalid), sign.Invalid, "provider_invalid"},
		"valid, then unknown":            {signature("1", sign.Valid), answered(sign.Undetermined), sign.Undetermined, "provider_undetermined"},
		"unknown chain, confirmed":       {signature("1", sign.Undetermined, chain...), answered(sign.Valid), sign.Valid, ""},
		"unknown chain, invalid":         {signature("1", sign.Undetermined, chain...), answered(sign.Invalid), sign.Invalid, "provider_invalid"},
		"unknown chain, unknown":         {signature("1", sign.Undetermined, chain...), answered(sign.Undetermined), sign.Undetermined, ""},
		"unknown seal signature":         {signature("1", sign.Undetermined, sign.CheckChain, sign.CheckSealSignature), answered(sign.Valid), sign.Undetermined, ""},
		"unknown time":                   {signature("1", sign.Undetermined, sign.CheckSealValidity), answered(sign.Valid), sign.Undetermined, ""},
		"nothing unknown by any check":   {signature("1", sign.Undetermined), answered(sign.Valid), sign.Undetermined, ""},
		"confirmed by one that lied":     {signature("1", sign.Undetermined, chain...), func() provider.Source { s := answered(sign.Valid); s.Flagged = true; return s }(), sign.Undetermined, "provider_flagged"},
		"refused by one that lied":       {signature("1", sign.Valid), func() provider.Source { s := answered(sign.Invalid); s.Flagged = true; return s }(), sign.Invalid, "provider_invalid"},
		"down":                           {signature("1", sign.Valid), provider.Source{Result: provider.Down, Indexes: []int{0}}, sign.Valid, "provider_down"},
		"slow without an anchor":         {signature("1", sign.Undetermined, chain...), provider.Source{Result: provider.Slow, Indexes: []int{0}}, sign.Undetermined, "provider_slow"},
		"lying":                          {signature("1", sign.Invalid), provider.Source{Result: provider.Lying, Indexes: []int{0}}, sign.Invalid, "provider_lying"},
		"foreign":                        {signature("1", sign.Undetermined, chain...), provider.Source{Result: provider.Foreign, Indexes: []int{0}}, sign.Undetermined, "provider_foreign"},
		"an index that is not there":     {signature("1", sign.Valid), provider.Source{Result: provider.Answered, Indexes: []int{7}, Verdicts: map[int]sign.Verdict{7: sign.Invalid}}, sign.Valid, ""},
		"a verdict on somebody else's":   {signature("1", sign.Undetermined, chain...), provider.Source{Result: provider.Answered, Indexes: []int{}, Verdicts: map[int]sign.Verdict{0: sign.Valid}}, sign.Undetermined, ""},
		"nobody":                         {signature("1", sign.Undetermined, chain...), provider.Source{Result: provider.Nobody, Indexes: []int{0}}, sign.Undetermined, ""},
		"nobody, though it says a thing": {signature("1", sign.Undetermined, chain...), provider.Source{Result: provider.Nobody, Indexes: []int{0}, Verdicts: map[int]sign.Verdict{0: sign.Valid}}, sign.Undetermined, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &Verdict{Report: &sign.Report{Verdict: c.ours.Verdict, Signatures: []sign.SignatureReport{c.ours}}}
			v.weigh([]provider.Source{c.source})
			if v.Signatures[0].Verdict != c.want || v.Report.Verdict != c.want {
				t.Errorf("%s, file %s, want %s", v.Signatures[0].Verdict, v.Report.Verdict, c.want)
			}
			if c.warning == "" && len(v.Warnings) > 0 || c.warning != "" && !v.HasWarning(c.warning) {
				t.Errorf("warnings %v, want %q", v.Warnings, c.warning)
			}
		})
	}
}

// Two signatures of one id: what a source says of its own raises no other.
func TestWeighTwins(t *testing.T) {
	t.Parallel()
	chain := []string{sign.CheckChain}
	v := &Verdict{Report: &sign.Report{Verdict: sign.Undetermined, Signatures: []sign.SignatureReport{
		signature("1", sign.Undetermined, chain...), signature("1", sign.Undetermined, chain...),
	}}}
	v.weigh([]provider.Source{
		{Result: provider.Answered, Signatures: []string{"1"}, Indexes: []int{0}, Verdicts: map[int]sign.Verdict{0: sign.Valid}},
		{Result: provider.Nobody, Signatures: []string{"1"}, Indexes: []int{1}},
	})
	if v.Signatures[0].Verdict != sign.Valid || v.Signatures[1].Verdict != sign.Undetermined || v.Report.Verdict != sign.Undetermined {
		t.Errorf("%+v", v.Report)
	}
}

// The table of the package's documentation.
func TestEffect(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 5, 1, 12, 0, 0, 400_000_000, time.UTC)
	before, after := since.Add(-time.Hour), since.Add(time.Hour)
	for name, c := range map[string]struct {
		state  string
		since  time.Time
		at     time.Time
		proven bool
		want   Effect
		says   string
	}{
		"frozen, proven before":           {seal.Frozen, since, before, true, Noted, "仍然有效"},
		"frozen, proven after":            {seal.Frozen, since, after, true, Invalid, "无效"},
		"frozen, claimed before":          {seal.Frozen, since, before, false, Undetermined, "没有时间戳"},
		"frozen, claimed after":           {seal.Frozen, since, after, false, Invalid, "无效"},
		"frozen, no time":                 {seal.Frozen, since, time.Time{}, false, Invalid, "无效"},
		"frozen within the second":        {seal.Frozen, since, since.Truncate(time.Second), true, Undetermined, "同一秒"},
		"the same, as claimed":            {seal.Frozen, since, since.Truncate(time.Second), false, Undetermined, "同一秒"},
		"the same, to the millisecond":    {seal.Cancelled, since, since.Add(599 * time.Millisecond), true, Undetermined, "同一秒"},
		"replaced within the second":      {seal.Replaced, since, since.Truncate(time.Second), true, Undetermined, "同一秒"},
		"frozen, the second after":        {seal.Frozen, since, since.Truncate(time.Second).Add(time.Second), true, Invalid, "无效"},
		"frozen, the second before":       {seal.Frozen, since, since.Truncate(time.Second).Add(-time.Second), true, Noted, "仍然有效"},
		"frozen, nobody knows since when": {seal.Frozen, time.Time{}, before, true, Undetermined, "不明"},
		"cancelled, proven before":        {seal.Cancelled, since, before, true, Noted, "仍然有效"},
		"cancelled, claimed before":       {seal.Cancelled, since, before, false, Undetermined, "没有时间戳"},
		"replaced, claimed before":        {seal.Replaced, since, before, false, Noted, "没有时间戳"},
		"replaced, proven after":          {seal.Replaced, since, after, true, Invalid, "无效"},
	} {
		got, says := effectOf(&SealState{Name: "样例章", State: c.state, StateName: "已冻结", Since: c.since}, c.at, c.proven)
		if got != c.want || !strings.Contains(says, c.says) {
			t.Errorf("%s: %s %s", name, got, says)
		}
	}
	for state, want := range map[string]bool{seal.Effective: true, seal.Expired: true, seal.Frozen: false, seal.Cancelled: false, seal.Replaced: false, "other": false} {
		if calm(state) != want {
			t.Errorf("%s", state)
		}
	}
}
