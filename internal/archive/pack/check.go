package pack

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"sidian/gm"
)

// Check checks a package of size bytes by the four properties. It answers an
// error, which wraps ErrUnreadable, only when there is nothing to report on, or
// when reading r goes wrong.
func Check(r io.ReaderAt, size int64, o Options) (*Report, error) {
	o.Limits = o.Limits.filled()
	c, err := scan(r, size, o.Limits)
	if err != nil {
		return nil, fmt.Errorf("pack: opening a package: %w", err)
	}
	h := gm.NewHash()
	if _, err := io.Copy(h, io.NewSectionReader(r, 0, size)); err != nil {
		return nil, fmt.Errorf("pack: reading a package: %w", err)
	}
	p, err := read(c, o)
	if err != nil {
		return nil, err
	}
	return p.report(hex.EncodeToString(h.Sum(nil))), nil
}

func (p *parcel) report(digest string) *Report {
	rep := &Report{Digest: digest, Size: p.size, Files: len(p.files()), Result: Pass}
	if p.record != nil {
		rep.Meta, rep.Number = p.record.meta(), strings.TrimSpace(p.record.values[numberName])
	}
	if p.signer != nil && p.signer.certificate != nil {
		rep.Signer = p.signer.certificate.SubjectName()
	}
	for i := range checks {
		f := checks[i].run(p, digest)
		rep.Checks = append(rep.Checks, Row{ID: checks[i].id, Property: checks[i].property, Name: checks[i].name, Result: f.result, Evidence: f.evidence})
		switch {
		case f.result == Fail:
			rep.Result = Fail
		case f.result == Warn && rep.Result == Pass, f.result == Skip && checks[i].needed && rep.Result == Pass:
			rep.Result = Warn
		}
	}
	return rep
}

// A check is one row of the report. needed tells that a package of which it was
// skipped does not just pass: a stranger could have taken away what it needs.
type check struct {
	id       string
	property Property
	name     string
	needed   bool
	run      func(p *parcel, digest string) finding
}

// checks are all checks, in order of their ids. Ids follow those met in
// products (包摘要 1-1-2, 重复 1-2-2, 文件集一致 1-3-2, 关联 1-4-1, 包结构 1-5-1,
// 字节数 2-1-1, 缺件 2-2-2, 打开 3-2-1, 压缩加密 3-3-1, 多余 4-3-1); the others are
// numbered after the groups of DA/T 70.
var checks = []check{
	{"1-1-1", Authenticity, "归档信息包签名", true, func(p *parcel, _ string) finding { return p.checkSignature() }},
	{"1-1-2", Authenticity, "归档信息包摘要", true, func(p *parcel, _ string) finding { return p.checkDigests() }},
	{"1-1-3", Authenticity, "电子签名、电子印章与时间戳", false, func(p *parcel, _ string) finding { return p.checkSeals() }},
	{"1-1-4", Authenticity, "签名者的数字证书", false, func(p *parcel, _ string) finding { return p.checkSigner() }},
	{"1-1-5", Authenticity, "归档信息包的时间戳", false, func(p *parcel, _ string) finding { return p.checkStamp() }},
	{"1-2-1", Authenticity, "档号规范性", false, func(p *parcel, _ string) finding { return p.checkCode() }},
	{"1-2-2", Authenticity, "编号重复", false, func(p *parcel, _ string) finding { return p.ofRecord((*record).duplicates, "没有重复的编号") }},
	{"1-2-3", Authenticity, "元数据长度", false, func(p *parcel, _ string) finding {
		return p.ofRecord((*record).lengths, "各项都在规定长度以内")
	}},
	{"1-2-4", Authenticity, "元数据类型与格式", false, func(p *parcel, _ string) finding {
		return p.ofRecord((*record).forms, "各项的类型与格式正确")
	}},
	{"1-2-5", Authenticity, "元数据值域", false, func(p *parcel, _ string) finding { return p.ofRecord((*record).domains, "各项的值都在值域内") }},
	{"1-2-6", Authenticity, "元数据合理性", false, func(p *parcel, _ string) finding { return p.checkTimes() }},
	{"1-2-7", Authenticity, "元数据特殊字符", false, func(p *parcel, _ string) finding { return p.checkCharacters() }},
	{"1-3-2", Authenticity, "元数据与包内文件一致", false, func(p *parcel, _ string) finding { return p.checkFileset() }},
	{"1-4-1", Authenticity, "元数据与内容关联", false, func(p *parcel, _ string) finding { return p.checkRelation() }},
	{"1-4-2", Authenticity, "电子签名元数据与文件一致", false, func(p *parcel, _ string) finding { return p.checkSignatureTable() }},
	{"1-5-1", Authenticity, "归档信息包结构", false, func(p *parcel, _ string) finding { return p.checkStructure() }},
	{"2-1-1", Integrity, "数据总量（字节数）", false, (*parcel).checkBytes},
	{"2-1-2", Integrity, "数据总量（件数）", false, func(p *parcel, _ string) finding { return p.checkCount() }},
	{"2-2-1", Integrity, "必填元数据", false, func(p *parcel, _ string) finding { return p.ofRecord((*record).missing, "必填项齐全") }},
	{"2-2-2", Integrity, "归档材料齐全", false, func(p *parcel, _ string) finding { return p.checkMissing() }},
	{"2-3-1", Integrity, "包内文件完整读出", false, func(p *parcel, _ string) finding { return p.checkTorn() }},
	{"3-1-1", Usability, "元数据可读", false, func(p *parcel, _ string) finding { return p.checkReadable() }},
	{"3-2-1", Usability, "电子文件可打开", false, func(p *parcel, _ string) finding { return p.checkOpens() }},
	{"3-2-2", Usability, "没有空文件", false, func(p *parcel, _ string) finding { return p.checkEmpty() }},
	{"3-2-3", Usability, "文件格式合规", false, func(p *parcel, _ string) finding { return p.checkFormats() }},
	{"3-3-1", Usability, "没有非公开的压缩与加密", false, func(p *parcel, _ string) finding { return p.checkHidden() }},
	{"4-1-1", Security, "恶意程序", false, func(p *parcel, _ string) finding { return p.checkMalware() }},
	{"4-2-1", Security, "文件类型", false, func(p *parcel, _ string) finding { return p.checkTypes() }},
	{"4-2-2", Security, "文件名与路径", false, func(p *parcel, _ string) finding { return p.of(p.names, "文件名与路径都安全") }},
	{"4-3-1", Security, "没有多余数据", false, func(p *parcel, _ string) finding { return p.of(p.extra, "包内没有不属于任何文件的数据") }},
	{"4-3-2", Security, "解压后的大小", false, func(p *parcel, _ string) finding { return p.of(p.bombs, "各文件与总量都在上限以内") }},
}

// A finding is a result with what it rests on.
type finding struct {
	result   Result
	evidence string
}

// most is how many findings a row tells before it only counts.
const most = 8

func told(result Result, found []string) finding {
	text := strings.Join(found[:min(len(found), most)], "；")
	if len(found) > most {
		text += fmt.Sprintf("；等 %d 处", len(found))
	}
	return finding{result, text}
}

// weigh fails by what is bad, warns by what is odd, and else passes.
func weigh(bad, odd []string, good string) finding {
	switch {
	case len(bad) > 0:
		return told(Fail, bad)
	case len(odd) > 0:
		return told(Warn, odd)
	}
	return finding{Pass, good}
}

func (p *parcel) of(bad []string, good string) finding { return weigh(bad, nil, good) }

func skipped(why string) finding { return finding{Skip, why} }

const noMeta = "没有可读的元数据，本项未检测"

func (p *parcel) ofRecord(look func(*record) []string, good string) finding {
	if p.record == nil {
		return skipped(noMeta)
	}
	return weigh(look(p.record), nil, good)
}
