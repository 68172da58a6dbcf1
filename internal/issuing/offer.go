package issuing

import (
	"context"
	"slices"

	"sidian/internal/db"
	"sidian/internal/iam"
)

// An Offer is a kind of certificate that a person may apply for (网上申领), with
// the units that issue it.
type Offer struct {
	Kind     string      `json:"kind"`
	KindName string      `json:"kind_name"`
	Units    []OfferUnit `json:"units"`
}

// An OfferUnit is where to apply.
type OfferUnit struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// An OfferList is all that may be applied for.
type OfferList struct {
	Items []Offer `json:"items"`
}

// Offers lists the kinds that a person holds under their citizen's number and
// that somebody issues.
func (s *Service) Offers(ctx context.Context) (*OfferList, error) {
	if err := iam.Ask(ctx, iam.Question{Permission: permApply, Owner: true}); err != nil {
		return nil, err
	}
	kinds, err := s.Catalogue.Published(ctx)
	if err != nil {
		return nil, err
	}
	out := &OfferList{Items: []Offer{}}
	for _, k := range kinds {
		if !slices.Contains(k.Holders.Types, "person") || !slices.Contains(k.Holders.IDTypes, citizenType) {
			continue
		}
		x := Offer{Kind: k.Name, KindName: k.Title}
		ids, err := s.Cert.Issuers(ctx, k.Name)
		if err != nil {
			return nil, err
		}
		err = s.DB.Read(ctx, func(tx *db.Tx) error {
			x.Units = nil
			for _, id := range ids {
				o, err := iam.OrgTx(tx, id)
				if err != nil {
					return err
				}
				if !o.Closed {
					x.Units = append(x.Units, OfferUnit{o.ID, o.Name})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(x.Units) > 0 {
			out.Items = append(out.Items, x)
		}
	}
	return out, nil
}
