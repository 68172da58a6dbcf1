package feedback

import (
	"slices"
	"time"

	"sidian/internal/cert/state"
)

// A State is how far a feedback is.
type State string

// States.
const (
	Filed      State = "filed"
	Confirming State = "confirming"
	Done       State = "done"
	Moot       State = "moot"
	Refused    State = "refused"
	Withdrawn  State = "withdrawn"
)

var labels = map[State]string{
	Filed: "待发证单位确认", Confirming: "正在变更状态", Done: "已确认，状态已变更", Moot: "已确认，证照已是该状态", Refused: "未采纳", Withdrawn: "已撤回",
}

// Label is the state in Chinese.
func (x State) Label() string { return labels[x] }

// Ended tells whether nothing is left to be done.
func (x State) Ended() bool { return x != Filed && x != Confirming }

// Actions are what may be told, by their codes in package state.
func Actions() (out []state.Action) {
	for _, a := range state.Actions() {
		if slices.Contains([]string{"suspend", "resume", "recall", "revoke", "cancel"}, a.Code) {
			out = append(out, a)
		}
	}
	return out
}

func actionOf(code string) (state.Action, bool) {
	for _, a := range Actions() {
		if a.Code == code {
			return a, true
		}
	}
	return state.Action{}, false
}

// A Filing is what an officer tells. The certificate is named by what is in hand:
// the code or the address behind the QR, the identifier, or kind and number, and the
// unit where several gave that number.
type Filing struct {
	Certificate string // code, address of verification, identifier
	Kind        string // with Number
	Number      string
	Unit        string // with Number: name, credit code or id of who issued it; may be empty
	Action      string
	On          string // date of the decision, 2006-01-02
	Until       string // with suspend: until which day; may be empty
	Basis       string // the clause of the law
	DocumentNo  string // of the decision
	Note        string // the facts, in brief
	Document    []byte // the decision; nil: none
}

// A Feedback is a feedback as those see it whom it concerns.
type Feedback struct {
	ID          string    `json:"id"`
	Number      string    `json:"number" doc:"反馈编号"`
	State       State     `json:"state" enum:"filed,confirming,done,moot,refused,withdrawn"`
	StateName   string    `json:"state_name"`
	Org         string    `json:"org" doc:"反馈单位"`
	OrgName     string    `json:"org_name"`
	Unit        string    `json:"unit" doc:"现在负责这份证照的发证单位"`
	UnitName    string    `json:"unit_name"`
	Certificate string    `json:"certificate" doc:"证照记录编号"`
	Identifier  string    `json:"identifier" doc:"电子证照标识"`
	Kind        string    `json:"kind"`
	KindName    string    `json:"kind_name"`
	Action      string    `json:"action" enum:"suspend,resume,recall,revoke,cancel"`
	ActionName  string    `json:"action_name"`
	On          string    `json:"on" doc:"作出决定的日期"`
	Until       string    `json:"until,omitempty" doc:"暂扣至何日"`
	Basis       string    `json:"basis"`
	DocumentNo  string    `json:"document_no" doc:"决定文书编号"`
	Note        string    `json:"note,omitempty" doc:"情况说明"`
	Document    *Document `json:"document,omitempty" doc:"附件"`
	Answer      string    `json:"answer,omitempty" doc:"发证单位的说明"`
	Act         int       `json:"act,omitempty" doc:"随之办理的是证照的第几次状态事项"`
	Due         time.Time `json:"due,omitzero" doc:"发证单位答复的期限"`
	Late        bool      `json:"late,omitempty" doc:"答复已超期，或超期后才答复"`
	FiledAt     time.Time `json:"filed_at"`
	AnsweredAt  time.Time `json:"answered_at,omitzero" doc:"发证单位答复的时间"`
	EndedAt     time.Time `json:"ended_at,omitzero" doc:"状态变更、未采纳或撤回的时间"`

	Now     *Now `json:"now,omitempty" doc:"证照现在的状态；列表不含"`
	May     May  `json:"may" doc:"现在可以办理的；列表不含"`
	Already bool `json:"already,omitempty" doc:"提交时：同一文书已反馈过，这是原来的反馈"`
}

// Now is how the certificate stands.
type Now struct {
	Status     string `json:"status"`
	StatusName string `json:"status_name"`
	Barred     string `json:"barred,omitempty" doc:"现在不能办理的原因"`
	Way        string `json:"way,omitempty"`
	Already    bool   `json:"already,omitempty" doc:"证照已经是反馈的状态"`
}

// May is what whoever asks may do now.
type May struct {
	Decide   bool `json:"decide,omitempty"`
	Withdraw bool `json:"withdraw,omitempty"`
}

// A Document is what an officer attached.
type Document struct {
	Digest string `json:"digest" doc:"SM3，十六进制"`
	Size   int64  `json:"size" doc:"字节"`
	Media  string `json:"media"`
}

// A Page is one page of feedback, newest first.
type Page struct {
	Items []Feedback `json:"items"`
	Next  string     `json:"next,omitempty"`
}

// Views of feedback.
const (
	ViewMine = "mine" // that the body of whoever asks told
	ViewUnit = "unit" // about certificates of the units for which they act
)

// A Query asks for a page. Without a view it is everything that may be seen.
type Query struct {
	View   string
	State  State
	Limit  int // at most 100; 20
	Cursor string
}

// A Copy is a document that is handed out.
type Copy struct {
	Name, Media string
	Data        []byte
}

// MaxDocument is the size of the largest document, in bytes.
const MaxDocument = 10 << 20
