package gm

import (
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

const maxBERDepth = 32

// definite rewrites BER (X.690 §8) with indefinite lengths, lengths longer than needed, or OCTET STRINGs in pieces as DER
// would have them. Everything else stays as it is. Streaming signers write such messages.
func definite(ber []byte) ([]byte, bool) {
	var b cryptobyte.Builder
	rest, ok := rewrite(&b, ber, 0)
	if !ok || len(rest) > 0 {
		return nil, false
	}
	out, err := b.Bytes()
	return out, err == nil
}

// rewrite appends the first element of in to b and returns what follows it.
func rewrite(b *cryptobyte.Builder, in []byte, depth int) (rest []byte, ok bool) {
	if depth > maxBERDepth || len(in) < 2 || in[0]&0x1f == 0x1f {
		return nil, false
	}
	tag, length, head := in[0], -1, 2
	switch first := in[1]; {
	case first < 0x80:
		length = int(first)
	case first == 0x80:
		if tag&0x20 == 0 {
			return nil, false // only constructed values may be of indefinite length
		}
	default:
		n := int(first & 0x7f)
		if n > 8 || len(in) < 2+n {
			return nil, false
		}
		length = 0
		for _, octet := range in[2 : 2+n] {
			if length > maxMessage {
				return nil, false
			}
			length = length<<8 | int(octet)
		}
		head += n
	}
	if length > len(in)-head {
		return nil, false
	}
	if tag&0x20 == 0 {
		b.AddASN1(cbasn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(in[head : head+length]) })
		return in[head+length:], true
	}
	return rewriteConstructed(b, tag, in[head:], length, depth)
}

// rewriteConstructed copies the elements of a constructed value; length -1 means up to the end-of-contents octets.
func rewriteConstructed(b *cryptobyte.Builder, tag byte, in []byte, length, depth int) (rest []byte, ok bool) {
	body := in
	if length >= 0 {
		body, rest = in[:length], in[length:]
	}
	pieces := tag == byte(cbasn1.OCTET_STRING)|0x20
	var inner cryptobyte.Builder
	for {
		if length >= 0 && len(body) == 0 {
			break
		}
		if length < 0 && len(body) >= 2 && body[0] == 0 && body[1] == 0 {
			rest = body[2:]
			break
		}
		if body, ok = rewrite(&inner, body, depth+1); !ok {
			return nil, false
		}
	}
	content, err := inner.Bytes()
	if err != nil {
		return nil, false
	}
	if pieces {
		if content, ok = joinPieces(content); !ok {
			return nil, false
		}
		tag = byte(cbasn1.OCTET_STRING)
	}
	b.AddASN1(cbasn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddBytes(content) })
	return rest, true
}

func joinPieces(content []byte) (out []byte, ok bool) {
	s := cryptobyte.String(content)
	for !s.Empty() {
		var piece cryptobyte.String
		if !s.ReadASN1(&piece, cbasn1.OCTET_STRING) {
			return nil, false
		}
		out = append(out, piece...)
	}
	return out, true
}
