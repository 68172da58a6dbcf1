package convert

import (
	"errors"
	"fmt"

	"sidian/ofd/internal/pdf"
)

// A RefusedError says why a file is not converted. Code is stable; Reason is
// Chinese, names the rule and the way out; Page is from 1, 0 when it is about
// the whole file.
type RefusedError struct {
	Code, Reason string
	Page         int
	Detail       string // English, for developers
}

func (e *RefusedError) Error() string {
	if e.Page > 0 {
		return fmt.Sprintf("convert: refused: %s: page %d: %s", e.Code, e.Page, e.Detail)
	}
	return "convert: refused: " + e.Code + ": " + e.Detail
}

// wayOut is what can be done about a file that is not understood.
const wayOut = "请从原始文件另存为 OFD，或另存为 PDF/A-2（嵌入全部字体、拼合透明）后重新上传"

// reasons are the codes of refusals with their first sentence.
var reasons = map[string]string{
	"malformed":   "不是完整的 PDF 文件，或文件结构已损坏",
	"encrypted":   "PDF 已加密或设有密码，请先由制作者取消密码与权限限制",
	"signed":      "已签名的 PDF 转换会使原签名失效；请直接提交原 PDF，或从未签名的原始文件另存为 OFD",
	"limit":       "PDF 超过转换上限（大小、页数、图像或内容数量），请拆分后分别上传",
	"no_page":     "PDF 没有页面",
	"xfa":         "PDF 含有 XFA 动态表单，内容由程序生成，无法如实转换；请打印为普通 PDF",
	"javascript":  "PDF 含有脚本（JavaScript），显示内容可能变化，无法如实转换；请打印为普通 PDF",
	"attachment":  "PDF 含有附件，转换会丢失；请取出附件另行上传",
	"form":        "PDF 表单没有固定外观，显示内容取决于阅读器；请填写后打印为普通 PDF",
	"layer":       "PDF 含有隐藏图层，显示内容不确定；请合并图层",
	"annotation":  "PDF 含有没有固定外观的批注或多媒体，请删除或拼合批注",
	"pattern":     "PDF 使用了底纹图案，暂不能如实转换",
	"shading":     "PDF 使用了渐变填充，暂不能如实转换",
	"blend":       "PDF 使用了透明混合效果，暂不能如实转换",
	"color":       "PDF 使用了不支持的颜色空间",
	"font":        "PDF 使用的字体没有嵌入或格式不受支持，转换后文字可能改变",
	"image":       "PDF 中的图像格式不受支持（如 JPEG 2000、JBIG2）或已损坏",
	"content":     "PDF 页面内容无法完整理解",
	"text_clip":   "PDF 以文字作为裁剪区域，暂不能如实转换",
	"vertical":    "PDF 使用了竖排文字，暂不能如实转换",
	"page_size":   "PDF 页面大小不正确",
	"transparent": "PDF 使用了软蒙版或半透明组合，暂不能如实转换",
}

// ends are the reasons that name their way out themselves.
var ends = map[string]bool{"encrypted": true, "signed": true, "limit": true, "xfa": true, "javascript": true, "attachment": true, "form": true, "layer": true, "annotation": true}

func refuse(code, format string, args ...any) error {
	e := &RefusedError{Code: code, Reason: reasons[code] + "。", Detail: fmt.Sprintf(format, args...)}
	if !ends[code] {
		e.Reason = reasons[code] + "。" + wayOut + "。"
	}
	return e
}

// refused turns what the reader says into a refusal.
func refused(err error) error {
	var told *RefusedError
	var p *pdf.Error
	switch {
	case err == nil || errors.As(err, &told):
		return err
	case errors.As(err, &p) && p.Locked:
		return refuse("encrypted", "%s", p.Detail)
	case errors.As(err, &p) && p.Limit:
		return refuse("limit", "%s", p.Detail)
	}
	return refuse("malformed", "%v", err)
}
