package qr

// Error correction of level M by version, from 1 (ISO/IEC 18004 table 9).
var (
	ecPerBlock = [MaxVersion]int{10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26}
	blockCount = [MaxVersion]int{1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16}
)

// gf are the powers of 2 in GF(2^8) modulo x^8+x^4+x^3+x^2+1, twice over, and
// their logarithms.
var gf = func() (t struct {
	exp [510]byte
	log [256]byte
}) {
	v := 1
	for i := range 255 {
		t.exp[i], t.exp[i+255] = byte(v), byte(v)
		t.log[v] = byte(i)
		if v <<= 1; v > 255 {
			v ^= 0x11D
		}
	}
	return t
}()

// generator gives the logarithms of the coefficients of the generator
// polynomial of a degree, highest left out.
func generator(degree int) []byte {
	poly := make([]byte, degree)
	poly[degree-1] = 1
	for root := range degree {
		for k := range degree {
			if poly[k] != 0 {
				poly[k] = gf.exp[int(gf.log[poly[k]])+root]
			}
			if k+1 < degree {
				poly[k] ^= poly[k+1]
			}
		}
	}
	for k := range poly {
		poly[k] = gf.log[poly[k]] // no coefficient is zero for the degrees used
	}
	return poly
}

// remainder fills ec with the error correction codewords of a block.
func remainder(ec, data, generator []byte) {
	clear(ec)
	for _, b := range data {
		factor := b ^ ec[0]
		copy(ec, ec[1:])
		ec[len(ec)-1] = 0
		if factor == 0 {
			continue
		}
		f := int(gf.log[factor])
		for k, g := range generator {
			ec[k] ^= gf.exp[f+int(g)]
		}
	}
}

// interleaved adds error correction and mixes the blocks (§7.6).
func (p *pattern) interleaved(data []byte) []byte {
	blocks, ecLen := blockCount[p.version-1], ecPerBlock[p.version-1]
	short := len(data) / blocks
	longFrom := blocks - len(data)%blocks // blocks from here on hold one more
	out := make([]byte, len(data)+blocks*ecLen)
	ec := make([]byte, ecLen)
	at := 0
	for b := range blocks {
		n := short
		if b >= longFrom {
			n++
		}
		block := data[at : at+n]
		at += n
		for i, v := range block {
			if i < short {
				out[i*blocks+b] = v
			} else {
				out[short*blocks+b-longFrom] = v
			}
		}
		remainder(ec, block, p.generator)
		for i, v := range ec {
			out[len(data)+i*blocks+b] = v
		}
	}
	return out
}
