package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// api calls one platform as one client (RFC 6749 §4.4).
type api struct {
	base, id, secret string
	http             *http.Client
	token            string
	until            time.Time
}

// task is what this program reads of a task.
type task struct {
	ID      string `json:"id"`
	State   string `json:"state"`
	Signers []struct {
		Number int    `json:"number"`
		Name   string `json:"name"`
		State  string `json:"state"`
	} `json:"signers"`
}

// signed is how many have signed.
func (t *task) signed() (n int) {
	for _, s := range t.Signers {
		if s.State == "signed" {
			n++
		}
	}
	return n
}

type link struct {
	URL string `json:"url"`
}

type subscription struct {
	ID     string `json:"id"`
	Secret string `json:"secret"`
}

// topics are what a business system wants to know of its tasks.
var topics = []string{"signature.signed", "signature.refused", "signature.done", "signature.withdrawn", "signature.expired"}

func (a *api) org(ctx context.Context) (string, error) {
	var me struct {
		Org struct {
			ID string `json:"id"`
		} `json:"org"`
	}
	err := a.json(ctx, "GET", "/api/v1/me", nil, &me)
	return me.Org.ID, err
}

// create makes a task of a request and a document.
func (a *api) create(ctx context.Context, request map[string]any, name string, document []byte) (t *task, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	b, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	if err := form.WriteField("task", string(b)); err != nil {
		return nil, err
	}
	if err := attach(form, name, document); err != nil {
		return nil, err
	}
	return t, a.call(ctx, "POST", "/api/v1/signature-tasks", form.FormDataContentType(), body.Bytes(), &t)
}

func attach(form *multipart.Writer, name string, data []byte) error {
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	if _, err := part.Write(data); err != nil {
		return err
	}
	return form.Close()
}

func (a *api) task(ctx context.Context, id string) (t *task, err error) {
	return t, a.json(ctx, "GET", "/api/v1/signature-tasks/"+id, nil, &t)
}

// link makes the link of a signer; it is told once, and ends the one before.
func (a *api) link(ctx context.Context, id string, number int) (l *link, err error) {
	return l, a.json(ctx, "POST", fmt.Sprintf("/api/v1/signature-tasks/%s/signers/%d/link", id, number), nil, &l)
}

func (a *api) subscribe(ctx context.Context, url string) (s *subscription, err error) {
	return s, a.json(ctx, "POST", "/api/v1/webhooks", map[string]any{"url": url, "topics": topics}, &s)
}

func (a *api) unsubscribe(ctx context.Context, id string) error {
	return a.json(ctx, "DELETE", "/api/v1/webhooks/"+id, nil, nil)
}

func (a *api) file(ctx context.Context, path string) (data []byte, err error) {
	return data, a.call(ctx, "GET", path, "", nil, &data)
}

// verify asks anybody's question: is the document what was signed?
func (a *api) verify(ctx context.Context, document []byte) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := attach(form, "document.ofd", document); err != nil {
		return "", err
	}
	var answer struct {
		Verdict string `json:"verdict"`
	}
	err := a.call(ctx, "POST", "/api/v1/verify", form.FormDataContentType(), body.Bytes(), &answer)
	return answer.Verdict, err
}

func (a *api) json(ctx context.Context, method, path string, in, into any) error {
	if in == nil {
		return a.call(ctx, method, path, "", nil, into)
	}
	b, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return a.call(ctx, method, path, "application/json", b, into)
}

// call sends a request. A write carries an Idempotency-Key, so that it may be
// sent again when no answer comes: what it did, it did once.
func (a *api) call(ctx context.Context, method, path, media string, body []byte, into any) error {
	if err := a.authorise(ctx); err != nil {
		return err
	}
	key := rand.Text()
	for wait := time.Second; ; wait *= 2 {
		again, err := a.once(ctx, method, path, media, key, body, into)
		if err == nil || !again || wait > 8*time.Second {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func (a *api) once(ctx context.Context, method, path, media, key string, body []byte, into any) (again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, a.base+path, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	if media != "" {
		req.Header.Set("Content-Type", media)
	}
	if method != "GET" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := a.http.Do(req)
	if err != nil {
		return true, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<20))
	if err != nil {
		return true, err
	}
	if res.StatusCode > 299 {
		return res.StatusCode == 429 || res.StatusCode == 503, refusal(res.StatusCode, b)
	}
	switch to := into.(type) {
	case nil:
		return false, nil
	case *[]byte:
		*to = b
		return false, nil
	}
	return false, json.Unmarshal(b, into)
}

// refusal is a problem (RFC 9457) as an error: the rule, the way out, and the
// fields that are wrong.
func refusal(status int, body []byte) error {
	var p struct {
		Code, Detail, Hint string
		Errors             []struct{ Field, Message string }
	}
	if json.Unmarshal(body, &p) != nil || p.Code == "" {
		return fmt.Errorf("the platform answered %d", status)
	}
	text := fmt.Sprintf("%d %s: %s。%s", status, p.Code, p.Detail, p.Hint)
	for _, e := range p.Errors {
		text += fmt.Sprintf("; %s: %s", e.Field, e.Message)
	}
	return fmt.Errorf("%s", text)
}

// authorise gets a token, a minute before the old one ends.
func (a *api) authorise(ctx context.Context) error {
	if time.Now().Before(a.until.Add(-time.Minute)) {
		return nil
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	req, err := http.NewRequestWithContext(ctx, "POST", a.base+"/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.SetBasicAuth(url.QueryEscape(a.id), url.QueryEscape(a.secret))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	var t struct {
		Token   string `json:"access_token"`
		Seconds int    `json:"expires_in"`
	}
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&t); err != nil || res.StatusCode != 200 {
		return fmt.Errorf("no token: the platform answered %d", res.StatusCode)
	}
	a.token, a.until = t.Token, time.Now().Add(time.Duration(t.Seconds)*time.Second)
	return nil
}
