package due

import (
	"crypto/rand"
	"strings"
	"sync/atomic"
	"time"

	"sidian/internal/db"
	"sidian/internal/outbox"
	"sidian/workday"
)

// A Service keeps promises. It is safe for concurrent use, and is not copied.
type Service struct {
	DB     *db.DB
	Outbox *outbox.Outbox
	// Days is the calendar that comes with the program; nil: workday.Embedded().
	Days *workday.Calendar

	calendar atomic.Pointer[known]
}

// A State is the state of a promise.
type State string

// The states.
const (
	Open    State = "open"
	Paused  State = "paused" // the clock stands: somebody else is asked
	Kept    State = "kept"
	Dropped State = "dropped" // there is nothing left to do
)

// A Promise is that something will be done about an object in time.
//
// Who it is for: Account, or, while that is empty, whoever holds Permission for
// Org. One without a Permission is personal: only Account can keep it, and it
// cannot be handed to another.
type Promise struct {
	ID         string    `json:"id"`             // assigned by Put
	Topic      string    `json:"topic"`          // what is promised: "grant.decide"
	Object     string    `json:"object"`         // id of the record it is about
	Rule       string    `json:"rule"`           // code of the rule; empty: Topic
	Region     string    `json:"region"`         // division code whose rules count, or ""
	Org        string    `json:"org"`            // the organisation that owes it
	Account    string    `json:"account"`        // who owes it, or ""
	Permission string    `json:"permission"`     // who may do it while Account is empty
	Title      string    `json:"title"`          // Chinese, without personal data, at most 200 characters
	Link       string    `json:"link"`           // path of the page where it is done, or ""
	Since      time.Time `json:"since"`          // when the clock began; zero: now
	Until      time.Time `json:"until,omitzero"` // when it ends by itself, for rules that count backward

	// Assigned by the package.
	RuleID      string      `json:"ruleId"`
	Amount      string      `json:"amount"` // of the rule, in Chinese: “5 个工作日”
	Origin      Origin      `json:"origin"`
	Basis       string      `json:"basis"`
	Due         time.Time   `json:"due"`            // the last moment in time
	Opens       time.Time   `json:"opens,omitzero"` // when it can be done first; zero: at once
	Remind      []time.Time `json:"remind"`         // when it is reminded of
	Escalate    []time.Time `json:"escalate"`       // when its being overdue goes up
	Provisional bool        `json:"provisional"`    // counted over a year whose holidays are not known yet
	State       State       `json:"state"`
	Late        bool        `json:"late"`   // it was kept after Due
	Reason      string      `json:"reason"` // why it was dropped, or its clock stands
	CreatedAt   time.Time   `json:"createdAt"`
	ClosedAt    time.Time   `json:"closedAt,omitzero"` // zero while it is open
	Left        Left        `json:"left"`              // at the time of the transaction

	terms   Rule
	moments []moment
	pauses  []span
	missing int
	step    int // how many moments were announced, or missed when it was made
	care    time.Time
	tallied bool
}

// closed tells whether nothing is awaited any more.
func (p *Promise) closed() bool { return p.State == Kept || p.State == Dropped }

// newID is 130 random bits in letters that a cursor takes.
func newID() string { return strings.ToLower(rand.Text()) }
