package page

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"

	"sidian/gm"
)

//go:embed pages/*.html
var own embed.FS

//go:embed assets/*
var assets embed.FS

// Options configure a Kit.
type Options struct {
	// Mark stands at the head of every page of a demo, empty otherwise.
	Mark string
}

// A Kit makes pages. Add items, assets and sets before it serves; afterwards it
// is safe for concurrent use.
type Kit struct {
	// Inbox is the address of the reader's messages, which the frame leads to;
	// empty: there are none.
	Inbox string
	// Badge counts what the reader has not read there. It is asked once for each
	// page that is shown to somebody who is signed in; one that cannot tell says 0.
	Badge func(*http.Request) int

	mark   string
	nav    Nav
	assets map[string]asset  // by the name in the address
	names  map[string]string // address by the name in the source
	own    *Set
}

type asset struct {
	media string
	data  []byte
}

// A Set is the pages of one package.
type Set struct {
	pages map[string]*template.Template
}

// New returns a Kit with the shared assets and an empty navigation.
func New(o Options) (*Kit, error) {
	k := &Kit{mark: o.Mark, assets: map[string]asset{}, names: map[string]string{}}
	if err := k.AddAssets(assets); err != nil {
		return nil, err
	}
	var err error
	k.own, err = k.Load(own)
	return k, err
}

// Load parses pages/*.html of a package, each together with the frame, the
// shared parts and the package's own parts. words are functions for them beside
// the kit's: asset, day, moment, ago, chip, add.
func (k *Kit) Load(pages fs.FS, words ...template.FuncMap) (*Set, error) {
	names, err := fs.Glob(pages, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("web: listing pages: %w", err)
	}
	base := template.New("frame").Funcs(k.words())
	for _, w := range words {
		base.Funcs(w)
	}
	base, err = base.ParseFS(own, "pages/_*.html")
	if err != nil {
		return nil, fmt.Errorf("web: the frame: %w", err)
	}
	var shared, bodies []string
	for _, name := range names {
		if strings.HasPrefix(name, "pages/_") {
			shared = append(shared, name)
		} else {
			bodies = append(bodies, name)
		}
	}
	if len(shared) > 0 {
		if base, err = base.ParseFS(pages, shared...); err != nil {
			return nil, fmt.Errorf("web: shared parts: %w", err)
		}
	}
	s := &Set{pages: map[string]*template.Template{}}
	for _, name := range bodies {
		page := strings.TrimSuffix(strings.TrimPrefix(name, "pages/"), ".html")
		t, err := base.Clone()
		if err == nil {
			t, err = t.ParseFS(pages, name)
		}
		if err == nil && t.Lookup("body") == nil {
			err = fmt.Errorf("it defines no body")
		}
		if err != nil {
			return nil, fmt.Errorf("web: page %s: %w", page, err)
		}
		s.pages[page] = t
	}
	return s, nil
}

// Show renders a page; nothing is written if it does not render. data embeds a
// Frame.
func (s *Set) Show(w http.ResponseWriter, code int, page string, data any) error {
	t, ok := s.pages[page]
	if !ok {
		return fmt.Errorf("web: there is no page %s", page)
	}
	var b bytes.Buffer
	if err := t.ExecuteTemplate(&b, "layout", data); err != nil {
		return fmt.Errorf("web: page %s: %w", page, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes()) // the client went away: nobody is left to tell
	return nil
}

// mediaTypes are the kinds of asset that the kit serves.
var mediaTypes = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

// AddAssets adds the files under assets/, under addresses that change with
// their content. Two packages may not have files of the same name.
func (k *Kit) AddAssets(from fs.FS) error {
	return fs.WalkDir(from, "assets", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(from, path)
		if err != nil {
			return fmt.Errorf("web: asset %s: %w", path, err)
		}
		base := strings.TrimPrefix(path, "assets/")
		dot := max(strings.LastIndexByte(base, '.'), 0)
		media, known := mediaTypes[base[dot:]]
		if _, twice := k.names[base]; !known || twice {
			return fmt.Errorf("web: asset %s is of no known kind, or there are two of that name", path)
		}
		sum := gm.Sum(data)
		name := fmt.Sprintf("%s.%x%s", base[:dot], sum[:6], base[dot:])
		k.names[base], k.assets[name] = "/assets/"+name, asset{media, data}
		return nil
	})
}

// Asset is the address of an asset, or "".
func (k *Kit) Asset(name string) string { return k.names[name] }

// GetAsset serves GET /assets/{name}.
func (k *Kit) GetAsset(w http.ResponseWriter, r *http.Request) error {
	a, ok := k.assets[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return nil
	}
	w.Header().Set("Content-Type", a.media)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(a.data) // the client went away: nobody is left to tell
	return nil
}
