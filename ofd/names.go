package ofd

import (
	"strings"

	"sidian/ofd/internal/limits"
)

const ratioFrom = limits.RatioFrom

// checkName refuses a name that is not a plain relative path inside the root:
// what unpacks a package by its names must not be led outside.
func checkName(name string, lim Limits) error {
	const reason = "文件包条目名不合法（路径越界或含非法字符）"
	switch {
	case name == "":
		return refuse("name", reason, "entry without a name")
	case len(name) > lim.Name:
		return refuse("name_length", "文件包条目名过长", "entry name of %d bytes", len(name))
	case name[0] == '/':
		return refuse("path", reason, "entry name %q is absolute", name)
	case len(name) > 1 && name[1] == ':':
		return refuse("path", reason, "entry name %q begins with a drive", name)
	}
	for i := 0; i < len(name); i++ {
		if c := name[i]; c < 0x20 || c == 0x7F || c == '\\' {
			return refuse("path", reason, "entry name %q has a backslash or control character", name)
		}
	}
	for seg := range strings.SplitSeq(name, "/") {
		if seg == "" || seg == "." || seg == ".." {
			return refuse("path", reason, "entry name %q leaves the package or is not plain", name)
		}
	}
	return nil
}
