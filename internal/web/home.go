package web

import (
	"net/http"
	"slices"
	"strings"

	"sidian/internal/web/page"
)

func (s *Service) getHome(w http.ResponseWriter, r *http.Request) error {
	kinds, err := s.Catalogue.Published(r.Context())
	if err != nil {
		return err
	}
	p := struct {
		page.Frame
		Kinds []kindCard
	}{Frame: s.frame(r, "首页", "home", "")}
	for _, k := range kinds {
		p.Kinds = append(p.Kinds, cardOf(k))
	}
	slices.SortStableFunc(p.Kinds, func(a, b kindCard) int { return categoryOrder(a.Category) - categoryOrder(b.Category) })
	return s.show(w, http.StatusOK, "home", p)
}

// needs are the words for who may call a route.
var needs = map[string]string{"public": "任何人", "signed-in": "登录后"}

type docsGroup struct {
	Tag    string
	Routes []Endpoint
}

func (s *Service) getDocs(w http.ResponseWriter, r *http.Request) error {
	p := struct {
		page.Frame
		Base   string
		Groups []docsGroup
	}{Frame: s.frame(r, "接口文档", "docs", ""), Base: s.Cert.BaseURL}
	for _, e := range s.Endpoints() {
		i := slices.IndexFunc(p.Groups, func(g docsGroup) bool { return g.Tag == e.Tag })
		if i < 0 {
			i, p.Groups = len(p.Groups), append(p.Groups, docsGroup{Tag: e.Tag})
		}
		if word, ok := needs[e.Need]; ok {
			e.Need = word
		}
		e.Need = strings.ReplaceAll(e.Need, "|", " 或 ")
		p.Groups[i].Routes = append(p.Groups[i].Routes, e)
	}
	return s.show(w, http.StatusOK, "docs", p)
}
