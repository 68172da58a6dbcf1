package sealapply

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
)

// authorityType is the sort of unit that manages seals (管理单位).
const authorityType = "authority"

// tiers are those that review, lowest first (SEAL-05: 逐级向上级报送).
var tiers = []string{"county", "city", "province"}

var tierLabels = map[string]string{"county": "县级", "city": "市级", "province": "省级", "town": "乡镇级", "village": "村级"}

// TierLabel is the Chinese word for a tier.
func TierLabel(tier string) string { return tierLabels[tier] }

// A link is one authority of a chain.
type link struct{ tier, org string }

// authorityCache is how long another process's new authority may not be noticed.
const authorityCache = 2 * time.Second

type authorityList struct {
	at  time.Time
	all []iam.Org
}

// authorities are the open authorities of the platform: few among many units.
func (s *Service) authorities(ctx context.Context) ([]iam.Org, error) {
	now := s.DB.Now()
	if l := s.known.Load(); l != nil && now.Sub(l.at) < authorityCache && !now.Before(l.at) {
		return l.all, nil
	}
	orgs, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, fmt.Errorf("sealapply: reading authorities: %w", err)
	}
	l := &authorityList{at: now}
	for _, o := range orgs {
		if o.Type == authorityType && !o.Closed {
			l.all = append(l.all, o)
		}
	}
	s.known.Store(l)
	return l.all, nil
}

// chainOf is who reviews, lowest tier first: the authority of each tier is the
// unit above the applicant that is one, or else its child that is one. A unit
// that is itself an authority begins at the next tier above. top is the highest
// tier that reviews, empty: any.
func chainOf(above, authorities []iam.Org, top string) (chain []link) {
	if len(above) == 0 {
		return nil
	}
	own := -1 // the tier of the applicant, if it is an authority
	if above[0].Type == authorityType {
		own = slices.Index(tiers, above[0].Tier)
	}
	last := len(tiers) - 1
	if i := slices.Index(tiers, top); i >= 0 {
		last = i
	}
	found := map[string]string{}
	for _, o := range above {
		for _, a := range authorities {
			if (a.ID == o.ID || a.Parent == o.ID) && found[a.Tier] == "" {
				found[a.Tier] = a.ID
			}
		}
	}
	for i, tier := range tiers {
		if org := found[tier]; org != "" && i > own && i <= last && org != above[0].ID {
			chain = append(chain, link{tier, org})
		}
	}
	return chain
}

// nearest tells which applications one tier settles: renewal and cancelling go
// to the department of the same tier (电子印章管理暂行办法 第八条 向本级…申请印章续期,
// 第十五条 通知同级…注销), and so do seals of enterprises and persons by default.
func nearest(k Kind, sealKind string) bool {
	return k == Renew || k == Cancel || sealKind == seal.Enterprise || sealKind == seal.Personal
}

// chainFor is the chain of an application.
func (s *Service) chainFor(ctx context.Context, org string, k Kind, sealKind string) ([]link, error) {
	all, err := s.authorities(ctx)
	if err != nil {
		return nil, err
	}
	var above []iam.Org
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { above, err = iam.AboveTx(tx, org); return err }); err != nil {
		return nil, err
	}
	var chain []link
	if sealKind == seal.Personal { // its organisation is the authority that reviews
		if above[0].Type == authorityType && !above[0].Closed {
			chain = []link{{above[0].Tier, above[0].ID}}
		}
	} else if chain = chainOf(above, all, s.Options.Top); len(chain) > 1 && nearest(k, sealKind) {
		chain = chain[:1]
	}
	if len(chain) == 0 {
		return nil, fault.Conflict.New("没有可以审核本单位印章申请的管理单位").WithCode("sealapply.no-authority").
			WithHint("请系统管理员在本单位的上级登记类别为“管理单位”的单位")
	}
	return chain, nil
}

// describe names a chain for people: “县级 → 市级”.
func describe(chain []link) string {
	words := make([]string, len(chain))
	for i, l := range chain {
		words[i] = tierLabels[l.tier]
	}
	return strings.Join(words, " → ")
}
