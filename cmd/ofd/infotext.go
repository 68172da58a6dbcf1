package main

import (
	"cmp"
	"slices"

	"sidian/ofd"
)

// resources lists fonts by ID, so that the same file always prints the same.
func (b *bodyInfo) resources(res *ofd.Resources) {
	ids := make([]ofd.ID, 0, len(res.Fonts))
	for id := range res.Fonts {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, cmp.Compare[ofd.ID])
	for _, id := range ids {
		f := res.Fonts[id]
		b.Fonts = append(b.Fonts, fontInfo{f.Name, f.File != ""})
	}
	b.Images = len(res.Media)
}

func (p *program) printInfo(i *documentInfo) {
	p.tell("%s：OFD %s（%s），%d 个文件", "%s: OFD %s (%s), %d parts", i.File, i.Version, i.DocType, i.Parts)
	for _, b := range i.Bodies {
		p.tell("标题：%s", "title: %s", b.Title)
		p.tell("文档标识：%s", "document ID: %s", b.DocID)
		p.tell("创建：%s（%s）", "created: %s (%s)", b.Created, b.Creator)
		p.tell("元数据：%d 项", "metadata: %d entries", b.MetadataSize)
		for n, page := range b.Pages {
			p.tell("第 %d 页：%g × %g 毫米", "page %d: %g × %g mm", n+1, page.Width, page.Height)
		}
		for _, f := range b.Fonts {
			p.printf("%s%s%s\n", p.lang.pick("字体：", "font: "), f.Name, embeddedWord(p.lang, f.Embedded))
		}
		p.tell("图片等资源：%d", "pictures and other media: %d", b.Images)
	}
	for _, a := range i.Attachments {
		p.tell("附件：%s（%s）", "attachment: %s (%s)", a.Name, a.Format)
	}
	for _, s := range i.Signatures {
		p.tell("签名 %s：%s，%s，%d 处盖章", "signature %s: %s, by %s, %d stamps", s.ID, s.Type, s.Provider, s.Stamps)
	}
	for _, x := range i.Problems {
		p.tell("问题：%s", "problem: %s", x)
	}
}

func embeddedWord(l language, embedded bool) string {
	if embedded {
		return l.pick("（嵌入）", " (embedded)")
	}
	return l.pick("（未嵌入）", " (not embedded)")
}
