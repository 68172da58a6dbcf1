package app

import (
	"crypto/rand"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"sidian/internal/auth/devidp"
	"sidian/internal/auth/oidc"
	"sidian/internal/httpx"
)

// identity is the demo's own identity platform: whoever is chosen from its list
// is signed in. It is made anew at each start.
type identity struct {
	*devidp.Provider
	clients []oidc.Provider
	users   atomic.Pointer[[]DemoUser] // whose one-time codes are shown
}

// people are those whose one-time codes are shown.
func (p *identity) people() []DemoUser {
	if list := p.users.Load(); list != nil {
		return *list
	}
	return nil
}

// newIdentity makes the platform of the county's people, below base.
func newIdentity(base string, now func() time.Time) (*identity, error) {
	c, err := loadCounty()
	if err != nil {
		return nil, err
	}
	var people []devidp.Person
	for _, p := range c.People {
		id, err := p.citizen(c.County.Region)
		if err != nil {
			return nil, err
		}
		people = append(people, devidp.Person{Subject: "p" + id[len(id)-4:], Name: p.Name, Citizen: id, Level: 2})
	}
	for _, s := range c.Staff {
		people = append(people, devidp.Person{Subject: "s-" + s.Username, Name: s.Name, Level: 2, Staff: true})
	}
	base = strings.TrimSuffix(base, "/")
	issuer, out := base+"/login/dev", &identity{}
	var clients []devidp.Client
	for _, k := range []struct {
		name, title string
		kind        oidc.Kind
	}{{"staff", "演示身份平台", oidc.Staff}, {"holder", "演示身份平台", oidc.Holder}} {
		secret := rand.Text()
		clients = append(clients, devidp.Client{ID: "sidian-" + k.name, Secret: secret, Redirects: []string{base + "/login/back/" + k.name}})
		out.clients = append(out.clients, oidc.Provider{
			Name: k.name, Title: k.title, Issuer: issuer, ClientID: "sidian-" + k.name, ClientSecret: secret, Scopes: []string{"profile"}, Kind: k.kind,
			Claims: oidc.Claims{Citizen: "id_number", Levels: devidp.Levels()},
		})
	}
	out.Provider, err = devidp.New(issuer, people, clients, devidp.Options{Now: now})
	return out, err
}

// routes mounts the platform among the demo's own.
func (p *identity) routes(r *httpx.Router) {
	for _, pattern := range p.Patterns() {
		httpx.HandleHTTP(r, pattern, httpx.Public(), p.answer, httpx.Hidden(), httpx.NoIdempotency())
	}
}

func (p *identity) answer(w http.ResponseWriter, r *http.Request) error {
	p.ServeHTTP(w, r)
	return nil
}
