package sealing

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/convert"
	"sidian/ofd/lint"
)

// MaxFile is the size of the largest document that is sealed, in bytes.
const MaxFile = 20 << 20

// maxPages bounds the pages of a document that is sealed.
const maxPages = 2000

// taken is an upload that may be sealed.
type taken struct {
	document  *ofd.Document
	findings  []lint.Finding
	converted bool
}

// take reads an upload, or says why it cannot be sealed.
func take(data []byte) (*taken, error) {
	refuse := func(code, hint, format string, args ...any) error {
		return fault.Invalid.New(format, args...).WithCode("sealing.file").WithHint("%s", hint).WithField("file", code, fmt.Sprintf(format, args...))
	}
	switch {
	case len(data) == 0:
		return nil, refuse("required", "请选择要用印的 OFD 文件", "没有文件")
	case len(data) > MaxFile:
		return nil, fault.TooLarge.New("文件超过 %d MB", MaxFile>>20).WithCode("sealing.size").WithHint("请压缩图片或拆分文件").
			WithField("file", "too-large", fmt.Sprintf("不超过 %d MB", MaxFile>>20))
	}
	t := &taken{}
	var err error
	if bytes.HasPrefix(bytes.TrimLeft(data[:min(len(data), 1024)], "\x00\t\n\r "), []byte("%PDF-")) {
		t.document, err = toOFD(data)
		t.converted = true
	} else {
		t.document, err = open(data)
	}
	if err != nil {
		return nil, err
	}
	switch n := len(t.document.Body().Pages()); {
	case len(t.document.Bodies()) != 1:
		return nil, refuse("bodies", "请拆成单个文档后分别用印", "文件包含 %d 个文档，只能对单个文档用印", len(t.document.Bodies()))
	case n == 0:
		return nil, refuse("empty", "请核对文件", "文件没有页面")
	case n > maxPages:
		return nil, refuse("pages", "请拆分文件", "文件有 %d 页，超过 %d 页", n, maxPages)
	}
	if err := signable(t.document); err != nil {
		return nil, err
	}
	t.findings = lint.Check(t.document)
	// From here on the list of signatures is linked, so that no stamp changes what
	// another was approved over.
	if t.document, err = t.document.PrepareSignatures(0); err != nil {
		return nil, refuse("signatures", "请用原制作软件重新生成文件", "文件的签名列表有问题，不能加盖印章")
	}
	return t, nil
}

func open(data []byte) (*ofd.Document, error) {
	d, err := ofd.Open(data)
	if err == nil {
		return d, nil
	}
	why := "文件不是可以读取的 OFD"
	var refused *ofd.RefusedError
	if errors.As(err, &refused) {
		why = "文件被拒绝打开：" + refused.Reason
	}
	return nil, fault.Invalid.Wrap(err, "%s", why).WithCode("sealing.file").WithHint("请上传完好的 OFD 文件（GB/T 33190）").WithField("file", "unreadable", why)
}

// toOFD converts a PDF, or tells honestly what cannot be shown as it is.
func toOFD(data []byte) (*ofd.Document, error) {
	d, err := convert.PDF(data, convert.Options{})
	if err == nil {
		return d, nil
	}
	why := "PDF 不能转换为 OFD"
	var refused *convert.RefusedError
	if errors.As(err, &refused) {
		why = "PDF 不能如实转换为 OFD：" + refused.Reason
	}
	return nil, fault.Invalid.Wrap(err, "%s", why).WithCode("sealing.pdf").WithHint("请用办公软件另存为 OFD 后上传").WithField("file", "pdf", why)
}

// signable refuses what ofd/sign would refuse later: before anybody is asked.
func signable(d *ofd.Document) error {
	refuse := func(code, reason string) error {
		return fault.Invalid.New("文件不能再加盖印章：%s", reason).WithCode("sealing.unsignable").WithHint("请联系文件制作者，或使用签名前的文件").WithField("file", code, reason)
	}
	body := d.Body()
	switch {
	case body.Permissions.NoSignature:
		return refuse("permission", "文件的权限设置禁止签名盖章")
	case d.Part("OFDEntries.xml") != nil:
		return refuse("integrity_list", "文件带有完整性清单（OFDEntries.xml），增加签名会使其失效")
	}
	for _, rec := range d.Signatures() {
		f, err := d.Signature(rec)
		if err != nil {
			return refuse("unreadable_signature", "文件中已有的签名无法读取，不能确定其保护范围")
		}
		for _, ref := range f.References {
			if strings.EqualFold(ref.Part, body.SignaturesPart) && body.SignaturesPart != "" {
				return refuse("closed", "已有的签名保护了签名列表，不允许再增加签名或盖章")
			}
			if body.SignaturesPart == "" && strings.EqualFold(ref.Part, "OFD.xml") {
				return refuse("root_covered", "已有的签名保护了 OFD.xml，而增加签名需要修改它")
			}
		}
	}
	return nil
}

// words checks what people write and others read: the audit keeps it for ever.
func words(f *fault.Error, field, name, text string, most int) *fault.Error {
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		return f.WithField(field, "required", "请填写"+name)
	case n > most:
		return f.WithField(field, "too-long", fmt.Sprintf("%s不超过 %d 字", name, most))
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return f.WithField(field, "control", name+"不能含控制字符")
	case audit.Personal(text):
		return f.WithField(field, "personal", name+"不能含公民身份号码或手机号码")
	}
	return f
}

// needReason refuses an act without a reason.
func needReason(reason string) error {
	f := fault.Invalid.New("须说明理由").WithCode("sealing.reason").WithHint("请按说明填写理由")
	return words(f, "reason", "理由", reason, 500).OrNil()
}
