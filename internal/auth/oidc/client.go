package oidc

import (
	"net/http"

	"sidian/internal/httpx"
)

// Through returns a client whose calls go out through c, with its list of
// hosts and its limits.
func Through(c *httpx.Client) *http.Client { return &http.Client{} }

// New returns a Relying, or what is wrong with p. The provider is not asked
// for anything before the first Start: one that is down does not stop ours.
// client should be Through(httpx.NewClient(…)).
func New(p Provider, client *http.Client) (*Relying, error) { return nil, errSkeleton }
