package signature

import (
	"slices"
	"testing"
)

// Every pair of states, allowed or not: the tables are written once more, whole.
func TestMoves(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		moves  map[string][]string
		states []string
		want   []string // "from to"
	}{
		"task": {taskMoves, []string{Open, Done, Refused, Withdrawn, Expired}, []string{"open done", "open refused", "open withdrawn", "open expired"}},
		"signer": {signerMoves, []string{Waiting, Invited, Viewed, Captured, Confirmed, Signed, Refused}, []string{
			"waiting invited", "invited viewed", "viewed captured", "captured captured", "viewed confirmed", "captured confirmed", "confirmed signed",
			"invited refused", "viewed refused", "captured refused",
		}},
		"identity": {identityMoves, []string{Applied, Effective, Cancelled, Replaced}, []string{
			"applied effective", "effective cancelled", "applied cancelled", "effective replaced",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, from := range tc.states {
				if Word(from) == "" {
					t.Errorf("%s has no Chinese word", from)
				}
				for _, to := range tc.states {
					if got, want := may(tc.moves, from, to), slices.Contains(tc.want, from+" "+to); got != want {
						t.Errorf("from %s to %s: %v, want %v", from, to, got, want)
					}
				}
			}
		})
	}
}

func TestPlanAndNext(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ groups, want []int }{
		"in order": {[]int{0, 0, 0}, []int{1, 2, 3}},
		"at once":  {[]int{4, 4, 4}, []int{1, 1, 1}},
		"mixed":    {[]int{2, 7, 2, 9}, []int{1, 2, 1, 3}},
	} {
		var list []Party
		for _, g := range tc.groups {
			list = append(list, Party{Group: g})
		}
		if got := plan(list); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
	turns := []int{1, 2, 1, 3}
	for name, tc := range map[string]struct {
		states []string
		want   int
	}{
		"nobody":    {[]string{Waiting, Waiting, Waiting, Waiting}, 1},
		"one of 1":  {[]string{Signed, Waiting, Captured, Waiting}, 1},
		"all of 1":  {[]string{Signed, Waiting, Signed, Waiting}, 2},
		"all of 2":  {[]string{Signed, Signed, Signed, Waiting}, 3},
		"all of it": {[]string{Signed, Signed, Signed, Signed}, 0},
	} {
		if got := next(turns, tc.states); got != tc.want {
			t.Errorf("%s: %d, want %d", name, got, tc.want)
		}
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	s := &Service{Items: []Item{{Code: "local.will", Name: "样例遗嘱", Paper: true, Basis: "样例规定第一条"}, {Code: "utility-stop", Name: "样例", Paper: false}}}
	for code, paper := range map[string]bool{
		"": false, "unknown": false, "marriage": true, "marriage.change": true, "marriages": false, "adoption": true, "inheritance": true,
		"local.will": true, "utility-stop": false, "realty.register": false, "labour.contract": false,
	} {
		if err := s.mayBeElectronic(code); (err != nil) != paper {
			t.Errorf("%q: %v, want paper %v", code, err, paper)
		}
	}
	list, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]bool{}
	for _, x := range list {
		if x.Paper != (x.Basis != "") {
			t.Errorf("%s: paper %v by %q", x.Code, x.Paper, x.Basis)
		}
		fields[x.Field] = true
	}
	for _, f := range []string{"不动产", "公积金", "人社", "医保", "工程项目审批"} {
		if !fields[f] {
			t.Errorf("no item of %s (SIGN-08)", f)
		}
	}
}

func TestWhence(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"": "", "curl/8": "其他", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0) MicroMessenger/8": "微信", "Mozilla/5.0 (Linux; Android 16; Pixel)": "Android",
		"Mozilla/5.0 (Windows NT 10.0)": "Windows", "Mozilla/5.0 (Phone; OpenHarmony 5.0)": "鸿蒙",
	} {
		if got := family(agent); got != want {
			t.Errorf("%q is %q, want %q", agent, got, want)
		}
	}
	for address, want := range map[string]string{"10.1.2.3": "10.1.*", "2001:db8:1:2::3": "2001:db8:*", "local": "*"} {
		if got := maskAddress(address); got != want {
			t.Errorf("%q is %q, want %q", address, got, want)
		}
	}
}
