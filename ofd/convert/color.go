package convert

import (
	"math"

	"sidian/ofd/internal/pdf"
)

// A space is a colour space (ISO 32000-1 §8.6) by what its components become.
type space struct {
	n       int // components
	rgb     func(v []float64) [3]uint8
	initial []float64
	indexed *space // of the palette; v is one index
	high    int
	pattern bool
}

func deviceSpace(n int) *space {
	switch n {
	case 1:
		return &space{n: 1, rgb: func(v []float64) [3]uint8 { g := byteOf(v[0]); return [3]uint8{g, g, g} }, initial: []float64{0}}
	case 3:
		return &space{n: 3, rgb: func(v []float64) [3]uint8 { return [3]uint8{byteOf(v[0]), byteOf(v[1]), byteOf(v[2])} }, initial: []float64{0, 0, 0}}
	}
	return &space{n: 4, rgb: cmyk, initial: []float64{0, 0, 0, 1}}
}

func byteOf(v float64) uint8 { return uint8(math.Round(math.Max(0, math.Min(1, v)) * 255)) }

// corners are the colours of the sixteen overprints of full inks, as printed by
// the inks of SWOP: bit 0 cyan, 1 magenta, 2 yellow, 3 black. Between them is
// interpolated, as in the viewers people know.
var corners = [16][3]float64{
	{1, 1, 1}, {0, .6784, .9373}, {.9255, 0, .5490}, {.1804, .1922, .5725},
	{1, .9490, 0}, {0, .6510, .3137}, {.9294, .1098, .1412}, {.2118, .2119, .2235},
	{.1373, .1216, .1255}, {0, .0588, .1412}, {.1412, 0, 0}, {0, 0, .0078},
	{.1098, .1020, 0}, {0, .0745, 0}, {.1333, 0, 0}, {0, 0, 0},
}

func cmyk(v []float64) [3]uint8 {
	var out [3]float64
	for i, c := range corners {
		w := 1.0
		for k := range 4 {
			x := math.Max(0, math.Min(1, v[k]))
			if i>>k&1 == 0 {
				x = 1 - x
			}
			w *= x
		}
		for k := range out {
			out[k] += w * c[k]
		}
	}
	return [3]uint8{byteOf(out[0]), byteOf(out[1]), byteOf(out[2])}
}

func (p *paint) set(s *space, v []float64) {
	p.space, p.bad = s, nil
	if len(v) < s.n {
		p.bad = refuse("color", "%d components for %d", len(v), s.n)
		return
	}
	p.rgb = s.rgb(v)
}

func (d *drawer) paintOf(op string) *paint {
	if op[0] == 'C' || op[0] == 'S' {
		return &d.st.stroke
	}
	return &d.st.fill
}

func (d *drawer) setSpace(op string, args []pdf.Object) error {
	if len(args) == 0 {
		return refuse("content", "operator %s without a space", op)
	}
	s, err := d.colorSpace(args[len(args)-1], d.resources, 0)
	if err != nil {
		return err
	}
	p := d.paintOf(op)
	if s.pattern {
		p.space, p.bad = s, refuse("pattern", "a pattern")
		return nil
	}
	p.set(s, s.initial)
	return nil
}

func (d *drawer) setColor(op string, args []pdf.Object) error {
	p := d.paintOf(op)
	if len(args) > 0 {
		if _, named := args[len(args)-1].(pdf.Name); named {
			p.bad = refuse("pattern", "a pattern")
			return nil
		}
	}
	if p.space == nil || p.space.pattern {
		return refuse("color", "a colour without a space")
	}
	v, ok := numbers(args, p.space.n)
	if !ok {
		return refuse("color", "a colour without its %d components", p.space.n)
	}
	p.set(p.space, v)
	return nil
}

// colorSpace reads a colour space, by its name or its definition.
func (c *converter) colorSpace(o pdf.Object, resources pdf.Dict, depth int) (*space, error) {
	if depth > 8 {
		return nil, refuse("color", "colour spaces nested too deep")
	}
	o = c.file.Get(o)
	if name, ok := o.(pdf.Name); ok {
		switch name {
		case "DeviceGray", "G", "CalGray":
			return deviceSpace(1), nil
		case "DeviceRGB", "RGB", "CalRGB":
			return deviceSpace(3), nil
		case "DeviceCMYK", "CMYK":
			return deviceSpace(4), nil
		case "Pattern":
			return &space{pattern: true}, nil
		}
		if own := c.file.Dict(resources["ColorSpace"])[name]; own != nil {
			return c.colorSpace(own, nil, depth+1)
		}
		return nil, refuse("color", "the colour space %q is missing", name)
	}
	a, ok := o.(pdf.Array)
	if !ok || len(a) == 0 {
		return nil, refuse("color", "a colour space that cannot be read")
	}
	kind := c.file.Name(a[0])
	switch {
	case len(a) == 1 || kind == "CalGray" || kind == "CalRGB" || kind == "Pattern":
		return c.colorSpace(kind, resources, depth+1)
	case kind == "ICCBased":
		return c.iccSpace(a[1])
	case (kind == "Indexed" || kind == "I") && len(a) >= 4:
		return c.indexedSpace(a, resources, depth)
	case (kind == "Separation" || kind == "DeviceN") && len(a) >= 4:
		return c.tintSpace(kind, a, resources, depth)
	}
	return nil, refuse("color", "the colour space %q", kind)
}

// iccSpace takes a profile by its number of components: its difference from
// sRGB, or from the usual inks, is left out, as most viewers do.
func (c *converter) iccSpace(o pdf.Object) (*space, error) {
	d := c.file.Dict(o)
	n, _ := c.file.Get(d["N"]).(int)
	if n != 1 && n != 3 && n != 4 {
		return nil, refuse("color", "a profile of %d components", n)
	}
	if alt := c.file.Array(d["Alternate"]); len(alt) > 0 && c.file.Name(alt[0]) == "Lab" {
		return nil, refuse("color", "a profile of Lab")
	}
	return deviceSpace(n), nil
}

func (c *converter) indexedSpace(a pdf.Array, resources pdf.Dict, depth int) (*space, error) {
	base, err := c.colorSpace(a[1], resources, depth+1)
	if err != nil {
		return nil, err
	}
	high, _ := c.file.Get(a[2]).(int)
	var table []byte
	switch v := c.file.Get(a[3]).(type) {
	case pdf.String:
		table = []byte(v)
	case *pdf.Stream:
		data, rest, err := c.file.Decode(v)
		if err != nil {
			return nil, err
		}
		if rest == nil {
			table = data
		}
	}
	if base.pattern || base.indexed != nil || high < 0 || high > 255 || len(table) < (high+1)*base.n {
		return nil, refuse("color", "an indexed colour space that is cut off")
	}
	colors := make([][3]uint8, high+1)
	v := make([]float64, base.n)
	for i := range colors {
		for k := range v {
			v[k] = float64(table[i*base.n+k]) / 255
		}
		colors[i] = base.rgb(v)
	}
	return &space{n: 1, indexed: base, high: high, initial: []float64{0}, rgb: func(v []float64) [3]uint8 {
		return colors[int(math.Max(0, math.Min(float64(high), v[0])))]
	}}, nil
}

// tintSpace reads Separation and DeviceN by their alternate space.
func (c *converter) tintSpace(kind pdf.Name, a pdf.Array, resources pdf.Dict, depth int) (*space, error) {
	n := 1
	if kind == "DeviceN" {
		n = len(c.file.Array(a[1]))
	} else if c.file.Name(a[1]) == "None" {
		return nil, refuse("color", "the colour None")
	}
	base, err := c.colorSpace(a[2], resources, depth+1)
	if err != nil {
		return nil, err
	}
	tint, err := c.function(a[3], n, 0)
	if err != nil {
		return nil, err
	}
	if base.pattern || base.indexed != nil || n < 1 || n > 32 {
		return nil, refuse("color", "a tint of %d colours", n)
	}
	initial := make([]float64, n)
	for i := range initial {
		initial[i] = 1
	}
	return &space{n: n, initial: initial, rgb: func(v []float64) [3]uint8 {
		out := tint(v)
		for len(out) < base.n {
			out = append(out, 0)
		}
		return base.rgb(out)
	}}, nil
}

// function reads a function of n inputs (§7.10): sampled ones of one input,
// exponential and stitching ones.
func (c *converter) function(o pdf.Object, n, depth int) (func([]float64) []float64, error) {
	d := c.file.Dict(o)
	kind, ok := c.file.Get(d["FunctionType"]).(int)
	domain, _ := c.file.Numbers(d["Domain"])
	if !ok || depth > 8 || len(domain) < 2 {
		return nil, refuse("color", "a function that cannot be read")
	}
	clamp := func(v float64) float64 { return math.Max(domain[0], math.Min(domain[1], v)) }
	switch {
	case kind == 2 && n == 1:
		c0, ok0 := c.file.Numbers(d["C0"])
		c1, ok1 := c.file.Numbers(d["C1"])
		if !ok0 {
			c0 = []float64{0}
		}
		if !ok1 {
			c1 = []float64{1}
		}
		power, _ := pdf.Number(c.file.Get(d["N"]))
		if len(c0) != len(c1) {
			return nil, refuse("color", "a function that cannot be read")
		}
		return func(v []float64) []float64 {
			x := math.Pow(clamp(v[0]), power)
			out := make([]float64, len(c0))
			for i := range out {
				out[i] = c0[i] + x*(c1[i]-c0[i])
			}
			return out
		}, nil
	case kind == 3 && n == 1:
		return c.stitched(d, domain, depth)
	case kind == 0 && n == 1:
		return c.sampled(o, d, domain)
	}
	return nil, refuse("color", "a function of type %d with %d inputs", kind, n)
}

func (c *converter) stitched(d pdf.Dict, domain []float64, depth int) (func([]float64) []float64, error) {
	bounds, _ := c.file.Numbers(d["Bounds"])
	encode, _ := c.file.Numbers(d["Encode"])
	var parts []func([]float64) []float64
	for _, o := range c.file.Array(d["Functions"]) {
		f, err := c.function(o, 1, depth+1)
		if err != nil {
			return nil, err
		}
		parts = append(parts, f)
	}
	if len(parts) == 0 || len(parts) > 256 || len(bounds) != len(parts)-1 || len(encode) < 2*len(parts) {
		return nil, refuse("color", "a stitching function that cannot be read")
	}
	edges := append(append([]float64{domain[0]}, bounds...), domain[1])
	return func(v []float64) []float64 {
		x := math.Max(domain[0], math.Min(domain[1], v[0]))
		k := 0
		for k < len(bounds) && x >= bounds[k] {
			k++
		}
		t := 0.0
		if w := edges[k+1] - edges[k]; w > 0 {
			t = (x - edges[k]) / w
		}
		return parts[k]([]float64{encode[2*k] + t*(encode[2*k+1]-encode[2*k])})
	}, nil
}

func (c *converter) sampled(o pdf.Object, d pdf.Dict, domain []float64) (func([]float64) []float64, error) {
	s, ok := c.file.Get(o).(*pdf.Stream)
	size, _ := c.file.Numbers(d["Size"])
	bits, _ := c.file.Get(d["BitsPerSample"]).(int)
	bound, _ := c.file.Numbers(d["Range"])
	if !ok || len(size) != 1 || bits != 8 && bits != 16 || len(bound) < 2 || d["Encode"] != nil {
		return nil, refuse("color", "a sampled function that cannot be read")
	}
	data, rest, err := c.file.Decode(s)
	if err != nil {
		return nil, err
	}
	n, outs := int(size[0]), len(bound)/2
	decode, ok := c.file.Numbers(d["Decode"])
	if !ok {
		decode = bound
	}
	if rest != nil || n < 1 || n > 1<<16 || len(data) < n*outs*bits/8 || len(decode) < 2*outs {
		return nil, refuse("color", "a sampled function that is cut off")
	}
	sample := func(i, k int) float64 {
		at := i*outs + k
		if bits == 16 {
			return float64(int(data[2*at])<<8|int(data[2*at+1])) / 65535
		}
		return float64(data[at]) / 255
	}
	return func(v []float64) []float64 {
		x := math.Max(domain[0], math.Min(domain[1], v[0]))
		t := 0.0
		if w := domain[1] - domain[0]; w > 0 {
			t = (x - domain[0]) / w * float64(n-1)
		}
		i := min(int(t), n-1)
		j, part := min(i+1, n-1), t-float64(i)
		out := make([]float64, outs)
		for k := range out {
			y := sample(i, k)*(1-part) + sample(j, k)*part
			out[k] = decode[2*k] + y*(decode[2*k+1]-decode[2*k])
		}
		return out
	}, nil
}
