package signing

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sidian/gm"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/signature"
	"sidian/internal/web/page"
)

type newPage struct {
	page.Frame
	Problem *page.Problem
	Form    *request
	Orgs    []page.Option
	Items   []page.Option // matters that are known, for the list beside the field
	Staff   bool          // signers may be named by user name
	Once    string
	Fixed   []page.Option // the orders
	Wheres,
	Ways []page.Option
}

var (
	orders = []page.Option{{Value: "sequence", Label: "依次签：前一位签完才轮到后一位"}, {Value: "any", Label: "不分先后：同时发给所有人"}, {Value: "groups", Label: "分组：前一组签完才轮到后一组"}}
	wheres = []page.Option{{Value: "corner", Label: "最后一页右下角"}, {Value: "keyword", Label: "写在某个词后面"}, {Value: "point", Label: "指定位置"}}
	means  = []page.Option{{Value: signature.Handwritten, Label: "手写签名"}, {Value: signature.Plain, Label: "数字签名，不显示手写"}}
)

func (s *Service) newPage(r *http.Request, q *request) (*newPage, error) {
	ctx := r.Context()
	p := &newPage{Frame: s.Kit.Frame(r, "发起签署", "signing", page.Wide).WithScript("place.js"), Form: q, Staff: s.Find != nil, Once: r.FormValue("once"), Fixed: orders, Wheres: wheres, Ways: means}
	p.Path = Home + "/new"
	var err error
	if p.Orgs, err = s.orgs(ctx); err != nil {
		return nil, err
	}
	if q.Org == "" {
		q.Org = s.home(ctx, p.Orgs)
	}
	if p.Once == "" {
		p.Once = rand.Text()
	}
	list, err := signature.Shipped()
	if err != nil {
		return nil, err
	}
	for _, x := range append(s.Signature.Items, list...) {
		o := page.Option{Value: x.Code, Label: x.Name}
		if x.Paper {
			o.Label += "（须纸质签署）"
		}
		p.Items = append(p.Items, o)
	}
	return p, nil
}

// mostOrgs is how many units may be chosen from.
const mostOrgs = 200

// orgs are the units for which the reader may begin tasks.
func (s *Service) orgs(ctx context.Context) (list []page.Option, err error) {
	for i, id := range iam.Orgs(ctx, "signature.ask") {
		if i == mostOrgs {
			break
		}
		o, err := s.IAM.Org(ctx, id)
		if err != nil {
			return nil, err
		}
		if !o.Closed {
			list = append(list, page.Option{Value: id, Label: o.Name})
		}
	}
	return list, nil
}

// home is the reader's own unit, if it is one of them.
func (s *Service) home(ctx context.Context, list []page.Option) string {
	p, _ := iam.From(ctx)
	for _, o := range list {
		if p != nil && o.Value == p.Org || len(list) == 1 {
			return o.Value
		}
	}
	return ""
}

func (s *Service) getNew(w http.ResponseWriter, r *http.Request) error {
	q := &request{Order: "sequence", Until: page.In(s.now().Add(15*24*time.Hour)).Format("2006-01-02") + "T18:00", Signers: []*row{freshRow(0)}}
	p, err := s.newPage(r, q)
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "new", p)
}

func (s *Service) postNew(w http.ResponseWriter, r *http.Request) error {
	q, why := s.read(r)
	if why == nil && r.PostFormValue("add") != "" {
		q.Signers = append(q.Signers, freshRow(len(q.Signers)))
		return s.showNew(w, r, q, nil)
	}
	var t *signature.Task
	if why == nil {
		t, why = s.begin(r, q)
	}
	if why == nil {
		return page.See(w, r, page.At(Home, t.ID)+"?done=new")
	}
	if e := fault.As(why); e == nil || e.Kind == fault.Forbidden {
		return why
	}
	return s.showNew(w, r, q, why)
}

// showNew shows the form again, with what is wrong in it.
func (s *Service) showNew(w http.ResponseWriter, r *http.Request, q *request, why error) error {
	p, err := s.newPage(r, q)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if why != nil {
		ids, labels := q.controls()
		if p.Problem, status, err = refused(&p.Frame, why, ids, labels); err != nil {
			return err
		}
	}
	return s.set.Show(w, status, "new", p)
}

// begin begins a task, once however often the button is pressed: the form's own
// number together with what it says stands for the Idempotency-Key of a program.
func (s *Service) begin(r *http.Request, q *request) (*signature.Task, error) {
	ctx := r.Context()
	ask, data, err := s.ask(ctx, q)
	if err != nil {
		return nil, err
	}
	said, err := json.Marshal(ask)
	if err != nil {
		return nil, fmt.Errorf("signing: reading a form: %w", err)
	}
	sum := gm.Sum(data)
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = fmt.Sprintf("form/%x", gm.Sum([]byte(meta.Caller.ID+"\x00"+r.PostFormValue("once")+"\x00"+string(said)+"\x00"+string(sum[:]))))
	return s.patiently(httpx.WithMeta(ctx, meta), ask, q.File, data)
}

// patience is how long the second press of the button waits for the first.
const patience = 10 * time.Second

func (s *Service) patiently(ctx context.Context, q signature.TaskRequest, name string, data []byte) (*signature.Task, error) {
	wait, stop := context.WithTimeout(ctx, patience)
	defer stop()
	for {
		t, err := s.Signature.Create(ctx, q, name, data)
		if e := fault.As(err); e == nil || e.Code != "signature.repeated" {
			return t, err
		}
		select {
		case <-wait.Done():
			return nil, fault.Conflict.New("同一份签署正在发起").WithCode("signature.repeated").WithHint("请到“文件签署”查看，不要重复提交")
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// looked is what the script of the form shows: pages and where signatures go.
type looked struct {
	Pages  []lookedPage  `json:"pages"`
	Total  int           `json:"total"`
	Places []lookedPlace `json:"places"`
}

type lookedPage struct {
	W   float64 `json:"w"`
	H   float64 `json:"h"`
	Src string  `json:"src"`
}

type lookedPlace struct {
	Signer  int     `json:"signer"` // index in the form
	Page    int     `json:"page,omitempty"`
	X       float64 `json:"x"`
	Y       float64 `json:"y"`
	W       float64 `json:"w"`
	H       float64 `json:"h"`
	Problem string  `json:"problem,omitempty"`
}

// postLook answers the form's script with the pages of the document and the
// places as they would be. Nothing is kept.
func (s *Service) postLook(w http.ResponseWriter, r *http.Request) error {
	q, err := s.read(r)
	if err != nil {
		return err
	}
	d, _, err := s.open(q)
	if err != nil {
		return err
	}
	out := looked{Total: len(d.Pages())}
	if r.PostFormValue("pages") != "0" {
		if out.Pages, err = drawn(r.Context(), d); err != nil {
			return err
		}
	}
	list := q.named()
	for i, p := range lay(d, list) {
		if list[i].Way == signature.Plain {
			continue
		}
		one := lookedPlace{Signer: list[i].Index, Page: p.Page, X: p.X, Y: p.Y, W: p.W, H: p.H}
		if p.err != nil {
			one.Problem = fault.As(p.err).Msg
		}
		out.Places = append(out.Places, one)
	}
	return page.ShowJSON(w, out)
}

func numeric(s string) (float64, bool) {
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && v >= 0 && v < 1e5
}
