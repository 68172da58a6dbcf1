package gm

import (
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

var errSignatureEncoding = fmt.Errorf("gm: signature is not DER SEQUENCE{r, s}: %w", ErrMalformed)

// strictSignature tells whether sig is DER SEQUENCE{INTEGER r, INTEGER s} with minimal, positive INTEGERs of at most
// 32 octets and nothing after it (GM/T 0009 §7.3).
func strictSignature(sig []byte) bool {
	var seq cryptobyte.String
	input := cryptobyte.String(sig)
	var r, s []byte
	return input.ReadASN1(&seq, asn1.SEQUENCE) && input.Empty() &&
		seq.ReadASN1Integer(&r) && seq.ReadASN1Integer(&s) && seq.Empty() &&
		len(r) <= 32 && len(s) <= 32
}

// NormalizeSignature re-encodes an SM2 signature met in the field as strict DER and notes what was wrong with it:
// 64 raw octets r‖s, INTEGERs padded with zeros, INTEGERs without the sign octet, octets after the SEQUENCE.
// It says nothing about whether the signature is right.
func NormalizeSignature(sig []byte) ([]byte, []Note, error) {
	if strictSignature(sig) {
		return sig, nil, nil
	}
	r, s, notes, err := lenientIntegers(sig)
	if err != nil {
		return nil, nil, err
	}
	der, err := encodeSignature(r, s)
	if err != nil {
		return nil, nil, err
	}
	return der, notes, nil
}

func encodeSignature(r, s []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addUnsigned(b, r)
		addUnsigned(b, s)
	})
	return b.Bytes()
}

func addUnsigned(b *cryptobyte.Builder, octets []byte) {
	for len(octets) > 1 && octets[0] == 0 {
		octets = octets[1:]
	}
	b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) {
		if len(octets) == 0 || octets[0]&0x80 != 0 {
			b.AddUint8(0)
		}
		b.AddBytes(octets)
	})
}

func lenientIntegers(sig []byte) (r, s []byte, notes []Note, err error) {
	input := cryptobyte.String(sig)
	var seq, ri, si cryptobyte.String
	if !input.ReadASN1(&seq, asn1.SEQUENCE) || !seq.ReadASN1(&ri, asn1.INTEGER) || !seq.ReadASN1(&si, asn1.INTEGER) {
		return rawIntegers(sig)
	}
	if len(sig) == 64 && !input.Empty() {
		return rawIntegers(sig) // 64 octets that happen to begin like a SEQUENCE
	}
	r, rBad, rok := unsigned32(ri)
	s, sBad, sok := unsigned32(si)
	if !rok || !sok {
		return rawIntegers(sig)
	}
	if rBad || sBad {
		notes = append(notes, Note{NoteIntegerEncoding, "签名值中的整数编码不符合 DER（补零或缺少符号字节），已按无符号整数读取"})
	}
	if !seq.Empty() || !input.Empty() {
		notes = append(notes, Note{NoteTrailing, "签名值之后有多余的字节，已忽略"})
	}
	return r, s, notes, nil
}

func rawIntegers(sig []byte) (r, s []byte, notes []Note, err error) {
	if len(sig) != 64 {
		return nil, nil, nil, errSignatureEncoding
	}
	return sig[:32], sig[32:], []Note{{NoteRawRS, "签名值是 64 字节的 r‖s 原始拼接，不是 DER 编码（GM/T 0009）"}}, nil
}

// unsigned32 reads the content of an INTEGER as an unsigned number of at most 32 octets. bad: not as DER wants it.
func unsigned32(content []byte) (value []byte, bad, ok bool) {
	if len(content) == 0 {
		return nil, false, false
	}
	bad = content[0]&0x80 != 0 || (len(content) > 1 && content[0] == 0 && content[1]&0x80 == 0)
	for len(content) > 1 && content[0] == 0 {
		content = content[1:]
	}
	return content, bad, len(content) <= 32
}
