package app

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"sidian/internal/catalogue"
	"sidian/internal/conf"
	"sidian/ofd/draw"
	"sidian/ofd/render"
)

// A KindReport is what was found about the kind in a folder.
type KindReport struct {
	OK       bool                `json:"ok"`
	Name     string              `json:"name"`
	Code     string              `json:"code,omitempty"`
	Title    string              `json:"title,omitempty"`
	Findings []catalogue.Finding `json:"findings"`
}

// CheckKind lints the kind in a folder and, where picture names a file, draws
// its example into it as SVG.
func CheckKind(dir, picture string) (*KindReport, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	fonts, err := draw.Embedded()
	if err != nil {
		return nil, err
	}
	name := filepath.Base(dir)
	r := &KindReport{Name: name, Findings: catalogue.Check(os.DirFS(filepath.Dir(dir)), fonts, name)}
	if r.OK = len(r.Findings) == 0; !r.OK {
		return r, nil
	}
	k, err := catalogue.Load(name, os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	r.Code, r.Title = k.Code.String(), k.Title
	if picture == "" {
		return r, nil
	}
	draft, err := k.Sample()
	if err != nil {
		return nil, err
	}
	compiled, err := catalogue.Compile(k, fonts)
	if err != nil {
		return nil, err
	}
	d, err := compiled.Fill(draft.Face)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := render.SVG(d, 0, &b, render.Options{}); err != nil {
		return nil, fmt.Errorf("app: drawing the example: %w", err)
	}
	return r, os.WriteFile(picture, b.Bytes(), 0o644)
}

// ImportKind puts the kind in a folder into the catalogue of an instance.
func ImportKind(ctx context.Context, config, dir string) (name string, version int, err error) {
	c, err := conf.Load(config, os.Environ())
	if err != nil {
		return "", 0, err
	}
	a, err := Open(ctx, c, Options{})
	if err != nil {
		return "", 0, err
	}
	defer a.Close()
	if dir, err = filepath.Abs(dir); err != nil {
		return "", 0, err
	}
	did, err := a.Catalogue.Import(ctx, os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
	if err != nil {
		return "", 0, err
	}
	return did[0].Name, did[0].Version, nil
}
