package main

import (
	"strings"

	"github.com/alecthomas/kong"
)

type language string

const (
	chinese language = "zh"
	english language = "en"
)

// languageOf follows POSIX: LC_ALL, then LC_MESSAGES, then LANG; the first that is set decides.
func languageOf(env func(string) string) language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := env(name); v != "" {
			if strings.HasPrefix(strings.ToLower(v), "zh") {
				return chinese
			}
			return english
		}
	}
	return english
}

func (l language) pick(zh, en string) string {
	if l == chinese {
		return zh
	}
	return en
}

// helpTexts are the help of commands and flags by their variables.
func helpTexts(l language) kong.Vars {
	v := kong.Vars{}
	for name, text := range helps {
		v[name] = l.pick(text[0], text[1])
	}
	return v
}

var helps = map[string][2]string{
	"help_info":    {"显示文件结构", "Show a document's structure."},
	"help_lint":    {"按标准逐条检查", "Check a document against the standard's rules."},
	"help_verify":  {"离线验证印章与签名", "Verify seals and signatures offline."},
	"help_render":  {"把页面连同印章绘制成图", "Draw a page with its seals."},
	"help_seal":    {"制章、盖章", "Make a seal, or put it on a document."},
	"help_make":    {"制作 GB/T 38540 电子印章", "Make an electronic seal (GB/T 38540)."},
	"help_stamp":   {"在文件上盖章", "Put a seal on a document."},
	"help_convert": {"把 PDF 如实转换为 OFD，不能如实转换的说明原因", "Make an OFD document that looks like a PDF file, or say why not."},
	"help_sign":    {"对文件做数字签名（GB/T 35275，无印章）", "Sign a document without a seal (GB/T 35275)."},

	"flag_json":       {"以 JSON 输出", "Print JSON."},
	"flag_trust":      {"信任锚：证书文件或目录（PEM、DER），可重复", "Trust anchor: a digital certificate file or a directory of them (PEM, DER); repeatable."},
	"flag_between":    {"中间证书：文件或目录，可重复", "Intermediate digital certificates: a file or a directory; repeatable."},
	"flag_crl":        {"证书撤销列表文件，可重复", "Revocation list file; repeatable."},
	"flag_at":         {"以此时间为准（RFC 3339 或 2006-01-02，北京时间）", "Judge as of this time (RFC 3339, or 2006-01-02 in Beijing)."},
	"flag_strict":     {"有警告即不通过；无撤销数据即无法判定", "Warnings fail; missing revocation data is undetermined."},
	"flag_page":       {"页码，从 1 开始", "Page number, from 1."},
	"flag_stamppage":  {"页码，从 1 开始；--x 与 --y 默认第 1 页，--keyword 默认所有页", "Page number, from 1; without it --x and --y mean page 1, --keyword all pages."},
	"flag_keyword":    {"盖在这些文字上，每处一枚，印章居中；不计空白与全角半角之别", "Put the seal's middle on each place of these words; blanks and width do not count."},
	"flag_straddle":   {"骑缝章：在所有页面右边各盖一条；页数过多时分组，每组一枚", "Slice the seal over the right edges of all pages; very many pages in groups of one seal each."},
	"flag_format":     {"svg、png 或 pdf；默认按输出文件的扩展名", "svg, png or pdf; by default the output file's ending decides."},
	"flag_output":     {"输出文件", "Output file."},
	"flag_picture":    {"输出文件；- 为标准输出", "Output file; - is standard output."},
	"flag_dpi":        {"PNG 的分辨率", "Resolution of PNG output."},
	"flag_mark":       {"加注水印与页脚文字，可重复", "Text of a watermark and footer strip; repeatable."},
	"flag_qr":         {"页脚二维码的内容", "Content of a QR code in the footer strip."},
	"flag_noseals":    {"不绘制印章", "Leave seals out."},
	"flag_image":      {"印模图片（PNG、JPEG、GIF）", "The imprint's picture (PNG, JPEG, GIF)."},
	"flag_name":       {"印章名称", "The seal's name."},
	"flag_size":       {"印章宽度（毫米，整数），高度按图片比例；或写作 宽x高", "Width in whole millimetres, the height follows the picture; or WIDTHxHEIGHT."},
	"flag_makerkey":   {"制章人私钥（PKCS#8）", "The seal maker's private key (PKCS#8)."},
	"flag_makercert":  {"制章人数字证书", "The seal maker's digital certificate."},
	"flag_signercert": {"签章人数字证书，可重复", "Digital certificate of who may use the seal; repeatable."},
	"flag_from":       {"有效期起（2006-01-02，北京时间零点）", "Validity begins (2006-01-02, 00:00 in Beijing)."},
	"flag_to":         {"有效期止（2006-01-02，北京时间当日末）", "Validity ends (2006-01-02, end of the day in Beijing)."},
	"flag_id":         {"印章唯一标识（ASCII）；默认随机", "The seal's identifier (ASCII); random by default."},
	"flag_kind":       {"印章类型代码", "The seal's type code."},
	"flag_vendor":     {"厂商标识（ASCII）", "Vendor identifier (ASCII)."},
	"flag_seal":       {"印章文件（.esl）", "Seal file (.esl)."},
	"flag_key":        {"私钥（PKCS#8，PEM 或 DER）", "Private key (PKCS#8, PEM or DER)."},
	"flag_cert":       {"数字证书", "Digital certificate."},
	"flag_x":          {"印章左边距页面左边（毫米）", "Left side of the seal, millimetres from the page's left."},
	"flag_y":          {"印章上边距页面上边（毫米）", "Upper side of the seal, millimetres from the page's top."},
	"flag_tsa":        {"时间戳服务地址（RFC 3161）", "Address of a time-stamp service (RFC 3161)."},
	"flag_closed":     {"此后不允许再签名", "Allow no further signature."},
	"flag_passphrase": {"口令文件；也可用环境变量 OFD_PASSPHRASE", "File that holds the key's passphrase; or set OFD_PASSPHRASE."},
}
