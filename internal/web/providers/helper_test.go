package providers

import (
	"log/slog"
	"net/url"
	"testing"

	"sidian/internal/db"
	"sidian/internal/iam/iamtest"
	"sidian/internal/outbox"
	"sidian/internal/pki"
	"sidian/internal/provider"
	"sidian/internal/provider/event"
	"sidian/internal/provider/providertest"
	"sidian/internal/web/page/pagetest"
)

var must = pagetest.Must

// site is the pages over a county.
type site struct {
	*iamtest.County
	*pagetest.Site
	t *testing.T
	p *provider.Service
}

// newSite may call the hosts of some providers. "sealadmin" and "second" keep
// the registry of Market, "foreign" that of Land.
func newSite(t *testing.T, d *db.DB, all ...*providertest.Provider) *site {
	t.Helper()
	return newSiteAs(t, d, "zz.example", all...)
}

func newSiteAs(t *testing.T, d *db.DB, self string, all ...*providertest.Provider) *site {
	t.Helper()
	c := iamtest.New(t, d)
	c.Hire(t, "second", "sealadmin", iamtest.Market)
	c.Hire(t, "foreign", "sealadmin", iamtest.Land)
	pk := &pki.Service{DB: d, Keys: c.Keys, BaseURL: "https://zz.example"}
	must(t, pk.Setup(t.Context(), pki.SetupRequest{Name: "青禾县样例"}))
	o := provider.Options{
		DB: d, Keys: c.Keys, PKI: pk, Log: slog.New(slog.DiscardHandler), Self: self, Name: "青禾县样例平台", BaseURL: "https://zz.example", Keep: -1,
		Outbox: outbox.New(outbox.Consumer{Name: "test", Topics: []string{event.Distrusted}, Handle: func(*db.Tx, outbox.Event) error { return nil }}),
	}
	for _, p := range all {
		o.Hosts, o.Private = append(o.Hosts, p.Host), append(o.Private, p.Host)
	}
	out := &site{County: c, t: t}
	var err error
	out.p, err = provider.New(t.Context(), o)
	must(t, err)
	kit := pagetest.Kit(t)
	s := &Service{Kit: kit, Providers: out.p, IAM: c.Service, BaseURL: "https://zz.example", Now: d.Now}
	out.Site = pagetest.Serve(t, kit, c, s)
	return out
}

// A file is one that is chosen in a form.
type file struct {
	field string
	data  []byte
}

// upload sends a form as a browser does, with files.
func (s *site) upload(who, path string, fields map[string]string, files ...file) pagetest.Answer {
	s.t.Helper()
	form, chosen := url.Values{}, []pagetest.File{}
	for name, value := range fields {
		form.Set(name, value)
	}
	for _, f := range files {
		chosen = append(chosen, pagetest.Chosen(f.field, "file", f.data))
	}
	return s.Upload(who, path, form, chosen...)
}

// fields are what is typed to propose a provider.
func fields(p *providertest.Provider, more ...string) map[string]string {
	out := map[string]string{"id": p.ID, "name": "样例服务商·" + p.ID, "operator": "样例科技有限公司", "zone": "internet", "endpoint": p.URL, "org": iamtest.Market, "reason": "互认协议〔2026〕3号"}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func (s *site) propose(who string, p *providertest.Provider) pagetest.Answer {
	s.t.Helper()
	return s.upload(who, Home+"/new", fields(p), file{"certificate-file", p.Answers.PEM()}, file{"authorities-file", p.CA.Raw})
}
