package sign

import (
	"fmt"
	"slices"
	"strings"

	"sidian/ofd"
)

// layout is what a document's signatures ought to protect.
type layout struct {
	roles  map[string]ofd.Role
	bodies []bodyLayout
	loose  []string // parts that nothing refers to
}

// bodyLayout is one DocBody's share.
type bodyLayout struct {
	vital []string        // Document.xml, pages, template pages
	parts map[string]bool // everything it leads to; nil: the whole package
}

// theLayout is made when the first signature asks for it.
func (v *run) theLayout() *layout {
	if v.layout != nil {
		return v.layout
	}
	l := &layout{roles: v.doc.Reachable()}
	for _, p := range v.doc.Parts() {
		if _, ok := l.roles[p.Name]; !ok && !strings.HasSuffix(p.Name, "/") {
			l.loose = append(l.loose, p.Name)
		}
	}
	bodies := v.doc.Bodies()
	for _, b := range bodies {
		one := bodyLayout{vital: []string{v.stored(b.DocRoot)}}
		for _, p := range b.Pages() {
			one.vital = append(one.vital, v.stored(p.Part))
		}
		for _, t := range b.Templates {
			one.vital = append(one.vital, v.stored(t.Part))
		}
		l.bodies = append(l.bodies, one)
	}
	if len(bodies) > 1 {
		v.divide(l, bodies)
	}
	v.layout = l
	return l
}

// stored gives the name under which a part is in the package.
func (v *run) stored(name string) string {
	if p := v.doc.Part(name); p != nil {
		return p.Name
	}
	return name
}

// divide finds what each of several documents in the package leads to.
func (v *run) divide(l *layout, bodies []*ofd.Body) {
	links, _ := v.doc.Links() // a broken part leads nowhere
	from := map[string][]string{}
	for _, k := range links {
		if k.From != "OFD.xml" {
			from[k.From] = append(from[k.From], k.To)
		}
	}
	for i := range bodies {
		seen := map[string]bool{"OFD.xml": true}
		todo := slices.Clone(l.bodies[i].vital)
		for len(todo) > 0 {
			name := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			if !seen[name] {
				seen[name] = true
				todo = append(todo, from[name]...)
			}
		}
		l.bodies[i].parts = seen
	}
}

// outside tells whether a part is left out of signatures by its nature: the
// lists of signatures and what belongs to any signature.
func outside(role ofd.Role) bool {
	switch role {
	case ofd.RoleSignatures, ofd.RoleSignature, ofd.RoleSeal, ofd.RoleSignedValue, ofd.RoleIntegrity:
		return true
	}
	return false
}

// checkCoverage reports what the signature does not protect. It fails when that
// is everything, or Document.xml, a page or a template page; it warns for the rest.
func (e *examination) checkCoverage() {
	l := e.theLayout()
	if e.rec.Body >= len(l.bodies) {
		return
	}
	if len(e.file.References) == 0 {
		e.set(CheckCoverage, Fail, "签名没有保护任何文件（References 为空）")
		return
	}
	listed := e.listed()
	var vital, rest []string
	for _, name := range l.bodies[e.rec.Body].vital {
		if !listed[name] {
			vital = append(vital, name)
		}
	}
	if len(vital) > 0 {
		e.set(CheckCoverage, Fail, "文档主文件或页面不在签名保护范围内："+names(vital))
	}
	for name, role := range l.roles {
		in := l.bodies[e.rec.Body].parts
		if !listed[name] && !outside(role) && (in == nil || in[name]) && !slices.Contains(vital, name) {
			rest = append(rest, name)
		}
	}
	if len(rest) > 0 {
		slices.Sort(rest)
		e.warn(CheckCoverage, "uncovered", "以下文件不在签名保护范围内："+names(rest))
	}
	e.coverLoose(l, listed)
	e.coverOthers(l, listed)
	e.set(CheckCoverage, Pass, "文档的全部内容都在签名保护范围内")
}

// listed are the parts that the References name.
func (e *examination) listed() map[string]bool {
	m := make(map[string]bool, len(e.file.References))
	for _, r := range e.file.References {
		if !r.Missing {
			name := e.stored(r.Part)
			m[name] = true
			e.out.listed = append(e.out.listed, name)
		}
	}
	return m
}

// coverLoose warns of parts that nothing refers to and the signature does not
// protect: they may have been put in later (GM/T 0099 appendix D).
func (e *examination) coverLoose(l *layout, listed map[string]bool) {
	var loose []string
	for _, name := range l.loose {
		if !listed[name] {
			loose = append(loose, name)
		}
	}
	if len(loose) > 0 {
		e.warn(CheckCoverage, "unreferenced", "文件包中有未被引用、也不受签名保护的文件："+names(loose))
	}
}

// coverOthers looks at further documents in the package. With OFD.xml
// protected, the signer saw them; else anybody may have put them in front.
func (e *examination) coverOthers(l *layout, listed map[string]bool) {
	signed := map[int]bool{}
	for _, r := range e.doc.Signatures() {
		signed[r.Body] = true
	}
	for i, b := range l.bodies {
		if signed[i] || slices.ContainsFunc(b.vital, func(n string) bool { return listed[n] }) {
			continue
		}
		message := fmt.Sprintf("文件包中的第 %d 个文档没有签名", i+1)
		if listed[e.stored("OFD.xml")] {
			e.warn(CheckCoverage, "unsigned_document", message)
			continue
		}
		e.set(CheckCoverage, Fail, message+"，且 OFD.xml 不受签名保护，该文档可能是签名后加入的")
	}
}

// unprotected fills in what concerns the file as a whole.
func (v *run) unprotected() {
	if v.layout == nil {
		v.theLayout()
	}
	listed := map[string]bool{}
	for _, s := range v.report.Signatures {
		for _, name := range s.listed {
			listed[name] = true
		}
	}
	for name, role := range v.layout.roles {
		if !listed[name] && !outside(role) {
			v.report.Uncovered = append(v.report.Uncovered, name)
		}
	}
	slices.Sort(v.report.Uncovered)
	v.report.Unreferenced = append(v.report.Unreferenced, v.layout.loose...)
}

// names lists parts for a message, the first few of many.
func names(list []string) string {
	const most = 8
	if len(list) <= most {
		return strings.Join(list, "、")
	}
	return fmt.Sprintf("%s 等 %d 个", strings.Join(list[:most], "、"), len(list))
}
