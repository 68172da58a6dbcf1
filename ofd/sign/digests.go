package sign

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"fmt"
	"strings"

	"sidian/gm"
	"sidian/ofd"
)

// hashing is a digest algorithm by which parts are protected.
type hashing struct {
	name string
	weak bool
	sum  func(*ofd.Part) ([]byte, error)
}

var (
	bySM3 = &hashing{name: "SM3", sum: func(p *ofd.Part) ([]byte, error) {
		d, err := p.Digest()
		return d[:], err
	}}
	bySHA256 = &hashing{name: "SHA-256", sum: over(func(b []byte) []byte { d := sha256.Sum256(b); return d[:] })}
	bySHA1   = &hashing{name: "SHA-1", weak: true, sum: over(func(b []byte) []byte { d := sha1.Sum(b); return d[:] })}
	byMD5    = &hashing{name: "MD5", weak: true, sum: over(func(b []byte) []byte { d := md5.Sum(b); return d[:] })}
)

func over(sum func([]byte) []byte) func(*ofd.Part) ([]byte, error) {
	return func(p *ofd.Part) ([]byte, error) {
		data, err := p.Data()
		if err != nil {
			return nil, err
		}
		return sum(data), nil
	}
}

// checkMethods are the texts met in CheckMethod: the OID, the name, and the
// schema's own MD5 and SHA1 (GB/T 33190-2016 §18.2.3).
var checkMethods = map[string]*hashing{
	oidSM3: bySM3, "SM3": bySM3, oidSM3 + ".1": bySM3, oidSM3 + ".2": bySM3,
	"SHA256": bySHA256, "SHA-256": bySHA256, "2.16.840.1.101.3.4.2.1": bySHA256,
	"SHA1": bySHA1, "SHA-1": bySHA1, "1.3.14.3.2.26": bySHA1,
	"MD5": byMD5, "1.2.840.113549.2.5": byMD5,
}

// method gives the algorithm of the References. Left out it is MD5 by the
// schema; products that leave it out write SM3, so the lengths decide.
func (e *examination) method() *hashing {
	name := strings.ToUpper(strings.TrimSpace(e.file.CheckMethod))
	h := checkMethods[name]
	switch {
	case h != nil && strings.HasPrefix(name, oidSM3+"."):
		e.warn(CheckDigest, "check_method", "摘要算法标识 "+name+" 不是 SM3 的标准标识，已按 SM3 计算")
	case h == nil && name == "" && len(e.file.References) > 0:
		h = map[int]*hashing{16: byMD5, 20: bySHA1, 32: bySM3}[len(e.file.References[0].CheckValue)]
		if h != nil {
			e.warn(CheckDigest, "check_method", "未写摘要算法，已按摘要长度认定为 "+h.name)
		}
	}
	if h != nil && h != bySM3 {
		e.warn(CheckDigest, "digest_algorithm", "文件以 "+h.name+" 保护，不是国密 SM3 算法")
	}
	if h != nil && h.weak {
		e.remark("weak_digest", h.name+" 摘要算法已不安全，可能被伪造")
	}
	return h
}

// checkDigests checks the digest of Signature.xml that the value holds, then
// every Reference (GB/T 38540-2020 §7.3 step 6).
func (e *examination) checkDigests() {
	if e.ses != nil {
		e.checkDataHash()
	}
	if len(e.file.References) == 0 {
		return // the coverage check fails
	}
	h := e.method()
	if h == nil {
		e.set(CheckDigest, Fail, "摘要算法不能识别："+e.file.CheckMethod)
		return
	}
	wrong := 0
	for _, ref := range e.file.References {
		if message := e.checkReference(h, ref); message != "" {
			wrong++
			if wrong <= 5 {
				e.set(CheckDigest, Fail, message)
			}
		}
	}
	if wrong > 5 {
		e.set(CheckDigest, Fail, fmt.Sprintf("共有 %d 个文件的摘要不正确", wrong))
	}
	e.set(CheckDigest, Pass, fmt.Sprintf("%d 个文件的摘要全部一致", len(e.file.References)))
}

// digest gives a part's digest; a part that is named often is digested once.
func (v *run) digest(h *hashing, part *ofd.Part) ([]byte, error) {
	if h == bySM3 { // the part keeps it
		return h.sum(part)
	}
	key := partDigest{h, part}
	if sum, ok := v.digests[key]; ok {
		return sum, nil
	}
	sum, err := h.sum(part)
	if err != nil {
		return nil, err
	}
	if v.digests == nil {
		v.digests = map[partDigest][]byte{}
	}
	v.digests[key] = sum
	return sum, nil
}

type partDigest struct {
	hash *hashing
	part *ofd.Part
}

// checkReference says what is wrong with one Reference, or "".
func (e *examination) checkReference(h *hashing, ref ofd.Reference) string {
	part := e.doc.Part(ref.Part)
	switch {
	case ref.Missing || ref.Part == "" || part == nil:
		return "缺少被保护的文件 " + ref.FileRef
	case len(ref.CheckValue) == 0:
		return "文件 " + ref.FileRef + " 的摘要值不是 base64"
	}
	sum, err := e.digest(h, part)
	if err != nil {
		return "被保护的文件 " + ref.FileRef + " 已损坏"
	}
	if !bytes.Equal(sum, ref.CheckValue) {
		return "文件 " + ref.FileRef + " 在签名后被改动（摘要不一致）"
	}
	if !e.covered[part.Name] {
		e.covered[part.Name] = true
		e.out.Covered = append(e.out.Covered, part.Name)
	}
	return ""
}

// checkDataHash compares SES dataHash with Signature.xml's digest: SM3, or
// SHA-1 and SHA-256 with RSA (GM/T 0031-2014).
func (e *examination) checkDataHash() {
	part := e.doc.Part(e.file.Part)
	sum, err := part.Digest()
	if err == nil && bytes.Equal(sum[:], e.ses.DataHash) {
		return
	}
	if e.signer != nil && e.signer.KeyAlgorithm == "RSA" {
		for _, h := range []*hashing{bySHA256, bySHA1} {
			if sum, err := h.sum(part); err == nil && bytes.Equal(sum, e.ses.DataHash) {
				e.warn(CheckDigest, gm.NoteDigestAlgorithm, "签章以 "+h.name+" 摘要保护，不是国密 SM3 算法")
				return
			}
		}
	}
	e.set(CheckDigest, Fail, "签名描述文件的摘要与签章中的原文杂凑值不一致，文件在签章后被改动")
}
