package font

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"golang.org/x/image/font/sfnt"
)

const licence = "统一社会信用代码91110000MA01ABCD2X名称北京示例科技有限责任公司类型有限责任公司(自然人投资或控股)" +
	"住所北京市海淀区中关村大街1号院2号楼3层301室法定代表人欧阳明月注册资本壹仟万元整成立日期2020年01月15日营业期限长期" +
	"经营范围技术开发、技术推广、技术转让、技术咨询、技术服务；软件开发；基础软件服务；应用软件服务；销售计算机、软件及辅助设备。"

func TestSubsetRoundTrip(t *testing.T) {
	t.Parallel()
	for _, file := range files {
		f, _ := load(t, file)
		for name, text := range map[string]string{
			"licence": licence, "one": "证", "none": "", "symbols": "①㎡℃№×、。（）", "latin": "Hello, World",
			"beyond the first plane": "𠮟" + "𬬻证",
		} {
			t.Run(file+" "+name, func(t *testing.T) {
				t.Parallel()
				runes := held(f, text)
				data, err := f.Subset(runes, "Test Serif")
				if err != nil {
					t.Fatal(err)
				}
				checkFile(t, data)
				sub, err := Parse(data)
				if err != nil {
					t.Fatal(err)
				}
				if sub.Name() != "Test Serif" || sub.UnitsPerEm() != f.UnitsPerEm() || sub.Ascent() != f.Ascent() {
					t.Errorf("name %q, units %d, ascent %d", sub.Name(), sub.UnitsPerEm(), sub.Ascent())
				}
				for _, r := range runes {
					sameGlyph(t, f, sub, r)
				}
				if _, ok := sub.GID('龘'); ok {
					t.Error("the subset has a character nobody asked for")
				}
				theirs, err := sfnt.Parse(data)
				if err != nil {
					t.Fatalf("x/image: %v", err)
				}
				var buf sfnt.Buffer
				for _, r := range runes {
					compareGlyph(t, sub, theirs, &buf, r)
				}
				reversed := append([]rune(nil), runes...)
				for i, k := 0, len(reversed)-1; i < k; i, k = i+1, k-1 {
					reversed[i], reversed[k] = reversed[k], reversed[i]
				}
				again, err := f.AppendSubset([]byte("xyz"), append(reversed, runes...), "Test Serif")
				if err != nil || !bytes.Equal(again[3:], data) {
					t.Errorf("the same characters gave other bytes: %v", err)
				}
			})
		}
	}
}

// held drops what the font lacks; U+20B9F may be absent.
func held(f *Font, text string) []rune {
	var out []rune
	for _, r := range text {
		if _, ok := f.GID(r); ok {
			out = append(out, r)
		}
	}
	return out
}

func sameGlyph(t *testing.T, a, b *Font, r rune) {
	t.Helper()
	ga, _ := a.GID(r)
	gb, ok := b.GID(r)
	if !ok {
		t.Fatalf("%q is missing in the subset", r)
	}
	if a.Advance(ga) != b.Advance(gb) || a.bearing(ga) != b.bearing(gb) {
		t.Errorf("%q: advance %d and %d, bearing %d and %d", r, a.Advance(ga), b.Advance(gb), a.bearing(ga), b.bearing(gb))
	}
	oa, err := a.Outline(ga)
	if err != nil {
		t.Fatal(err)
	}
	if ob, err := b.Outline(gb); err != nil || !reflect.DeepEqual(oa, ob) {
		t.Errorf("%q: outline differs: %v", r, err)
	}
}

// checkFile checks directory order, alignment and checksums.
func checkFile(t *testing.T, data []byte) {
	t.Helper()
	n := int(binary.BigEndian.Uint16(data[4:]))
	var tags []string
	for i := range n {
		rec := data[12+16*i:]
		tag := string(rec[:4])
		if len(tags) > 0 && tags[len(tags)-1] >= tag {
			t.Errorf("table %q after %q", tag, tags[len(tags)-1])
		}
		tags = append(tags, tag)
		off, size := u32(rec, 8), u32(rec, 12)
		if off%4 != 0 || int(off+size) > len(data) {
			t.Errorf("table %q at %d, %d bytes", tag, off, size)
			continue
		}
		table := bytes.Clone(data[off : off+size])
		if tag == "head" {
			binary.BigEndian.PutUint32(table[8:], 0)
		}
		var sum uint32
		for len(table)%4 != 0 {
			table = append(table, 0)
		}
		for at := 0; at < len(table); at += 4 {
			sum += u32(table, at)
		}
		if sum != u32(rec, 4) {
			t.Errorf("table %q: checksum %08x, should be %08x", tag, u32(rec, 4), sum)
		}
	}
	if !reflect.DeepEqual(tags, subsetTags) {
		t.Errorf("tables %v", tags)
	}
	var whole uint32
	for at := 0; at+4 <= len(data); at += 4 {
		whole += u32(data, at)
	}
	if len(data)%4 != 0 || whole != 0xB1B0AFBA {
		t.Errorf("checksum of the file %08x, %d bytes", whole, len(data))
	}
}

func TestSubsetRefusesMissing(t *testing.T) {
	t.Parallel()
	f, _ := load(t, files[0])
	_, err := f.Subset([]rune("证\U0002FFF0"), "x")
	var missing *MissingError
	if !errors.As(err, &missing) || missing.Rune != 0x2FFF0 {
		t.Errorf("got %v", err)
	}
}

// buildComposite makes a font with 'A' = two shifted copies of 'B', with
// instructions to drop; self, if set, makes A a part of itself.
func buildComposite(self *uint16) []byte {
	box := []byte{0, 1, 0, 0, 0, 0, 0, 100, 0, 100, 0, 3, 0, 2, 0xAA, 0xBB, // 4 points, 2 bytes of hints
		0x01, 0x01, 0x01, 0x01, 0, 0, 0, 100, 0, 0, 0xFF, 0x9C, 0, 0, 0, 0, 0, 100, 0, 0}
	part := uint16(2)
	if self != nil {
		part = *self
	}
	pair := []byte{0xFF, 0xFF, 0, 0, 0, 0, 0, 200, 0, 100}
	pair = put16(pair, argsAreWords|argsAreXY|moreComponents|haveInstruction, part, 0, 0)
	pair = put16(pair, argsAreXY|haveScale, 2, 0x6432, 0x2000) // at 100,50 by one half
	pair = append(pair, 0, 2, 0xCC, 0xDD)
	var glyf, loca []byte
	loca = put16(loca, 0, 0)
	glyf = append(glyf, pair...)
	loca = put16(loca, uint16(len(glyf)/2))
	glyf = append(glyf, box...)
	loca = put16(loca, uint16(len(glyf)/2))
	cmap := put32(put16(nil, 0, 1, 3, 1), 12)
	cmap = appendFormat4(cmap, []segment{{'A', 'B', 1}})
	head := grow(nil, 54)
	binary.BigEndian.PutUint16(head[18:], 1000)
	tables := []struct {
		tag  string
		data []byte
	}{
		{"cmap", cmap}, {"glyf", glyf}, {"head", head}, {"loca", loca},
		{"maxp", put16([]byte{0, 1, 0, 0}, 3)},
	}
	out := put16([]byte{0, 1, 0, 0}, uint16(len(tables)), 0, 0, 0)
	at := 12 + 16*len(tables)
	var body []byte
	for _, table := range tables {
		out = append(out, table.tag...)
		out = put32(out, 0, uint32(at+len(body)), uint32(len(table.data)))
		body = append(body, table.data...)
	}
	return append(out, body...)
}

func TestComposite(t *testing.T) {
	t.Parallel()
	f, err := Parse(buildComposite(nil))
	if err != nil {
		t.Fatal(err)
	}
	gid, _ := f.GID('A')
	outline, err := f.Outline(gid)
	if err != nil {
		t.Fatal(err)
	}
	var moves []Point
	for _, s := range outline {
		if s.Op == MoveTo {
			moves = append(moves, s.To)
		}
	}
	if want := []Point{{0, 0}, {100, 50}}; !reflect.DeepEqual(moves, want) {
		t.Errorf("contours start at %v, want %v", moves, want)
	}
	data, err := f.Subset([]rune("A"), "x")
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, data)
	sub, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	sameGlyph(t, f, sub, 'A')
	if sub.NumGlyphs() != 3 {
		t.Errorf("%d glyphs, want .notdef, A and its part", sub.NumGlyphs())
	}
	if bytes.Contains(data, []byte{0xAA, 0xBB}) || bytes.Contains(data, []byte{0xCC, 0xDD}) {
		t.Error("hints are still there")
	}
}

func TestCompositeOfItself(t *testing.T) {
	t.Parallel()
	self := uint16(1)
	f, err := Parse(buildComposite(&self))
	if err != nil {
		t.Fatal(err)
	}
	var malformed *MalformedError
	if _, err := f.Outline(1); !errors.As(err, &malformed) {
		t.Errorf("got %v", err)
	}
}

func TestCmapFormats(t *testing.T) {
	t.Parallel()
	table := func(platform, encoding uint16, sub []byte) []byte {
		return append(put32(put16(nil, 0, 1, platform, encoding), 12), sub...)
	}
	format0 := put16(nil, 0, 262, 0)
	format0 = append(format0, make([]byte, 256)...)
	format0[6+'A'] = 7
	ranged := put16(nil, 4, 0, 0, 4, 4, 1, 0)                       // two segments
	ranged = put16(ranged, 'C', 0xFFFF, 0, 'A', 0xFFFF, 0, 1, 4, 0) // offsets: 4 bytes ahead, none
	ranged = put16(ranged, 9, 7, 0)                                 // glyphs of A, B, C
	for _, tc := range []struct {
		name  string
		table []byte
		want  map[rune]uint16
	}{
		{"format 0", table(1, 0, format0), map[rune]uint16{'A': 7, 'B': 0, 0x4E00: 0}},
		{"format 4 with deltas", table(3, 1, appendFormat4(nil, []segment{{'A', 'C', 5}, {'证', '证', 9}})), map[rune]uint16{'A': 5, 'C': 7, 'D': 0, '证': 9, 0xFFFF: 0}},
		{"format 4 with an array", table(3, 1, ranged), map[rune]uint16{'A': 9, 'B': 7, 'C': 0}},
		{"format 6", table(0, 3, put16(nil, 6, 0, 0, 'A', 2, 3, 4)), map[rune]uint16{'@': 0, 'A': 3, 'B': 4, 'C': 0}},
		{"format 12", table(3, 10, appendFormat12(nil, []segment{{'A', 'B', 2}, {0x20000, 0x20001, 8}})), map[rune]uint16{'A': 2, 'B': 3, 'C': 0, 0x20001: 9, 0x20002: 0}},
		{"symbol", table(3, 0, appendFormat4(nil, []segment{{0xF041, 0xF041, 6}})), map[rune]uint16{'A': 6, 0xF041: 6, 'B': 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := chooseCmap(tc.table)
			if c == nil {
				t.Fatal("not read")
			}
			for r, want := range tc.want {
				if got := c.lookup(uint32(r)); got != want {
					t.Errorf("%U: glyph %d, want %d", r, got, want)
				}
			}
		})
	}
}

func BenchmarkSubset(b *testing.B) {
	for _, file := range files {
		b.Run(file, func(b *testing.B) {
			f, _ := load(b, file)
			runes := []rune(licence)
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if buf, err = f.AppendSubset(buf[:0], runes, "Noto"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(buf)), "bytes")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	_, data := load(b, files[0])
	for b.Loop() {
		if _, err := Parse(data); err != nil {
			b.Fatal(err)
		}
	}
}

// More runs than a format 4 subtable can count.
func TestCmapOfManyRuns(t *testing.T) {
	t.Parallel()
	s := &subsetter{newGID: map[uint16]uint16{}}
	for i := range 8500 {
		s.runes = append(s.runes, rune(0x100+2*i))
		s.gids = append(s.gids, uint16(i+1))
		s.newGID[uint16(i+1)] = uint16(i + 1)
	}
	c := chooseCmap(s.appendCmap(nil))
	for i, r := range s.runes {
		if got := c.lookup(uint32(r)); got != uint16(i+1) {
			t.Fatalf("%U: glyph %d, want %d", r, got, i+1)
		}
		if got := c.lookup(uint32(r + 1)); got != 0 {
			t.Fatalf("%U: glyph %d, want none", r+1, got)
		}
	}
}
