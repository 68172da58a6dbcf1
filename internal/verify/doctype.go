package verify

import (
	"strings"

	"sidian/ofd"
	"sidian/ofd/sign"
)

// A DocumentType is what kind of thing was shown, and how that is known. It says
// nothing of whether it is genuine.
type DocumentType struct {
	Code string `json:"code" doc:"certificate invoice fiscal-bill contract proof official material，或文件格式 ofd（打不开的）pdf image xml office archive signature text unknown"`
	Name string `json:"name"`
	How  string `json:"how" doc:"依据"`
}

// Types of documents.
const (
	TypeCertificate = "certificate"
	TypeInvoice     = "invoice"
	TypeBill        = "fiscal-bill"
	TypeContract    = "contract"
	TypeProof       = "proof"
	TypeOfficial    = "official"
	TypeMaterial    = "material" // none of the others
)

var typeNames = map[string]string{
	TypeCertificate: "电子证照", TypeInvoice: "电子发票", TypeBill: "电子票据", TypeContract: "电子合同", TypeProof: "电子证明", TypeOfficial: "电子公文", TypeMaterial: "电子材料",
}

func typed(code, how string) *DocumentType {
	return &DocumentType{Code: code, Name: typeNames[code], How: how}
}

// typeOf tells what a document is, by the strongest fact that it carries: its
// metadata, then attachments and tags, its declared use, the name of a seal on
// it, its title. Only the first two are written by programs for programs; the
// others are words.
func typeOf(d *ofd.Document, rep *sign.Report) *DocumentType {
	info := d.Info()
	for _, by := range []func() *DocumentType{
		func() *DocumentType { return byMetadata(info) },
		func() *DocumentType { return byAttachments(d) },
		func() *DocumentType { return byTags(d) },
		func() *DocumentType { return byWords(info.DocUsage, useWords, "文件信息中的用途") },
		func() *DocumentType { return bySeals(rep) },
		func() *DocumentType { return byWords(info.Title, titleWords, "文件标题") },
		func() *DocumentType { return byWords(info.Subject, titleWords, "文件主题") },
	} {
		if t := by(); t != nil {
			return t
		}
	}
	return typed(TypeMaterial, "文件中没有可以判断种类的信息")
}

// byMetadata looks for the identifier of GB/T 36903, and for what others put
// among the custom data.
func byMetadata(info ofd.DocInfo) *DocumentType {
	for _, c := range info.CustomDatas {
		name := strings.ToLower(c.Name)
		switch {
		case c.Name == "ZZBS" || c.Name == "ZZLXDM":
			return typed(TypeCertificate, "文件元数据中有证照标识（GB/T 36903）")
		case has(name, "invoice", "发票号码", "发票代码", "fphm", "fpdm"):
			return typed(TypeInvoice, "文件元数据中有发票信息")
		case has(name, "票据号码", "票据代码", "电子票据"):
			return typed(TypeBill, "文件元数据中有财政票据信息")
		case has(name, "合同编号", "contract"):
			return typed(TypeContract, "文件元数据中有合同信息")
		case has(name, "发文字号", "公文标识", "发文机关"):
			return typed(TypeOfficial, "文件元数据中有公文信息")
		case has(name, "证明编号", "证明事项"):
			return typed(TypeProof, "文件元数据中有证明信息")
		}
	}
	return nil
}

// byAttachments: e-invoices carry their data as an attachment, XBRL or XML.
func byAttachments(d *ofd.Document) *DocumentType {
	all, err := d.Attachments()
	if err != nil {
		return nil
	}
	for _, a := range all {
		name, format := strings.ToLower(a.Name+" "+a.File), strings.ToLower(a.Format)
		switch {
		case has(name, "invoice", "发票", "einv"):
			return typed(TypeInvoice, "附件是发票数据")
		case has(name, "票据", "fiscal"):
			return typed(TypeBill, "附件是财政票据数据")
		case has(format, "xbrl") || has(name, ".xbrl"):
			return typed(TypeInvoice, "附件是 XBRL 会计数据")
		}
	}
	return nil
}

// byTags: the custom tags of invoices and official documents name their schema.
func byTags(d *ofd.Document) *DocumentType {
	all, err := d.CustomTags()
	if err != nil {
		return nil
	}
	for _, t := range all {
		text := strings.ToLower(t.NameSpace + " " + t.TypeID + " " + t.File)
		switch {
		case has(text, "invoice", "发票"):
			return typed(TypeInvoice, "自定义标引是发票数据")
		case has(text, "公文", "33476", "33480", "officialdoc"):
			return typed(TypeOfficial, "自定义标引是公文数据")
		case has(text, "合同", "contract"):
			return typed(TypeContract, "自定义标引是合同数据")
		}
	}
	return nil
}

// bySeals: what a seal is for stands in its name.
func bySeals(rep *sign.Report) *DocumentType {
	for _, s := range rep.Signatures {
		if s.Seal == nil {
			continue
		}
		if t := byWords(s.Seal.Name, sealWords, "印章名称"); t != nil {
			return t
		}
	}
	return nil
}

// words are what names a type, the more telling first.
type words []struct{ part, code string }

var (
	sealWords = words{
		{"发票监制章", TypeInvoice}, {"发票专用章", TypeInvoice}, {"财政票据", TypeBill}, {"票据监制章", TypeBill}, {"票据专用章", TypeBill},
		{"合同专用章", TypeContract}, {"电子证照专用章", TypeCertificate}, {"证明专用章", TypeProof},
	}
	titleWords = words{
		{"发票", TypeInvoice}, {"票据", TypeBill}, {"合同", TypeContract}, {"协议书", TypeContract}, {"证明", TypeProof},
		{"通知", TypeOfficial}, {"批复", TypeOfficial}, {"决定", TypeOfficial}, {"请示", TypeOfficial},
	}
	useWords = words{
		{"invoice", TypeInvoice}, {"发票", TypeInvoice}, {"票据", TypeBill}, {"contract", TypeContract}, {"合同", TypeContract}, {"证照", TypeCertificate},
		{"证明", TypeProof}, {"公文", TypeOfficial}, {"officialdoc", TypeOfficial}, {"edoc", TypeOfficial},
	}
)

func byWords(text string, all words, where string) *DocumentType {
	text = strings.ToLower(text)
	for _, w := range all {
		if strings.Contains(text, w.part) {
			return typed(w.code, where+"中有“"+w.part+"”")
		}
	}
	return nil
}

func has(text string, parts ...string) bool {
	for _, p := range parts {
		if strings.Contains(text, p) {
			return true
		}
	}
	return false
}

// elsewhere says who can verify a type of document that others issue.
var elsewhere = map[string]string{
	TypeInvoice: "电子发票也可以在国家税务总局全国增值税发票查验平台查验",
	TypeBill:    "财政电子票据也可以在财政部全国财政电子票据查验平台查验",
}
