package app

import (
	"context"
	"fmt"
	"slices"

	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealing"
)

// seals makes and files the seals of each unit, and lets the client and the
// unit's own staff use them for the kinds that the unit issues.
func (s *seeder) seals(ctx context.Context) error {
	for _, u := range s.Units {
		if len(u.Seals) == 0 {
			continue
		}
		o, err := s.IAM.Org(ctx, u.ID)
		if err != nil {
			return err
		}
		admin, authority, err := s.sealAdmin(ctx, u)
		if err != nil {
			return err
		}
		for _, kind := range u.Seals {
			if err := s.seal(ctx, admin, authority, o, kind, purposesOf(u)); err != nil {
				return fmt.Errorf("%s: %w", u.Name, err)
			}
		}
		for _, kind := range u.Kinds {
			if err := s.Cert.Entrust(ctx, kind, u.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// purposesOf is what the seals of a unit stamp without a person at each document.
func purposesOf(u unit) []string {
	if u.Any {
		return []string{seal.Any}
	}
	return u.Kinds
}

// keeperOf is the user name of who keeps the seals of a unit: its own custodian,
// or the county's.
func (s *seeder) keeperOf(unit string) string {
	if i := slices.IndexFunc(s.Posts, func(p unitPosts) bool { return p.Unit == unit }); i >= 0 && s.Posts[i].Custodian != "" {
		return s.Posts[i].Custodian
	}
	return "keeper"
}

// sealAdmin is who manages the seals of a unit's tier, and for which authority.
func (s *seeder) sealAdmin(ctx context.Context, u unit) (admin context.Context, authority string, err error) {
	username, authority := "seals", s.County.Authority
	switch u.Tier {
	case "province":
		username, authority = "provseals", "provauth"
	case "city":
		username, authority = "cityseals", "cityauth"
	}
	admin, err = s.IAM.As(ctx, s.accounts[username])
	return admin, authority, err
}

func (s *seeder) seal(ctx, admin context.Context, authority string, o iam.Org, kind string, purposes []string) error {
	picture, err := s.imprints[imprintKey{o.ID, kind}].png()
	if err != nil {
		return err
	}
	keeper, err := s.IAM.As(ctx, s.accounts[s.keeperOf(o.ID)])
	if err != nil {
		return err
	}
	x, err := s.Seal.Make(admin, seal.MakeRequest{
		Org: o.ID, OrgName: o.Name, OrgCode: o.USCC, Kind: kind, Name: o.Name + imprintWords[kind], Custodian: s.accounts[s.keeperOf(o.ID)],
		Imprint: seal.Imprint{PNG: picture, Width: imprintSize, Height: imprintSize},
	})
	if err != nil {
		return err
	}
	if x, err = s.Seal.File(admin, x.ID, seal.FileRequest{Authority: authority, Reason: "样例县初始备案"}); err != nil {
		return err
	}
	until := s.DB.Now().AddDate(3, 0, 0)
	for _, app := range []string{s.clientID, ""} {
		for _, purpose := range purposes {
			if _, err := s.Seal.Grant(keeper, seal.Policy{Seal: x.ID, App: app, Purpose: purpose, Until: until, Reason: "样例县常备用印授权"}); err != nil {
				return err
			}
		}
	}
	// A copy for somebody else is sealed with the unit's name, by its own staff; one
	// of a certificate with the seal that the certificate bears, by programs as well.
	for _, app := range []string{s.clientID, ""} {
		if slices.Contains(purposes, seal.Any) {
			break
		}
		if _, err := s.Seal.Grant(keeper, seal.Policy{Seal: x.ID, App: app, Purpose: sealing.Annotated, Until: until, Reason: "样例县常备用印授权"}); err != nil {
			return err
		}
	}
	for _, r := range rulesOf(kind) {
		r.Seal, r.Until, r.Reason = x.ID, until, "样例县用印审批规则"
		if _, err := s.Seal.PutRule(keeper, r); err != nil {
			return err
		}
	}
	return nil
}

// rulesOf is who may ask for a seal of a kind: the unit's own staff for
// everything, and other units for what several departments seal together.
func rulesOf(kind string) []seal.Rule {
	rules := []seal.Rule{{Purpose: seal.Any, Asker: seal.AskHere, Levels: []string{seal.ByCustodian}, Max: 20}}
	if kind == seal.LegalName {
		rules = append(rules, seal.Rule{Purpose: "公文", Asker: seal.AskAny, Levels: []string{seal.ByCustodian}, Max: 5})
	}
	return rules
}
