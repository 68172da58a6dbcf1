package sealing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/sealing"
	"sidian/internal/web/page"
	"sidian/ofd"
	"sidian/ofd/render"
)

// step is the step of an address, which must be one of the request's.
func (s *Service) step(r *http.Request) (*sealing.Request, *sealing.Step, error) {
	q, err := s.Sealing.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(q.Steps, func(st *sealing.Step) bool { return st.ID == r.PathValue("step") })
	if i < 0 {
		return nil, nil, fault.NotFound.New("没有这一步").WithCode("sealing.unknown").WithHint("请从用印申请进入")
	}
	return q, q.Steps[i], nil
}

func (s *Service) postApprove(w http.ResponseWriter, r *http.Request) error {
	_, st, err := s.step(r)
	if err != nil {
		return err
	}
	note := strings.TrimSpace(r.PostFormValue("note"))
	q, err := s.Sealing.Approve(r.Context(), sealing.ApproveRequest{
		Step: st.ID, Seen: r.PostFormValue("seen"), Answer: strings.TrimSpace(r.PostFormValue("code")), Note: note,
	})
	if err == nil {
		return page.See(w, r, page.Asking(page.At(Home, q.ID), "done", "approved"))
	}
	return s.requestAgain(w, r, err, note)
}

// requestAgain shows the request with why something was refused. A refusal that
// leaves nothing to decide is the kit's to show.
func (s *Service) requestAgain(w http.ResponseWriter, r *http.Request, err error, note string) error {
	code := statusOf(err)
	if code == 0 {
		return err
	}
	p, e := s.request(r)
	if e != nil {
		return e
	}
	if p.Decide == nil && fault.As(err).Kind == fault.Forbidden {
		return err
	}
	ids := map[string]string{}
	if p.Decide != nil {
		p.Decide.Note.Value = note
		ids["note"] = "note"
		if p.Decide.Code != nil {
			ids["code"] = "code"
		}
	}
	p.Problem, _ = page.ProblemOf(err, ids)
	if d := p.Decide; d != nil {
		d.Note.Error = p.Problem.At("note")
		if d.Code != nil {
			d.Code.Error = p.Problem.At("code")
		}
	}
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "request", p)
}

// A confirmPage asks for the reason before something ends.
type confirmPage struct {
	page.Frame
	Crumb   page.Link
	Lead    string
	Problem *page.Problem
	Confirm page.Confirm
}

func (s *Service) confirm(r *http.Request, q *sealing.Request, heading, lead string, c page.Confirm) *confirmPage {
	back := page.At(Home, q.ID)
	c.Cancel, c.Reason.Value, c.Reason.Max = back, r.PostFormValue("reason"), 500
	p := &confirmPage{Frame: s.Kit.Frame(r, heading, "sealing", page.Middle), Crumb: page.Link{Label: q.Title, Href: back}, Lead: lead, Confirm: c}
	if r.Method == http.MethodPost {
		p.Path = back
	}
	return p
}

func (s *Service) again(w http.ResponseWriter, p *confirmPage, err error) error {
	code := statusOf(err)
	if code == 0 || code == http.StatusForbidden {
		return err
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{"reason": "reason"})
	p.Confirm.Reason.Error = p.Problem.At("reason")
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "confirm", p)
}

func (s *Service) refusal(r *http.Request) (*confirmPage, *sealing.Step, error) {
	q, st, err := s.step(r)
	if err != nil {
		return nil, nil, err
	}
	return s.confirm(r, q, "不予用印", "整件申请就此结束，文件不会发出；申请人看到您写的理由，可以修改后重新申请。", page.Confirm{
		Title: "不批准“" + q.Title + "”", Action: page.At(Requests, q.ID, "steps", st.ID, "refuse"), Button: "不予批准", Busy: "正在处理…", Grave: true,
		Facts: []page.Fact{{Label: "印章", Text: st.SealName}, {Label: "申请人", Text: q.Asker}, {Label: "事由", Text: q.Reason}},
	}), st, nil
}

func (s *Service) getRefuse(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.refusal(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postRefuse(w http.ResponseWriter, r *http.Request) error {
	p, st, err := s.refusal(r)
	if err != nil {
		return err
	}
	q, err := s.Sealing.Refuse(r.Context(), st.ID, strings.TrimSpace(r.PostFormValue("reason")))
	if err != nil {
		return s.again(w, p, err)
	}
	return page.See(w, r, page.Asking(page.At(Home, q.ID), "done", "refused"))
}

func (s *Service) withdrawal(r *http.Request) (*confirmPage, error) {
	q, err := s.Sealing.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.confirm(r, q, "撤回用印申请", "撤回后不能恢复，需要时请重新申请。已经盖好的印章留有记录，但文件不会发出。", page.Confirm{
		Title: "撤回“" + q.Title + "”", Action: page.At(Requests, q.ID, "withdraw"), Button: "撤回申请", Busy: "正在撤回…", Grave: true,
	}), nil
}

func (s *Service) getWithdraw(w http.ResponseWriter, r *http.Request) error {
	p, err := s.withdrawal(r)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "confirm", p)
}

func (s *Service) postWithdraw(w http.ResponseWriter, r *http.Request) error {
	p, err := s.withdrawal(r)
	if err != nil {
		return err
	}
	q, err := s.Sealing.Withdraw(r.Context(), r.PathValue("id"), strings.TrimSpace(r.PostFormValue("reason")))
	if err != nil {
		return s.again(w, p, err)
	}
	return page.See(w, r, page.Asking(page.At(Home, q.ID), "done", "withdrawn"))
}

// postStamps puts the seals that are approved and that the asker begins.
func (s *Service) postStamps(w http.ResponseWriter, r *http.Request) error {
	q, err := s.Sealing.Stamp(r.Context(), r.PathValue("id"))
	if err != nil {
		return s.requestAgain(w, r, err, "")
	}
	return page.See(w, r, page.Asking(page.At(Home, q.ID), "done", "stamped"))
}

// getPage is a page of the document as it is now, and the seals that are still
// to come, marked as such.
func (s *Service) getPage(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	n, err := strconv.Atoi(r.PathValue("page"))
	if err != nil {
		return errPage(r.PathValue("page"))
	}
	svg, media, err := s.Sealing.Preview(ctx, id, n, "svg")
	if err != nil {
		return err
	}
	q, err := s.Sealing.Get(ctx, id)
	if err != nil {
		return err
	}
	var over strings.Builder
	for _, st := range q.Steps {
		if q.State != sealing.Open || st.State == sealing.Stamped || st.State == sealing.Dropped {
			continue
		}
		for _, spot := range st.Places {
			if spot.Page == n {
				over.WriteString(outlined(spot))
			}
		}
	}
	w.Header().Set("Cache-Control", "private, max-age=60")
	w.Header().Set("Content-Type", media)
	_, _ = w.Write([]byte(onto(string(svg), over.String()))) // the client went away: nobody is left to tell
	return nil
}

func (s *Service) getFile(w http.ResponseWriter, r *http.Request) error {
	data, q, err := s.Sealing.File(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	return page.Send(w, page.File{Name: page.FileName(q.Title, ".ofd"), Media: "application/ofd", Data: data})
}

// getCopy is the sealed document as a PDF that says on every page that it is a
// copy: the seals in it prove nothing.
func (s *Service) getCopy(w http.ResponseWriter, r *http.Request) error {
	data, q, err := s.Sealing.File(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	d, err := ofd.Open(data)
	if err != nil {
		return fmt.Errorf("sealing: opening a sealed document: %w", err)
	}
	var b bytes.Buffer
	lines := []string{"复印件 不具有与原件同等的法律效力", "核验请用 OFD 原件，其摘要 SM3 " + q.Document}
	_, err = render.PDF(d, &b, render.Options{Mark: &render.Mark{Lines: lines}})
	var limit *render.LimitError
	if errors.As(err, &limit) {
		return fault.Invalid.Wrap(err, "文件太大，不能转为复印件").WithCode("sealing.copy").WithHint("请下载 OFD 原件")
	}
	if err != nil {
		return fmt.Errorf("sealing: making a copy: %w", err)
	}
	return page.Send(w, page.File{Name: page.FileName(q.Title, "（复印件）.pdf"), Media: "application/pdf", Data: b.Bytes()})
}

func (s *Service) getEvidence(w http.ResponseWriter, r *http.Request) error {
	q, err := s.Sealing.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	use := r.PathValue("use")
	if !slices.ContainsFunc(q.Steps, func(st *sealing.Step) bool { return st.Use == use }) {
		return fault.NotFound.New("没有这次用印的记录").WithCode("sealing.use-unknown").WithHint("请从用印申请进入")
	}
	e, err := s.Sealing.Evidence(r.Context(), use)
	if err != nil {
		return err
	}
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return fmt.Errorf("sealing: writing evidence: %w", err)
	}
	return page.Send(w, page.File{Name: page.FileName(q.Title, "-用印凭据.json"), Media: "application/json", Data: b})
}
