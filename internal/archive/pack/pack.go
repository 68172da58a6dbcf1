package pack

import (
	"time"

	"sidian/gm"
)

// A File is one electronic file of a case, as it was used: it is never rendered
// or marshalled again.
type File struct {
	Name      string // in the package, without folder; its ending tells the format
	Title     string // what people call it; "" means Name
	Media     string // media type; "" means what the ending says
	Data      []byte
	CreatedAt time.Time

	Code   string // number in the package such as A1; "" has one given, in order
	Origin string // name under which it came, when another; "" means Name
	Shared bool   // came by sharing, not from the applicant
	Terms  string // conditions of the sharing
}

// An Event is one business entity (业务实体, DA/T 46): what was done to the
// case or its result, by whom, on what ground.
type Event struct {
	Action string    // 申请, 受理, 批准, 盖章 …
	Code   string    // process code of the layout, "" or one of 1 2 3 4 11 12 99
	At     time.Time // required
	Actor  string    // name of the unit or person
	Role   string    // as what
	Basis  string    // ground in law or policy
	Note   string    // description
}

// A Signature is what was found about one electronic signature or seal of a
// file when the package was made (电子签名, DA/T 46).
type Signature struct {
	File      string // path in the package, such as 结果文件/C1.ofd
	ID        string // of the signature in the file
	Seal      string // number or name of the seal, "" without one
	Signer    string // subject of the digital certificate
	At        time.Time
	Algorithm string // SM2-SM3 …
	Result    string // verdict of the verification
}

// Evidence is what a checker needs in thirty years and may no longer find.
type Evidence struct {
	Certificates []*gm.Certificate // of signers and seals, their issuers and roots
	CRLs         [][]byte          // revocation lists as they stood, DER
}

// A Package is a case to be archived.
type Package struct {
	Number  string // 电子文件号; the file is <Number>.zip
	Meta    Meta   // 基本信息元数据
	Filing  []File // 申报文件
	Process []File // 过程文件
	Results []File // 结果文件

	Events     []Event
	Signatures []Signature
	Evidence   Evidence
}

// FileName is what the package is called.
func (p *Package) FileName() string { return p.Number + ".zip" }
