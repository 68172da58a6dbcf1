package pdf

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
)

// A Filter is one that Decode leaves to its caller: those of pictures.
type Filter struct {
	Name  Name
	Parms Dict
}

// Abbreviations of inline images (ISO 32000-1 §8.9.7).
var filterNames = map[Name]Name{"AHx": "ASCIIHexDecode", "A85": "ASCII85Decode", "LZW": "LZWDecode", "Fl": "FlateDecode", "RL": "RunLengthDecode", "CCF": "CCITTFaxDecode", "DCT": "DCTDecode"}

// maxFilters bounds the chain of one stream.
const maxFilters = 8

// Decode undoes the filters of a stream (§7.4). Where the last one is a
// picture's, the bytes are as it left them, and rest tells it.
func (f *File) Decode(s *Stream) (data []byte, rest *Filter, err error) {
	names := f.list(s.Dict, "Filter", "F")
	parms := f.list(s.Dict, "DecodeParms", "DP")
	if len(names) > maxFilters {
		return nil, nil, beyond("a stream with %d filters", len(names))
	}
	data = s.Raw
	for i, o := range names {
		name := f.Name(o)
		if long, ok := filterNames[name]; ok {
			name = long
		}
		var p Dict
		if i < len(parms) {
			p = f.Dict(parms[i])
		}
		switch name {
		case "DCTDecode", "JPXDecode", "JBIG2Decode", "CCITTFaxDecode":
			if i != len(names)-1 {
				return nil, nil, broken("filter %s is not the last one", name)
			}
			return data, &Filter{name, p}, nil
		}
		if data, err = f.undo(name, p, data); err != nil {
			return nil, nil, err
		}
		if f.limits.Total -= int64(len(data)); f.limits.Total < 0 {
			return nil, nil, beyond("the streams are too large together")
		}
	}
	return data, nil, nil
}

func (f *File) list(d Dict, long, short Name) Array {
	o := f.Get(d[long])
	if o == nil {
		o = f.Get(d[short])
	}
	switch v := o.(type) {
	case nil:
		return nil
	case Array:
		return v
	}
	return Array{o}
}

func (f *File) undo(name Name, p Dict, data []byte) ([]byte, error) {
	switch name {
	case "FlateDecode":
		out, err := f.inflate(data)
		if err != nil {
			return nil, err
		}
		return f.unpredict(out, p)
	case "LZWDecode":
		early := 1
		if v, ok := f.Get(p["EarlyChange"]).(int); ok {
			early = v
		}
		out, err := unLZW(data, early, f.limits.Stream)
		if err != nil {
			return nil, err
		}
		return f.unpredict(out, p)
	case "ASCII85Decode":
		return unASCII85(data)
	case "ASCIIHexDecode":
		l := &Lexer{data: append(append([]byte{'<'}, data...), '>')}
		o, err := l.hex()
		s, _ := o.(String)
		return []byte(s), err
	case "RunLengthDecode":
		return unRunLength(data, f.limits.Stream)
	}
	return nil, broken("filter %q is not known", name)
}

// inflate reads zlib data without asking for its checksum, which some writers
// leave out. Data that end too early are an error.
func (f *File) inflate(data []byte) ([]byte, error) {
	if len(data) < 2 {
		return nil, broken("a deflated stream of %d bytes", len(data))
	}
	r := flate.NewReader(bytes.NewReader(data[2:]))
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, int64(f.limits.Stream)+1))
	switch {
	case n > int64(f.limits.Stream):
		return nil, beyond("a stream inflates to more than %d bytes", f.limits.Stream)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, broken("a deflated stream is cut off")
	case err != nil:
		return nil, broken("a deflated stream is damaged")
	}
	return b.Bytes(), nil
}

// unpredict undoes the predictors of PNG and TIFF (§7.4.4.4).
func (f *File) unpredict(data []byte, p Dict) ([]byte, error) {
	get := func(key Name, def int) int {
		if v, ok := f.Get(p[key]).(int); ok {
			return v
		}
		return def
	}
	predictor, colors, bits, columns := get("Predictor", 1), get("Colors", 1), get("BitsPerComponent", 8), get("Columns", 1)
	if predictor <= 1 {
		return data, nil
	}
	if colors < 1 || colors > 32 || bits < 1 || bits > 16 || columns < 1 || columns > 1<<20 {
		return nil, broken("a predictor of %d colours, %d bits, %d columns", colors, bits, columns)
	}
	row, pixel := (colors*bits*columns+7)/8, max(1, colors*bits/8)
	if predictor == 2 {
		if bits != 8 {
			return nil, broken("the TIFF predictor on %d bits", bits)
		}
		out := bytes.Clone(data)
		for at := 0; at < len(out); at += row {
			line := out[at:min(at+row, len(out))]
			for i := pixel; i < len(line); i++ {
				line[i] += line[i-pixel]
			}
		}
		return out, nil
	}
	return unPNG(data, row, pixel)
}

func unPNG(data []byte, row, pixel int) ([]byte, error) {
	out := make([]byte, 0, len(data))
	before := make([]byte, row)
	for len(data) > 0 {
		kind := data[0]
		line := make([]byte, row)
		copy(line, data[1:])
		data = data[min(len(data), row+1):]
		for i := range line {
			var left, corner byte
			if i >= pixel {
				left, corner = line[i-pixel], before[i-pixel]
			}
			switch kind {
			case 0:
			case 1:
				line[i] += left
			case 2:
				line[i] += before[i]
			case 3:
				line[i] += byte((int(left) + int(before[i])) / 2)
			case 4:
				line[i] += paeth(left, before[i], corner)
			default:
				return nil, broken("a PNG predictor of kind %d", kind)
			}
		}
		out, before = append(out, line...), line
	}
	return out, nil
}

func paeth(a, b, c byte) byte {
	p := int(a) + int(b) - int(c)
	pa, pb, pc := abs(p-int(a)), abs(p-int(b)), abs(p-int(c))
	switch {
	case pa <= pb && pa <= pc:
		return a
	case pb <= pc:
		return b
	}
	return c
}

func abs(v int) int { return max(v, -v) }

func unRunLength(data []byte, limit int) ([]byte, error) {
	var out []byte
	for len(data) > 0 && data[0] != 128 {
		n := int(data[0])
		switch {
		case n < 128 && len(data) >= n+2:
			out, data = append(out, data[1:n+2]...), data[n+2:]
		case n > 128 && len(data) >= 2:
			out, data = append(out, bytes.Repeat(data[1:2], 257-n)...), data[2:]
		default:
			return nil, broken("run-length data are cut off")
		}
		if len(out) > limit {
			return nil, beyond("a stream of more than %d bytes", limit)
		}
	}
	return out, nil
}

func unASCII85(data []byte) ([]byte, error) {
	var out []byte
	var group [5]byte
	n := 0
	for _, c := range data {
		switch {
		case isSpace(c):
			continue
		case c == '~':
			if n == 1 {
				return nil, broken("base-85 data are cut off")
			}
			if n > 1 {
				for i := n; i < 5; i++ {
					group[i] = 84
				}
				out = append(out, word85(group)[:n-1]...)
			}
			return out, nil
		case c == 'z' && n == 0:
			out = append(out, 0, 0, 0, 0)
			continue
		case c < '!' || c > 'u':
			return nil, broken("%q in base-85 data", c)
		}
		group[n] = c - '!'
		if n++; n == 5 {
			out, n = append(out, word85(group)...), 0
		}
	}
	return out, nil
}

func word85(g [5]byte) []byte {
	var v uint32
	for _, d := range g {
		v = v*85 + uint32(d)
	}
	return []byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}
}

// unLZW undoes LZW (§7.4.4): codes of 9 to 12 bits, 256 clears, 257 ends.
func unLZW(data []byte, early, limit int) ([]byte, error) {
	var out []byte
	table := make([][]byte, 258, 4096)
	for i := range 256 {
		table[i] = []byte{byte(i)}
	}
	var before []byte
	acc, have, width := 0, 0, 9
	for _, c := range data {
		acc, have = acc<<8|int(c), have+8
		for have >= width {
			code := acc >> (have - width) & (1<<width - 1)
			have -= width
			acc &= 1<<have - 1
			if code == 256 {
				table, before, width = table[:258], nil, 9
				continue
			}
			if code == 257 {
				return out, nil
			}
			var now []byte
			switch {
			case code < len(table):
				now = table[code]
			case code == len(table) && before != nil:
				now = append(bytes.Clone(before), before[0])
			default:
				return nil, broken("LZW data are damaged")
			}
			if before != nil && len(table) < 4096 {
				table = append(table, append(bytes.Clone(before), now[0]))
			}
			if out = append(out, now...); len(out) > limit {
				return nil, beyond("a stream of more than %d bytes", limit)
			}
			before = now
			for width < 12 && len(table)+early >= 1<<width {
				width++
			}
		}
	}
	return out, nil
}
