package sign

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"sidian/ofd"
)

// target is a signature about to be added to a document.
type target struct {
	doc    *ofd.Document
	body   *ofd.Body
	dir    string // of the signature's parts
	id     int
	closed bool
}

// prepare refuses documents that may not be signed, and links a list of
// signatures into OFD.xml where there is none: OFD.xml must be final before it
// is covered, or the next signature would break this one (GB/T 33190 §18.1).
func prepare(d *ofd.Document, index int) (*ofd.Document, *ofd.Body, error) {
	bodies := d.Bodies()
	if index < 0 || index >= len(bodies) {
		return nil, nil, refuse("no_such_document", fmt.Sprintf("文件包中没有第 %d 个文档", index+1))
	}
	body := bodies[index]
	if body.Permissions.NoSignature {
		return nil, nil, refuse("permission", "文件的权限设置禁止签名盖章（Permissions/Signature=false），请由制作者放开权限后再签")
	}
	if d.Part("OFDEntries.xml") != nil {
		return nil, nil, refuse("integrity_list", "文件带有完整性清单（OFDEntries.xml），增加签名会使其失效，请先签名再做完整性保护")
	}
	if d.Part("Encryptions.xml") != nil {
		return nil, nil, refuse("encrypted", "文件已按 GM/T 0099 加密，无法确认所盖内容，请先解密再签名盖章")
	}
	if err := checkEarlier(d, body.SignaturesPart == ""); err != nil {
		return nil, nil, err
	}
	if loose := path.Join(path.Dir(body.DocRoot), "Signs/Signatures.xml"); body.SignaturesPart == "" && d.Part(loose) != nil {
		return nil, nil, refuse("unlinked_list", "文件中有未被 OFD.xml 引用的签名列表（"+loose+"），已有签名可能被隐藏，请由制作者重新生成文件")
	}
	d, err := d.PrepareSignatures(index)
	if err != nil {
		return nil, nil, fmt.Errorf("linking a list of signatures: %w", err)
	}
	body = d.Bodies()[index]
	return d, body, nil
}

// checkEarlier refuses to add a signature where that would break an earlier one.
func checkEarlier(d *ofd.Document, changesRoot bool) error {
	for _, rec := range d.Signatures() {
		file, err := d.Signature(rec)
		if err != nil {
			return refuse("unreadable_signature", "文件中已有的签名 "+rec.ID+" 无法读取，不能确定其保护范围，请先核实该签名")
		}
		for _, ref := range file.References {
			if isSignatureList(d, ref.Part) {
				return refuse("closed", "已有的签名 "+rec.ID+" 保护了签名列表，不允许再增加签名或盖章，请使用封闭前的文件")
			}
			if changesRoot && strings.EqualFold(ref.Part, "OFD.xml") {
				return refuse("root_covered", "已有的签名 "+rec.ID+" 保护了 OFD.xml，而增加签名需要修改它，请使用签名前的文件")
			}
		}
	}
	return nil
}

// isSignatureList tells whether a part is the Signatures.xml of any document in the package.
func isSignatureList(d *ofd.Document, part string) bool {
	for _, b := range d.Bodies() {
		if b.SignaturesPart != "" && strings.EqualFold(b.SignaturesPart, part) {
			return true
		}
	}
	return false
}

func newTarget(d *ofd.Document, body *ofd.Body, closed bool) (*target, error) {
	dir, id, err := d.NextSignature(body.Index)
	if err != nil {
		return nil, fmt.Errorf("numbering the signature: %w", err)
	}
	return &target{doc: d, body: body, dir: strings.Trim(dir, "/"), id: id, closed: closed}, nil
}

// add writes the record, then Signature.xml over everything that is in the
// package, then the value that produce gives for Signature.xml. Not covered are
// only this signature's own Signature.xml and SignedValue.dat, which cannot be,
// and the lists of signatures, unless the document is to be closed.
func (t *target) add(kind string, x *signatureXML, parts []*ofd.Part, produce func(xml []byte, loc string) ([]byte, error)) (*ofd.Document, error) {
	own := t.dir + "/Signature.xml"
	x.value = t.dir + "/SignedValue.dat"
	if x.provider == "" {
		x.provider = Provider
	}
	list, err := t.doc.SignaturesWith(t.body.Index, ofd.NewSignature{
		ID: t.id, Type: kind, Loc: "/" + own, MaxID: t.id + len(x.stamps),
	})
	if err != nil {
		return nil, fmt.Errorf("adding a record to the list of signatures: %w", err)
	}
	if x.references, err = t.references(list, parts); err != nil {
		return nil, err
	}
	xml := x.bytes()
	value, err := produce(xml, "/"+own)
	if err != nil {
		return nil, err
	}
	d, err := t.doc.With(append(parts, list, ofd.NewPart(own, xml), ofd.NewPart(x.value, value))...)
	if err != nil {
		return nil, fmt.Errorf("adding the signature's parts: %w", err)
	}
	return d, nil
}

// references digests what is to be covered: the package's parts, with the new
// list in place of the old one, and the parts added. Parts that did not change
// keep the digest they have.
func (t *target) references(list *ofd.Part, added []*ofd.Part) ([]reference, error) {
	out := make([]reference, 0, len(t.doc.Parts())+len(added))
	for _, p := range slices.Concat(t.doc.Parts(), added) {
		if strings.HasSuffix(p.Name, "/") || !t.closed && isSignatureList(t.doc, p.Name) {
			continue
		}
		if p.Name == list.Name {
			p = list
		}
		digest, err := p.Digest()
		if err != nil {
			return nil, refuse("damaged", "文件包中的 "+p.Name+" 已损坏，不能作为签名盖章的内容，请重新获取完整的文件")
		}
		out = append(out, reference{p.Name, digest})
	}
	return out, nil
}
