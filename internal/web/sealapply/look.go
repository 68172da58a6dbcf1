package sealapply

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

func see(w http.ResponseWriter, r *http.Request, address string) error {
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// baseOf is where the pages of the reader's applications begin: at the desk, or
// in the wallet.
func baseOf(r *http.Request) string {
	if r.URL.Path == Wallet || strings.HasPrefix(r.URL.Path, Wallet+"/") || holder(r.Context()) {
		return Wallet
	}
	return Home
}

func holder(ctx context.Context) bool {
	p, ok := iam.From(ctx)
	return ok && p.Kind == iam.Holder
}

func navOf(base string) string {
	if base == Wallet {
		return "my-seals"
	}
	return "seal-applications"
}

// me is the reader's own account.
func me(ctx context.Context) string {
	if p, ok := iam.From(ctx); ok {
		return p.Account
	}
	return ""
}

func may(ctx context.Context, permission, org string) bool {
	return iam.Allow(ctx, permission, org) == nil
}

// names say who people are.
type names map[string]string

func (s *Service) names(ctx context.Context, accounts ...string) (names, error) {
	slices.Sort(accounts)
	accounts = slices.Compact(accounts)
	if len(accounts) > 0 && accounts[0] == "" {
		accounts = accounts[1:]
	}
	n, err := s.IAM.Names(ctx, accounts)
	if n[me(ctx)] != "" {
		n[me(ctx)] += "（您）"
	}
	return n, err
}

func (n names) person(id string) string {
	switch {
	case id == "":
		return "平台"
	case n[id] != "":
		return n[id]
	}
	return "账号 " + id
}

// chipOf is a state as a word on a colour.
func chipOf(state sealapply.State, word string) page.Chip {
	class := map[sealapply.State]string{
		sealapply.Draft: page.Plain, sealapply.Submitted: page.Care, sealapply.Approved: page.Care, sealapply.Making: page.Care, sealapply.Made: page.Care,
		sealapply.Filing: page.Care, sealapply.Filed: page.Good, sealapply.Cancelling: page.Care, sealapply.Done: page.Good, sealapply.Refused: page.Bad,
		sealapply.Withdrawn: page.Plain, sealapply.Running: page.Care, sealapply.Paused: page.Care, sealapply.Finished: page.Good, sealapply.Over: page.Plain,
	}[state]
	return page.Chip{Class: class, Word: word}
}

// titleOf names an application for its pages.
func titleOf(a *sealapply.Application) string {
	if a.SealName == "" {
		return a.KindName + a.SealLabel
	}
	return a.KindName + a.SealLabel + "：" + a.SealName
}

func can(a *sealapply.Application, what ...sealapply.Action) bool {
	return slices.ContainsFunc(what, func(x sealapply.Action) bool { return slices.Contains(a.May, x) })
}

// statusOf is how a refusal of what was filled in is answered; 0 for what is
// another page's.
func statusOf(err error) int {
	e := fault.As(err)
	if e == nil {
		return 0
	}
	switch e.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Conflict:
		return http.StatusConflict
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.TooMany:
		return http.StatusTooManyRequests
	}
	return 0
}

// mark puts what is wrong at the controls that it names, and returns the
// summary above them.
func mark(err error, fields []page.Field) *page.Problem {
	p, _ := page.ProblemOf(err, nil)
	e := fault.As(err)
	for i := range p.Fields {
		for j := range fields {
			f := &fields[j]
			if f.Name == e.Fields[i].Name {
				f.Error, p.Fields[i].ID, p.Fields[i].Label = e.Fields[i].Message, f.ID, f.Label
			}
		}
	}
	return p
}

// takeForm reads a form with files, which may be large.
func takeForm(r *http.Request) error {
	if err := r.ParseMultipartForm(inMemory); err != nil {
		return fault.Invalid.Wrap(err, "文件没有传完，或超过大小限制").WithCode("sealapply.upload").WithHint("请重新选择文件；较大的扫描件请降低分辨率").WithField("file", "file", "请重新选择文件")
	}
	return nil
}

// done is what just happened, by the word in the address.
func done(r *http.Request, words map[string]page.Notice) *page.Notice {
	if n, ok := words[r.URL.Query().Get("done")]; ok {
		return &n
	}
	return nil
}

func size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%d KB", max(1, (n+512)>>10))
	}
	return fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
}

// getTold leads from the address in a notice to the page of whoever reads it.
func (s *Service) getTold(w http.ResponseWriter, r *http.Request) error {
	return see(w, r, page.At(baseOf(r), r.PathValue("id")))
}

// send hands out a file, which nobody on the way may keep.
func send(w http.ResponseWriter, media, how, name string, data []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Disposition", how+"; filename*=UTF-8''"+url.PathEscape(name))
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", itoa(len(data)))
	_, _ = w.Write(data) // the client went away: nobody is left to tell
}
