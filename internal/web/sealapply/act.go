package sealapply

import (
	"net/http"
	"strconv"

	"sidian/internal/fault"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// result leads to the application with what was done, or shows it with what was
// refused.
func (s *Service) result(w http.ResponseWriter, r *http.Request, word string, err error) error {
	if err == nil {
		return page.See(w, r, page.Asking(page.At(baseOf(r), r.PathValue("id")), "done", word))
	}
	code := page.StatusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.showPage(r)
	if e != nil {
		return e
	}
	var fields []page.Field
	if p.Review != nil {
		fields = append(fields, p.Review.Opinion)
	}
	if p.File != nil {
		fields = append(fields, p.File.Fields...)
	}
	if p.Withdraw != nil {
		fields = append(fields, p.Withdraw.Reason)
	}
	p.Problem, p.Notice = page.Mark(renamed(err, word), fields), nil
	p.Title = "有错误：" + p.Title
	if p.Review != nil {
		p.Review.Opinion.Error = p.Problem.At("opinion")
	}
	if p.Withdraw != nil {
		p.Withdraw.Reason.Error = p.Problem.At("withdraw-reason")
	}
	if p.File != nil {
		p.File.Fields[0].Error, p.File.Fields[1].Error = p.Problem.At("number"), p.Problem.At("file-reason")
	}
	return s.set.Show(w, code, "show", p)
}

// renamed gives the one reason of the domain the name that it has in the form
// that was sent.
func renamed(err error, word string) error {
	e := fault.As(err)
	name := map[string]string{"withdrawn": "why", "approved": "opinion", "refused": "opinion"}[word]
	if name == "" {
		return err
	}
	out := *e
	out.Fields = append(out.Fields[:0:0], e.Fields...)
	for i := range out.Fields {
		if out.Fields[i].Name == "reason" || out.Fields[i].Name == "opinion" {
			out.Fields[i].Name = name
		}
	}
	return &out
}

func (s *Service) postReview(w http.ResponseWriter, r *http.Request) error {
	round, _ := strconv.ParseInt(r.PostFormValue("round"), 10, 64)
	q := sealapply.ReviewRequest{Tier: r.PostFormValue("tier"), Round: round, Opinion: r.PostFormValue("opinion")}
	word := "refused"
	var a *sealapply.Application
	var err error
	switch r.PostFormValue("decision") {
	case "approve":
		q.Approve, word = true, "approved"
		fallthrough
	case "refuse":
		a, err = s.Apply.Review(r.Context(), r.PathValue("id"), q)
	default:
		err = fault.Invalid.New("请选择通过或不通过").WithCode("sealapply.decision").WithHint("按其中一个按钮")
	}
	if err == nil && a.State == sealapply.Done {
		word = "cancelled"
	}
	return s.result(w, r, word, err)
}

// postMake makes the seal, or cancels it where that was applied for.
func (s *Service) postMake(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	a, err := s.Apply.Get(ctx, id)
	if err != nil {
		return err
	}
	if a.Kind == sealapply.Cancel {
		_, err = s.Apply.CancelSeal(ctx, id)
		return s.result(w, r, "cancelled", err)
	}
	_, err = s.Apply.Make(ctx, id)
	return s.result(w, r, "made", err)
}

func (s *Service) postFile(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Apply.File(r.Context(), r.PathValue("id"), sealapply.FileRequest{Number: r.PostFormValue("number"), Reason: r.PostFormValue("reason")})
	return s.result(w, r, "filed", err)
}

func (s *Service) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	_, err := s.Apply.Withdraw(r.Context(), r.PathValue("id"), r.PostFormValue("why"))
	return s.result(w, r, "withdrawn", err)
}
