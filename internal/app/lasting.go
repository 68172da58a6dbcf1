package app

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sidian/gm"
	"sidian/internal/lasting"
	"sidian/ofd/sign"
)

// stampers are the time stamp authorities by which proof outlives SM3 and SM2: they
// are made when they are needed first.
func (a *App) stampers() map[string]lasting.Stamper {
	all := map[string]lasting.Stamper{}
	for _, x := range gm.Suites()[1:] {
		all[x.Name] = lasting.Stamper{
			Prepare: func(ctx context.Context) error { return a.PKI.PrepareSuite(ctx, x.Name) },
			TimeStamp: func(ctx context.Context, message []byte) ([]byte, error) {
				return a.PKI.TimeStampBy(ctx, x.Name, message)
			},
		}
	}
	return all
}

// sunset is until when algorithms are believed: as of this release, and as the
// operator says.
func (a *App) sunset() (lasting.Algorithms, error) {
	all := lasting.Sunset()
	ends, err := a.Conf.Timestamp.EndsOf()
	if err != nil {
		return nil, err
	}
	for name, at := range ends {
		if all[name].IsZero() {
			return nil, fmt.Errorf("app: timestamp.ends names %q; the algorithms are %s", name, strings.Join(slices.Sorted(maps.Keys(all)), ", "))
		}
		all[name] = at
	}
	return all, nil
}

// trustForEvidence is trustForDocuments with the roots of time stamps by other
// suites: a document is not verified by those.
func (a *App) trustForEvidence(ctx context.Context) (sign.Options, error) {
	o, err := a.trustForDocuments(ctx)
	if err != nil {
		return o, err
	}
	suites, err := a.PKI.SuiteAuthorities(ctx)
	if err != nil || len(suites) == 0 {
		return o, err
	}
	anchors := o.Anchors.Certificates()
	for _, x := range suites {
		anchors = append(anchors, x.Root)
	}
	o.Anchors = gm.NewPool(anchors...)
	return o, nil
}
