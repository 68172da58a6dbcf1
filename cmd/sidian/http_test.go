package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// send sends a request with the story's token, and gives the answer's body.
func send(ts *testscript.TestScript, want, method, address, media string, body []byte) []byte {
	req, err := http.NewRequest(method, address, bytes.NewReader(body))
	ts.Check(err)
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	if t := ts.Getenv("TOKEN"); t != "" {
		req.Header.Set("Authorization", "Bearer "+t)
	}
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ts.Check(err)
	if strconv.Itoa(res.StatusCode) != want {
		ts.Fatalf("%s %s: %s, want %s: %.600s", method, address, res.Status, want, b)
	}
	return b
}

// request sends a JSON body, or an OFD as the form that verification takes.
func request(ts *testscript.TestScript, _ bool, args []string) {
	var body []byte
	media := ""
	if len(args) > 3 {
		body, media = []byte(ts.ReadFile(args[3])), "application/json"
		if strings.HasSuffix(args[3], ".ofd") {
			body, media = form(ts, args[3], body)
		}
	}
	_, err := ts.Stdout().Write(send(ts, args[0], args[1], args[2], media, body))
	ts.Check(err)
}

func form(ts *testscript.TestScript, name string, data []byte) ([]byte, string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	f, err := m.CreateFormFile("file", name)
	ts.Check(err)
	_, err = f.Write(data)
	ts.Check(err)
	ts.Check(m.Close())
	return b.Bytes(), m.FormDataContentType()
}

// credentials are the shape that the contract gives them, exactly.
type credentials struct {
	Base  string `json:"base"`
	Users []struct {
		Username string   `json:"username"`
		Password string   `json:"password"`
		TOTP     string   `json:"totp"`
		Kind     string   `json:"kind"`
		Name     string   `json:"name"`
		Roles    []string `json:"roles"`
		Org      string   `json:"org"`
	} `json:"users"`
	Apps []struct {
		Name         string   `json:"name"`
		ClientID     string   `json:"client_id"`
		ClientSecret string   `json:"client_secret"`
		Scopes       []string `json:"scopes"`
	} `json:"apps"`
}

func readCredentials(ts *testscript.TestScript, name string) (c credentials) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile(name)))
	d.DisallowUnknownFields()
	ts.Check(d.Decode(&c))
	for _, u := range c.Users {
		if u.Username == "" || len(u.Password) < 16 || u.TOTP == "" || u.Name == "" || len(u.Roles) == 0 || u.Kind != "staff" && u.Kind != "holder" || (u.Kind == "staff") != (u.Org != "") {
			ts.Fatalf("%s: an incomplete user: %+v", name, u)
		}
	}
	if len(c.Users) == 0 || len(c.Apps) == 0 || len(c.Apps[0].ClientSecret) < 32 || len(c.Apps[0].Scopes) == 0 || !strings.HasPrefix(c.Base, "http://localhost:") {
		ts.Fatalf("%s: incomplete", name)
	}
	return c
}

func token(ts *testscript.TestScript, _ bool, args []string) {
	app := readCredentials(ts, args[1]).Apps[0]
	body := url.Values{"grant_type": {"client_credentials"}, "client_id": {app.ClientID}, "client_secret": {app.ClientSecret}}.Encode()
	ts.Setenv("TOKEN", "")
	b := send(ts, "200", "POST", args[0]+"/oauth/token", "application/x-www-form-urlencoded", []byte(body))
	var t struct {
		AccessToken string `json:"access_token"`
	}
	ts.Check(json.Unmarshal(b, &t))
	ts.Setenv("TOKEN", t.AccessToken)
}

// login takes the credentials of a demo.
func login(ts *testscript.TestScript, _ bool, args []string) {
	var all struct {
		Users []struct{ Username, Password string }
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &all))
	for _, u := range all.Users {
		if u.Username != args[3] {
			continue
		}
		body, err := json.Marshal(map[string]string{"username": u.Username, "password": u.Password})
		ts.Check(err)
		_, err = ts.Stdout().Write(send(ts, args[0], "POST", args[1]+"/login/session", "application/json", body))
		ts.Check(err)
		return
	}
	ts.Fatalf("%s holds no user %s", args[2], args[3])
}

func field(ts *testscript.TestScript, _ bool, args []string) {
	var v any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &v))
	for _, key := range args[2:] {
		switch x := v.(type) {
		case map[string]any:
			v = x[key]
		case []any:
			i, err := strconv.Atoi(key)
			ts.Check(err)
			if i >= len(x) {
				ts.Fatalf("%s has no %v", args[1], args[2:])
			}
			v = x[i]
		}
	}
	if v == nil {
		ts.Fatalf("%s has no %v", args[1], args[2:])
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}
