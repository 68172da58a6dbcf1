package pack

import (
	"fmt"
	"slices"
	"strings"
)

// checkBytes is 2-1-1: the package against the transfer list.
func (p *parcel) checkBytes(digest string) finding {
	e := p.o.Expected
	if e == nil || e.Bytes == 0 && e.SM3 == "" {
		return skipped(fmt.Sprintf("没有交接单可核对；包共 %d 字节，SM3 %s", p.size, digest))
	}
	var bad []string
	if e.Bytes != 0 && e.Bytes != p.size {
		bad = append(bad, fmt.Sprintf("交接单为 %d 字节，实为 %d 字节", e.Bytes, p.size))
	}
	if e.SM3 != "" && !strings.EqualFold(e.SM3, digest) {
		bad = append(bad, "包的 SM3 摘要与交接单不符，实为 "+digest)
	}
	return weigh(bad, nil, fmt.Sprintf("%d 字节，与交接单一致", p.size))
}

// checkCount is 2-1-2.
func (p *parcel) checkCount() finding {
	n := 0
	for _, it := range p.items {
		if described(it.name) {
			n++
		}
	}
	if p.o.Expected == nil || p.o.Expected.Files == 0 {
		return skipped(fmt.Sprintf("没有交接单可核对；共 %d 个电子文件", n))
	}
	if p.o.Expected.Files != n {
		return finding{Fail, fmt.Sprintf("交接单为 %d 个电子文件，实有 %d 个", p.o.Expected.Files, n)}
	}
	return finding{Pass, fmt.Sprintf("%d 个电子文件，与交接单一致", n)}
}

// checkMissing is 2-2-2: what the item's list of materials (归档材料目录) wants.
func (p *parcel) checkMissing() finding {
	if p.record == nil {
		return skipped(noMeta)
	}
	bad := noResult(p.record)
	for _, code := range p.o.Required {
		if !slices.ContainsFunc(p.record.files, func(f fileRecord) bool { return strings.TrimSpace(f.Code) == code }) {
			bad = append(bad, "缺少编号 "+shown(code)+"的文件")
		}
	}
	good := "有结果文件；没有给出归档材料目录，申报与过程文件是否齐全未检测"
	if p.o.Required != nil {
		good = "归档材料目录所列的文件齐全"
	}
	return weigh(bad, nil, good)
}

// checkTorn is 2-3-1: every file comes out as it was put in.
func (p *parcel) checkTorn() finding {
	var bad []string
	for _, it := range p.items {
		if it.torn != "" {
			bad = append(bad, shown(it.name)+it.torn)
		}
	}
	return weigh(bad, nil, fmt.Sprintf("%d 个文件的长度与校验和正确", len(p.at)))
}
