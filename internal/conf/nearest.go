package conf

import "slices"

// Nearest returns the candidate that word was probably meant to be: at most
// two edits away, and at most half of its letters. Ties go to the first in
// order; without one it returns "".
func Nearest(word string, candidates []string) string {
	best, at := "", 3
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		if d := distance(word, c); d < at && 2*d <= len([]rune(c)) {
			best, at = c, d
		}
	}
	return best
}

// distance counts insertions, deletions and replacements of letters.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > 64 || len(y) > 64 {
		return 64
	}
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(y)]
}
