package iam

import (
	"encoding/json"

	"sidian/gm"
)

// digestOf is the digest of an object's state before or after a change, for
// its audit row. What is personal goes in as the row's sealed form or not at
// all.
func digestOf(fields []any) gm.Digest {
	b, err := json.Marshal(fields) // of texts, numbers and times
	if err != nil {
		return gm.Digest{}
	}
	return gm.Sum(b)
}
