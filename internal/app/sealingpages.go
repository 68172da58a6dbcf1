package app

import (
	"context"
	"slices"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	sealingpages "sidian/internal/web/sealing"
)

// sealingPages makes the pages of putting seals on documents.
func (a *App) sealingPages(ctx context.Context) (err error) {
	a.Stamps = &sealingpages.Service{
		Kit: a.Web.Kit, Sealing: a.Sealing, Seal: a.Seal, IAM: a.IAM, Blob: a.Blob, Askable: a.askable, Way: a.Auth.Way, Demo: a.mark != "",
	}
	if a.Stamps.Key, err = a.Keys.Index(ctx, "sealing.draft"); err != nil {
		return err
	}
	return a.Stamps.Load()
}

// mostAskable bounds the seals that are offered at a time.
const mostAskable = 60

// askable finds the seals in force that whoever acts may ask for, for a purpose:
// with a text those of that number, or of a name that begins so; without those
// of their own unit, and of the governments above it.
func (a *App) askable(ctx context.Context, purpose, text string) ([]sealingpages.Choice, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return nil, nil
	}
	var names []string
	err := a.DB.Read(ctx, func(tx *db.Tx) (err error) { names, err = aroundOf(tx, p.Org); return err })
	if err != nil {
		return nil, err
	}
	found, err := a.sealsNamed(ctx, names, text)
	if err != nil {
		return nil, err
	}
	var out []sealingpages.Choice
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		for _, id := range found {
			c, ok, err := a.choice(tx, id, purpose, p.Account)
			if err != nil {
				return err
			}
			if ok && len(out) < mostAskable {
				out = append(out, c)
			}
		}
		return nil
	})
	return out, err
}

// aroundOf are the name of a unit, and how the names of units of its region and
// of those above it begin.
func aroundOf(tx *db.Tx, org string) (names []string, err error) {
	for range 32 { // more than may stand above each other
		o, err := iam.OrgTx(tx, org)
		if err != nil {
			return nil, err
		}
		name := o.Name
		if len(names) > 0 {
			name = strings.TrimSuffix(name, "人民政府")
		}
		if names = append(names, name); o.Parent == "" {
			return names, nil
		}
		org = o.Parent
	}
	return names, nil
}

// sealsNamed are the ids of seals by name.
func (a *App) sealsNamed(ctx context.Context, around []string, text string) (ids []string, err error) {
	asked := around
	if text != "" {
		asked = []string{text}
		for _, region := range around[1:] { // 自然资源局 of one's own county
			asked = append(asked, region+text)
		}
	}
	for _, name := range asked {
		found, err := a.Seal.PublicFind(ctx, name)
		if f := fault.As(err); f != nil && f.Kind == fault.Invalid {
			continue // too short to look for
		}
		if err != nil {
			return nil, err
		}
		for _, x := range found {
			if x.State == seal.Effective && !slices.Contains(ids, x.ID) {
				ids = append(ids, x.ID)
			}
		}
	}
	return ids, nil
}

// choice tells whether an account may ask for a seal. Any purpose is for what
// standing policies allow: whether one does is asked when it is used.
func (a *App) choice(tx *db.Tx, id, purpose, account string) (c sealingpages.Choice, ok bool, err error) {
	x, err := a.Seal.UsableTx(tx, id)
	if err == nil {
		_, err = a.Seal.RuleTx(tx, id, purpose, account)
	}
	if f := fault.As(err); f != nil {
		return c, false, nil // it may not be used, or not by them
	}
	if err != nil {
		return c, false, err
	}
	o, err := iam.OrgTx(tx, x.Org)
	if err != nil {
		return c, false, err
	}
	return sealingpages.Choice{ID: x.ID, Name: x.Name, Org: x.Org, Unit: o.Name, Kind: x.Kind}, true, nil
}
