package sealapply

import (
	"errors"
	"net/http"
	"slices"

	"sidian/internal/fault"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

// steps of an application, in order, with what belongs to each.
var steps = []struct {
	key, label string
	checks     []string // codes, as they begin
}{
	{"start", "办什么", []string{sealapply.CheckPerson, sealapply.CheckSeal, sealapply.CheckWindow, sealapply.CheckUnique, sealapply.CheckTwice, sealapply.CheckImprintName}},
	{"form", "申请表和材料", []string{sealapply.CheckBasis, sealapply.CheckOrg, sealapply.CheckOrgName, sealapply.CheckForm, sealapply.CheckAttachments}},
	{"imprint", "印模", []string{sealapply.CheckImprint, sealapply.CheckStatement}},
	{"certificate", "数字证书", nil}, // and whatever the digital certificate is asked
	{"keeper", "保管人", []string{sealapply.CheckCustodian}},
	{"check", "检查并提交", nil},
}

// stepOf is the step where a check is mended.
func stepOf(code string) string {
	for _, st := range steps {
		if slices.Contains(st.checks, code) {
			return st.key
		}
	}
	return "certificate"
}

// stepsFor are the steps of an application of a kind.
func stepsFor(k sealapply.Kind, sealKind string) (keys []string) {
	for _, st := range steps {
		skip := !k.Makes() && (st.key == "imprint" || st.key == "certificate" || st.key == "keeper") || sealKind == seal.Personal && st.key == "keeper"
		if !skip {
			keys = append(keys, st.key)
		}
	}
	return keys
}

func labelOf(key string) string {
	for _, st := range steps {
		if st.key == key {
			return st.label
		}
	}
	return ""
}

// A wizardStep is a step as the head of each page shows it.
type wizardStep struct {
	N       int
	Label   string
	Href    string
	Current bool
	State   string // "done", "wrong" or "todo"
	Word    string
}

// A wizard is where the reader is on the way.
type wizard struct {
	Steps []wizardStep
	N     int
	Of    int
	Label string
	Next  string // address
	Back  string
}

// wizardOf shows the steps; with checks it knows which are complete.
func wizardOf(k sealapply.Kind, sealKind, current, at string, list []sealapply.Check) wizard {
	keys := stepsFor(k, sealKind)
	w := wizard{Of: len(keys), N: slices.Index(keys, current) + 1, Label: labelOf(current)}
	wrong := map[string]bool{}
	for _, c := range list {
		if c.Result == sealapply.Fail {
			wrong[stepOf(c.Code)] = true
		}
	}
	for i, key := range keys {
		st := wizardStep{N: i + 1, Label: labelOf(key), Current: key == current, State: "todo", Word: "未填"}
		if at != "" {
			st.Href = at + "/" + key
			if key != "check" {
				st.State, st.Word = "done", "已完成"
				if wrong[key] {
					st.State, st.Word = "wrong", "待补充"
				}
			}
		}
		w.Steps = append(w.Steps, st)
	}
	if w.N < w.Of && at != "" {
		w.Next = at + "/" + keys[w.N]
	}
	if w.N > 1 {
		w.Back = at + "/" + keys[w.N-2]
	}
	return w
}

// A draft is what the pages of all steps have.
type draft struct {
	page.Frame
	A       *sealapply.Application
	Base    string
	At      string
	Wizard  wizard
	Checks  []sealapply.Check
	Notice  *page.Notice
	Problem *page.Problem
}

var draftNotices = map[string]page.Notice{
	"saved":   {Class: page.Good, Title: "已保存", Text: "可以离开，以后从“印章申请”里接着填。"},
	"imprint": {Class: page.Good, Title: "印模已上传", Text: "请在下面核对，确认无误后签署声明。"},
	"signed":  {Class: page.Good, Title: "声明已签署"},
	"removed": {Class: page.Good, Title: "材料已删除"},
}

// open is a draft that the reader may fill in, at a step; another's is unknown,
// and what is on its way has a page of its own.
func (s *Service) open(r *http.Request, step string) (d draft, err error) {
	ctx := r.Context()
	d.Base = baseOf(r)
	if d.A, err = s.Apply.Get(ctx, r.PathValue("id")); err != nil {
		return d, err
	}
	d.At = page.At(d.Base, d.A.ID)
	if !can(d.A, sealapply.ActEdit) {
		return d, errClosed
	}
	if d.Checks, err = s.Apply.Checks(ctx, d.A.ID); err != nil {
		return d, err
	}
	d.Wizard = wizardOf(d.A.Kind, d.A.SealKind, step, d.At, d.Checks)
	d.Frame = s.Kit.Frame(r, labelOf(step)+"，"+titleOf(d.A), navOf(d.Base), page.Middle)
	d.Notice = done(r, draftNotices)
	if r.Method == http.MethodPost {
		d.Path = d.At + "/" + step
	}
	if !slices.Contains(stepsFor(d.A.Kind, d.A.SealKind), step) {
		return d, errClosed
	}
	return d, nil
}

// errClosed says that there is nothing to fill in (any more).
var errClosed = fault.Conflict.New("这一步现在不能填写").WithCode("sealapply.state").WithHint("请回到申请页面按当前状态办理")

func (s *Service) getStep(step string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		return s.show(w, r, step, nil)
	}
}

// show shows a step, with what was wrong in it.
func (s *Service) show(w http.ResponseWriter, r *http.Request, step string, wrong error) error {
	code := http.StatusOK
	if wrong != nil {
		if code = page.StatusOf(wrong); code == 0 {
			return wrong
		}
	}
	d, err := s.open(r, step)
	if errors.Is(err, errClosed) {
		if wrong != nil {
			return wrong
		}
		return page.See(w, r, d.At)
	}
	if err != nil {
		return err
	}
	var p any
	switch step {
	case "start":
		p, err = shown(s.startStep(r, d))(wrong)
	case "form":
		p, err = shown(s.formStep(r, d))(wrong)
	case "imprint":
		p, err = shown(s.imprintStep(r, d))(wrong)
	case "certificate":
		p, err = shown(s.certificateStep(r, d))(wrong)
	case "keeper":
		p, err = shown(s.keeperStep(r, d))(wrong)
	default:
		p, err = shown(s.checkStep(r, d))(wrong)
	}
	if err != nil {
		return err
	}
	return s.set.Show(w, code, step, p)
}

// A marked page puts what is wrong at its controls.
type marked interface{ wrong(error) }

func shown[P marked](p P, err error) func(error) (any, error) {
	return func(wrong error) (any, error) {
		if err == nil && wrong != nil {
			p.wrong(wrong)
		}
		return p, err
	}
}

func (p *startPage) wrong(err error) { p.says(page.Mark(err, p.Fields)) }

func (d *draft) says(problem *page.Problem) {
	d.Problem, d.Notice, d.Title = problem, nil, "有错误："+d.Title
}

// after goes on from a step that was sent: to the next one, or to the same when
// the reader only wanted it kept.
func (s *Service) after(w http.ResponseWriter, r *http.Request, step string, err error) error {
	if err != nil {
		return s.show(w, r, step, err)
	}
	a, err := s.Apply.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	where := page.At(baseOf(r), a.ID)
	if r.PostFormValue("then") == "stay" {
		return page.See(w, r, page.Asking(where+"/"+step, "done", "saved"))
	}
	return page.See(w, r, wizardOf(a.Kind, a.SealKind, step, where, nil).Next)
}
