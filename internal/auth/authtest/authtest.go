// Package authtest gives other packages' tests the county of iamtest with
// people who can sign in.
package authtest

import (
	"testing"
	"time"

	"sidian/internal/auth"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/iam/iamtest"
)

// Cost is a cost of password hashes for tests alone.
var Cost = auth.HashCost{Time: 1, MemoryKiB: 64, Threads: 1}

// County is a county whose people have credentials.
type County struct {
	*iamtest.County
	Auth *auth.Service
	// Passwords are the secrets of People, by the same names. The holder's
	// assurance level is 2.
	Passwords map[string]auth.Equipped
}

// New makes the county in d, with default rules.
func New(t testing.TB, d *db.DB) *County { return NewWith(t, d, auth.Options{}) }

// NewWith makes the county with other rules.
func NewWith(t testing.TB, d *db.DB, o auth.Options) *County {
	t.Helper()
	c := &County{County: iamtest.New(t, d), Passwords: map[string]auth.Equipped{}}
	c.Auth = Service(t, c.County, o)
	for who, a := range c.People {
		level := 0
		if a.Kind == iam.Holder {
			level = 2
		}
		c.equip(t, who, a, level)
	}
	return c
}

// Service makes a service over a county, as another process has.
func Service(t testing.TB, c *iamtest.County, o auth.Options) *auth.Service {
	t.Helper()
	o.Hash = Cost
	if o.CacheFor == 0 {
		o.CacheFor = time.Nanosecond // what changes is seen at once
	}
	s, err := auth.New(t.Context(), c.Service, c.Keys, o)
	must(t, err)
	return s
}

func (c *County) equip(t testing.TB, who string, a iam.Account, level int) {
	t.Helper()
	e, err := c.Auth.Equip(c.Ctx(t, "system"), a.ID, auth.EquipRequest{Level: level})
	must(t, err)
	c.Passwords[who] = e
}

// Hire is iamtest's, with credentials.
func (c *County) Hire(t testing.TB, username, role, org string) auth.Equipped {
	t.Helper()
	c.equip(t, username, c.County.Hire(t, username, role, org), 0)
	return c.Passwords[username]
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
