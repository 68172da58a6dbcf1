// Package limits holds the bounds that keep a hostile document from costing
// its reader more than a second or so and a few dozen megabytes.
package limits

// Limits bound what a package may cost. A zero field means its default.
type Limits struct {
	File    int64 // bytes of the package itself
	Entries int   // entries of the archive, directories included
	Name    int   // bytes of an entry's name
	Part    int64 // inflated bytes of one part
	Total   int64 // inflated bytes of all parts together
	Ratio   int64 // inflated to deflated, for parts above RatioFrom
	XML     XML
}

// RatioFrom is the inflated size below which the ratio does not matter: a
// blank picture of this size cannot hurt.
const RatioFrom = 1 << 20

// XML bounds one XML part.
type XML struct {
	Size       int // bytes
	Depth      int // nested elements
	Attributes int // of one element
	Name       int // bytes of a name
	Elements   int // elements of a part
}

// Default gives the bounds used when nothing else is said. The largest public
// certificate or invoice met is 1 % of them.
func Default() Limits {
	return Limits{
		File: 96 << 20, Entries: 16384, Name: 1024,
		Part: 48 << 20, Total: 96 << 20, Ratio: 400,
		XML: DefaultXML(),
	}
}

// DefaultXML gives the bounds of one XML part.
func DefaultXML() XML {
	return XML{Size: 16 << 20, Depth: 64, Attributes: 64, Name: 256, Elements: 200_000}
}

// Filled gives l with its zero fields replaced by the defaults.
func (l Limits) Filled() Limits {
	d := Default()
	fill(&l.File, d.File)
	fill(&l.Entries, d.Entries)
	fill(&l.Name, d.Name)
	fill(&l.Part, d.Part)
	fill(&l.Total, d.Total)
	fill(&l.Ratio, d.Ratio)
	l.XML = l.XML.Filled()
	return l
}

// Filled gives x with its zero fields replaced by the defaults.
func (x XML) Filled() XML {
	d := DefaultXML()
	fill(&x.Size, d.Size)
	fill(&x.Depth, d.Depth)
	fill(&x.Attributes, d.Attributes)
	fill(&x.Name, d.Name)
	fill(&x.Elements, d.Elements)
	return x
}

func fill[T int | int64](v *T, d T) {
	if *v == 0 {
		*v = d
	}
}
