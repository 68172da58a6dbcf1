package ses

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"sidian/gm"
)

// ErrTooLarge says that a structure is over one of the package's limits.
var ErrTooLarge = errors.New("ses: over the size limit")

// reader collects the notes of one parse.
type reader struct{ notes []gm.Note }

// note records a leniency once.
func (r *reader) note(code, message string) {
	for _, n := range r.notes {
		if n.Code == code && n.Message == message {
			return
		}
	}
	r.notes = append(r.notes, note(code, message))
}

func malformed(what string) error { return fmt.Errorf("ses: %s is malformed", what) }

// tag0 is [0], context-specific; Constructed when EXPLICIT.
const tag0 = cbasn1.Tag(0x80)

// element is one DER element: its tag, its content and all its octets as stored.
type element struct {
	tag  cbasn1.Tag
	body cryptobyte.String
	raw  []byte
}

// next takes the next element of s. Lengths must be definite; longer than
// shortest they are noted, indefinite ones are refused.
func (r *reader) next(s *cryptobyte.String) (element, bool) {
	var e element
	var raw cryptobyte.String
	rest := *s
	if rest.ReadAnyASN1Element(&raw, &e.tag) {
		body := raw
		e.raw = raw
		if !body.ReadASN1(&e.body, e.tag) {
			return e, false
		}
		*s = rest
		return e, true
	}
	head, n, ok := longLength(*s)
	if !ok {
		return e, false
	}
	r.note(NoteLength, "长度未按最短形式编码")
	all := []byte(*s)
	e.tag, e.raw, e.body = cbasn1.Tag(all[0]), all[:head+n], all[head:head+n]
	*s = cryptobyte.String(all[head+n:])
	return e, true
}

// longLength reads the header of an element whose length is in the long form
// though a shorter one would do (BER, X.690 §8.1.3.5).
func longLength(der []byte) (head, n int, ok bool) {
	if len(der) < 2 || der[0]&0x1f == 0x1f || der[1] <= 0x80 || der[1] > 0x84 {
		return 0, 0, false
	}
	head = 2 + int(der[1]&0x7f)
	if len(der) < head {
		return 0, 0, false
	}
	for _, c := range der[2:head] {
		n = n<<8 | int(c)
	}
	return head, n, n >= 0 && n <= len(der)-head
}

// elements splits s into its elements, at most limit of them.
func (r *reader) elements(s cryptobyte.String, limit int) ([]element, bool) {
	list := make([]element, 0, 8)
	for !s.Empty() {
		e, ok := r.next(&s)
		if !ok || len(list) == limit {
			return nil, false
		}
		list = append(list, e)
	}
	return list, true
}

// sequenceOf takes a SEQUENCE's elements.
func (r *reader) sequenceOf(e element, limit int) ([]element, bool) {
	if e.tag != cbasn1.SEQUENCE {
		return nil, false
	}
	return r.elements(e.body, limit)
}

// outer takes the one SEQUENCE that der consists of; what follows it is noted.
func (r *reader) outer(der []byte, what string) (element, error) {
	if len(der) > MaxSize {
		return element{}, fmt.Errorf("reading %s of %d octets: %w", what, len(der), ErrTooLarge)
	}
	s := cryptobyte.String(der)
	e, ok := r.next(&s)
	if !ok || e.tag != cbasn1.SEQUENCE {
		return element{}, malformed(what)
	}
	if !s.Empty() {
		r.note(NoteTrailing, "签章数据结构之后有多余字节")
	}
	return e, nil
}

// integer reads an INTEGER that fits 31 bits; non-minimal encodings are noted.
func (r *reader) integer(e element, what string) (int, error) {
	if e.tag != cbasn1.INTEGER || len(e.body) == 0 || len(e.body) > 32 {
		return 0, malformed(what)
	}
	if len(e.body) > 1 && (e.body[0] == 0 && e.body[1] < 0x80 || e.body[0] == 0xff && e.body[1] >= 0x80) {
		r.note(NoteInteger, "整数未按最短形式编码")
	}
	v := new(big.Int).SetBytes(e.body)
	if e.body[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(e.body))))
	}
	if !v.IsInt64() || v.Int64() > 1<<31-1 || v.Int64() < -(1<<31) {
		return 0, malformed(what)
	}
	return int(v.Int64()), nil
}

// text reads a string of type want (IA5String, UTF8String or PrintableString);
// other string types, and octets that the type does not allow, are noted.
func (r *reader) text(e element, want cbasn1.Tag, what string) (string, error) {
	switch e.tag {
	case want:
	case cbasn1.UTF8String, cbasn1.IA5String, cbasn1.PrintableString, cbasn1.T61String, cbasn1.GeneralString, visibleString:
		r.note(NoteString, what+"的字符串类型与标准不同")
	default:
		return "", malformed(what)
	}
	if len(e.body) > maxText {
		return "", fmt.Errorf("reading %s: %w", what, ErrTooLarge)
	}
	v := string(e.body)
	if want != cbasn1.UTF8String && !isIA5(v) || !utf8.ValidString(v) {
		r.note(NoteString, what+"含有该字符串类型不允许的字节")
		v = strings.ToValidUTF8(v, "�")
	}
	return v, nil
}

const visibleString = cbasn1.Tag(26)

func isIA5(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// bits reads a BIT STRING of whole octets. Where the field writes an OCTET
// STRING, or a first octet other than 0, the octets are taken and noted.
func (r *reader) bits(e element, what string) ([]byte, error) {
	switch {
	case e.tag == cbasn1.OCTET_STRING:
		r.note(NoteOctetString, what+"写成了 OCTET STRING（应为 BIT STRING）")
		return e.body, nil
	case e.tag != cbasn1.BIT_STRING || len(e.body) == 0:
		return nil, malformed(what)
	case e.body[0] != 0:
		r.note(NoteUnusedBits, what+"的 BIT STRING 未用位数不为 0")
		if e.body[0] > 7 { // not a count at all: the count is missing
			return e.body, nil
		}
	}
	return e.body[1:], nil
}

// octets reads an OCTET STRING.
func octets(e element, what string) ([]byte, error) {
	if e.tag != cbasn1.OCTET_STRING {
		return nil, malformed(what)
	}
	return e.body, nil
}

// certificate reads the OCTET STRING that holds a digital certificate's DER;
// a bare Certificate is noted. The certificate itself may turn out unreadable.
func (r *reader) certificate(e element, what string) ([]byte, error) {
	switch e.tag {
	case cbasn1.OCTET_STRING:
		return e.body, nil
	case cbasn1.SEQUENCE:
		r.note(NoteCertWrap, what+"未包在 OCTET STRING 中")
		return e.raw, nil
	}
	return nil, malformed(what)
}

// oid reads an OBJECT IDENTIFIER; an AlgorithmIdentifier around it is noted.
func (r *reader) oid(e element, what string) (asn1.ObjectIdentifier, error) {
	if e.tag == cbasn1.SEQUENCE {
		inner, ok := r.elements(e.body, 2)
		if !ok || len(inner) == 0 {
			return nil, malformed(what)
		}
		r.note(NoteAlgorithm, what+"写成了 AlgorithmIdentifier（应为 OBJECT IDENTIFIER）")
		e = inner[0]
	}
	if e.tag != cbasn1.OBJECT_IDENTIFIER || len(e.body) > 0x7f {
		return nil, malformed(what)
	}
	raw := cryptobyte.String(append([]byte{byte(e.tag), byte(len(e.body))}, e.body...))
	var id asn1.ObjectIdentifier
	if !raw.ReadASN1ObjectIdentifier(&id) {
		return nil, malformed(what)
	}
	return id, nil
}

// extensions reads ExtensionDatas, plain or inside [0].
func (r *reader) extensions(e element, tagged bool) ([]Extension, error) {
	if e.tag == tag0.Constructed() {
		if !tagged {
			r.note(NoteExtTag, "扩展数据带 [0] 标签（此处通常不带）")
		}
		inner := e.body
		one, ok := r.next(&inner)
		if !ok || !inner.Empty() {
			return nil, malformed("extDatas")
		}
		if one.tag == cbasn1.SEQUENCE {
			if many, ok := r.elements(one.body, MaxExtensions); ok && allSequences(many) {
				e = one
			}
		}
	} else if tagged {
		r.note(NoteExtTag, "扩展数据不带 [0] 标签（此处通常带）")
	}
	list, ok := r.elements(e.body, MaxExtensions)
	if !ok {
		return nil, malformed("extDatas")
	}
	out := make([]Extension, 0, len(list))
	for _, one := range list {
		x, err := r.extension(one)
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

func allSequences(list []element) bool {
	for _, e := range list {
		if e.tag != cbasn1.SEQUENCE {
			return false
		}
	}
	return true
}

// extension reads ExtData. critical FALSE may be spelled out, though DER leaves
// a default out: makers do so, and the octets stay as stored.
func (r *reader) extension(e element) (Extension, error) {
	list, ok := r.sequenceOf(e, 3)
	if !ok || len(list) < 2 {
		return Extension{}, malformed("ExtData")
	}
	id, err := r.oid(list[0], "extnID")
	if err != nil {
		return Extension{}, err
	}
	x := Extension{ID: id}
	if len(list) == 3 {
		if list[1].tag != cbasn1.BOOLEAN || len(list[1].body) != 1 {
			return Extension{}, malformed("ExtData.critical")
		}
		x.Critical = list[1].body[0] != 0
	}
	x.Value, err = octets(list[len(list)-1], "extnValue")
	return x, err
}

// sequence is the DER of SEQUENCE over parts that are DER already.
func sequence(parts ...[]byte) []byte {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	head := []byte{0x30}
	switch {
	case n < 0x80:
		head = append(head, byte(n))
	case n < 0x100:
		head = append(head, 0x81, byte(n))
	case n < 0x10000:
		head = append(head, 0x82, byte(n>>8), byte(n))
	default:
		head = append(head, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	out := make([]byte, 0, len(head)+n)
	out = append(out, head...)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}
