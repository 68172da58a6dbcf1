package ses

import (
	"fmt"
	"time"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
)

// signature reads SES_Signature: two elements are V1, four or five V4 or V5.
func (r *reader) signature(der []byte) (*Signature, error) {
	e, err := r.outer(der, "SES_Signature")
	if err != nil {
		return nil, err
	}
	list, ok := r.elements(e.body, 5)
	if !ok || len(list) < 2 || len(list) == 3 {
		return nil, malformed("SES_Signature")
	}
	s := &Signature{Raw: e.raw, TBS: list[0].raw, Version: V4}
	value := list[len(list)-1]
	if len(list) == 2 {
		s.Version = V1
		err = r.toSignV1(s, list[0])
	} else {
		value = list[3]
		err = r.signatureV4(s, list)
	}
	if err != nil {
		return nil, err
	}
	if s.Value, err = r.bits(value, "签名值"); err != nil {
		return nil, err
	}
	s.ValueDER = value.raw
	r.signatureVersion(s)
	if c, err := gm.ParseCertificate(s.SignerRaw); err == nil {
		s.Signer = c
	}
	return s, nil
}

// signatureVersion settles V4 or V5 and notes numbers and shapes that disagree.
func (r *reader) signatureVersion(s *Signature) {
	if s.Version == V4 && (s.Stated == V5 || s.Seal.Version == V5) {
		s.Version = V5
	}
	if s.Stated != s.Version {
		r.note(NoteVersion, fmt.Sprintf("签章版本号为 %d，与其结构（V%d）不符", s.Stated, s.Version))
	}
	if s.Seal.Version != s.Version {
		r.note(NoteMixed, fmt.Sprintf("V%d 签章中使用了 V%d 印章", s.Version, s.Seal.Version))
	}
}

// signatureV4 reads toSign, cert, signatureAlgID and timeStamp of V4 and V5.
func (r *reader) signatureV4(s *Signature, list []element) (err error) {
	if err = r.toSignV4(s, list[0]); err != nil {
		return err
	}
	if s.SignerRaw, err = r.certificate(list[1], "签章人证书"); err != nil {
		return err
	}
	if s.Algorithm, err = r.oid(list[2], "签名算法"); err != nil {
		return err
	}
	if len(list) == 5 {
		s.Timestamp, err = r.timestamp(list[4])
	}
	return err
}

// toSignV4 reads TBS_Sign of V4 and V5 (GB/T 38540-2020 §7.1).
func (r *reader) toSignV4(s *Signature, e element) (err error) {
	list, ok := r.sequenceOf(e, 6)
	if !ok || len(list) < 5 {
		return malformed("TBS_Sign")
	}
	if err = r.toSignCommon(s, list); err != nil {
		return err
	}
	if s.Time, err = r.timeInfoV4(list[2]); err != nil {
		return err
	}
	if len(list) == 6 {
		s.Extensions, err = r.extensions(list[5], true)
	}
	return err
}

// timeInfoV4 reads timeInfo, a GeneralizedTime; V1's BIT STRING of a time is noted.
func (r *reader) timeInfoV4(e element) (t time.Time, err error) {
	if e.tag == cbasn1.BIT_STRING || e.tag == cbasn1.OCTET_STRING {
		raw, err := r.bits(e, "签章时间")
		if err != nil {
			return t, err
		}
		r.note(NoteTime, "签章时间沿用了 V1 的写法")
		t, _ = r.timeInfoV1(raw)
		return t, nil
	}
	return r.time(e, cbasn1.GeneralizedTime, "签章时间")
}

// toSignV1 reads TBS_Sign of V1, which holds the signer's certificate too.
func (r *reader) toSignV1(s *Signature, e element) (err error) {
	list, ok := r.sequenceOf(e, 7)
	if !ok || len(list) != 7 {
		return malformed("TBS_Sign")
	}
	if err = r.toSignCommon(s, list); err != nil {
		return err
	}
	if err = r.timeElementV1(s, list[2]); err != nil {
		return err
	}
	if s.SignerRaw, err = r.certificate(list[5], "签章人证书"); err != nil {
		return err
	}
	s.Algorithm, err = r.oid(list[6], "签名算法")
	return err
}

// timeElementV1 reads timeInfo as BIT STRING, OCTET STRING or a bare time.
func (r *reader) timeElementV1(s *Signature, e element) error {
	if e.tag == cbasn1.UTCTime || e.tag == cbasn1.GeneralizedTime {
		r.note(NoteTime, "签章时间未包在 BIT STRING 中")
		t, err := r.time(e, 0, "签章时间")
		s.Time = t
		return err
	}
	raw, err := r.bits(e, "签章时间")
	if err != nil {
		return err
	}
	s.Time, s.Timestamp = r.timeInfoV1(raw)
	return nil
}

// toSignCommon reads version, eseal, dataHash and propertyInfo.
func (r *reader) toSignCommon(s *Signature, list []element) (err error) {
	if s.Stated, err = r.integer(list[0], "签章版本号"); err != nil {
		return err
	}
	raw := list[1].raw
	if list[1].tag == cbasn1.OCTET_STRING {
		r.note(NoteSealWrapped, "印章被包在 OCTET STRING 中")
		raw = list[1].body
	}
	if s.Seal, err = r.seal(raw); err != nil {
		return err
	}
	if s.DataHash, err = r.bits(list[3], "原文杂凑值"); err != nil {
		return err
	}
	if s.PropertyInfo, err = r.text(list[4], cbasn1.IA5String, "原文属性信息"); err != nil {
		return err
	}
	if len(s.PropertyInfo) == 0 || s.PropertyInfo == " " {
		r.note(NoteProperty, "原文属性信息为空")
	}
	return nil
}
