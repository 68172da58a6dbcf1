package font

// component is one part of a composite glyph.
type component struct {
	at    int // offset of the component's record in the glyph
	gid   uint16
	place matrix
}

// Flags of a component.
const (
	argsAreWords    = 0x0001
	argsAreXY       = 0x0002
	haveScale       = 0x0008
	moreComponents  = 0x0020
	haveXYScale     = 0x0040
	haveTwoByTwo    = 0x0080
	haveInstruction = 0x0100
)

// eachComponent calls fn for the parts of a composite glyph, in order.
func eachComponent(data []byte, fn func(component) error) error {
	at := 10
	for {
		size, ok := componentSize(data, at)
		if !ok {
			return &MalformedError{"glyf", "composite cut"}
		}
		flags := u16(data, at)
		c := component{at: at, gid: u16(data, at+2), place: placement(data[at:at+size], flags)}
		if err := fn(c); err != nil {
			return err
		}
		at += size
		if flags&moreComponents == 0 {
			return nil
		}
	}
}

// componentSize is the length of the record at an offset.
func componentSize(data []byte, at int) (int, bool) {
	if at+4 > len(data) {
		return 0, false
	}
	flags, size := u16(data, at), 6
	if flags&argsAreWords != 0 {
		size = 8
	}
	switch {
	case flags&haveScale != 0:
		size += 2
	case flags&haveXYScale != 0:
		size += 4
	case flags&haveTwoByTwo != 0:
		size += 8
	}
	return size, at+size <= len(data)
}

// placement reads offset and scale. Matching points instead of an offset is
// read as no offset: it does not occur in CJK fonts.
func placement(rec []byte, flags uint16) matrix {
	m, at := identity, 6
	if flags&argsAreWords != 0 {
		at = 8
	}
	if flags&argsAreXY != 0 {
		if flags&argsAreWords != 0 {
			m.e, m.f = float32(i16(rec, 4)), float32(i16(rec, 6))
		} else {
			m.e, m.f = float32(int8(rec[4])), float32(int8(rec[5]))
		}
	}
	fixed := func(i int) float32 { return float32(i16(rec, at+2*i)) / (1 << 14) }
	switch {
	case flags&haveScale != 0:
		m.a = fixed(0)
		m.d = m.a
	case flags&haveXYScale != 0:
		m.a, m.d = fixed(0), fixed(1)
	case flags&haveTwoByTwo != 0:
		m.a, m.b, m.c, m.d = fixed(0), fixed(1), fixed(2), fixed(3)
	}
	return m
}
