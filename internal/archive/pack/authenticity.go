package pack

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sidian/gm"
	"sidian/ofd/sign"
)

// listless says why a check of the list has nothing to go by: a package of ours
// without one was tampered with.
func (p *parcel) listless() finding {
	if p.lost(listName) || p.lost(listSignature) {
		const why = "文件摘要清单或它的签名没有读出，原因见其他各项"
		if p.o.Signed {
			return finding{Fail, why}
		}
		return skipped(why)
	}
	const why = "包内没有文件摘要清单（校验信息/文件摘要.txt）"
	if p.o.Signed {
		return finding{Fail, why + "，而本系统的归档信息包都有"}
	}
	return skipped(why + "，本项未检测；来源不能由此证明")
}

// checkSignature is 1-1-1: the signature over the list of digests.
func (p *parcel) checkSignature() finding {
	s := p.signer
	switch {
	case s == nil:
		return p.listless()
	case errors.Is(s.err, errNoSignature):
		return finding{Fail, "文件摘要清单或它的签名缺失、过大"}
	case errors.Is(s.err, gm.ErrNoCertificate):
		return finding{Fail, "签名中和包内都没有签名者的数字证书"}
	case s.err != nil:
		return finding{Fail, "文件摘要清单的签名无效，清单可能被改动"}
	}
	odd := slices.Clone(p.strange)
	for _, n := range s.notes {
		odd = append(odd, n.Message)
	}
	return weigh(nil, odd, "清单的签名有效，签名者："+s.certificate.SubjectName())
}

// checkDigests is 1-1-2: the list names each file, and each file is as listed.
func (p *parcel) checkDigests() finding {
	if p.signer == nil {
		return p.listless()
	}
	list := p.at[listName]
	if list == nil || list.data == nil {
		return skipped("文件摘要清单不能读出，本项未检测")
	}
	want, err := digests(string(list.data))
	if err != nil {
		return finding{Fail, "文件摘要清单的格式不对"}
	}
	var bad, odd []string
	for _, it := range p.items {
		sum, listed := want[it.name]
		delete(want, it.name)
		switch {
		case it.name == listName || it.name == listSignature:
		case it.unread != "":
			odd = append(odd, shown(it.name)+"没有读出，摘要未核对")
		case !listed:
			bad = append(bad, shown(it.name)+"不在清单里")
		case sum != it.digest:
			bad = append(bad, shown(it.name)+"与清单中的摘要不符，内容被改动")
		}
	}
	for name := range want {
		bad = append(bad, "清单所列的"+shown(name)+"不在包内")
	}
	slices.Sort(bad)
	return weigh(bad, odd, fmt.Sprintf("%d 个文件的 SM3 摘要与清单一致", len(p.items)-2))
}

// checkSeals is 1-1-3: what ofd/sign finds in every OFD document.
func (p *parcel) checkSeals() finding {
	var bad, odd []string
	documents, signatures := 0, 0
	for _, it := range p.files() {
		if it.seals == nil {
			continue
		}
		documents++
		signatures += len(it.seals.Signatures)
		switch it.seals.Verdict {
		case sign.Valid:
			if why := since(it.seals); why != "" {
				odd = append(odd, shown(it.name)+"的签名有效；"+why)
			}
		case sign.Unsigned:
			if folderOf(it.name) == resultsFolder {
				odd = append(odd, shown(it.name)+"没有电子签名或电子印章")
			}
		case sign.Undetermined:
			odd = append(odd, shown(it.name)+"的签名有效，但签名者不能追溯到所信任的根证书")
		default:
			bad = append(bad, shown(it.name)+"的电子签名或电子印章无效"+firstFailure(it.seals))
		}
	}
	switch {
	case documents == 0:
		return skipped("包内没有可以打开的 OFD 文件；其他格式的签名不检测")
	case signatures == 0 && len(odd) == 0:
		return skipped(fmt.Sprintf("%d 个 OFD 文件都没有电子签名", documents))
	}
	return weigh(bad, odd, fmt.Sprintf("%d 个 OFD 文件的 %d 个签名全部有效", documents, signatures))
}

// since tells what became of a digital certificate after it signed: that takes
// nothing from what was signed before, and whoever keeps the file should know.
func since(r *sign.Report) string {
	for _, w := range r.Warnings {
		if w.Code == "revoked_after" || w.Code == "maker_revoked_after" {
			return w.Message
		}
	}
	return ""
}

// firstFailure tells the first check of a signature that fails.
func firstFailure(r *sign.Report) string {
	for i := range r.Signatures {
		for _, c := range r.Signatures[i].Checks {
			if c.Result == sign.Fail {
				return "（" + c.Message + "）"
			}
		}
	}
	return ""
}

// checkSigner is 1-1-4: the way from the signer's certificate to a root.
func (p *parcel) checkSigner() finding {
	s := p.signer
	if s == nil || s.certificate == nil {
		return skipped("没有有效的归档信息包签名，本项未检测")
	}
	var bad []string
	if len(s.certificate.CheckSigningUsage()) > 0 {
		bad = append(bad, "签名者的数字证书不许用于签名")
	}
	if !p.o.Now.IsZero() && s.at.After(p.o.Now) {
		bad = append(bad, "签名时间晚于现在")
	}
	if len(p.o.Roots) == 0 {
		return weigh(bad, []string{"没有给出所信任的根证书，签名者未追溯；包内自带的根证书不能证明自己"}, "")
	}
	if why := p.untraced(s.certificate, s.chain, s.at); why != "" {
		bad = append(bad, why)
	}
	good := "签名者追溯到所信任的根证书"
	if s.stamped {
		good += "，签名时间有时间戳证明"
	}
	return weigh(bad, nil, good)
}

// checkStamp is 1-1-5: the time stamp over the signature.
func (p *parcel) checkStamp() finding {
	s := p.signer
	switch {
	case s == nil || s.err != nil:
		return skipped("没有有效的归档信息包签名，本项未检测")
	case s.stampErr != nil:
		return finding{Fail, "签名上的时间戳无效"}
	case s.stamp == nil:
		return skipped("签名上没有时间戳，签名时间由签名者自述")
	case len(p.o.Roots) == 0:
		return finding{Warn, "时间戳有效，但没有给出所信任的根证书，时间戳服务者未追溯"}
	}
	between := gm.NewPool(slices.Concat(s.stamp.Chain, s.chain.Certificates())...)
	if why := p.untraced(s.stamp.Certificate, between, s.stamp.Time); why != "" {
		return finding{Fail, "时间戳服务者：" + why}
	}
	return finding{Pass, "时间戳有效，时间 " + s.stamp.Time.In(beijing).Format("2006-01-02 15:04:05")}
}

// checkCode is 1-2-1.
func (p *parcel) checkCode() finding {
	switch {
	case p.record == nil:
		return skipped(noMeta)
	case strings.TrimSpace(p.record.values[codeName]) == "":
		return skipped("尚未编制档号，由档案机构接收后赋予")
	}
	return weigh(p.record.archivalCode(p.o.Pattern), nil, "档号符合编制规则")
}

// checkTimes is 1-2-6.
func (p *parcel) checkTimes() finding {
	if p.record == nil {
		return skipped(noMeta)
	}
	bad := p.record.implausible(p.o.Now)
	if it := p.at[eventsName]; it != nil {
		bad = append(bad, p.record.implausibleEvents(it.events)...)
	}
	return weigh(bad, nil, "各时间先后合理")
}

// checkCharacters is 1-2-7.
func (p *parcel) checkCharacters() finding {
	if p.record == nil {
		return skipped(noMeta)
	}
	bad, odd := p.record.special()
	return weigh(bad, odd, "没有特殊字符")
}

// checkFileset is 1-3-2: files and records, both ways.
func (p *parcel) checkFileset() finding {
	if p.record == nil {
		return skipped(noMeta)
	}
	var bad []string
	recorded := map[string]bool{}
	unread := map[string]bool{}
	for _, it := range p.items {
		unread[it.name] = it.unread != ""
	}
	for i := range p.record.files {
		f := &p.record.files[i]
		path := f.path()
		recorded[path] = true
		it := p.at[path]
		switch size, err := strconv.ParseInt(strings.TrimSpace(f.Size), 10, 64); {
		case unread[path]: // told by the check that found out why
		case it == nil:
			bad = append(bad, "元数据著录的"+shown(path)+"不在包内")
		case err == nil && size != it.size:
			bad = append(bad, fmt.Sprintf("%s 著录为 %d 字节，实为 %d 字节", shown(path), size, it.size))
		}
	}
	for _, it := range p.files() {
		if !recorded[it.name] {
			bad = append(bad, shown(it.name)+"没有著录在元数据里")
		}
	}
	return weigh(bad, nil, fmt.Sprintf("%d 个文件与元数据一一对应", len(p.record.files)))
}

// checkRelation is 1-4-1: what the metadata say is what the package holds.
func (p *parcel) checkRelation() finding {
	if p.record == nil {
		return skipped(noMeta)
	}
	var bad, odd []string
	compared := 0
	if number := strings.TrimSpace(p.record.values[numberName]); p.o.Name != "" && number != "" {
		compared++
		if strings.TrimSuffix(p.o.Name, ".zip") != number {
			odd = append(odd, "包的文件名不是电子文件号")
		}
	}
	inside := map[string]bool{}
	for _, it := range p.files() {
		if folderOf(it.name) == resultsFolder && it.found.number != "" {
			inside[it.found.number] = true
		}
	}
	switch want := strings.TrimSpace(p.record.values["result_code"]); {
	case len(inside) == 0:
	case want == "":
		odd = append(odd, "结果文件中有电子证照，元数据没有著录结果证照编号")
	default:
		compared++
		for _, one := range strings.FieldsFunc(want, func(c rune) bool { return strings.ContainsRune(",;，；、", c) }) {
			if !inside[strings.TrimSpace(one)] {
				bad = append(bad, "元数据著录的结果证照编号与结果文件中的电子证照不符")
			}
		}
	}
	if compared == 0 && len(odd) == 0 {
		return skipped("包内没有可与元数据对照的内容")
	}
	return weigh(bad, odd, "元数据与内容相符")
}

// checkSignatureTable is 1-4-2: what was told of signatures when the package
// was made is what the files hold now.
func (p *parcel) checkSignatureTable() finding {
	it := p.at[signaturesName]
	switch {
	case it == nil:
		return skipped("包内没有电子签名元数据（校验信息/电子签名.xml）")
	case it.found.broken != "":
		return skipped("电子签名元数据不可读，本项未检测")
	}
	rows, err := decodeSignatures(it.data)
	if err != nil {
		return skipped("电子签名元数据不是本系统的形式，本项未检测")
	}
	var bad, odd []string
	count := map[string]int{}
	for i := range rows {
		count[rows[i].File]++
		if why := toldThen(&rows[i]); why != "" {
			odd = append(odd, fmt.Sprintf("第 %d 条：", i+1)+why)
		}
		if p.at[rows[i].File] == nil && !p.lost(rows[i].File) {
			bad = append(bad, fmt.Sprintf("第 %d 条所指的文件不在包内", i+1))
		}
	}
	for _, f := range p.files() {
		if f.seals != nil && count[f.name] != len(f.seals.Signatures) {
			bad = append(bad, fmt.Sprintf("%s 著录 %d 个签名，实有 %d 个", shown(f.name), count[f.name], len(f.seals.Signatures)))
		}
	}
	return weigh(bad, odd, fmt.Sprintf("%d 条电子签名元数据与文件一致", len(rows)))
}

// toldThen is what the verification found when the package was made, where that
// was not the best. What a file shows of itself is told by 1-1-3; the rest is
// what became of a seal later, which is told and keeps nothing from being filed.
func toldThen(r *signatureRecord) string {
	switch sign.Verdict(r.Result) {
	case "", sign.Valid:
		return ""
	case sign.Invalid:
		return "组包时的验证结论为无效，理由见验证记录"
	}
	return "组包时的验证结论为不能确认，理由见验证记录"
}

// lost tells whether a file is there and could not be read.
func (p *parcel) lost(name string) bool {
	return p.at[name] == nil && slices.ContainsFunc(p.items, func(it *item) bool { return it.name == name && it.unread != "" })
}

// checkStructure is 1-5-1.
func (p *parcel) checkStructure() finding {
	var bad []string
	if p.at[metaName] == nil && !p.lost(metaName) {
		bad = append(bad, "缺少"+metaName)
	}
	for _, it := range p.items {
		if it.name == metaName || unsafeName(it.name) != "" { // told by 4-2-2
			continue
		}
		if top := folderOf(it.name); top != checkFolder && !knownFolder(top) {
			bad = append(bad, shown(it.name)+"不在规定的文件夹里")
		}
	}
	if p.record != nil && p.record.sets != 1 {
		bad = append(bad, fmt.Sprintf("元数据中有 %d 个文件集，应当有 1 个", p.record.sets))
	}
	odd := slices.Clone(p.odd)
	for _, it := range p.items {
		switch {
		case described(it.name) || it.name == metaName || ours(it.name):
		case p.signer != nil: // whoever added it hopes that nobody looks there
			bad = append(bad, shown(it.name)+"不是校验信息")
		default:
			odd = append(odd, shown(it.name)+"不是本系统认识的校验信息")
		}
	}
	if p.record != nil && len(p.record.unknown) > 0 {
		odd = append(odd, fmt.Sprintf("元数据中有 %d 个不认识的项", len(p.record.unknown)))
	}
	return weigh(bad, odd, "包的结构符合规定")
}
