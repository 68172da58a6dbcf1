package sealapply

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

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

// names say who people are; nobody is the platform.
func (s *Service) names(ctx context.Context, accounts ...string) (*page.Names, error) {
	n, err := page.Named(ctx, s.IAM, accounts...)
	n.Nobody = "平台"
	return n, err
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
	return page.See(w, r, page.At(baseOf(r), r.PathValue("id")))
}
