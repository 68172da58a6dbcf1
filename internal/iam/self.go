package iam

import (
	"context"
	"slices"
)

// Self is the account of whoever acts in ctx; "" for applications and strangers.
func Self(ctx context.Context) string {
	if p, ok := From(ctx); ok {
		return p.Account
	}
	return ""
}

// May is Allow as a word, for what is offered: the service that does it asks
// again.
func May(ctx context.Context, permission, org string) bool {
	return Allow(ctx, permission, org) == nil
}

// MayAny tells whether whoever acts may do one of several things.
func MayAny(ctx context.Context, org string, permissions ...string) bool {
	return slices.ContainsFunc(permissions, func(p string) bool { return May(ctx, p, org) })
}
