package web

import (
	"encoding/json"
	"net/http"
	"strings"

	"sidian/internal/httpx"
	"sidian/internal/verify"
)

func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// showJSON answers a program at an address that is a page for people.
func showJSON(w http.ResponseWriter, st *verify.Standing, err error) error {
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(st)
}

// showProblem refuses a program at an address that is a page for people.
func showProblem(w http.ResponseWriter, p *httpx.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client went away: nobody is left to tell
}
