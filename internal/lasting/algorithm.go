package lasting

import (
	"time"

	"sidian/gm"
)

// Names of algorithms in evidence.
const (
	SM3    = "sm3"
	SM2    = "sm2"
	SHA256 = "sha256"
	RSA    = "rsa"
)

// Algorithms say until when each algorithm is believed. One that is not listed is
// believed by nobody.
type Algorithms map[string]time.Time

// Sunset is what is believed of the algorithms as of this release. No end of SM2
// and SM3 is announced (GB/T 32918, GB/T 32905); their dates are those by which the
// table has to be looked at again. RSA and SHA-256 stand in time stamps of outside
// authorities; 2048-bit RSA ends as most lists have it.
func Sunset() Algorithms {
	day := func(year int) time.Time { return time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC) }
	return Algorithms{SM3: day(2060), SM2: day(2060), SHA256: day(2040), RSA: day(2030)}
}

// of are the algorithms that a time stamp rests on.
func of(t *gm.Timestamp) (hash, signature string) {
	switch {
	case t.HashOID.Equal(gm.OIDSM3):
		hash = SM3
	case t.HashOID.Equal(gm.OIDSHA256):
		hash = SHA256
	default:
		hash = t.HashOID.String()
	}
	switch t.Certificate.KeyAlgorithm {
	case "SM2":
		signature = SM2
	case "RSA":
		signature = RSA
	default:
		signature = t.Certificate.KeyAlgorithm
	}
	return hash, signature
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

// due are the listed algorithms that end before a time.
func (a Algorithms) due(before time.Time) (names []string) {
	for n, end := range a {
		if !end.After(before) {
			names = append(names, n)
		}
	}
	return names
}
