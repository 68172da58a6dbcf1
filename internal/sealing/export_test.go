package sealing

import (
	"sidian/ofd"
)

// What the tests outside of the package look at.
var (
	Slot = slot
	Join = join
)

// Take is what becomes of an upload.
func Take(data []byte) (*ofd.Document, error) {
	t, err := take(data)
	if err != nil {
		return nil, err
	}
	return t.document, nil
}

// Spots resolves the places of steps, whose imprints have this size.
func Spots(d *ofd.Document, steps []StepAsk, w, h float64) ([][]Spot, error) {
	l, err := layoutOf(d)
	if err != nil {
		return nil, err
	}
	sizes := map[string]imprintSize{}
	for _, st := range steps {
		sizes[st.Seal] = imprintSize{w, h}
	}
	return l.spots(steps, sizes)
}
