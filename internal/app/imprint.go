package app

import (
	"context"
	"sync"

	"sidian/internal/seal"
	"sidian/ofd/draw/imprint"
)

// imprintSize is the width and height of the county's imprints, in millimetres.
const imprintSize = 42

var imprintWords = map[string]string{seal.LegalName: "", seal.Special: "电子证照专用章"}

type imprintKey struct{ unit, kind string }

// imprints are the pictures of the county's seals. They take most of the time of
// the first start, and depend on nothing, so that they are drawn beside it.
type imprints map[imprintKey]picture

// A picture is drawn once, by whoever needs it first.
type picture struct{ png func() ([]byte, error) }

func newImprints(c *county) imprints {
	all := imprints{}
	for n, u := range c.Units {
		for _, kind := range u.Seals {
			key := imprintKey{u.ID, kind}
			all[key] = picture{sync.OnceValues(func() ([]byte, error) {
				code, err := c.unitCode(n)
				if err != nil {
					return nil, err
				}
				return imprint.PNG(imprint.Spec{Name: u.Name, Bottom: imprintWords[kind], Code: code[8:17], Width: imprintSize, Height: imprintSize})
			})}
		}
	}
	return all
}

// drawAll draws what nobody has drawn yet, until ctx ends. Errors are told to
// who needs the picture.
func (all imprints) drawAll(ctx context.Context) {
	for _, p := range all {
		if ctx.Err() != nil {
			return
		}
		_, _ = p.png()
	}
}
