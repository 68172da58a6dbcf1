package signing

import (
	"net/http"
	"strconv"

	"sidian/internal/fault"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

// signerAt is where a signer of a task goes on.
func signerAt(id string, number int) string { return page.At(Sign, id, strconv.Itoa(number)) }

// A desk is a page of the way to a signature.
type desk struct {
	page.Frame
	*signature.Scene
	At      string
	Problem *page.Problem
	Steps   []page.Step // where on the way this is
	By      string
}

// The steps of the way, by the page that is at each.
var ways = map[string][]string{
	signature.Handwritten: {"看文件", "手写签名", "确认签署"},
	signature.Plain:       {"看文件", "确认签署"},
}

// desk shows a step to a signer. One who does not have to sign (any more) is led
// to what came of it: here is false.
func (s *Service) desk(w http.ResponseWriter, r *http.Request, step, title string) (d *desk, here bool, err error) {
	n, err := numberOf(r)
	if err != nil {
		return nil, false, err
	}
	ctx, id := r.Context(), r.PathValue("id")
	sc, err := s.Signature.Scene(ctx, id, n)
	if err != nil {
		return nil, false, err
	}
	d = &desk{Frame: s.Kit.Frame(r, title, "wallet-signing", page.Middle), Scene: sc, At: signerAt(id, n), By: sc.Task.OrgName}
	if !toSign(sc.Task, sc.Signer) && step != "" {
		return nil, false, page.See(w, r, d.At+"/done")
	}
	if step != "" && (sc.Signer.State == signature.Invited || sc.Signer.State == signature.Waiting) {
		if d.Scene, err = s.Signature.View(ctx, id, n); err != nil {
			return nil, false, err
		}
	}
	d.Steps = stepsTo(sc.Signer.Way, step)
	return d, true, nil
}

func stepsTo(way, step string) (list []page.Step) {
	state := "done"
	for _, title := range ways[way] {
		x := page.Step{Title: title, State: state}
		if title == step {
			x.State, state = "now", "todo"
		}
		list = append(list, x)
	}
	return list
}

// Now is the number of the step and how many there are.
func (d *desk) Now() string {
	for i, x := range d.Steps {
		if x.State == "now" {
			return "第 " + strconv.Itoa(i+1) + " 步，共 " + strconv.Itoa(len(d.Steps)) + " 步：" + x.Title
		}
	}
	return ""
}

// Waiting tells that others are first.
func (d *desk) Waiting() bool { return d.Signer.State == signature.Waiting }

// Confirmed tells that the signature is being made.
func (d *desk) Confirmed() bool { return d.Signer.State == signature.Confirmed }

// Written tells that there is handwriting.
func (d *desk) Written() bool { return d.Drawing != "" }

type readPage struct {
	*desk
	Face       *face
	Prev, Next string
	Last       bool
	Zoom       []zoom
	Go         string // the next step
	GoWord     string
}

// A zoom is a size in which the page is shown.
type zoom struct {
	Label, Href, Size string
	Current           bool
}

// sizes of a page, in percent of the width there is.
var sizes = []string{"100", "160", "240"}

func sizeOf(r *http.Request) string {
	for _, x := range sizes {
		if r.URL.Query().Get("zoom") == x {
			return x
		}
	}
	return sizes[0]
}

// getRead shows the document page by page. The way on is on its last page.
func (s *Service) getRead(w http.ResponseWriter, r *http.Request) error {
	d, here, err := s.desk(w, r, "看文件", "签署：看文件")
	if err != nil || !here {
		return err
	}
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil || n < 1 || n > d.Task.Pages {
		n = 1
	}
	p := &readPage{desk: d, Last: n == d.Task.Pages, Go: d.At + "/write", GoWord: "下一步：手写签名"}
	p.Frame = p.WithScript("signing.js")
	if p.Face, err = s.face(r.Context(), d.Task, n, dpiRead); err != nil {
		return err
	}
	p.Face.ask(d.Scene)
	if d.Signer.Way == signature.Plain || d.Written() {
		p.Go, p.GoWord = d.At+"/confirm", "下一步：确认签署"
	}
	size := sizeOf(r)
	address := func(n int, size string) string {
		return d.At + "?page=" + strconv.Itoa(n) + "&zoom=" + size
	}
	for _, x := range sizes {
		p.Zoom = append(p.Zoom, zoom{Label: map[string]string{"100": "整页", "160": "放大", "240": "更大"}[x], Href: address(n, x), Size: x, Current: x == size})
	}
	if n > 1 {
		p.Prev = address(n-1, size)
	}
	if !p.Last {
		p.Next = address(n+1, size)
	}
	return s.set.Show(w, http.StatusOK, "read", p)
}

// Size is that in which the page is shown.
func (p *readPage) Size() string {
	for _, x := range p.Zoom {
		if x.Current {
			return x.Size
		}
	}
	return sizes[0]
}

type refusePage struct {
	*desk
	Confirm page.Confirm
}

func (s *Service) refusePage(w http.ResponseWriter, r *http.Request) (*refusePage, bool, error) {
	d, here, err := s.desk(w, r, "拒绝签署", "拒绝签署")
	if err != nil || !here {
		return nil, false, err
	}
	d.Width = page.Narrow
	p := &refusePage{desk: d}
	p.Confirm = page.Confirm{
		Title: "拒绝签署“" + d.Task.Title + "”", Text: "拒签后这次签署就结束了，其他人也不能再签。理由会告诉" + d.By + "，并写进签署证据。",
		Action: d.At + "/refuse", Button: "拒绝签署", Busy: "正在提交…", Grave: true, Cancel: d.At,
		Reason: page.Field{Label: "为什么不签", Hint: "例如：第二条金额不对；不是本人办理", Value: r.PostFormValue("reason"), Max: 500},
	}
	return p, true, nil
}

func (s *Service) getRefuse(w http.ResponseWriter, r *http.Request) error {
	p, here, err := s.refusePage(w, r)
	if err != nil || !here {
		return err
	}
	return s.set.Show(w, http.StatusOK, "refuse", p)
}

func (s *Service) postRefuse(w http.ResponseWriter, r *http.Request) error {
	n, err := numberOf(r)
	if err != nil {
		return err
	}
	_, why := s.Signature.Refuse(r.Context(), r.PathValue("id"), n, r.PostFormValue("reason"))
	if why == nil {
		return page.See(w, r, signerAt(r.PathValue("id"), n)+"/done")
	}
	if e := fault.As(why); e == nil || e.Kind == fault.NotFound || e.Kind == fault.Forbidden {
		return why
	}
	p, here, err := s.refusePage(w, r)
	if err != nil || !here {
		return err
	}
	var status int
	if p.Problem, status, err = refused(&p.Frame, why, map[string]string{"reason": "reason"}, map[string]string{"reason": "理由"}); err != nil {
		return err
	}
	p.Confirm.Reason.Error = p.Problem.At("reason")
	return s.set.Show(w, status, "refuse", p)
}
