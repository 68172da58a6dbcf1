package sealing

import (
	"archive/zip"
	"bytes"
	"context"
	"regexp"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/pki/pkitest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/sealing/sealingtest"
	"sidian/internal/web/page/pagetest"
)

var must = pagetest.Must

// site is the pages over a county in which seals are asked for.
type site struct {
	*sealingtest.World
	*pagetest.Site
	t      *testing.T
	pages  *Service
	people map[string]context.Context
}

func newSite(t *testing.T, d *db.DB) *site {
	t.Helper()
	w, kit := sealingtest.New(t, d), pagetest.Kit(t)
	out := &site{World: w, t: t, people: map[string]context.Context{
		"clerk": w.Asker, "other": w.Other, "leader": w.Leader, "market": w.Keepers[sealtest.Market], "land": w.Keepers[sealtest.Land], "county": w.Keepers[pkitest.Root],
		"designer": w.Hire(t, "designer", "designer", sealtest.Market), "system": w.System,
	}}
	key, err := w.Keys.Index(t.Context(), "sealing.draft")
	must(t, err)
	out.pages = &Service{Kit: kit, Sealing: w.Sealing, Seal: w.World.Seal, IAM: w.IAM, Blob: w.Blob, Key: key, Askable: out.askable}
	out.Site = pagetest.Serve(t, kit, pagetest.People{Service: w.IAM, By: out.people}, out.pages)
	return out
}

// askable offers the county's seals by the rules.
func (s *site) askable(ctx context.Context, purpose, text string) (out []Choice, err error) {
	p, _ := iam.From(ctx)
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		out = out[:0]
		for _, unit := range []string{sealtest.Market, sealtest.Land, pkitest.Root} {
			x := s.Seals[unit]
			if text != "" && text != x.ID && !strings.HasPrefix(x.Name, text) {
				continue
			}
			if _, err := s.World.Seal.RuleTx(tx, x.ID, purpose, p.Account); err == nil {
				out = append(out, Choice{ID: x.ID, Name: x.Name, Org: x.Org, Unit: x.Name, Kind: x.Kind})
			}
		}
		return nil
	})
	return out, err
}

// upload sends a form with a file; without data there is none.
func (s *site) upload(who, path, name string, data []byte, pairs ...string) pagetest.Answer {
	s.t.Helper()
	var files []pagetest.File
	if data != nil {
		files = append(files, pagetest.Chosen("file", name, data))
	}
	return s.Upload(who, path, pagetest.Form(pairs...), files...)
}

// begun brings a document and picks seals, and returns the address of the draft
// where its places are chosen.
func (s *site) begun(who string, data []byte, seals ...string) string {
	s.t.Helper()
	to := s.upload(who, New, "通知.ofd", data, "title", "关于公布办事指南的通知", "purpose", "公文", "reason", "按程序印发").LeadsLike(Drafts + "/[0-9a-f]+/seals")
	pairs := []string{"go", "on"}
	for _, id := range seals {
		pairs = append(pairs, "seal", id)
	}
	return s.Post(who, to, pairs...).LeadsLike(Drafts + "/[0-9a-f]+/places")
}

// sent submits a draft with its places as they are proposed, and returns the id
// of the request.
func (s *site) sent(who, places string, pairs ...string) string {
	s.t.Helper()
	page := s.Get(who, places).Is(200)
	form := []string{"go", "on"}
	for _, m := range regexp.MustCompile(`<input id="(s\d+-[a-z-]+)"[^>]* value="([^"]*)"`).FindAllStringSubmatch(page.Body, -1) {
		form = append(form, m[1], m[2])
	}
	for _, m := range regexp.MustCompile(`name="(s\d+-way)" value="([a-z]+)" checked`).FindAllStringSubmatch(page.Body, -1) {
		form = append(form, m[1], m[2])
	}
	check := s.Post(who, places, append(form, pairs...)...).LeadsLike(Drafts + "/[0-9a-f]+/check")
	to := s.Post(who, check).LeadsLike(Home + `/[a-z0-9]+\?done=asked`)
	return strings.TrimSuffix(strings.TrimPrefix(to, Home+"/"), "?done=asked")
}

// archive is a ZIP of files.
func archive(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		f, err := z.Create(name)
		must(t, err)
		_, err = f.Write(data)
		must(t, err)
	}
	must(t, z.Close())
	return b.Bytes()
}
