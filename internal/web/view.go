package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/iam"
)

//go:embed pages/*.html
var pages embed.FS

//go:embed assets/*
var assets embed.FS

// views are the parsed templates, one set a page, and the assets under names
// that change with their content.
type views struct {
	pages  map[string]*template.Template
	assets map[string]asset // by the name in the address
	names  map[string]string
}

type asset struct {
	media string
	data  []byte
}

// Load parses the templates. It must be called once, before Routes.
func (s *Service) Load() error {
	v := &views{pages: map[string]*template.Template{}, assets: map[string]asset{}, names: map[string]string{}}
	if err := v.loadAssets(); err != nil {
		return err
	}
	names, err := fs.Glob(pages, "pages/*.html")
	if err != nil {
		return err
	}
	for _, name := range names {
		page := strings.TrimSuffix(strings.TrimPrefix(name, "pages/"), ".html")
		if page == "layout" {
			continue
		}
		t := template.New(page).Funcs(template.FuncMap{
			"asset": v.address, "day": day, "moment": moment, "ago": ago, "status": status, "media": mediaType,
			"add": func(a, b int) int { return a + b },
		})
		if v.pages[page], err = t.ParseFS(pages, "pages/layout.html", name); err != nil {
			return fmt.Errorf("web: page %s: %w", page, err)
		}
	}
	s.views = v
	return nil
}

func (v *views) loadAssets() error {
	media := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	return fs.WalkDir(assets, "assets", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := assets.ReadFile(path)
		if err != nil {
			return err
		}
		base := strings.TrimPrefix(path, "assets/")
		dot := strings.LastIndexByte(base, '.')
		sum := gm.Sum(data)
		name := fmt.Sprintf("%s.%x%s", base[:dot], sum[:6], base[dot:])
		v.names[base], v.assets[name] = "/assets/"+name, asset{media[base[dot:]], data}
		return nil
	})
}

func (v *views) address(name string) string { return v.names[name] }

// frame is what every page needs.
type frame struct {
	Title, Nav, Width, Path, User, Mark string
	Elder                               bool
}

func (s *Service) frame(r *http.Request, title, nav, width string) frame {
	f := frame{Title: title, Nav: nav, Width: width, Path: here(r), Mark: s.Mark}
	if p, ok := iam.From(r.Context()); ok {
		f.User = p.Name
	}
	if c, err := r.Cookie(elderCookie); err == nil {
		f.Elder = c.Value == "1"
	}
	return f
}

// here is where the reader comes back to: the address, if it can be asked again.
func here(r *http.Request) string {
	if p := r.URL.Query(); p.Has("look") || p.Has("new") {
		p.Del("look")
		p.Del("new")
		u := url.URL{Path: r.URL.Path, RawQuery: p.Encode()}
		return u.RequestURI()
	}
	return r.URL.RequestURI()
}

// show renders a page; nothing is written if it does not render.
func (s *Service) show(w http.ResponseWriter, code int, page string, data any) error {
	var b bytes.Buffer
	if err := s.views.pages[page].ExecuteTemplate(&b, "layout", data); err != nil {
		return fmt.Errorf("web: page %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // the client went away: nobody is left to tell
	return nil
}

func (s *Service) getAsset(w http.ResponseWriter, r *http.Request) error {
	a, ok := s.views.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return nil
	}
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.data) // the client went away: nobody is left to tell
	return nil
}

// badge is a status: never only a colour.
type badge struct{ Class, Word string }

func status(code, word string) badge {
	switch code {
	case cert.Effective:
		return badge{"good", word}
	case cert.Sealing:
		return badge{"plain", word}
	case cert.Expired:
		return badge{"care", word}
	}
	return badge{"bad", word}
}

var beijing = time.FixedZone("CST", 8*3600)

func day(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(beijing).Format("2006-01-02")
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.In(beijing).Format("2006-01-02 15:04:05")
}

// ago is a time as people say it, when that is shorter.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return "—"
	case d < time.Minute:
		return "刚刚"
	case d < time.Hour:
		return strconv.Itoa(int(d.Minutes())) + " 分钟前"
	case d < 24*time.Hour && day(t) == day(now):
		return strconv.Itoa(int(d.Hours())) + " 小时前"
	}
	return day(t)
}

// mediaType is the media type of a kept picture.
func mediaType(kept string) string {
	media, _, _ := strings.Cut(kept, ";")
	return strings.ToUpper(strings.TrimPrefix(media, "image/"))
}
