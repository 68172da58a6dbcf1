package api_test

import (
	"context"
	"strings"
	"testing"

	"sidian/gm"
	"sidian/internal/api"
	"sidian/internal/archive"
	"sidian/internal/pki"
	archivepages "sidian/internal/web/archive"
	"sidian/internal/web/page"
)

var archiveLines = []line{
	{route: "GET /api/v1/archive/items", about: door},
	{route: "GET /api/v1/archive/items #org", at: "/api/v1/archive/items?org=${org}", about: door},
	{route: "GET /api/v1/archive/items/{id}", at: "/api/v1/archive/items/${sealedfile}", about: unit},
	{route: "POST /api/v1/archive/items/{id}/file", at: "/api/v1/archive/items/${sealedfile}/file",
		body: `{"title":"样例通知","responsible":"样例单位","year":2026,"term":"D30","agency":"BGS","secrecy":"公开"}`, about: unit, people: true, also: unmade},
	{route: "POST /api/v1/archive/items/{id}/pack", at: "/api/v1/archive/items/${filedfile}/pack", about: unit, people: true, also: unmade},
	{route: "POST /api/v1/archive/items/{id}/handover", at: "/api/v1/archive/items/${sealedfile}/handover", body: `{"receipt":"收1号"}`, about: unit, people: true, also: unmade},
	{route: "POST /api/v1/archive/items/{id}/return", at: "/api/v1/archive/items/${sealedfile}/return", body: "{" + because + "}", about: unit, people: true, also: unmade},
	{route: "POST /api/v1/archive/items/{id}/exclude", at: "/api/v1/archive/items/${sealedfile}/exclude", body: "{" + because + "}", about: unit, people: true, also: unmade},
	{route: "POST /api/v1/archive/items/{id}/include", at: "/api/v1/archive/items/${sealedfile}/include", body: "{" + because + "}", about: unit, people: true, also: unmade},
	{route: "GET /api/v1/archive/items/{id}/package", at: "/api/v1/archive/items/${sealedfile}/package", about: unit, also: unmade},
	{route: "GET /api/v1/archive/rates", about: door},
	{route: "GET /api/v1/archive/units/{org}", at: "/api/v1/archive/units/${org}", about: unit, also: unmade},
	{route: "PUT /api/v1/archive/units/{org}", at: "/api/v1/archive/units/${org}", body: `{"fonds":"Z1","category":"WS","agency":"BGS","archives":"样例档案馆"}`, about: unit, people: true},
}

var archivePages = []line{
	{route: "GET /console/archive", about: door},
	{route: "GET /console/archive/rates", about: door},
	{route: "GET /console/archive/units/{org}", at: "/console/archive/units/${org}", about: unit},
	{route: "POST /console/archive/units/{org}", at: "/console/archive/units/${org}", body: "fonds=Z1&category=WS&agency=BGS&archives=样例档案馆", about: unit, people: true},
	{route: "GET /console/archive/{id}", at: "/console/archive/${sealedfile}", about: unit},
	{route: "GET /console/archive/items/{id}/pages/{page}", at: "/console/archive/items/${sealedfile}/pages/1", about: unit},
	{route: "GET /console/archive/items/{id}/package", at: "/console/archive/items/${sealedfile}/package", about: unit, also: unmade},
	{route: "GET /console/archive/items/{id}/{act}", at: "/console/archive/items/${sealedfile}/exclude", about: unit},
	{route: "POST /console/archive/items/{id}/{act}", at: "/console/archive/items/${sealedfile}/exclude", body: why, about: unit, people: true, also: unmade},
}

// archives makes the context, as package app does.
func (s *server) archives(v *api.Services) {
	w := s.World
	s.Archive = &archive.Service{
		DB: w.DB, Keys: w.Keys, Blob: w.Blob, Sealing: s.Sealing, Due: w.Seal.Due, Notice: w.Notice, Name: "样例平台", Trust: s.trust,
		Issue: func(ctx context.Context, name, key string, public *gm.PublicKey) (*gm.Certificate, error) {
			return w.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Name: name, Key: key, Public: public})
		},
	}
	v.Archive = s.Archive
}

func (s *server) archivePages(v *api.Services, kit *page.Kit) func() error {
	v.Filing = &archivepages.Service{Kit: kit, Archive: s.Archive, Now: s.DB.Now}
	return v.Filing.Load
}

func archiveMakers() map[string]func(t testing.TB, r *record) string {
	return map[string]func(t testing.TB, r *record) string{
		"sealedfile": func(t testing.TB, r *record) string {
			batch := r.value(t, "done")
			_, err := r.s.Archive.Sweep(context.Background())
			must(t, err)
			for cursor := ""; ; {
				p, err := r.s.Archive.List(r.hired(t, "archivist"), archive.Query{Org: r.org(), Limit: 100, Cursor: cursor})
				must(t, err)
				for _, it := range p.Items {
					if strings.HasPrefix(it.SourceID, batch+"/") {
						return it.ID
					}
				}
				if cursor = p.Next; cursor == "" {
					t.Fatal("a sealed document is not in the queue")
				}
			}
		},
		"filedfile": func(t testing.TB, r *record) string {
			id := r.value(t, "sealedfile")
			it, err := r.s.Archive.File(r.hired(t, "archivist"), id, archive.Filing{Title: "样例通知", Responsible: "样例单位", Year: r.s.DB.Now().Year(), Term: "Y", Agency: "BGS", Secrecy: "公开"})
			must(t, err)
			return it.ID
		},
	}
}
