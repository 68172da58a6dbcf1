package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/cert"
	"sidian/internal/httpx"
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
		t := template.New(page).Funcs(template.FuncMap{"asset": v.address, "day": day, "moment": moment, "status": status})
		shared := []string{"pages/layout.html", name}
		if page == "shown" {
			shared = []string{"pages/layout.html", "pages/verify.html", name} // the result is drawn the same way
		}
		if v.pages[page], err = t.ParseFS(pages, shared...); err != nil {
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
	f := frame{Title: title, Nav: nav, Width: width, Path: r.URL.Path, Mark: s.Mark}
	if p, ok := iam.From(r.Context()); ok {
		f.User = p.Name
	}
	if c, err := r.Cookie(elderCookie); err == nil {
		f.Elder = c.Value == "1"
	}
	return f
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
	_, err := w.Write(b.Bytes())
	return err
}

func (s *Service) getAsset(w http.ResponseWriter, r *http.Request) error {
	a, ok := s.views.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return nil
	}
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err := w.Write(a.data)
	return err
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

// Refuse renders a refusal as a page. Who is not signed in is asked to sign in.
func (s *Service) Refuse(w http.ResponseWriter, r *http.Request, p *httpx.Problem) {
	if p.Status == http.StatusUnauthorized && r.Method == http.MethodGet {
		http.Redirect(w, r, "/login?back="+template.URLQueryEscaper(r.URL.RequestURI()), http.StatusSeeOther)
		return
	}
	if wantsJSON(r) {
		showProblem(w, p)
		return
	}
	data := struct {
		frame
		Problem problem
		Request string
	}{s.frame(r, "不能完成", "", "middle"), problem{Msg: p.Detail, Hint: p.Hint}, httpx.MetaFrom(r.Context()).RequestID}
	if err := s.show(w, p.Status, "refused", data); err != nil {
		http.Error(w, "暂时不能显示页面", http.StatusInternalServerError)
	}
}
