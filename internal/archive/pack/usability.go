package pack

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// checkReadable is 3-1-1: the metadata, and the tables beside them.
func (p *parcel) checkReadable() finding {
	var bad, odd []string
	switch {
	case errors.Is(p.recordErr, errRoot):
		bad = append(bad, metaName+"的根元素不是 base_info")
	case p.recordErr != nil:
		bad = append(bad, metaName+"不是可读的 XML")
	case p.record == nil:
		odd = append(odd, "没有元数据可读")
	}
	if it := p.at[signaturesName]; it != nil && it.found.broken != "" {
		bad = append(bad, shown(it.name)+it.found.broken)
	}
	return weigh(bad, odd, "元数据可以读出")
}

// checkOpens is 3-2-1: our readers open what they can read.
func (p *parcel) checkOpens() finding {
	var bad, odd []string
	opened, pages := 0, 0
	for _, it := range p.files() {
		switch {
		case it.found.broken != "":
			bad = append(bad, shown(it.name)+"："+it.found.broken)
		case it.found.unsure != "" && formatOf(it.name) != nil:
			odd = append(odd, shown(it.name)+"："+it.found.unsure)
		case it.found.locked == "" && it.found.program == "" && it.size > 0:
			opened++
			pages += it.found.pages
		}
	}
	return weigh(bad, odd, fmt.Sprintf("%d 个文件都能打开，版式文件共 %d 页", opened, pages))
}

// checkEmpty is 3-2-2.
func (p *parcel) checkEmpty() finding {
	var bad []string
	for _, it := range p.items {
		if it.unread == "" && it.size == 0 {
			bad = append(bad, shown(it.name)+"是空文件")
		}
	}
	return weigh(bad, nil, "没有 0 字节的文件")
}

// checkFormats is 3-2-3: a file is what its name and its metadata say, and of a
// format that will be readable.
func (p *parcel) checkFormats() finding {
	var bad, odd []string
	for _, it := range p.files() {
		e, f := ending(it.name), formatOf(it.name)
		if f == nil {
			continue // told by 4-2-1
		}
		want := e
		if w := wraps[e]; w != "" {
			want = w
		}
		switch is := it.found.is; {
		case is == "" || is == want || it.found.program != "":
		case slices.Contains([]string{"txt", "csv", "xml"}, e) && is == "bmp": // two letters
		default:
			bad = append(bad, shown(it.name)+"的内容是"+strings.ToUpper(is)+"，与扩展名不一致")
		}
		if !f.keeps {
			odd = append(odd, shown(it.name)+"不是适合长期保存的格式")
		}
	}
	if p.record != nil {
		bad = append(bad, p.record.wrongFormats()...)
	}
	return weigh(bad, odd, "文件格式与扩展名、著录一致，适合长期保存")
}

// checkHidden is 3-3-1.
func (p *parcel) checkHidden() finding {
	bad := slices.Clone(p.hidden)
	for _, it := range p.files() {
		if it.found.locked != "" {
			bad = append(bad, shown(it.name)+"："+it.found.locked)
		}
	}
	return weigh(bad, nil, "只用公开的压缩方法，没有加密")
}
