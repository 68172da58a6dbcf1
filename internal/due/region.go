package due

import (
	"slices"

	"sidian/gbcode"
)

// Covers tells whether what holds in a region (行政区划代码) holds in another: it
// lies in it. "" is the whole country.
func Covers(outer, inner string) bool {
	if outer == "" || outer == inner {
		return true
	}
	a, err := gbcode.ParseDivision(outer)
	b, wrong := gbcode.ParseDivision(inner)
	return err == nil && wrong == nil && a.Contains(b)
}

// TierOf tells how small a region is: 0 for the whole country, 1 for a province,
// and so on down to a village.
func TierOf(region string) int {
	d, err := gbcode.ParseDivision(region)
	if err != nil {
		return 0
	}
	return 1 + slices.Index([]gbcode.Level{gbcode.Province, gbcode.City, gbcode.County, gbcode.Town, gbcode.Village}, d.Level())
}
