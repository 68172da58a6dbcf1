package httpx

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"sidian/internal/fault"
)

// answer writes resp with the status of the route unless resp knows better.
func answer(w http.ResponseWriter, hr *http.Request, status int, resp any) error {
	if c, ok := resp.(interface{ Cookies() []*http.Cookie }); ok {
		for _, cookie := range c.Cookies() {
			http.SetCookie(w, cookie)
		}
	}
	if l, ok := resp.(interface{ Location() string }); ok && l.Location() != "" {
		w.Header().Set("Location", l.Location())
	}
	if s, ok := resp.(interface{ StatusCode() int }); ok && s.StatusCode() != 0 {
		status = s.StatusCode()
	}
	switch v := resp.(type) {
	case Empty:
		w.WriteHeader(or(status, http.StatusNoContent))
		return nil
	case File:
		return sendFile(w, hr, or(status, http.StatusOK), v)
	case *File:
		if v == nil {
			return fault.NotFound.New("没有这个文件")
		}
		return sendFile(w, hr, or(status, http.StatusOK), *v)
	}
	b, err := encode(resp)
	if err != nil {
		return fmt.Errorf("encoding a response of type %T: %w", resp, err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(or(status, http.StatusOK))
	_, _ = w.Write(b) // the client went away: nobody is left to tell
	return nil
}

func or(status, otherwise int) int {
	if status == 0 {
		return otherwise
	}
	return status
}

func sendFile(w http.ResponseWriter, hr *http.Request, status int, f File) error {
	if f.Reader != nil {
		defer f.Reader.Close()
	}
	h := w.Header()
	h.Set("Content-Type", f.MediaType)
	if f.Name != "" {
		kind := "attachment"
		if f.Inline {
			kind = "inline"
		}
		h.Set("Content-Disposition", mime.FormatMediaType(kind, map[string]string{"filename": f.Name}))
	}
	if f.MaxAge > 0 {
		scope := "private"
		if f.Public {
			scope = "public"
		}
		h.Set("Cache-Control", scope+", max-age="+strconv.FormatInt(int64(f.MaxAge/time.Second), 10))
	}
	if f.ETag != "" {
		h.Set("ETag", `"`+f.ETag+`"`)
	}
	if f.Reader == nil && status == http.StatusOK {
		// Ranges and conditional requests come for free from a whole content.
		http.ServeContent(w, hr, "", time.Time{}, bytes.NewReader(f.Data))
		return nil
	}
	w.WriteHeader(status)
	if f.Reader == nil {
		_, _ = w.Write(f.Data) // as above
		return nil
	}
	if _, err := io.Copy(w, f.Reader); err != nil {
		return fmt.Errorf("sending a stream: %w", err)
	}
	return nil
}
