package complaint

import (
	"time"
)

// A Filing is what a complainant tells.
type Filing struct {
	Org      string // complained about
	What     string // Refused, Paper, Reseal
	Way      string // Window, Online, Other
	Happened string // day, "2026-11-20"
	Item     string // what they wanted to have done
	Number   string // of the document, if they know it
	Text     string
	Named    bool   // the unit may know who complains
	Document []byte // the refused document, an OFD; nil: none
}

// A Decision is what the authority finds.
type Decision struct {
	Outcome State  // Upheld, Dismissed, Exempt
	Opinion string // for all sides to read
	Basis   string // the law that makes an exception: with Exempt
}

// A Complaint is a complaint as whoever asks may see it.
type Complaint struct {
	ID            string    `json:"id"`
	State         State     `json:"state" enum:"filed,explained,upheld,rectified,closed,dismissed,exempt,withdrawn"`
	StateName     string    `json:"state_name"`
	Org           string    `json:"org" doc:"被投诉单位"`
	OrgName       string    `json:"org_name"`
	Authority     string    `json:"authority" doc:"处理单位"`
	AuthorityName string    `json:"authority_name"`
	What          string    `json:"what" enum:"refused,paper,reseal"`
	WhatName      string    `json:"what_name"`
	Way           string    `json:"way" enum:"window,online,other"`
	WayName       string    `json:"way_name"`
	Happened      string    `json:"happened" doc:"发生日期"`
	Item          string    `json:"item,omitempty" doc:"办理事项"`
	Number        string    `json:"number,omitempty" doc:"文件或证照编号；不公开身份的，被投诉单位看不到"`
	Text          string    `json:"text" doc:"经过；列表中为摘要"`
	Named         bool      `json:"named" doc:"投诉人同意向被投诉单位公开身份"`
	Complainant   string    `json:"complainant,omitempty" doc:"投诉人；处理单位看到的是脱敏的，同意公开的除外"`
	Document      *Document `json:"document,omitempty" doc:"被拒收的文件；不公开身份的，被投诉单位看不到"`
	Outcome       State     `json:"outcome,omitempty" enum:"upheld,dismissed,exempt"`
	OutcomeName   string    `json:"outcome_name,omitempty"`
	Days          int       `json:"days,omitempty" doc:"从提交到处理的工作日"`
	Until         time.Time `json:"until,omitzero" doc:"当前环节的期限"`
	Late          bool      `json:"late,omitempty" doc:"当前环节已超期"`
	CreatedAt     time.Time `json:"created_at"`
	DecidedAt     time.Time `json:"decided_at,omitzero"`
	EndedAt       time.Time `json:"ended_at,omitzero"`
	History       []Step    `json:"history,omitempty" doc:"经过；列表不含"`
	May           []Action  `json:"may,omitempty" doc:"现在可以办理的；列表不含"`
	Already       bool      `json:"already,omitempty" doc:"提交时：同一件事已经投诉过，这是原来的投诉"`
}

// A Document is the document that was refused.
type Document struct {
	Digest string `json:"digest" doc:"SM3，十六进制"`
	Size   int64  `json:"size" doc:"字节"`
}

// A Step is what one side did. Which person it was is told to nobody here: the
// audit knows.
type Step struct {
	Seq        int64     `json:"seq"`
	At         time.Time `json:"at"`
	Action     Action    `json:"action"`
	ActionName string    `json:"action_name"`
	State      State     `json:"state"`
	Org        string    `json:"org,omitempty" doc:"办理单位；投诉人没有"`
	OrgName    string    `json:"org_name,omitempty"`
	Text       string    `json:"text,omitempty"`
	Basis      string    `json:"basis,omitempty" doc:"法定不适用情形的依据"`
}

// A Page is one page of complaints, newest first.
type Page struct {
	Items []Complaint `json:"items"`
	Next  string      `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// Views of complaints.
const (
	ViewMine      = "mine"      // that whoever asks has filed
	ViewUnit      = "unit"      // about the units that they explain for
	ViewAuthority = "authority" // that their authority decides
)

// A Query asks for a page of complaints. Without a View it is a holder's own, and
// what staff explains or decides.
type Query struct {
	View    string
	State   State
	Unit    string // complained about
	Waiting bool   // for the side of the view
	Limit   int    // at most 100; 20
	Cursor  string
}

// A Copy is a document that is handed out.
type Copy struct {
	Name, Media, Digest string
	Data                []byte
}

// MaxDocument is the size of the largest document, in bytes.
const MaxDocument = 20 << 20
