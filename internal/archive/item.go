package archive

import (
	"time"

	"sidian/gm"
	"sidian/internal/archive/pack"
	"sidian/internal/due"
)

// An Item (归档文件) is one sealed document in the pre-archive queue.
type Item struct {
	ID          string    `json:"id"`
	Source      string    `json:"source" enum:"request,item" doc:"request 为逐件用印，item 为批量或即时用印的一件"`
	SourceID    string    `json:"source_id" doc:"用印申请编号，或 批次/件号"`
	Org         string    `json:"org" doc:"用印申请单位，即立档单位"`
	OrgName     string    `json:"org_name"`
	Purpose     string    `json:"purpose" doc:"文件种类"`
	Asker       string    `json:"asker" doc:"用印申请人"`
	Original    string    `json:"original" doc:"上传文件的 SM3 摘要"`
	Document    string    `json:"document" doc:"盖章后文件的 SM3 摘要"`
	SealedAt    time.Time `json:"sealed_at"`
	State       string    `json:"state" enum:"waiting,ready,failed,packed,handed,excluded"`
	StateName   string    `json:"state_name"`
	Title       string    `json:"title" doc:"题名"`
	Responsible string    `json:"responsible" doc:"责任者"`
	Year        int       `json:"year" doc:"年度"`
	Term        string    `json:"term,omitempty" enum:",Y,D30,D10" doc:"保管期限"`
	Agency      string    `json:"agency,omitempty" doc:"机构或问题"`
	Secrecy     string    `json:"secrecy,omitempty" doc:"密级：公开、内部"`
	Note        string    `json:"note,omitempty" doc:"不归档或退回的理由"`
	Code        string    `json:"code,omitempty" doc:"档号"`
	Result      string    `json:"result,omitempty" enum:",pass,warn,fail" doc:"最近一次四性检测的结果"`
	Package     string    `json:"package,omitempty" doc:"归档信息包的 SM3 摘要"`
	PackageSize int64     `json:"package_size,omitempty"`
	PackedAt    time.Time `json:"packed_at,omitzero"`
	Receipt     string    `json:"receipt,omitempty" doc:"档案馆接收回执号"`
	HandedAt    time.Time `json:"handed_at,omitzero"`
	Due         time.Time `json:"due,omitzero" doc:"应当组包归档的最后时刻；没有则不在计时"`
	Left        *due.Left `json:"left,omitempty" doc:"剩余时间"`

	Checks []pack.Row `json:"checks,omitempty" doc:"最近一次四性检测的各项结果；列表中省略"`
	Acts   []Act      `json:"acts,omitempty" doc:"经过；列表中省略"`

	Batch string `json:"batch,omitempty" doc:"批量用印的批次"`

	original, document, packed gm.Digest
	series, worker             string
	number, round, leaseUntil  int64
}

// An Act is one thing that happened to an item.
type Act struct {
	Act    string    `json:"act"`
	Name   string    `json:"name" doc:"做了什么"`
	Who    string    `json:"who,omitempty"`
	Reason string    `json:"reason,omitempty"`
	At     time.Time `json:"at"`

	account string
}

// A Page is a page of items.
type Page struct {
	Items []*Item `json:"items"`
	Next  string  `json:"next,omitempty"`
}

// A Filing is what an archivist says of an item (整理).
type Filing struct {
	Title       string `json:"title" minLength:"1" maxLength:"200" doc:"题名"`
	Responsible string `json:"responsible" minLength:"1" maxLength:"100" doc:"责任者"`
	Year        int    `json:"year" minimum:"1949" maximum:"9999" doc:"年度"`
	Term        string `json:"term" enum:"Y,D30,D10" doc:"保管期限：永久、定期30年、定期10年"`
	Agency      string `json:"agency" minLength:"1" maxLength:"16" doc:"机构或问题"`
	Secrecy     string `json:"secrecy" minLength:"1" maxLength:"10" doc:"密级：公开、内部；国家秘密不得在本平台归档"`
	Same        bool   `json:"same,omitempty" doc:"同一批次其余待整理的文件也这样整理，题名各用其原名"`
}

// A Unit (立档单位) is how an organisation files.
type Unit struct {
	Org          string    `json:"org"`
	Fonds        string    `json:"fonds" minLength:"1" maxLength:"8" doc:"全宗号，由档案馆给定"`
	Category     string    `json:"category" minLength:"2" maxLength:"2" doc:"档案门类代码，如文书 WS"`
	Agency       string    `json:"agency" minLength:"1" maxLength:"16" doc:"机构或问题，整理时的默认值"`
	Archives     string    `json:"archives" minLength:"1" maxLength:"100" doc:"档案馆名称"`
	ArchivesCode string    `json:"archives_code,omitempty" maxLength:"40" doc:"档案馆代码"`
	Pattern      string    `json:"pattern,omitempty" maxLength:"200" doc:"档号的写法，不填为 {fonds}-{category}·{year}-{term}-{agency}-{number}"`
	At           time.Time `json:"at,omitzero"`
}

// A Rate (归档率) is how far an organisation has filed what it sealed.
type Rate struct {
	Org      string           `json:"org"`
	OrgName  string           `json:"org_name"`
	Sealed   int64            `json:"sealed" doc:"盖章完成的文件"`
	Excluded int64            `json:"excluded" doc:"不归档的"`
	Filed    int64            `json:"filed" doc:"已组包或已移交的"`
	Handed   int64            `json:"handed" doc:"已移交的"`
	By       map[string]int64 `json:"by" doc:"各状态的文件数"`
	Percent  int              `json:"percent" doc:"归档率：已归档占应归档的百分数，去尾；没有应归档的为 100"`
}

// Rates is the rate of each unit and of all.
type Rates struct {
	Items []Rate `json:"items"`
	Total Rate   `json:"total"`
}
