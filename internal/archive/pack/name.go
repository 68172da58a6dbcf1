package pack

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// reserved are names that Windows, where archives are read, takes for devices.
var reserved = strings.Fields("CON PRN AUX NUL COM1 COM2 COM3 COM4 COM5 COM6 COM7 COM8 COM9 LPT1 LPT2 LPT3 LPT4 LPT5 LPT6 LPT7 LPT8 LPT9")

// unsafeName says in Chinese why a path may hurt who unpacks it, "" when it may
// not: it leaves the package, or other systems read it as another name.
func unsafeName(name string) string {
	switch {
	case name == "":
		return "没有名字"
	case !utf8.ValidString(name):
		return "文件名的编码不能识别"
	case len(name) > 1000:
		return "文件名过长"
	case strings.HasPrefix(name, "/"), strings.ContainsAny(name, `\:`):
		return "是绝对路径，或含有反斜线、冒号"
	case strings.ContainsAny(name, "*?\"<>|"):
		return "文件名含有通配符或引号等字符"
	}
	for _, c := range name {
		if !unicode.IsPrint(c) {
			return "文件名含有不可见的字符"
		}
	}
	for step := range strings.SplitSeq(name, "/") {
		stem, _, _ := strings.Cut(step, ".")
		switch {
		case step == "" || step == "." || step == "..":
			return "路径会离开包的文件夹"
		case strings.HasSuffix(step, ".") || step != strings.TrimSpace(step):
			return "文件名首尾有空白或以点结尾"
		case slices.Contains(reserved, strings.ToUpper(stem)):
			return "文件名是系统保留的设备名"
		}
	}
	return ""
}
