package state

// A Need is whether an action takes something.
type Need int

// Needs.
const (
	No Need = iota
	May
	Must
)

// An Action is something that is done to a certificate, or that time does.
type Action struct {
	Code string
	Name string
	From []Status // in which it may be done
	To   Status   // that it leads to; empty: the status stays

	Sets   []Mark // that stand afterwards
	Clears []Mark // that do not
	Wants  []Mark // of which one must stand before; none: does not matter
	Bars   []Mark // of which none may stand

	Permission string // who may; empty: time does it, and nobody may
	Basis      bool   // the law or the decision that it rests on must be named
	Until      Need   // a date: for how long, or the new end of validity
	Next       bool   // a new version takes its place
	Undo       string // the action that takes it back; empty: nothing does
}

// Permission of every action that somebody may do.
const Permission = "cert.status"

// Codes of actions that others name.
const (
	Expire  = "expire"
	Extend  = "extend"
	Correct = "correct"
	Change  = "change"
	Replace = "replace"
)

var (
	living = []Status{Effective, Suspended, Lost}
	lasted = []Status{Effective, Suspended, Lost, Expired}
	bound  = []Mark{Mortgaged, Pledged}
)

// Actions is the table. 制发 is not in it: it is how the life begins.
func Actions() []Action {
	may := func(a Action) Action { a.Permission = Permission; return a }
	return []Action{
		{Code: Expire, Name: "有效期届满", From: []Status{Effective}, To: Expired},
		may(Action{Code: Extend, Name: "延期", From: []Status{Effective, Expired}, To: Effective, Basis: true, Until: Must}),
		may(Action{Code: "suspend", Name: "暂扣", From: []Status{Effective}, To: Suspended, Basis: true, Until: May, Undo: "resume"}),
		may(Action{Code: "resume", Name: "恢复", From: []Status{Suspended}, To: Effective, Basis: true}),
		may(Action{Code: "report_lost", Name: "挂失", From: []Status{Effective}, To: Lost, Undo: "found"}),
		may(Action{Code: "found", Name: "解挂", From: []Status{Lost}, To: Effective}),
		may(Action{Code: Change, Name: "变更", From: []Status{Effective}, To: Changed, Bars: bound, Basis: true, Next: true}),
		may(Action{Code: Replace, Name: "换证", From: []Status{Effective, Lost, Expired}, To: Replaced, Bars: bound, Basis: true, Next: true}),
		may(Action{Code: Correct, Name: "更正", From: []Status{Effective}, To: Abolished, Basis: true, Next: true}),
		may(Action{Code: "recall", Name: "收回", From: lasted, To: Recalled, Basis: true}),
		may(Action{Code: "revoke", Name: "吊销", From: lasted, To: Revoked, Basis: true}),
		may(Action{Code: "rescind", Name: "撤销", From: lasted, To: Rescinded, Basis: true}),
		may(Action{Code: "cancel", Name: "注销", From: lasted, To: Cancelled, Bars: bound, Basis: true}),
		may(Action{Code: "abolish", Name: "废止", From: lasted, To: Abolished, Basis: true}),
		may(Action{Code: "mortgage", Name: "抵押", From: []Status{Effective}, Sets: []Mark{Mortgaged}, Bars: []Mark{Mortgaged}, Basis: true, Undo: "unmortgage"}),
		may(Action{Code: "unmortgage", Name: "解押", From: lasted, Clears: []Mark{Mortgaged}, Wants: []Mark{Mortgaged}, Basis: true}),
		may(Action{Code: "pledge", Name: "质押", From: []Status{Effective}, Sets: []Mark{Pledged}, Bars: []Mark{Pledged}, Basis: true, Undo: "unpledge"}),
		may(Action{Code: "unpledge", Name: "解质", From: lasted, Clears: []Mark{Pledged}, Wants: []Mark{Pledged}, Basis: true}),
		may(Action{Code: "object", Name: "异议标注", From: lasted, Sets: []Mark{Objected}, Bars: []Mark{Objected}, Undo: "unobject"}),
		may(Action{Code: "unobject", Name: "撤销异议标注", From: lasted, Clears: []Mark{Objected}, Wants: []Mark{Objected}}),
		may(Action{Code: "inspect_due", Name: "列入年审", From: living, Sets: []Mark{InspectionDue}, Clears: []Mark{InspectionPassed, InspectionFailed}, Bars: []Mark{InspectionDue}}),
		may(Action{Code: "inspect_pass", Name: "年审合格", From: living, Sets: []Mark{InspectionPassed}, Clears: []Mark{InspectionDue, InspectionFailed}, Wants: []Mark{InspectionDue, InspectionFailed}}),
		may(Action{Code: "inspect_fail", Name: "年审不合格", From: living, Sets: []Mark{InspectionFailed}, Clears: []Mark{InspectionDue}, Wants: []Mark{InspectionDue}, Basis: true}),
	}
}

// Find returns the action of a code.
func Find(code string) (Action, bool) {
	for _, a := range Actions() {
		if a.Code == code {
			return a, true
		}
	}
	return Action{}, false
}
