package verify

import (
	"slices"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/provider"
	"sidian/ofd/sign"
)

// A Verdict is the report on a document and what the register knows of it.
type Verdict struct {
	*sign.Report
	Register    *Register `json:"register" doc:"登记信息；不是本平台登记的文件为 null"`
	Copy        *Copy     `json:"copy,omitempty" doc:"加注件的登记；登记信息是其原件的"`
	Members     []Member  `json:"members,omitempty" doc:"行业综合许可证归集的许可，按今天的状态；其他证照没有"`
	LegalEffect string    `json:"legal_effect" doc:"法律效力说明"`
	Reasons     []string  `json:"reasons" doc:"结论的理由"`

	Sources      []provider.Source `json:"sources" doc:"谁签章、谁核验：每个签章由谁答复，或为何没有"`
	Seals        []SealState       `json:"seals" doc:"文件中本平台印章的现状"`
	DocumentType *DocumentType     `json:"document_type" doc:"文件的种类"`
	Records      []Record          `json:"records" doc:"经本平台签署的记录"`
	Signed       string            `json:"answer,omitempty" doc:"signed=1 时：本平台签名的答复（JWS）"`

	digest    gm.Digest
	advice    string       // who can verify what is no OFD
	notes     []string     // reasons out of sources and states
	confirmed map[int]bool // signatures whose signer a source confirmed
}

// Register is what the register says of a certificate now, without anything
// that only its holder should know.
type Register struct {
	Identifier    string        `json:"identifier"`
	Number        string        `json:"number"`
	Kind          string        `json:"kind"`
	KindName      string        `json:"kind_name"`
	Issuer        string        `json:"issuer"`
	Status        string        `json:"status"`
	StatusName    string        `json:"status_name"`
	StatusSince   string        `json:"status_since,omitempty" doc:"何日起处于该状态"`
	StatusBasis   string        `json:"status_basis,omitempty" doc:"该状态的依据"`
	Marks         []cert.Marked `json:"marks" doc:"状态之外的标记：抵押、质押、异议标注、年审"`
	Version       int           `json:"version"`
	ValidFrom     string        `json:"valid_from,omitempty"`
	ValidTo       string        `json:"valid_to,omitempty"`
	Holders       []cert.Holder `json:"holders" doc:"已遮蔽"`
	ObjectionMark bool          `json:"objection_mark" doc:"异议标注"`
	Exception     string        `json:"exception,omitempty" doc:"法定例外：不与原件具有同等效力的情形和依据"`
	SameDocument  bool          `json:"same_document" doc:"文件与登记的逐字节一致"`
	VerifyURL     string        `json:"verify_url,omitempty" doc:"文件与登记的一致时才有"`

	id string // of the certificate
}

func registerOf(c *cert.Certificate, same bool) *Register {
	r := &Register{
		Identifier: c.Identifier, Number: c.Number, Kind: c.Kind, KindName: c.KindName, Issuer: c.IssuerName,
		Status: c.Status, StatusName: c.StatusName, Version: c.Version, ValidFrom: c.ValidFrom, ValidTo: c.ValidTo,
		Holders: c.Holders, SameDocument: same, id: c.ID, StatusSince: c.Since, StatusBasis: c.Basis, Marks: append([]cert.Marked{}, c.Marks...),
	}
	r.ObjectionMark = slices.ContainsFunc(c.Marks, func(m cert.Marked) bool { return m.Code == string(state.Objected) })
	if c.Effect != nil {
		r.Exception = c.Effect.Exception + "（" + c.Effect.Basis + "）"
	}
	if same {
		r.VerifyURL = c.VerifyURL // an identifier can be guessed, and the code is not to be had for it
	}
	return r
}

// Stands tells whether the document may be relied on: it verifies, it is the
// one that was registered, and the certificate is effective.
func (v *Verdict) Stands() bool {
	return v.Report.Verdict == sign.Valid && v.Register != nil && v.Register.SameDocument && v.Register.Status == cert.Effective
}

// conclude writes the reasons and the legal effect. A platform whose documents
// bear a mark, such as 样例, gives them none.
func (v *Verdict) conclude(mark string) {
	v.Reasons = append(v.Reasons, v.documentReasons()...)
	v.Reasons = append(v.Reasons, v.notes...)
	v.Reasons = append(v.Reasons, v.registerReasons()...)
	if v.DocumentType != nil && v.Register == nil && elsewhere[v.DocumentType.Code] != "" {
		v.Reasons = append(v.Reasons, elsewhere[v.DocumentType.Code])
	}
	switch {
	case v.Copy != nil && v.Report.Verdict == sign.Valid:
		v.LegalEffect = v.copyEffect(mark)
	case v.Stands() && mark != "":
		v.LegalEffect = "本文件标有“" + mark + "”，仅供演示，不具有法律效力；正式签发的这类文件与纸质证照具有同等法律效力（国务院令第716号）。"
	case v.Stands():
		v.LegalEffect = "本文件是签发单位依法制发的电子证照原件，目前有效，与纸质证照具有同等法律效力（国务院令第716号《关于在线政务服务的若干规定》）。"
	case v.Report.Verdict == sign.Valid && v.Register == nil:
		v.LegalEffect = "文件的签章真实、内容未被改动；本平台没有它的登记，其效力请向签章单位核实。"
	case v.Report.Verdict == sign.Valid && !v.Register.SameDocument:
		v.LegalEffect = "文件的签章真实，但按登记信息目前不能作为有效证照使用。"
	case v.Report.Verdict == sign.Valid:
		v.LegalEffect = "文件的签章真实，但" + said(v.Register.Status) + "。"
	case v.Report.Verdict == sign.Refused:
		v.LegalEffect = "文件不能在此核验，本平台没有作出结论；请按理由中的说明核实，在此之前不要据此认定效力。"
	case v.Report.Verdict == sign.Unsigned:
		v.LegalEffect = "文件没有电子签章，不是电子证照原件，不具有电子证照的法律效力。"
	case v.Report.Verdict == sign.Undetermined:
		v.LegalEffect = "不能确认签章人的身份，请勿据此认定文件的效力。"
	default:
		v.LegalEffect = "文件未通过核验，不具有电子证照的法律效力。"
	}
	if v.Register != nil && v.Register.Exception != "" && v.Report.Verdict == sign.Valid { // 法律、行政法规另有规定的除外
		v.LegalEffect += "法定例外：" + v.Register.Exception + "。"
	}
}

func (v *Verdict) documentReasons() (out []string) {
	switch v.Report.Verdict {
	case sign.Refused:
		for _, w := range v.Report.Warnings {
			out = append(out, w.Message)
		}
		if len(out) == 0 {
			out = append(out, "文件不能打开：不是 OFD 文件，或者已经损坏")
		}
		if v.advice != "" {
			out = append(out, "这是"+v.DocumentType.Name+"。"+v.advice)
		}
		return out
	case sign.Unsigned:
		return []string{"文件没有电子签章或电子签名"}
	}
	for i, s := range v.Signatures {
		for _, c := range s.Checks {
			if c.Result == sign.Fail || c.Result == sign.Unknown && !v.confirmed[i] {
				out = append(out, c.Message)
			}
		}
	}
	if v.Report.Verdict == sign.Valid {
		out = append(out, "签章真实，签章后内容未被改动")
	}
	return out
}

func (v *Verdict) registerReasons() []string {
	r := v.Register
	switch {
	case v.Copy != nil:
		return v.copyReasons()
	case v.Report.Verdict == sign.Refused || v.Report.Verdict == sign.Unsigned && r == nil:
		return nil
	case r == nil:
		return []string{"本平台没有登记过这份文件"}
	case !r.SameDocument:
		return []string{"文件自称的证照标识已登记，但文件与登记的原件不一致"}
	case r.Status == cert.Effective:
		return append([]string{"与登记的原件逐字节一致，证照状态为有效"}, r.beside()...)
	}
	if r.Status == cert.Altered {
		return []string{"登记数据异常：登记可能在数据库中被改动，平台已告警，正在核查"}
	}
	reason := "证照状态为" + r.StatusName
	if r.StatusSince != "" {
		reason += "，自 " + r.StatusSince + " 起"
	}
	if r.StatusBasis != "" {
		reason += "，依据：" + r.StatusBasis
	}
	return append([]string{reason}, r.beside()...)
}

// said is what a status means for who relies on the document.
func said(status string) string {
	if status == cert.Altered {
		return "登记数据异常，不能据登记认定证照的效力，请向签发单位核实"
	}
	if i, ok := state.Of(state.Status(status)); ok && i.Say != "" {
		return i.Say
	}
	return "按登记信息目前不能作为有效证照使用"
}

// beside is what the marks say: they take nothing of the effect away.
func (r *Register) beside() (out []string) {
	for _, m := range r.Marks {
		if i, ok := state.MarkOf(state.Mark(m.Code)); ok && i.Say != "" {
			out = append(out, i.Say)
		}
	}
	return out
}

// Passes tells whether the certificate does not stand now and may again: what
// cannot be confirmed, rather than what is over.
func (r *Register) Passes() bool {
	i, ok := state.Of(state.Status(r.Status))
	return ok && i.Passes && i.Status != state.Expired
}
