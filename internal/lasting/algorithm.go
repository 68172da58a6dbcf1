package lasting

import (
	"context"
	"slices"
	"strings"
	"time"

	"sidian/gm"
)

// Names of algorithms in evidence.
const (
	SM3       = "sm3"
	SM2       = "sm2"
	SHA256    = "sha256"
	SHA384    = "sha384"
	RSA       = "rsa"
	ECDSAP256 = "ecdsa-p256"
	ECDSAP384 = "ecdsa-p384"
)

// Algorithms say until when each algorithm is believed. One that is not listed is
// believed by nobody.
type Algorithms map[string]time.Time

// Sunset is what is believed of the algorithms as of this release. No end of SM2
// and SM3 is announced (GB/T 32918, GB/T 32905), nor of SHA-384 and P-384; their
// dates are those by which the table has to be looked at again, the other suite's
// later, so that there is one to go to. 2048-bit RSA, which
// stands in time stamps of outside authorities, ends as most lists have it.
func Sunset() Algorithms {
	day := func(year int) time.Time { return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC) }
	return Algorithms{
		SM3: day(2060), SM2: day(2060), SHA256: day(2040), ECDSAP256: day(2040), SHA384: day(2070), ECDSAP384: day(2070), RSA: day(2030),
	}
}

// signatures are the algorithms of keys as [gm.Certificate] names them.
var signatures = map[string]string{"SM2": SM2, "RSA": RSA, "ECDSA P-256": ECDSAP256, "ECDSA P-384": ECDSAP384}

// labels are digests as people name them.
var labels = map[string]string{SM3: "SM3", SHA256: "SHA-256", SHA384: "SHA-384"}

// Label is a digest as people name it.
func Label(digest string) string {
	if l := labels[digest]; l != "" {
		return l
	}
	return digest
}

func signatureOf(c *gm.Certificate) string {
	if name := signatures[c.KeyAlgorithm]; name != "" {
		return name
	}
	return c.KeyAlgorithm
}

// rests are the algorithms that a time stamp rests on, with those of the digital
// certificates that lead to the anchor: whoever forges one of them forges it.
func rests(t *gm.Timestamp, chain []*gm.Certificate) []string {
	imprint, signed := t.Digests()
	names := []string{imprint, signed}
	for i, c := range chain {
		names = append(names, signatureOf(c))
		switch {
		case i+1 == len(chain): // nobody has to believe how an anchor is signed
		case signatureOf(chain[i+1]) == SM2: // however the algorithm is written
			names = append(names, SM3)
		default:
			names = append(names, c.SignatureDigest())
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// until is when the first of some algorithms ends; the zero time for one that is
// not listed.
func (a Algorithms) until(names ...string) (first time.Time) {
	for i, n := range names {
		if end := a[n]; i == 0 || end.Before(first) {
			first = end
		}
	}
	return first
}

// ended is which of some algorithms ends first.
func (a Algorithms) ended(names ...string) string {
	return slices.MinFunc(names, func(x, y string) int { return a[x].Compare(a[y]) })
}

// due are the listed algorithms that end before a time.
func (a Algorithms) due(before time.Time) (names []string) {
	for n, end := range a {
		if !end.After(before) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// A Stamper gives time stamps by a suite of its own.
type Stamper struct {
	// Prepare makes the authority where it is missing or ends soon; nil: there is
	// nothing to make. It is called before trust is asked, so that the authority's
	// root is among what is gathered.
	Prepare   func(ctx context.Context) error
	TimeStamp func(ctx context.Context, message []byte) (token []byte, err error)
}

// A suite is a digest and a signature that this platform has a time stamp authority
// for.
type suite struct {
	digest, signature string
	stamper           Stamper
}

func (s *Service) suites() (out []suite) {
	for i, x := range gm.Suites() {
		by, ok := s.Others[x.Name]
		if i == 0 {
			by, ok = Stamper{TimeStamp: s.TimeStamp}, true
		}
		if ok {
			out = append(out, suite{x.Digest, signatures[x.Key], by})
		}
	}
	return out
}

// A plan is what is done about algorithms at a time.
type plan struct {
	first  string    // the digest by which new chains begin; empty: none
	ends   time.Time // what ends by then is renewed
	due    []string  // algorithms that end by then
	dying  []string  // digests whose chains are followed by chains under first
	living []string  // digests under which time stamps are renewed
	none   bool      // no suite is believed long enough
}

// plan looks at the dated table. A suite whose digest or signature ends within the
// lead begins no chain; where no other is there, it goes on as long as it is
// believed at all.
func (s *Service) plan(now time.Time) *plan {
	p := &plan{ends: now.Add(s.lead())}
	p.due = s.algorithms().due(p.ends)
	believed := func(at time.Time) (digests []string) {
		for _, x := range s.suites() {
			if s.algorithms().until(x.digest, x.signature).After(at) {
				digests = append(digests, x.digest)
			}
		}
		return digests
	}
	if p.living = believed(p.ends); len(p.living) > 0 {
		for _, x := range gm.Suites() {
			if !slices.Contains(p.living, x.Digest) {
				p.dying = append(p.dying, x.Digest)
			}
		}
	} else { // what ends with its algorithm, nothing renews
		p.living, p.due, p.none = believed(now), nil, true
	}
	if len(p.living) > 0 {
		p.first = p.living[0]
	}
	return p
}

// list writes names as a row keeps them, each between commas.
func list(names []string) string { return "," + strings.Join(names, ",") + "," }

func unlist(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' })
}
