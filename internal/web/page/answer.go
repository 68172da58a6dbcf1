package page

import (
	"mime"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/fault"
)

// See leads on after something was done: going back does not do it again.
func See(w http.ResponseWriter, r *http.Request, address string) error {
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// StatusOf is how a refusal is answered on the page where something was filled
// in. It is 0 for what is not that page's to show: an error that is nobody's to
// see, what only signing in helps, and what the reader may not do, unless the
// refusal names a control (a second factor): the router records such a refusal
// and shows it. What is not there is a mistake in what was filled in, because the
// page itself was found.
func StatusOf(err error) int {
	e := fault.As(err)
	if e == nil {
		return 0
	}
	switch e.Kind {
	case fault.Invalid, fault.NotFound:
		return http.StatusUnprocessableEntity
	case fault.Forbidden:
		if len(e.Fields) > 0 {
			return http.StatusForbidden
		}
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return 0
}

// A File is what is handed out. Without a name it is shown in the page that asks
// for it.
type File struct {
	Name   string
	Inline bool // opened by the browser, although it has a name
	Media  string
	Data   []byte
}

// Send hands out a file, which nobody on the way may keep.
func Send(w http.ResponseWriter, f File) error {
	h := w.Header()
	h.Set("Content-Type", f.Media)
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(f.Data)))
	if f.Name != "" {
		how := "attachment"
		if f.Inline {
			how = "inline"
		}
		h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": f.Name}))
	}
	_, _ = w.Write(f.Data) // the client went away: nobody is left to tell
	return nil
}

// maxFileName is how many characters of a title a file keeps: with its ending
// they stay below the 255 bytes of a name on disk.
const maxFileName = 80

// FileName keeps of a title what every file system takes; more is its ending.
func FileName(title, more string) string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, title)
	if r := []rune(name); len(r) > maxFileName {
		name = string(r[:maxFileName])
	}
	return name + more
}
