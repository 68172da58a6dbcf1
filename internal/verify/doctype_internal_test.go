package verify

import (
	"strings"
	"testing"

	"sidian/ofd"
	"sidian/ofd/sign"
)

func TestTypeOf(t *testing.T) {
	t.Parallel()
	custom := func(name string) ofd.DocInfo {
		return ofd.DocInfo{CustomDatas: []ofd.CustomData{{Name: name, Value: "1"}}}
	}
	for name, c := range map[string]struct {
		info   ofd.DocInfo
		attach string
		seal   string
		want   string
	}{
		"certificate":                     {custom("ZZBS"), "", "", TypeCertificate},
		"invoice by metadata":             {custom("InvoiceNo"), "", "", TypeInvoice},
		"invoice by attachment":           {ofd.DocInfo{}, "original_invoice.xml", "", TypeInvoice},
		"invoice by XBRL":                 {ofd.DocInfo{}, "data.xbrl", "", TypeInvoice},
		"invoice by seal":                 {ofd.DocInfo{}, "", "全国统一发票监制章", TypeInvoice},
		"bill by seal":                    {ofd.DocInfo{}, "", "某省财政票据监制章", TypeBill},
		"contract by seal":                {ofd.DocInfo{}, "", "某公司合同专用章", TypeContract},
		"contract by title":               {ofd.DocInfo{Title: "房屋租赁合同"}, "", "某公司", TypeContract},
		"proof by title":                  {ofd.DocInfo{Title: "纳税证明"}, "", "", TypeProof},
		"official by use":                 {ofd.DocInfo{DocUsage: "公文"}, "", "", TypeOfficial},
		"official by metadata":            {custom("发文字号"), "", "", TypeOfficial},
		"material":                        {ofd.DocInfo{Title: "未命名", DocUsage: "Normal"}, "", "某公司", TypeMaterial},
		"metadata goes before the title":  {ofd.DocInfo{Title: "合同", CustomDatas: custom("ZZLXDM").CustomDatas}, "", "", TypeCertificate},
		"a seal's use before the title":   {ofd.DocInfo{Title: "证明"}, "", "合同专用章", TypeContract},
		"attachments before a seal's use": {ofd.DocInfo{}, "invoice.xml", "合同专用章", TypeInvoice},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.info.DocID = strings.Repeat("0", 31) + "3"
			b := ofd.New(c.info)
			b.AddPage(210, 140)
			if c.attach != "" {
				b.Attach(ofd.AttachmentSpec{Name: c.attach, Format: "xml", Data: []byte("<x/>")})
			}
			d, err := b.Build()
			if err != nil {
				t.Fatal(err)
			}
			rep := &sign.Report{}
			if c.seal != "" {
				rep.Signatures = []sign.SignatureReport{{}, {Seal: &sign.SealReport{Name: c.seal}}}
			}
			got := typeOf(d, rep)
			if got.Code != c.want || got.Name != typeNames[c.want] || got.How == "" {
				t.Errorf("%+v, want %s", got, c.want)
			}
		})
	}
}

func TestFormatOf(t *testing.T) {
	t.Parallel()
	for want, all := range map[string][]string{
		"pdf":       {"%PDF-1.7\n", "\n%PDF-1.4", "%PDF-1.7 /ByteRange [0 1 2 3]"},
		"xml":       {"<?xml version=\"1.0\"?><EInvoice/>", "<?xml version=\"1.0\"?><a/>"},
		"image":     {"\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n"},
		"office":    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "PK\x03\x04....[Content_Types].xml"},
		"archive":   {"PK\x03\x04....a.txt", "Rar!\x1a\x07\x00", "PK\x05\x06"},
		"ofd":       {"PK\x03\x04....OFD.xml"},
		"signature": {"-----BEGIN PKCS7-----"},
		"text":      {"你好"},
		"unknown":   {"", "\x00\x01\x02", "\xfe\xfe"},
	} {
		for _, data := range all {
			got, advice := formatOf([]byte(data))
			if got.Code != want || got.Name == "" || got.How == "" || advice == "" {
				t.Errorf("%q: %+v %s", data, got, advice)
			}
		}
	}
	signed, _ := formatOf([]byte("%PDF-1.7 /ByteRange [0 1 2 3]"))
	if !strings.Contains(signed.Name, "数字签名") {
		t.Errorf("%+v", signed)
	}
}
