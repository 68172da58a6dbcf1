package lint

import "sidian/ofd"

// core are the mandatory elements of GB/T 36903-2018 with the names vendors
// use for them: short name, Chinese, English.
var core = [][]string{
	{"ZZMC", "证照名称", "certificateName"},
	{"ZZLXDM", "证照类型代码", "certificateTypeCode"},
	{"ZZBH", "证照编号", "certificateNumber"},
	{"ZZBS", "证照标识", "certificateIdentifier"},
	{"ZZBFJG", "证照颁发机构", "certificateIssuingAuthorityName"},
	{"ZZBFJGDM", "证照颁发机构代码", "certificateIssuingAuthorityCode"},
	{"ZZBFRQ", "证照颁发日期", "certificateIssuedDate"},
	{"CZZT", "持证主体", "certificateHolderName"},
	{"CZZTDM", "持证主体代码", "certificateHolderCode"},
	{"CZZTDMLXDM", "持证主体代码类型代码", "certificateHolderTypeCode"},
}

// maybeNone are elements there may be nothing to say in: a newborn has no
// identifier yet when its birth is certified. Left out or empty, they are a
// warning.
var maybeNone = map[string]bool{"CZZTDM": true, "CZZTDMLXDM": true}

// copyCore are the elements an annotated copy has besides; the first one tells
// that it is one.
var copyCore = [][]string{
	{"JZJZZZ", "加注件制作者", "certificateCopyCreator"},
	{"JZJZZSJ", "加注件制作时间", "certificateCopyCreationTime"},
	{"JZJZZSY", "加注件制作事由", "certificateCopyCause"},
	{"JZJYXQJZSJ", "加注件有效期截止时间", "certificateCopyExpiringTime"},
}

// certificateData: a certificate file carries the core elements of its
// metadata in CustomDatas.
var certificateData = &rule{id: "certificate_data", clause: "GB/T 36905-2018; GB/T 36903-2018", severity: Error, in: certificates, check: func(c *context) {
	info := c.doc.Info()
	seen := make(map[string]bool, len(info.CustomDatas))
	for _, d := range info.CustomDatas {
		if d.Name == "" {
			c.report("OFD.xml", "CustomData 没有 Name")
		} else if seen[d.Name] {
			c.report("OFD.xml", "元数据 %s 重复", d.Name)
		}
		seen[d.Name] = true
	}
	c.require(info, core)
	for _, names := range copyCore {
		if _, ok := value(info, names); ok {
			c.require(info, copyCore)
			return
		}
	}
}}

func (c *context) require(info ofd.DocInfo, elements [][]string) {
	for _, names := range elements {
		severity := Error
		if maybeNone[names[0]] {
			severity = Warning
		}
		if v, ok := value(info, names); !ok {
			c.reportAs(severity, "OFD.xml", "缺少元数据 %s（%s）", names[0], names[1])
		} else if v == "" {
			c.reportAs(severity, "OFD.xml", "元数据 %s（%s）为空", names[0], names[1])
		}
	}
}

func value(info ofd.DocInfo, names []string) (string, bool) {
	for _, n := range names {
		if v, ok := info.Custom(n); ok {
			return v, true
		}
	}
	return "", false
}
