package devidp

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// view is what the page shows: people to choose from, or why it cannot go on.
type view struct {
	Refusal    string
	Client     string
	People     []choice
	Cancel     string
	Stylesheet string
}

type choice struct{ Name, Kind, Level, Address string }

var levelNames = [...]string{"未实名", "自报身份", "实名", "实人"}

// challengeForm: SHA-256 in base64url (RFC 7636 §4.2).
var challengeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

// request is an authorization request (OpenID Connect Core §3.1.2.1).
type request struct {
	client   Client
	redirect string
	query    url.Values
}

// authorize shows the list, and goes back to the client when a person is
// chosen. Until client and redirect address are known to belong together,
// nothing is sent anywhere.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if len(r.URL.RawQuery) > maxQuery {
		p.refuse(w, "请求过长")
		return
	}
	for name, v := range q {
		if len(v) > 1 { // RFC 6749 §3.1
			p.refuse(w, "参数 "+name+" 出现了多次")
			return
		}
	}
	c, ok := p.client(q.Get("client_id"))
	if !ok {
		p.refuse(w, "没有登记这个应用（client_id）")
		return
	}
	if !slices.Contains(c.Redirects, q.Get("redirect_uri")) {
		p.refuse(w, "返回地址（redirect_uri）与登记的不一致")
		return
	}
	a := request{client: c, redirect: q.Get("redirect_uri"), query: q}
	if code := a.fault(); code != "" {
		p.back(w, r, a, url.Values{"error": {code}})
		return
	}
	switch person := q.Get("person"); {
	case q.Has("cancel"):
		p.back(w, r, a, url.Values{"error": {"access_denied"}})
	case person != "":
		p.chosen(w, r, a, person)
	default:
		p.list(w, a)
	}
}

func (p *Provider) client(id string) (Client, bool) {
	i := slices.IndexFunc(p.clients, func(c Client) bool { return c.ID == id })
	if i < 0 {
		return Client{}, false
	}
	return p.clients[i], true
}

// fault names what is wrong with a request, for the client.
func (a request) fault() string {
	q := a.query
	switch {
	case q.Has("request"):
		return "request_not_supported"
	case q.Has("request_uri"):
		return "request_uri_not_supported"
	case q.Get("response_type") != "code":
		return "unsupported_response_type"
	case q.Has("response_mode") && q.Get("response_mode") != "query":
		return "invalid_request"
	case !slices.Contains(strings.Fields(q.Get("scope")), "openid"):
		return "invalid_scope"
	case q.Get("code_challenge_method") != "S256", !challengeForm.MatchString(q.Get("code_challenge")):
		return "invalid_request"
	case slices.Contains(strings.Fields(q.Get("prompt")), "none"):
		return "login_required" // nobody is ever signed in here
	}
	return ""
}

// back sends the browser to the client, and says who sends it (RFC 9207).
func (p *Provider) back(w http.ResponseWriter, r *http.Request, a request, with url.Values) {
	u, err := url.Parse(a.redirect)
	if err != nil {
		p.refuse(w, "返回地址（redirect_uri）无法识别")
		return
	}
	q := u.Query()
	for k, v := range with {
		q[k] = v
	}
	if s := a.query.Get("state"); s != "" {
		q.Set("state", s)
	}
	q.Set("iss", p.issuer)
	u.RawQuery = q.Encode()
	http.Redirect(w, r, u.String(), http.StatusSeeOther)
}

func (p *Provider) chosen(w http.ResponseWriter, r *http.Request, a request, subject string) {
	i := slices.IndexFunc(p.people, func(x Person) bool { return x.Subject == subject })
	if i < 0 {
		p.refuse(w, "名单中没有这个人")
		return
	}
	now, code := p.opts.Now(), rand.Text()
	p.mu.Lock()
	p.forget(now)
	p.codes[code] = &grant{
		client: a.client.ID, redirect: a.redirect, nonce: a.query.Get("nonce"), challenge: a.query.Get("code_challenge"),
		scopes: strings.Fields(a.query.Get("scope")), person: p.people[i], at: now,
	}
	p.mu.Unlock()
	p.back(w, r, a, url.Values{"code": {code}})
}

func (p *Provider) list(w http.ResponseWriter, a request) {
	v := view{Client: a.client.ID}
	with := func(name, value string) string {
		q := url.Values{}
		for k, x := range a.query {
			q[k] = x
		}
		q.Set(name, value)
		return p.prefix + "/authorize?" + q.Encode()
	}
	for _, x := range p.people {
		c := choice{Name: x.Name, Kind: "持证主体", Level: levelNames[x.Level], Address: with("person", x.Subject)}
		if x.Staff {
			c.Kind = "工作人员"
		}
		v.People = append(v.People, c)
	}
	v.Cancel = with("cancel", "1")
	p.show(w, http.StatusOK, v)
}

func (p *Provider) refuse(w http.ResponseWriter, why string) {
	p.show(w, http.StatusBadRequest, view{Refusal: why})
}

func (p *Provider) show(w http.ResponseWriter, status int, v view) {
	h := w.Header()
	if h.Get("Content-Security-Policy") == "" { // standing alone; within the platform its policy holds
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("Referrer-Policy", "no-referrer")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	v.Stylesheet = p.opts.Stylesheet
	w.WriteHeader(status)
	_ = p.page.Execute(w, v) // the status is out; a browser that went away is no fault of ours
}
