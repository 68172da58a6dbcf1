package qr

import "strings"

// mode is how characters become bits (ISO/IEC 18004 §7.3).
type mode uint8

const (
	alphanumeric mode = 2
	bytesMode    mode = 4
)

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"

func modeOf(text string) mode {
	for _, r := range text {
		if !strings.ContainsRune(alphabet, r) {
			return bytesMode
		}
	}
	return alphanumeric
}

// countBits is the length of the character count indicator (table 3).
func (m mode) countBits(version int) int {
	switch {
	case m == alphanumeric && version < 10:
		return 9
	case m == alphanumeric:
		return 11
	case version < 10:
		return 8
	}
	return 16
}

// bits is the length of the segment for n bytes of text.
func (m mode) bits(n, version int) int {
	head := 4 + m.countBits(version)
	if m == alphanumeric {
		return head + n/2*11 + n%2*6
	}
	return head + 8*n
}

// encode makes the data codewords, padded to size bytes.
func (m mode) encode(text string, version, size int) []byte {
	w := bitWriter{out: make([]byte, 0, size)}
	w.write(uint(m), 4)
	w.write(uint(len(text)), m.countBits(version))
	if m == alphanumeric {
		for i := 0; i < len(text); i += 2 {
			v := uint(strings.IndexByte(alphabet, text[i]))
			if i+1 == len(text) {
				w.write(v, 6)
				break
			}
			w.write(v*45+uint(strings.IndexByte(alphabet, text[i+1])), 11)
		}
	} else {
		for i := range len(text) {
			w.write(uint(text[i]), 8)
		}
	}
	w.write(0, min(4, 8*size-8*len(w.out)-w.n)) // terminator
	w.flush()
	for pad := byte(0xEC); len(w.out) < size; pad ^= 0xEC ^ 0x11 {
		w.out = append(w.out, pad)
	}
	return w.out
}

type bitWriter struct {
	out []byte
	acc uint
	n   int // bits in acc, fewer than 8
}

func (w *bitWriter) write(v uint, n int) {
	w.acc = w.acc<<n | v
	for w.n += n; w.n >= 8; {
		w.n -= 8
		w.out = append(w.out, byte(w.acc>>w.n))
	}
	w.acc &= 1<<w.n - 1
}

func (w *bitWriter) flush() {
	if w.n > 0 {
		w.out = append(w.out, byte(w.acc<<(8-w.n)))
		w.n = 0
	}
}
