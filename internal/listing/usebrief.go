package listing

import (
	"context"
	"slices"
	"time"

	"sidian/internal/db"
	"sidian/internal/iam"
)

// A UseBrief is how the use list of a unit stands.
type UseBrief struct {
	Unit     string
	UnitName string
	Version  int       // in force; 0: none
	Count    int       // lines of it
	Since    time.Time // when it was agreed to
	Waiting  int       // the version that waits for agreement; 0: none
	Report   bool      // whoever acts proposes for the unit
	Decide   bool      // whoever acts agrees to what the unit proposes
}

// UseBriefs are the use lists of the units for which whoever acts reports or
// reviews: those that wait first, by name.
func (s *Service) UseBriefs(ctx context.Context) (list []UseBrief, err error) {
	units, err := s.Units(ctx)
	if err != nil {
		return nil, err
	}
	var uses map[string]*useState
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { uses, err = useStates(tx); return err }); err != nil {
		return nil, err
	}
	for _, o := range units {
		b := UseBrief{Unit: o.ID, UnitName: o.Name, Report: iam.Allow(ctx, permReport, o.ID) == nil}
		above := o.Parent
		if above == "" {
			above = o.ID
		}
		if u := uses[o.ID]; u != nil {
			b.Version, b.Count, b.Since, b.Waiting = int(u.version), u.count, at(u.since), int(u.waiting)
			b.Decide = u.waiting > 0 && iam.Allow(ctx, permReview, above) == nil
		}
		list = append(list, b)
	}
	rank := func(b UseBrief) int {
		switch {
		case b.Waiting > 0:
			return 0
		case b.Version > 0:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(list, func(a, b UseBrief) int { return rank(a) - rank(b) })
	return list, nil
}

// Units are the open units for which whoever acts reports or reviews, by path.
func (s *Service) Units(ctx context.Context) ([]iam.Org, error) {
	return s.where(ctx, permReport, permReview)
}

// Reporters are the open units for which whoever acts reports.
func (s *Service) Reporters(ctx context.Context) ([]iam.Org, error) { return s.where(ctx, permReport) }

func (s *Service) where(ctx context.Context, permissions ...string) (list []iam.Org, err error) {
	mine := map[string]bool{}
	for _, p := range permissions {
		for _, id := range iam.Orgs(ctx, p) {
			mine[id] = true
		}
	}
	all, err := s.IAM.Organisations(ctx)
	for _, o := range all {
		if mine[o.ID] && !o.Closed {
			list = append(list, o)
		}
	}
	return list, err
}

// Scene is one scene, for who reports or reviews for its unit.
func (s *Service) Scene(ctx context.Context, id string) (*Scene, error) {
	v, err := s.scene(ctx, id)
	if err != nil {
		return nil, err
	}
	return v, maySee(ctx, v.Unit)
}
