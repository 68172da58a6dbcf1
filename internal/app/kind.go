package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sidian/internal/catalogue"
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
		return nil, fmt.Errorf("app: loading the fonts: %w", err)
	}
	name := filepath.Base(dir)
	r := &KindReport{Name: name, Findings: catalogue.Check(os.DirFS(filepath.Dir(dir)), fonts, name)}
	for i := range r.Findings {
		r.Findings[i].Where = inFile(r.Findings[i])
	}
	if r.OK = len(r.Findings) == 0; !r.OK {
		return r, nil
	}
	r.Findings = []catalogue.Finding{} // in JSON a list, also when it is empty
	k, err := catalogue.Load(name, os.DirFS(dir))
	if err != nil {
		return nil, err
	}
	r.Code, r.Title = k.Code.String(), k.Title
	if picture == "" {
		return r, nil
	}
	return r, drawKind(k, fonts, picture)
}

// inFile is where a finding is, with the file: the catalogue names keys of
// kind.yaml by themselves.
func inFile(f catalogue.Finding) string {
	name, _, _ := strings.Cut(f.Where, " ")
	if f.Where == "." || strings.HasPrefix(f.Code, "file.") || slices.Contains([]string{"kind.yaml", "template.yaml", "example.json", "golden.txt"}, name) {
		return f.Where
	}
	return "kind.yaml " + f.Where
}

// drawKind draws the face of a kind with its example.
func drawKind(k *catalogue.Kind, fonts *draw.Fonts, picture string) error {
	draft, err := k.Sample()
	if err != nil {
		return err
	}
	compiled, err := catalogue.Compile(k, fonts)
	if err != nil {
		return err
	}
	d, err := compiled.Fill(draft.Face)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if _, err := render.SVG(d, 0, &b, render.Options{}); err != nil {
		return fmt.Errorf("app: drawing the example: %w", err)
	}
	if err := os.WriteFile(picture, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("app: writing the picture: %w", err)
	}
	return nil
}

// ImportedKind is what an import did.
type ImportedKind struct {
	Name    string   `json:"name"`
	Title   string   `json:"title"`
	Version int      `json:"version"`
	Changed bool     `json:"changed"` // false: it was there just so
	Issuers []string `json:"issuers"` // organisations that issue it
}

// ImportKind puts the kind in a folder into the catalogue of an instance, and
// records that the organisations named issue it, beside those that do already.
func ImportKind(ctx context.Context, config, dir string, issuers ...string) (out *ImportedKind, err error) {
	c, err := loadConfig(config)
	if err != nil {
		return nil, err
	}
	a, err := openInstance(ctx, c, io.Discard)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	for _, org := range issuers { // before anything is changed
		if _, err := a.IAM.Org(ctx, org); err != nil {
			return nil, &Trouble{Part: "issuer", Where: org, Err: err, What: Words{"没有这个签发单位", "there is no such issuer"},
				Do: Words{"--issuer 写单位编号，见 GET /api/v1/orgs", "--issuer takes the id of an organisation, see GET /api/v1/orgs"}}
		}
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	did, err := a.Catalogue.Import(ctx, os.DirFS(filepath.Dir(dir)), filepath.Base(dir))
	if err != nil {
		return nil, err
	}
	k := did[0]
	for _, org := range issuers {
		if err := a.Cert.Entrust(ctx, k.Name, org); err != nil {
			return nil, err
		}
	}
	out = &ImportedKind{Name: k.Name, Title: k.Title, Version: k.Version, Changed: k.Changed, Issuers: []string{}}
	if all, err := a.Cert.Issuers(ctx, k.Name); err != nil {
		return nil, err
	} else if len(all) > 0 {
		out.Issuers = all
	}
	return out, nil
}
