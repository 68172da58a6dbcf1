package sign

import (
	"encoding/asn1"
	"errors"
	"fmt"

	"sidian/gm"
	"sidian/ses"
)

// open reads Signature.xml and the value; false when there is nothing to go on with.
func (e *examination) open() bool {
	file, err := e.doc.Signature(e.rec)
	if err != nil {
		e.set(CheckFormat, Fail, "签名描述文件无法读取："+e.rec.BaseLoc)
		return false
	}
	e.file = file
	if part := e.doc.Part(file.Part); part == nil {
		e.set(CheckFormat, Fail, "缺少签名描述文件："+file.Part)
		return false
	} else if e.xml, err = part.Data(); err != nil {
		e.set(CheckFormat, Fail, "签名描述文件已损坏："+file.Part)
		return false
	}
	part := e.doc.Part(file.Value)
	if file.Value == "" || part == nil {
		e.set(CheckFormat, Fail, "缺少签名值文件："+file.ValueLoc)
		return false
	}
	if part.Size() > ses.MaxSize {
		e.set(CheckFormat, Fail, "签名值文件过大："+file.ValueLoc)
		return false
	}
	if e.value, err = part.Data(); err != nil {
		e.set(CheckFormat, Fail, "签名值文件已损坏："+file.ValueLoc)
		return false
	}
	if err := e.parseValue(); err != nil {
		e.set(CheckFormat, Fail, "签名值不是可识别的电子签章或数字签名结构，或已损坏")
		return false
	}
	e.set(CheckFormat, Pass, "结构正确："+formNames[e.out.Form])
	e.checkType()
	return true
}

var formNames = map[string]string{
	FormSESv1: "GM/T 0031-2014 电子签章", FormSESv4: "GB/T 38540-2020 电子签章", FormSESv5: "GM/T 0031-2025 电子签章",
	FormGBT35275: "GB/T 35275 数字签名", FormBare: "SM2 签名值（无证书）",
}

// parseValue tells the structures apart by shape: SignedData begins with an
// OBJECT IDENTIFIER, SES_Signature with a SEQUENCE, a bare value with an INTEGER.
func (e *examination) parseValue() error {
	switch inside, body := firstInside(e.value); inside {
	case asn1.TagOID:
		return e.parseSignedData()
	case asn1.TagInteger:
		if !twoIntegers(body) {
			return errors.New("not an SM2 signature value")
		}
		e.bare, e.out.Form = true, FormBare
		return nil
	}
	return e.parseSES()
}

// firstInside gives the tag of the first element inside a SEQUENCE, and the
// SEQUENCE's content. How the length is written does not matter here.
func firstInside(der []byte) (tag byte, content []byte) {
	if len(der) < 3 || der[0] != 0x30 {
		return 0, nil
	}
	head := 2
	if der[1] >= 0x80 {
		head += int(der[1] & 0x7f)
	}
	if len(der) <= head {
		return 0, nil
	}
	return der[head], der[head:]
}

// twoIntegers tells whether content is INTEGER r, INTEGER s and no more.
func twoIntegers(content []byte) bool {
	for range 2 {
		var one asn1.RawValue
		rest, err := asn1.Unmarshal(content, &one)
		if err != nil || one.Tag != asn1.TagInteger || len(one.Bytes) == 0 || len(one.Bytes) > 33 {
			return false
		}
		content = rest
	}
	return len(content) == 0
}

func (e *examination) parseSignedData() error {
	signed, err := gm.ParseSignedData(e.value)
	if err != nil {
		return err
	}
	e.signed, e.out.Form = signed, FormGBT35275
	e.signer, e.embedded = signed.SignerCertificate(), signed.Certificates
	e.claimed = signed.Signer.SigningTime
	e.notes(CheckFormat, signed.Notes)
	return nil
}

func (e *examination) parseSES() error {
	s, err := ses.ParseSignature(e.value)
	if err != nil {
		return err
	}
	e.ses, e.signer, e.claimed = s, s.Signer, s.Time
	e.out.SES = s
	e.out.Form = map[int]string{ses.V1: FormSESv1, ses.V4: FormSESv4, ses.V5: FormSESv5}[s.Version]
	e.out.Seal = &SealReport{ID: s.Seal.ID, Name: s.Seal.Name}
	if s.Seal.Maker != nil {
		e.out.Seal.Maker = s.Seal.Maker.SubjectName()
	}
	if s.Signer == nil {
		e.set(CheckFormat, Fail, "签章人数字证书无法读取")
	}
	if s.Seal.Maker == nil {
		e.set(CheckFormat, Fail, "制章者数字证书无法读取")
	}
	e.notes(CheckFormat, s.Notes)
	// propertyInfo names Signature.xml in V4; in V1 it is free.
	if own := "/" + e.file.Part; s.Version != ses.V1 && s.PropertyInfo != own && len(s.PropertyInfo) > 1 {
		e.warn(CheckFormat, ses.NoteProperty, "签章的原文属性信息不是本签名描述文件的路径")
	}
	return nil
}

// checkType compares the record's Type with what the value is.
func (e *examination) checkType() {
	if e.signer != nil {
		e.out.Signer, e.out.Certificate = e.signer.SubjectName(), e.signer
	}
	seal := e.ses != nil
	switch {
	case e.out.Type != "Seal" && e.out.Type != "Sign":
		e.warn(CheckFormat, "signature_type", "签名类型不是 Seal 或 Sign："+e.out.Type)
	case seal == (e.out.Type == "Seal"):
	case !e.rec.Typed:
		e.warn(CheckFormat, "signature_type", "未写签名类型（默认为 Seal），而签名值是不带印章的数字签名")
	default:
		e.set(CheckFormat, Fail, fmt.Sprintf("签名类型 %s 与签名值的结构（%s）不符", e.out.Type, formNames[e.out.Form]))
	}
	if m := e.file.Method; m != "" && m != oidSM2WithSM3 && m != gm.OIDSM2Sign.String() {
		e.remark("signature_method", "签名算法标识不常见："+m)
	}
}

// checkValue checks the signature value with the signer's key. For SignedData
// this includes the digest of Signature.xml.
func (e *examination) checkValue() {
	switch {
	case e.bare:
		e.set(CheckValue, Unknown, "签名中没有数字证书，无法确定签名人，未能验证签名值")
	case e.signed != nil:
		e.checkSignedData()
	case e.signer == nil:
		e.set(CheckValue, Fail, "签章人数字证书无法读取，不能验证签名值")
	default:
		notes, err := e.ses.VerifyValue()
		e.valueResult(err)
		e.notes(CheckValue, notes)
	}
}

func (e *examination) checkSignedData() {
	result, err := e.signed.Verify(e.xml)
	if errors.Is(err, gm.ErrDigestMismatch) {
		e.set(CheckDigest, Fail, "签名描述文件的摘要与签名中的不一致，文件在签名后被改动")
		e.set(CheckValue, Skipped, "摘要不一致，未验证签名值")
		return
	}
	e.valueResult(err)
	if err != nil {
		return
	}
	e.notes(CheckValue, result.Notes)
	if result.Certificate != nil {
		e.signer = result.Certificate
		e.out.Signer, e.out.Certificate = e.signer.SubjectName(), e.signer
	}
	if !result.SigningTime.IsZero() {
		e.claimed = result.SigningTime
	}
}

func (e *examination) valueResult(err error) {
	switch {
	case err == nil:
		e.set(CheckValue, Pass, "签名值正确")
	case errors.Is(err, gm.ErrNoCertificate):
		e.set(CheckValue, Unknown, "签名中没有签名人的数字证书，无法验证签名值")
	case errors.Is(err, gm.ErrUnsupported):
		e.set(CheckValue, Unknown, "签名算法不受支持，无法验证签名值")
	default:
		e.set(CheckValue, Fail, "签名值不正确，签名内容被改动或不是该签名人所签")
	}
}
