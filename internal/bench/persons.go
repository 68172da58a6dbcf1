package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"time"

	"sidian/internal/app"
	"sidian/kinds"
)

// personsSQLite and personsPostgres are how many certificates a second three
// people issue through the API of a seeded county: collected by one, reviewed by
// another, issued by a third, each step on record and durable.
func personsSQLite(ctx context.Context, span time.Duration) (figure, error) {
	return issuePersons(ctx, span, "")
}

func personsPostgres(ctx context.Context, span time.Duration) (f figure, err error) {
	target, drop, err := freshServer(ctx)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, drop()) }()
	return issuePersons(ctx, span, target)
}

func issuePersons(ctx context.Context, span time.Duration, database string) (f figure, err error) {
	h, creds, end, err := servedCounty(ctx, database)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, end()) }()
	var body struct {
		Holders, Fields json.RawMessage
		From            string `json:"valid_from"`
		To              string `json:"valid_to,omitempty"`
	}
	b, err := kinds.FS.ReadFile("business_license/example.json")
	if err == nil {
		err = json.Unmarshal(b, &body)
	}
	if err != nil {
		return f, err
	}
	var people [3]*http.Client
	for i, name := range []string{"clerk", "reviewer", "issuer"} {
		if people[i], err = h.person(ctx, creds, name); err != nil {
			return f, err
		}
	}
	var me struct{ Org struct{ ID string } }
	if err := h.say(ctx, people[0], "GET", "/api/v1/me", nil, &me); err != nil {
		return f, err
	}
	draft, err := json.Marshal(map[string]any{
		"kind": "business_license", "unit": me.Org.ID, "holders": body.Holders, "fields": body.Fields, "valid_from": body.From, "valid_to": body.To,
	})
	if err != nil {
		return f, err
	}
	one := func(ctx context.Context) error {
		var d struct {
			ID      string
			Version int
		}
		for _, step := range []struct {
			by   *http.Client
			path string
		}{{people[0], "/drafts"}, {people[0], "/drafts/%s/submit"}, {people[1], "/drafts/%s/pass"}, {people[2], "/drafts/%s/issue"}} {
			path, body := "/api/v1/issuing"+step.path, draft
			if d.ID != "" {
				path, body = fmt.Sprintf(path, d.ID), fmt.Appendf(nil, `{"version":%d}`, d.Version)
			}
			if err := h.say(ctx, step.by, "POST", path, body, &d); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := many(ctx, span/5, one); err != nil { // caches, connections
		return f, err
	}
	f.unit = "certificates/s"
	err = f.weighed(database, span, func() (float64, error) { return many(ctx, span, one) })
	return f, err
}

// person signs somebody of the county in.
func (h *load) person(ctx context.Context, creds *app.Credentials, name string) (*http.Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	c := &http.Client{Jar: jar, Transport: h.client.Transport}
	for _, u := range creds.Users {
		if u.Username == name {
			b, err := json.Marshal(map[string]string{"username": u.Username, "password": u.Password})
			if err != nil {
				return nil, err
			}
			return c, h.say(ctx, c, "POST", "/login/session", b, nil)
		}
	}
	return nil, fmt.Errorf("the county has nobody called %s", name)
}

// say sends what somebody's browser sends, and reads the answer.
func (h *load) say(ctx context.Context, who *http.Client, method, path string, body []byte, into any) error {
	q, err := http.NewRequestWithContext(ctx, method, h.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Origin", h.base)
	p, err := who.Do(q)
	if err != nil {
		return err
	}
	defer p.Body.Close()
	if p.StatusCode > 299 {
		b, _ := io.ReadAll(io.LimitReader(p.Body, 400))
		return fmt.Errorf("%s answered %s: %s", path, p.Status, b)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(p.Body).Decode(into)
}
