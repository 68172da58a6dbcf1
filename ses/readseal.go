package ses

import (
	"fmt"
	"slices"
	"strings"

	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
)

// seal reads SESeal; the number of elements tells the version.
func (r *reader) seal(der []byte) (*Seal, error) {
	e, err := r.outer(der, "SESeal")
	if err != nil {
		return nil, err
	}
	list, ok := r.elements(e.body, 5)
	if !ok || len(list) < 2 || len(list) == 3 {
		return nil, malformed("SESeal")
	}
	s := &Seal{Raw: e.raw, Version: V4, Info: list[0].raw}
	signed := list[1:]
	switch len(list) {
	case 2: // V1: SEQUENCE { esealInfo, signInfo }
		s.Version = V1
		if signed, ok = r.sequenceOf(list[1], 3); !ok || len(signed) != 3 {
			return nil, malformed("SES_SignInfo")
		}
	case 5: // V5: with a time stamp of its own
		s.Version = V5
		if s.Timestamp, err = r.timestamp(list[4]); err != nil {
			return nil, err
		}
	}
	if err := r.sealInfo(s, list[0]); err != nil {
		return nil, err
	}
	r.sealVersion(s)
	if err := r.makerSignature(s, signed); err != nil {
		return nil, err
	}
	return s, nil
}

// sealVersion settles V4 or V5 for the shape they share, and notes a number
// that does not fit the shape.
func (r *reader) sealVersion(s *Seal) {
	if s.Version == V4 && s.Stated == V5 {
		s.Version = V5
	}
	if s.Stated != s.Version {
		r.note(NoteVersion, fmt.Sprintf("印章头版本号为 %d，与其结构（V%d）不符", s.Stated, s.Version))
	}
}

// makerSignature reads cert, signAlgID and signedValue.
func (r *reader) makerSignature(s *Seal, list []element) (err error) {
	if s.MakerRaw, err = r.certificate(list[0], "制章者证书"); err != nil {
		return err
	}
	if s.Algorithm, err = r.oid(list[1], "印章签名算法"); err != nil {
		return err
	}
	if s.Value, err = r.bits(list[2], "印章签名值"); err != nil {
		return err
	}
	s.signInfo = slices.Concat(list[0].raw, list[1].raw)
	if c, err := gm.ParseCertificate(s.MakerRaw); err == nil {
		s.Maker = c
	}
	return nil
}

// sealInfo reads SES_SealInfo.
func (r *reader) sealInfo(s *Seal, e element) error {
	list, ok := r.sequenceOf(e, 5)
	if !ok || len(list) < 4 {
		return malformed("SES_SealInfo")
	}
	if err := r.header(s, list[0]); err != nil {
		return err
	}
	var err error
	if s.ID, err = r.text(list[1], cbasn1.IA5String, "印章标识"); err != nil {
		return err
	}
	if err := r.property(s, list[2]); err != nil {
		return err
	}
	if err := r.picture(s, list[3]); err != nil {
		return err
	}
	if len(list) == 5 {
		if s.Extensions, err = r.extensions(list[4], false); err != nil {
			return err
		}
	}
	return nil
}

// header reads SES_Header.
func (r *reader) header(s *Seal, e element) error {
	list, ok := r.sequenceOf(e, 3)
	if !ok || len(list) != 3 {
		return malformed("SES_Header")
	}
	var err error
	if s.HeaderID, err = r.text(list[0], cbasn1.IA5String, "印章头标识"); err != nil {
		return err
	}
	if s.HeaderID != "ES" {
		r.note(NoteHeader, "印章头标识不是 ES")
	}
	if s.Stated, err = r.integer(list[1], "印章头版本号"); err != nil {
		return err
	}
	s.VendorID, err = r.text(list[2], cbasn1.IA5String, "厂商标识")
	return err
}

// property reads SES_ESPropertyInfo: V4 has certListType before certList, V1 not.
func (r *reader) property(s *Seal, e element) error {
	list, ok := r.sequenceOf(e, 7)
	if !ok || len(list) < 6 {
		return malformed("SES_ESPropertyInfo")
	}
	var err error
	if s.Type, err = r.integer(list[0], "印章类型"); err != nil {
		return err
	}
	if s.Name, err = r.text(list[1], cbasn1.UTF8String, "印章名称"); err != nil {
		return err
	}
	stated := 0
	rest := list[2:]
	if len(rest) == 5 {
		if stated, err = r.integer(rest[0], "certListType"); err != nil {
			return err
		}
		rest = rest[1:]
	}
	if (len(list) == 6) != (s.Version == V1) {
		r.note(NoteMixed, "印章属性的结构与印章的版本不符")
	}
	if err := r.signers(s, rest[0], stated); err != nil {
		return err
	}
	want := cbasn1.GeneralizedTime
	if s.Version == V1 {
		want = 0 // both types are met in V1
	}
	if s.Created, err = r.time(rest[1], want, "createDate"); err != nil {
		return err
	}
	if s.ValidFrom, err = r.time(rest[2], want, "validStart"); err != nil {
		return err
	}
	s.ValidTo, err = r.time(rest[3], want, "validEnd")
	return err
}

// signers reads SES_CertList. What its entries are decides; certListType is compared.
func (r *reader) signers(s *Seal, e element, stated int) error {
	list, ok := r.sequenceOf(e, MaxSigners)
	if !ok {
		return malformed("SES_CertList")
	}
	for _, one := range list {
		if d, ok := r.signerDigest(one); ok {
			s.SignerDigests = append(s.SignerDigests, d)
			continue
		}
		c, err := r.certificate(one, "签章人证书")
		if err != nil {
			return err
		}
		s.SignerCertificates = append(s.SignerCertificates, c)
	}
	s.CertListType = ListCertificates
	if len(s.SignerDigests) > 0 {
		s.CertListType = ListDigests
	}
	if stated != 0 && (stated != s.CertListType || len(s.SignerDigests) > 0 && len(s.SignerCertificates) > 0) || len(list) == 0 {
		r.note(NoteCertList, "印章的签章人证书列表为空，或与其类型号不符")
	}
	return nil
}

// signerDigest reads CertDigestObj; a bare Certificate begins with a SEQUENCE instead of a string.
func (r *reader) signerDigest(e element) (SignerDigest, bool) {
	list, ok := r.sequenceOf(e, 3)
	if !ok || len(list) != 2 || list[1].tag != cbasn1.OCTET_STRING {
		return SignerDigest{}, false
	}
	name, err := r.text(list[0], cbasn1.PrintableString, "签章人证书摘要算法")
	if err != nil {
		return SignerDigest{}, false
	}
	return SignerDigest{Algorithm: name, Value: list[1].body}, true
}

// picture reads SES_ESPictrueInfo.
func (r *reader) picture(s *Seal, e element) error {
	list, ok := r.sequenceOf(e, 4)
	if !ok || len(list) != 4 {
		return malformed("SES_ESPictrueInfo")
	}
	var err error
	p := &s.Picture
	if p.Type, err = r.text(list[0], cbasn1.IA5String, "印模图片类型"); err != nil {
		return err
	}
	if p.Data, err = octets(list[1], "印模图片"); err != nil {
		return err
	}
	if len(p.Data) > MaxPicture {
		return fmt.Errorf("reading the picture of %d octets: %w", len(p.Data), ErrTooLarge)
	}
	if p.Width, err = r.integer(list[2], "印模宽度"); err != nil {
		return err
	}
	if p.Height, err = r.integer(list[3], "印模高度"); err != nil {
		return err
	}
	if !knownPicture(p.Type) || p.Width <= 0 || p.Height <= 0 || p.Width > 1000 || p.Height > 1000 || len(p.Data) == 0 {
		r.note(NotePicture, "印模图片的类型或尺寸不合常规")
	}
	return nil
}

func knownPicture(name string) bool {
	switch strings.ToUpper(strings.TrimPrefix(name, ".")) {
	case "PNG", "GIF", "JPG", "JPEG", "BMP", "SVG", "OFD", "TIF", "TIFF":
		return true
	}
	return false
}

// timestamp reads timeStamp: [0] EXPLICIT BIT STRING, or the BIT STRING untagged.
func (r *reader) timestamp(e element) ([]byte, error) {
	if e.tag == tag0.Constructed() {
		inner := e.body
		one, ok := r.next(&inner)
		if !ok || !inner.Empty() {
			return nil, malformed("timeStamp")
		}
		if one.tag == cbasn1.SEQUENCE { // the token itself, not wrapped
			r.note(NoteTimestampTag, "时间戳未包在 BIT STRING 中")
			return one.raw, nil
		}
		return r.bits(one, "时间戳")
	}
	if e.tag == cbasn1.BIT_STRING || e.tag == cbasn1.OCTET_STRING {
		r.note(NoteTimestampTag, "时间戳不带 [0] 标签")
		return r.bits(e, "时间戳")
	}
	if e.tag == tag0 { // [0] IMPLICIT BIT STRING
		r.note(NoteTimestampTag, "时间戳的 [0] 标签写成了隐式")
		e.tag = cbasn1.BIT_STRING
		return r.bits(e, "时间戳")
	}
	return nil, malformed("timeStamp")
}
