package signature

import "time"

// Ways to sign.
const (
	Handwritten = "seal" // GB/T 38540, Type="Seal": the handwriting shows
	Plain       = "sign" // GB/T 35275, Type="Sign": nothing shows
)

// A Task lays one document before those who are to sign it.
type Task struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Org       string    `json:"org,omitempty" doc:"发起单位编号；空：个人发起"`
	OrgName   string    `json:"org_name,omitempty" doc:"发起单位名称；个人发起的为脱敏姓名"`
	Item      string    `json:"item,omitempty" doc:"事项代码"`
	Message   string    `json:"message,omitempty"`
	State     string    `json:"state" enum:"open,done,refused,withdrawn,expired"`
	Until     time.Time `json:"until"`
	Pages     int       `json:"pages"`
	Original  string    `json:"original" doc:"待签文件的 SM3 摘要"`
	Document  string    `json:"document" doc:"当前文件的 SM3 摘要"`
	Signers   []Signer  `json:"signers"`
	Mine      []int     `json:"mine,omitempty" doc:"本人是第几位签署人"`
	CreatedAt time.Time `json:"created_at"`
	ClosedAt  time.Time `json:"closed_at,omitzero"`
}

// A Signer is one who is to sign, as others may see them.
type Signer struct {
	Number   int       `json:"number" doc:"第几位，从 1 起"`
	Group    int       `json:"group" doc:"顺序组：同组不分先后，前一组全部签完才轮到下一组"`
	Role     string    `json:"role,omitempty" doc:"甲方、申请人…"`
	Name     string    `json:"name" doc:"脱敏"`
	Citizen  string    `json:"citizen,omitempty" doc:"公民身份号码，脱敏"`
	State    string    `json:"state" enum:"waiting,invited,viewed,captured,confirmed,signed,refused"`
	Way      string    `json:"way" enum:"seal,sign"`
	Places   []Place   `json:"places,omitempty"`
	ViewedAt time.Time `json:"viewed_at,omitzero"`
	SignedAt time.Time `json:"signed_at,omitzero" doc:"签署或拒签的时间"`
	Reason   string    `json:"reason,omitempty" doc:"拒签的理由"`
	Factor   string    `json:"factor,omitempty" doc:"确认签署意愿所用的验证方式"`
	Serial   string    `json:"serial,omitempty" doc:"数字证书序列号"`
	Document string    `json:"document,omitempty" doc:"签署后文件的 SM3 摘要"`
}

// A Place says where a signature shows: by coordinates, by a keyword of the
// text, or by a field of the form (a name of the document's data index, GB/T
// 36905). W and H are the box that the handwriting fits into; zero: 40 × 16 mm.
type Place struct {
	Page    int     `json:"page,omitempty" minimum:"0" maximum:"10000" doc:"第几页，从 1 起"`
	X       float64 `json:"x,omitempty" doc:"毫米，自页面左上角"`
	Y       float64 `json:"y,omitempty" doc:"毫米"`
	W       float64 `json:"w,omitempty" doc:"毫米"`
	H       float64 `json:"h,omitempty" doc:"毫米"`
	Keyword string  `json:"keyword,omitempty" maxLength:"100" doc:"签在此关键字之后"`
	Nth     int     `json:"nth,omitempty" minimum:"0" maximum:"1000" doc:"关键字的第几处，从 1 起；0：最后一处"`
	Field   string  `json:"field,omitempty" maxLength:"100" doc:"签在此数据项处"`
}

// A Party names who is to sign: an account of the platform, or a person by real
// name and citizen number, who claims the task once they have signed in.
type Party struct {
	Account string  `json:"account,omitempty" maxLength:"64"`
	Name    string  `json:"name,omitempty" maxLength:"100"`
	Citizen string  `json:"citizen,omitempty" maxLength:"18"`
	Role    string  `json:"role,omitempty" maxLength:"40" doc:"甲方、申请人…"`
	Group   int     `json:"group,omitempty" minimum:"0" maximum:"100" doc:"顺序组；不填：依次签署"`
	Way     string  `json:"way,omitempty" enum:"seal,sign" doc:"seal：手写签名显示在文件上；sign：数字签名，不显示"`
	Places  []Place `json:"places,omitempty" maxItems:"20"`
}

// A TaskRequest asks for a task.
type TaskRequest struct {
	Org     string    `json:"org,omitempty" maxLength:"64" doc:"发起单位编号；空：个人发起"`
	Title   string    `json:"title" minLength:"1" maxLength:"100"`
	Item    string    `json:"item,omitempty" maxLength:"64" doc:"事项代码"`
	Message string    `json:"message,omitempty" maxLength:"500"`
	Until   time.Time `json:"until,omitzero" doc:"截止时间；不填：15 日后"`
	Signers []Party   `json:"signers" minItems:"1" maxItems:"50"`
}

// A SignRequest confirms the intent of a signer.
type SignRequest struct {
	Code     string `json:"code,omitempty" maxLength:"512" doc:"一次性口令或登录密码"`
	Original string `json:"original" minLength:"64" maxLength:"64" doc:"所见文件的 SM3 摘要"`
	Intent   string `json:"intent" maxLength:"64" doc:"所见签署意愿文字的版本"`
}

// A Scene is what a signer is shown before they sign.
type Scene struct {
	Task    *Task  `json:"task"`
	Signer  Signer `json:"signer"`
	Turn    bool   `json:"turn" doc:"轮到本人"`
	Intent  Intent `json:"intent"`
	Drawing string `json:"drawing,omitempty" doc:"已写的签名，SVG 路径"`
	Box     string `json:"box,omitempty" doc:"SVG viewBox"`
	Ready   bool   `json:"ready" doc:"本人已有有效的签名身份"`
}

// An Intent is the sentence that a signer confirms.
type Intent struct {
	Version string `json:"version"`
	Text    string `json:"text"`
}

// A Page is a page of a list, newest first. Next is the cursor of the page
// after it, or empty.
type Page struct {
	Items []*Task `json:"items"`
	Next  string  `json:"next,omitempty"`
}
