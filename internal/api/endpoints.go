package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sidian/internal/httpx"
	"sidian/internal/web"
)

// endpointsOf lists what the document describes, with the need of each route.
func endpointsOf(document []byte, routes []httpx.Route) ([]web.Endpoint, error) {
	var doc struct {
		Paths map[string]map[string]struct {
			Summary string   `json:"summary"`
			Tags    []string `json:"tags"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("api: reading our own OpenAPI document: %w", err)
	}
	needs := map[string]string{}
	for _, r := range routes {
		needs[r.Method+" "+r.Pattern] = r.Need
	}
	var out []web.Endpoint
	for path, methods := range doc.Paths {
		for method, op := range methods {
			e := web.Endpoint{Method: strings.ToUpper(method), Path: path, Summary: op.Summary}
			if len(op.Tags) > 0 {
				e.Tag = op.Tags[0]
			}
			e.Need = needs[e.Method+" "+path]
			out = append(out, e)
		}
	}
	slices.SortFunc(out, func(a, b web.Endpoint) int {
		return strings.Compare(a.Tag+"\x00"+a.Path+"\x00"+a.Method, b.Tag+"\x00"+b.Path+"\x00"+b.Method)
	})
	return out, nil
}
