package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// A person of a story has a browser's cookies, and knows what they sign in with.
type person struct {
	client   *http.Client
	password string
	secret   []byte // of one-time codes
	step     int64  // the last one that was used: none serves twice
}

type people map[string]*person

// cast is where a story keeps its people.
type cast struct{}

func personOf(ts *testscript.TestScript, username string) *person {
	all := ts.Value(cast{}).(people)
	if all[username] == nil {
		jar, err := cookiejar.New(nil)
		ts.Check(err)
		all[username] = &person{client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	}
	return all[username]
}

// code is a one-time code that was not used yet, by the clock of this machine.
// It waits where all that are valid now were.
func (p *person) code() string {
	for p.step+1 > time.Now().Unix()/30+1 {
		time.Sleep(time.Second)
	}
	p.step = max(p.step+1, time.Now().Unix()/30-1)
	mac := hmac.New(sha1.New, p.secret)
	_ = binary.Write(mac, binary.BigEndian, uint64(p.step)) // a hash takes everything
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1_000_000)
}

// ask sends a request as a page of the same site does.
func (p *person) ask(ts *testscript.TestScript, method, address, media string, body []byte) (*http.Response, []byte) {
	req, err := http.NewRequest(method, address, bytes.NewReader(body))
	ts.Check(err)
	if body != nil {
		req.Header.Set("Content-Type", media)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := p.client.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ts.Check(err)
	return res, b
}

// The key of one-time codes as the page shows it, in groups.
var (
	shownKey = regexp.MustCompile(`<code id="key"[^>]*>(.*?)</code>`)
	markup   = regexp.MustCompile(`<[^>]*>`)
)

// settle opens the one-time link that init or rescue printed, adds the key of
// one-time codes, sets a password that nobody else knows, and signs in with both.
func settle(ts *testscript.TestScript, _ bool, args []string) {
	base, link, username := args[0], linkOf(ts, args[1], args[2]), args[2]
	p := personOf(ts, username)
	res, page := p.ask(ts, "GET", link, "", nil)
	key := shownKey.FindSubmatch(page)
	if res.StatusCode != http.StatusOK || key == nil {
		ts.Fatalf("%s: %s shows no key: %.2000s", username, res.Status, page)
	}
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Referrer-Policy") != "no-referrer" {
		ts.Fatalf("the page of a one-time link is kept: %v", res.Header)
	}
	var err error
	p.secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(markup.ReplaceAllString(string(key[1]), ""))
	ts.Check(err)
	p.password, p.step = "Sd-"+rand.Text(), 0
	form := url.Values{"next": {p.password}, "again": {p.password}, "code": {p.code()}}
	res, page = p.ask(ts, "POST", link, "application/x-www-form-urlencoded", []byte(form.Encode()))
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login?done=set" {
		ts.Fatalf("%s cannot set a password: %s %.2000s", username, res.Status, page)
	}
	if res, _ = p.ask(ts, "GET", link, "", nil); res.StatusCode != http.StatusNotFound {
		ts.Fatalf("the link is there after it was used: %s", res.Status)
	}
	secret := filepath.Join(ts.MkAbs("."), "."+username) // for those who look whether it stands anywhere
	ts.Check(os.WriteFile(secret, []byte(p.password), 0o600))
	p.signIn(ts, base, username, "200", p.code())
}

func linkOf(ts *testscript.TestScript, file, username string) string {
	type one struct{ Username, Name, Link, Until, Password string }
	var all struct {
		one
		Administrators []one
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(file)), &all))
	for _, a := range append(all.Administrators, all.one) {
		if until, err := time.Parse(time.RFC3339, a.Until); a.Username == username {
			if err != nil || until.Before(time.Now()) || a.Password != "" {
				ts.Fatalf("%s: not what a link comes with: %+v", file, a)
			}
			return a.Link
		}
	}
	ts.Fatalf("%s has no link for %s", file, username)
	return ""
}

func (p *person) signIn(ts *testscript.TestScript, base, username, want, code string) {
	body, err := json.Marshal(map[string]string{"username": username, "password": p.password, "code": code})
	ts.Check(err)
	res, answer := p.ask(ts, "POST", base+"/login/session", "application/json", body)
	if strconv.Itoa(res.StatusCode) != want {
		ts.Fatalf("%s signs in: %s %s, want %s", username, res.Status, answer, want)
	}
	_, err = ts.Stdout().Write(answer)
	ts.Check(err)
}

// signin is for who has settled: signin STATUS BASE USER [nocode].
func signin(ts *testscript.TestScript, _ bool, args []string) {
	p, code := personOf(ts, args[2]), ""
	if len(args) < 4 {
		code = p.code()
	}
	p.signIn(ts, args[1], args[2], args[0], code)
}

// as sends a request of a person who has signed in: as USER STATUS METHOD URL
// [BODY-FILE]. Within the strings of the body, $NAME stands for a value of the
// environment, and $CODE for a one-time code of theirs. A body in a file .form
// describes a form with a file.
func as(ts *testscript.TestScript, _ bool, args []string) {
	var body []byte
	media := "application/json"
	if len(args) > 4 {
		body = []byte(os.Expand(ts.ReadFile(args[4]), func(name string) string {
			if name == "CODE" {
				return personOf(ts, args[0]).code()
			}
			quoted, err := json.Marshal(ts.Getenv(name))
			ts.Check(err)
			return string(quoted[1 : len(quoted)-1])
		}))
		if strings.HasSuffix(args[4], ".form") {
			body, media = formOf(ts, body)
		}
	}
	res, b := personOf(ts, args[0]).ask(ts, args[2], args[3], media, body)
	if strconv.Itoa(res.StatusCode) != args[1] {
		ts.Fatalf("%s: %s %s: %s, want %s: %.800s", args[0], args[2], args[3], res.Status, args[1], b)
	}
	_, err := ts.Stdout().Write(b)
	ts.Check(err)
}
