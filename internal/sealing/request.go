package sealing

import (
	"time"

	"sidian/gm"
	"sidian/ofd/lint"
	"sidian/ofd/sign"
)

// A Request (用印申请) is a document and the seals that somebody asks for on it.
type Request struct {
	ID        string         `json:"id"`
	Title     string         `json:"title"`
	Purpose   string         `json:"purpose" doc:"文件种类：公文、协议、凭据、流转单、证明等"`
	Reason    string         `json:"reason"`
	Org       string         `json:"org" doc:"申请单位"`
	OrgName   string         `json:"org_name"`
	Account   string         `json:"account" doc:"申请人"`
	Asker     string         `json:"asker" doc:"申请人姓名"`
	State     string         `json:"state" enum:"open,done,refused,withdrawn"`
	StateName string         `json:"state_name"`
	Order     int            `json:"order" doc:"正在办理的顺序组"`
	Manual    bool           `json:"manual" doc:"批准后由申请人发起盖章；否则自动盖章"`
	Pages     int            `json:"pages"`
	Original  string         `json:"original" doc:"上传文件的 SM3 摘要"`
	Base      string         `json:"base" doc:"本顺序组审批所见文件的 SM3 摘要；批准时原样送回"`
	Document  string         `json:"document" doc:"现文件的 SM3 摘要；完成后即成品"`
	Converted bool           `json:"converted,omitempty" doc:"由 PDF 转换而来"`
	Findings  []lint.Finding `json:"findings,omitempty" doc:"版式检查结果；列表中省略"`
	Closing   string         `json:"closing,omitempty" doc:"不批准或撤回的理由"`
	CreatedAt time.Time      `json:"created_at"`
	ClosedAt  time.Time      `json:"closed_at,omitzero"`
	Steps     []*Step        `json:"steps"`

	original, base, document gm.Digest
}

// A Step is one seal of a request.
type Step struct {
	ID        string     `json:"id"`
	Seal      string     `json:"seal"`
	SealName  string     `json:"seal_name"`
	SealOrg   string     `json:"seal_org"`
	Order     int        `json:"order" doc:"同一数字并列办理，小的先办"`
	State     string     `json:"state" enum:"draft,waiting,approved,stamping,stamped,dropped"`
	StateName string     `json:"state_name"`
	Levels    []string   `json:"levels" doc:"须经的审批级别，依次"`
	Level     int        `json:"level" doc:"已批准的级别数"`
	Rule      string     `json:"rule" doc:"用印审批规则"`
	Places    []Spot     `json:"places" doc:"盖章位置"`
	Approvals []Approval `json:"approvals,omitempty"`
	Trouble   string     `json:"trouble,omitempty" doc:"盖章没有完成的原因"`
	Use       string     `json:"use,omitempty" doc:"用印记录"`
	After     string     `json:"after,omitempty" doc:"盖章后文件的 SM3 摘要"`
	StampedAt time.Time  `json:"stamped_at,omitzero"`

	request       string
	slot          int
	before, after gm.Digest
	approval      string // of package seal: the right to use the seal once
	content       gm.Digest
	lease         int64
}

// An Approval is that one person, on one level, allowed a step.
type Approval struct {
	ID       string    `json:"id"`
	Level    string    `json:"level"`
	Account  string    `json:"account"`
	Approver string    `json:"approver" doc:"批准人姓名"`
	Factor   string    `json:"factor" doc:"第二因素"`
	Device   string    `json:"device" doc:"设备：浏览器标识与地址摘要"`
	Document string    `json:"document" doc:"批准时所见文件的 SM3 摘要"`
	Note     string    `json:"note,omitempty"`
	Lapsed   bool      `json:"lapsed,omitempty" doc:"未能用印，已失效"`
	At       time.Time `json:"at"`

	step     string
	document gm.Digest
}

// A Spot is one place of an imprint on one page, resolved: millimetres from the
// page's upper left corner. Clip is the slice that shows of a straddle seal.
type Spot struct {
	Page int     `json:"page" doc:"页，从 1 起"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	W    float64 `json:"w"`
	H    float64 `json:"h"`
	Clip *Clip   `json:"clip,omitempty" doc:"骑缝章在本页显示的部分"`
}

// A Clip is a slice of an imprint, in its own coordinates (mm).
type Clip struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	W float64 `json:"w"`
	H float64 `json:"h"`
}

func (s Spot) place() sign.Place {
	p := sign.Place{PageIndex: s.Page - 1, X: s.X, Y: s.Y, W: s.W, H: s.H}
	if s.Clip != nil {
		p.Clip = &sign.Clip{X: s.Clip.X, Y: s.Clip.Y, W: s.Clip.W, H: s.Clip.H}
	}
	return p
}

func signPlaces(spots []Spot) []sign.Place {
	out := make([]sign.Place, len(spots))
	for i, s := range spots {
		out[i] = s.place()
	}
	return out
}

// A RequestPage is a page of requests, newest first.
type RequestPage struct {
	Items []*Request `json:"items"`
	Next  string     `json:"next,omitempty"`
}

// An Ask asks for seals on a document.
type Ask struct {
	Title   string
	Purpose string
	Reason  string
	Org     string // asked for; empty: the asker's own
	Data    []byte // an OFD, or a PDF where the platform converts
	Steps   []StepAsk
	Manual  bool // the asker stamps after the last approval; otherwise it is done at once
}

// A StepAsk asks for one seal.
type StepAsk struct {
	Seal   string  `json:"seal" minLength:"1" maxLength:"64"`
	Order  int     `json:"order,omitempty" minimum:"0" maximum:"99" doc:"同一数字并列办理，小的先办"`
	Places []Place `json:"places" minItems:"1" maxItems:"200"`
}

// A Place says where an imprint is to stand. Exactly one of Page, Pages, All,
// Keyword, Field and Straddle says on what; W and H are the imprint's own size
// where they are zero, X and Y count for Page, Pages and All, Y also for
// Straddle.
type Place struct {
	Page     int       `json:"page,omitempty" minimum:"1" doc:"页，从 1 起"`
	Pages    []int     `json:"pages,omitempty" maxItems:"2000" doc:"多页"`
	All      bool      `json:"all,omitempty" doc:"每一页"`
	Keyword  string    `json:"keyword,omitempty" maxLength:"100" doc:"关键字"`
	Each     bool      `json:"each,omitempty" doc:"关键字的每一处；否则第一处"`
	Right    bool      `json:"right,omitempty" doc:"在关键字右侧；否则以关键字为中心"`
	Field    string    `json:"field,omitempty" maxLength:"200" doc:"数据项名称：以其内容为中心"`
	Straddle *Straddle `json:"straddle,omitempty" doc:"骑缝章"`
	X        float64   `json:"x,omitempty" doc:"毫米，自页面左上角"`
	Y        float64   `json:"y,omitempty"`
	W        float64   `json:"w,omitempty" doc:"不填：印模自身的大小"`
	H        float64   `json:"h,omitempty"`
}

// A Straddle spreads one imprint over the right edges of pages (骑缝章).
type Straddle struct {
	From int `json:"from,omitempty" minimum:"0" doc:"首页，从 1 起；不填：第 1 页"`
	To   int `json:"to,omitempty" minimum:"0" doc:"末页；不填：最后一页"`
}
