package app

import (
	"context"
	"fmt"

	"sidian/internal/composite"
)

// A scheme says which permits of an industry fold into one, and the firms whose
// permits are folded from the beginning.
type scheme struct {
	Unit, Code, Title, Industry, Kind, Basis string
	Parts                                    []composite.Fold
	Firms                                    []int // places in Firms
}

// composed publishes the schemes and folds the permits of firms by them: two people
// for each scheme, and two for each firm.
func (s *seeder) composed(ctx context.Context) error {
	who := map[string]context.Context{}
	for _, username := range []string{"designer", "director", "clerk", "issuer"} {
		var err error
		if who[username], err = s.IAM.As(ctx, s.accounts[username]); err != nil {
			return err
		}
	}
	for _, x := range s.county.Schemes {
		made, err := s.Composite.Define(who["designer"], composite.SchemeRequest{Unit: x.Unit, Code: x.Code, Title: x.Title, Industry: x.Industry, Kind: x.Kind, Parts: x.Parts, Basis: x.Basis})
		if err != nil {
			return fmt.Errorf("%s: %w", x.Code, err)
		}
		for _, by := range []struct{ username, action string }{{"designer", "submit"}, {"director", "publish"}} {
			if made, err = s.Composite.DecideScheme(who[by.username], composite.SchemeDecision{ID: made.ID, Action: by.action, Revision: made.Revision}); err != nil {
				return fmt.Errorf("%s: %w", x.Code, err)
			}
		}
		for _, firm := range x.Firms {
			c, err := s.Composite.Propose(who["clerk"], composite.ComposeRequest{Scheme: made.ID, Unit: x.Unit, Holder: s.licences[firm]})
			if err == nil {
				_, err = s.Composite.Decide(who["issuer"], composite.Decision{ID: c.ID, Action: "issue", Revision: c.Revision})
			}
			if err != nil {
				return fmt.Errorf("%s of firm %d: %w", x.Code, firm, err)
			}
		}
	}
	return nil
}
