package onboard

import (
	"crypto/rand"
	"strings"
)

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }
