package page

import (
	"encoding/json"
	"net/http"
	"strings"

	"sidian/internal/httpx"
)

// WantsJSON tells whether a program asks, at an address that is a page for people.
func WantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// ShowJSON answers a program, or a script of ours.
func ShowJSON(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(v)
}

// ShowProblem refuses a program at an address that is a page for people.
func ShowProblem(w http.ResponseWriter, p *httpx.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client went away: nobody is left to tell
}
