package lint

// unreferencedPart: parts that nothing leads to are dead weight at best, and
// smuggled at worst (GM/T 0099-2020 appendix D).
var unreferencedPart = &rule{id: "unreferenced_part", clause: "GM/T 0099-2020 附录 D", severity: Warning, in: always, check: func(c *context) {
	c.reach()
	for _, p := range c.doc.Parts() {
		if _, ok := c.roles[p.Name]; !ok {
			c.reportAs(c.unreferenced(), p.Name, "文件包中没有任何内容引用该文件")
		}
	}
}}

func (c *context) unreferenced() Severity {
	if c.profile == Issuing {
		return Error
	}
	return Warning
}
