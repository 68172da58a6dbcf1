package verify

import (
	"bytes"
	"unicode/utf8"
)

// formatOf names what was shown that is no OFD, and who can verify it. It goes by
// the first bytes and says so; what it does not know it does not guess.
func formatOf(data []byte) (t *DocumentType, advice string) {
	head := data[:min(len(data), 1024)]
	for _, f := range formats {
		if f.is(head, data) {
			return &DocumentType{Code: f.code, Name: f.name, How: "文件开头的格式标记"}, f.advice
		}
	}
	if utf8.Valid(head) && !bytes.ContainsRune(head, 0) && len(head) > 0 {
		return &DocumentType{Code: "text", Name: "文本文件", How: "内容是文本"}, "文本文件不能带有电子签章，请提供 OFD 原件"
	}
	return &DocumentType{Code: "unknown", Name: "不能识别的文件", How: "没有已知的格式标记"}, "请向出具单位索取 OFD 原件，或使用其指明的核验方式"
}

type format struct {
	code, name string
	is         func(head, all []byte) bool
	advice     string
}

func begins(marks ...string) func(head, all []byte) bool {
	return func(head, _ []byte) bool {
		for _, m := range marks {
			if bytes.HasPrefix(head, []byte(m)) {
				return true
			}
		}
		return false
	}
}

func begun(mark string, also ...string) func(head, all []byte) bool {
	return func(head, all []byte) bool {
		if !bytes.Contains(head, []byte(mark)) {
			return false
		}
		for _, a := range also {
			if !bytes.Contains(all, []byte(a)) {
				return false
			}
		}
		return true
	}
}

const askOFD = "本平台只核验 OFD 格式的签章；请向出具单位索取 OFD 原件"

var formats = []format{
	{"pdf", "PDF 文件（带有数字签名）", begun("%PDF-", "/ByteRange"), "本平台不核验 PDF 的签名，也不对它作出结论；请用出具单位或其签章服务商指明的核验服务，或支持 PDF 签名的阅读器核验"},
	{"pdf", "PDF 文件", begun("%PDF-"), "文件中没有发现 PDF 数字签名；图上的印章不是电子签章。" + askOFD},
	{"xml", "电子发票数据（XML）", begun("EInvoice"), "数电发票的 XML 请在国家税务总局全国增值税发票查验平台查验"},
	{"xml", "XML 数据", begins("<?xml", "\xef\xbb\xbf<?xml"), "数据文件没有版式签章；请用出具单位指明的核验服务"},
	{"image", "图片", begins("\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "GIF8", "BM", "II*\x00", "MM\x00*"), "图片上的印章不是电子签章，不能核验；如有二维码，请扫码核验，或索取 OFD 原件"},
	{"ofd", "OFD 文件", func(head, all []byte) bool {
		return begins("PK\x03\x04")(head, all) && bytes.Contains(all, []byte("OFD.xml"))
	}, "文件已损坏或内容不安全，不能核验；请向出具单位重新索取原件"},
	{"office", "办公文档", func(head, all []byte) bool {
		return begins("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "{\\rtf")(head, all) || begins("PK\x03\x04")(head, all) && bytes.Contains(all, []byte("[Content_Types].xml"))
	}, "办公文档不是版式文件。" + askOFD},
	{"archive", "压缩文件", begins("PK\x03\x04", "PK\x05\x06", "Rar!\x1a\x07", "7z\xbc\xaf\x27\x1c", "\x1f\x8b"), "如果其中有 OFD 文件，请解压后逐个核验"},
	{"signature", "签名数据", begins("-----BEGIN PKCS7", "-----BEGIN CMS"), "单独的签名须连同原文，用出具单位指明的核验服务核验"},
}
