package pack

import (
	"errors"
	"regexp"
	"time"

	"sidian/gm"
)

// ErrUnreadable is wrapped by errors about what is no ZIP that can be read at
// all, so that there is nothing to report on.
var ErrUnreadable = errors.New("not a package that can be read")

// A Scanner looks for malicious programs.
type Scanner interface {
	// Scan gives the name of what it found, or "". An error says that it could
	// not tell.
	Scan(name string, data []byte) (found string, err error)
}

// Expected is what the transfer list (交接单) says of the package. Zero fields
// are not compared.
type Expected struct {
	Files int    // electronic files
	Bytes int64  // of the package
	SM3   string // of the package, hex
}

// Options say what Check may rely on. The zero Options are usable.
type Options struct {
	Now   time.Time         // the present; zero switches off what needs it
	Roots []*gm.Certificate // trusted for themselves; none: signers stay untraced, which is a warning

	Name     string         // of the package's file; "" is not compared with the number
	Pattern  *regexp.Regexp // of 档号; nil: DefaultPattern
	Required []string       // codes of files that must be there, such as A1 (归档材料目录); nil: the results only
	Expected *Expected      // nil: there is no transfer list to compare with
	Signed   bool           // the package is of this house: without a signed list of digests it fails
	Scanner  Scanner        // nil: looking for malicious programs is skipped, and says so
	Limits   Limits
}

// DefaultPattern is the usual shape of 档号 (DA/T 13, DA/T 22):
// 全宗号-门类·年度-保管期限-机构(问题)-件号. Fonds and agencies are local codes.
const DefaultPattern = `^[A-Z0-9]{1,8}-[A-Z]{2}·[0-9]{4}-(Y|D30|D10)-[\p{Han}A-Za-z0-9]{1,16}-[0-9]{4}$`

// Limits bound what a package may cost its reader. Zero fields are defaults.
type Limits struct {
	Package int64 // bytes of the package; 1 GiB
	Entries int   // 5,000
	File    int64 // inflated bytes of a file; 256 MiB
	Total   int64 // inflated bytes of all; 1 GiB
	Ratio   int64 // of inflating a file beyond 1 MiB; 100
	Meta    int64 // bytes of an XML file of metadata; 8 MiB
}

func (l Limits) filled() Limits {
	for _, f := range []struct {
		v   *int64
		def int64
	}{{&l.Package, 1 << 30}, {&l.File, 256 << 20}, {&l.Total, 1 << 30}, {&l.Ratio, 100}, {&l.Meta, 8 << 20}} {
		if *f.v <= 0 {
			*f.v = f.def
		}
	}
	if l.Entries <= 0 {
		l.Entries = 5000
	}
	return l
}
