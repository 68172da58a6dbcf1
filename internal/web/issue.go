package web

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"sidian/gm"
	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

type issuePage struct {
	page.Frame
	*form
	Kind    kindCard
	Issuers []iam.Org
	Issuer  string
	Once    string
	Problem *page.Problem
	Preview preview
	Sample  bool // the picture is the kind's example
}

// newIssue is the page for a kind with what was given and what is wrong.
func (s *Service) newIssue(r *http.Request, k *catalogue.Kind, values map[string]string, refusal error) (*issuePage, error) {
	p := &issuePage{Frame: s.frame(r, "签发"+k.Title, "console", ""), Kind: cardOf(k), Issuer: values["issuer"], Once: values["once"]}
	var err error
	if p.Issuers, err = s.issuersOf(r, k.Name); err != nil {
		return nil, err
	}
	if len(p.Issuers) == 0 {
		return nil, errNotIssuer(k)
	}
	if p.Once == "" {
		p.Once = rand.Text()
	}
	p.form = formOf(k, values)
	if e := fault.As(refusal); e != nil {
		p.Title = "有错误：" + p.Title
		p.Problem = &page.Problem{Msg: e.Msg, Hint: e.Hint, Fields: p.refuse(e.Fields)}
	}
	return p, nil
}

func errNotIssuer(k *catalogue.Kind) error {
	return fault.Forbidden.New("您的单位不签发“%s”", k.Title).WithCode("cert.issuer").
		WithHint("请由证照目录登记的签发单位办理；如需调整，请联系管理单位")
}

func (s *Service) kindOf(r *http.Request) (*catalogue.Kind, error) {
	return s.Catalogue.Get(r.Context(), r.URL.Query().Get("kind"))
}

func (s *Service) getIssue(w http.ResponseWriter, r *http.Request) error {
	k, err := s.kindOf(r)
	if err != nil {
		return err
	}
	p, err := s.newIssue(r, k, map[string]string{"valid_from": page.Day(s.Cert.DB.Now())}, nil)
	if err != nil {
		return err
	}
	p.Sample = true
	return s.show(w, http.StatusOK, "issue", p)
}

func (s *Service) postIssue(w http.ResponseWriter, r *http.Request) error {
	k, err := s.kindOf(r)
	if err != nil {
		return err
	}
	values, err := read(r, k)
	if err != nil {
		return err
	}
	if r.URL.Query().Get("look") == "1" {
		return s.look(w, r, k, values)
	}
	c, refusal := s.issueOnce(r.Context(), request(k, values), values["once"])
	if refusal == nil {
		return page.See(w, r, "/console/certificates/"+c.ID+"?new=1")
	}
	status := page.StatusOf(refusal)
	if status == 0 {
		return refusal
	}
	p, err := s.newIssue(r, k, values, refusal)
	if err != nil {
		return err
	}
	if p.Preview, err = s.preview(r, k, values); err != nil {
		return err
	}
	return s.show(w, status, "issue", p)
}

// issueWait is how long the second press of the button waits for the first.
const issueWait = 10 * time.Second

// issueOnce issues once however often the button is pressed: the form's own
// number together with what it says stands for the Idempotency-Key of a
// program, so that a form that was changed is another.
func (s *Service) issueOnce(ctx context.Context, q cert.IssueRequest, once string) (*cert.Certificate, error) {
	said, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = fmt.Sprintf("form/%x", gm.Sum([]byte(meta.Caller.ID+"\x00"+once+"\x00"+string(said))))
	ctx = httpx.WithMeta(ctx, meta)
	patience, stop := context.WithTimeout(ctx, issueWait)
	defer stop()
	for {
		c, err := s.Cert.Issue(ctx, q)
		if e := fault.As(err); e == nil || e.Code != "cert.sealing" {
			return c, err
		}
		select {
		case <-patience.Done():
			return nil, err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// look shows the form again with the face as it would be, or with one more
// line: what the page's script does without a new page.
func (s *Service) look(w http.ResponseWriter, r *http.Request, k *catalogue.Kind, values map[string]string) error {
	p, err := s.newIssue(r, k, values, nil)
	if err != nil {
		return err
	}
	if p.Preview, err = s.preview(r, k, values); err != nil {
		return err
	}
	if values[addKey] == "" {
		p.Problem = p.Preview.problem(p.form)
	}
	return s.show(w, http.StatusOK, "issue", p)
}
