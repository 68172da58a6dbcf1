package sealing

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

func (s *Service) now() time.Time { return s.IAM.DB.Now() }

// me is the reader's own account.
func me(ctx context.Context) string {
	p, _ := iam.From(ctx)
	if p == nil {
		return ""
	}
	return p.Account
}

func may(ctx context.Context, permission, org string) bool {
	return iam.Allow(ctx, permission, org) == nil
}

func see(w http.ResponseWriter, r *http.Request, address string) error {
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// statusOf is how a refusal of what was filled in is answered on the page where
// it was; 0 for what is another page's.
func statusOf(err error) int {
	e := fault.As(err)
	if e == nil {
		return 0
	}
	switch e.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Forbidden:
		return http.StatusForbidden
	}
	return 0
}

// mark puts what is wrong at the controls that it names, and returns the
// summary above them.
func mark(err error, fields []page.Field) *page.Problem {
	p, _ := page.ProblemOf(err, nil)
	e := fault.As(err)
	for i := range p.Fields {
		for j := range fields {
			if fields[j].Name == e.Fields[i].Name {
				fields[j].Error, p.Fields[i].ID, p.Fields[i].Label = e.Fields[i].Message, fields[j].ID, fields[j].Label
			}
		}
	}
	return p
}

// send hands out a file, which nobody on the way may keep. An empty name shows
// it in the page.
func send(w http.ResponseWriter, media, name string, data []byte) error {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store")
	if name != "" {
		h.Set("Content-Disposition", "attachment; filename*=UTF-8''"+url.PathEscape(name))
	}
	_, _ = w.Write(data) // the client went away: nobody is left to tell
	return nil
}

// fileName keeps of a title what every file system takes.
func fileName(title, more string) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, title)
	if r := []rune(name); len(r) > 80 {
		name = string(r[:80])
	}
	return name + more
}
