package web

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/iam"
	"sidian/ofd"
	"sidian/ofd/render"
)

// kindCard is a kind as lists show it.
type kindCard struct {
	Name, Title, Category, Definer, Code string
	Version                              int
	Local                                bool
}

func cardOf(k *catalogue.Kind) kindCard {
	return kindCard{
		Name: k.Name, Title: k.Title, Category: string(k.Category), Definer: k.Definer.Name, Code: k.Code.String(),
		Version: k.Version, Local: k.Origin == catalogue.Local,
	}
}

// kindGroup is the kinds of one category.
type kindGroup struct {
	Category string
	Kinds    []kindCard
}

func categoryOrder(category string) int {
	return slices.Index(catalogue.Categories(), catalogue.Category(category))
}

func groupsOf(kinds []kindCard) (groups []kindGroup) {
	for _, k := range kinds {
		i := slices.IndexFunc(groups, func(g kindGroup) bool { return g.Category == k.Category })
		if i < 0 {
			i, groups = len(groups), append(groups, kindGroup{Category: k.Category})
		}
		groups[i].Kinds = append(groups[i].Kinds, k)
	}
	slices.SortStableFunc(groups, func(a, b kindGroup) int { return categoryOrder(a.Category) - categoryOrder(b.Category) })
	return groups
}

// issuersOf are the organisations for which the caller may issue a kind.
func (s *Service) issuersOf(r *http.Request, kind string) (out []iam.Org, err error) {
	ids, err := s.Cert.Issuers(r.Context(), kind)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if iam.Allow(r.Context(), "cert.issue", id) != nil {
			continue
		}
		o, err := s.IAM.Org(r.Context(), id)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// sampleOf is the document of a kind's example, which is marked as one.
func (s *Service) sampleOf(k *catalogue.Kind) (*ofd.Document, error) {
	d, err := k.Sample()
	if err != nil {
		return nil, err
	}
	f, err := s.Catalogue.Face(k)
	if err != nil {
		return nil, err
	}
	return f.Fill(d.Face)
}

// thumbDPI makes a picture that a card shows sharply on a dense screen.
const thumbDPI = 36

// getSample is the face of a kind's example: large, or small for a card. The
// address holds the kind's version, so that browsers may keep it.
func (s *Service) getSample(w http.ResponseWriter, r *http.Request) error {
	version, err := strconv.Atoi(r.URL.Query().Get("v"))
	if err != nil {
		version = 1
	}
	k, err := s.Catalogue.Version(r.Context(), r.PathValue("name"), version)
	if err != nil {
		return err
	}
	small := r.URL.Query().Get("size") == "small"
	data, media, err := s.samplePicture(k, small)
	if err != nil {
		return err
	}
	sendPicture(w, data, media, 24*time.Hour)
	return nil
}

type sampleKey struct {
	name    string
	version int
	small   bool
}

// samplePicture draws each sample once: versions never change.
func (s *Service) samplePicture(k *catalogue.Kind, small bool) (data []byte, media string, err error) {
	media = "image/svg+xml"
	if small {
		media = "image/png"
	}
	key := sampleKey{k.Name, k.Version, small}
	if v, ok := s.samples.Load(key); ok {
		return v.([]byte), media, nil
	}
	d, err := s.sampleOf(k)
	if err != nil {
		return nil, "", err
	}
	var b bytes.Buffer
	if small {
		_, err = render.PNG(d, 0, &b, render.Options{DPI: thumbDPI})
	} else {
		_, err = render.SVG(d, 0, &b, render.Options{})
	}
	if err != nil {
		return nil, "", err
	}
	s.samples.Store(key, b.Bytes())
	return b.Bytes(), media, nil
}

func sendPicture(w http.ResponseWriter, data []byte, media string, keep time.Duration) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Cache-Control", "private, max-age="+strconv.Itoa(int(keep.Seconds())))
	_, _ = w.Write(data) // the client went away: nobody is left to tell
}
