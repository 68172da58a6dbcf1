package sealing

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/web/page"
)

// mostSeals is how many seals one document may have.
const mostSeals = 20

type sealsPage struct {
	page.Frame
	Stages  []stage
	Problem *page.Problem
	D       *draft
	Action  string
	Own     []choice
	Others  []choice
	Query   string
	Nothing bool // what was typed found none
	Groups  []int
	Search  page.Field
}

// A choice is a seal that may be ticked.
type choice struct {
	Choice
	Label  string // of its kind
	Picked bool
	Group  int
	ID     string
}

// choices are the seals that the reader may ask for, and those already picked.
func (s *Service) choices(ctx context.Context, d *draft, text string, picked []chosen) (own, others []choice, err error) {
	found, err := s.Askable(ctx, d.Purpose, "")
	if err != nil {
		return nil, nil, err
	}
	if text != "" {
		more, err := s.Askable(ctx, d.Purpose, text)
		if err != nil {
			return nil, nil, err
		}
		home := homeOf(ctx)
		found = slices.DeleteFunc(found, func(c Choice) bool { return c.Org != home && !isPicked(picked, c.ID) })
		found = append(found, more...)
	}
	seen := map[string]bool{}
	for _, c := range found {
		if seen[c.ID] {
			continue
		}
		seen[c.ID] = true
		one := choice{Choice: c, Label: seal.Label(c.Kind), Group: 1, ID: c.ID}
		for _, p := range picked {
			if p.Seal == c.ID {
				one.Picked, one.Group = true, p.Group
			}
		}
		if c.Org == homeOf(ctx) {
			own = append(own, one)
		} else {
			others = append(others, one)
		}
	}
	for _, p := range picked { // what was picked of an earlier search stays
		if !seen[p.Seal] {
			others = append(others, choice{Choice: Choice{ID: p.Seal, Name: p.Name, Unit: p.Unit}, Picked: true, Group: p.Group, ID: p.Seal})
		}
	}
	slices.SortStableFunc(others, func(a, b choice) int {
		switch {
		case a.Picked == b.Picked:
			return 0
		case a.Picked:
			return -1
		}
		return 1
	})
	return own, others, nil
}

func homeOf(ctx context.Context) string {
	p, _ := iam.From(ctx)
	if p == nil {
		return ""
	}
	return p.Org
}

func isPicked(picked []chosen, id string) bool {
	return slices.ContainsFunc(picked, func(c chosen) bool { return c.Seal == id })
}

func (s *Service) sealsPage(r *http.Request, d *draft, text string) (*sealsPage, error) {
	p := &sealsPage{Frame: s.Kit.Frame(r, "选择印章", "sealing", page.Middle), Stages: stages(d, 1), D: d, Action: d.at("seals"), Query: text}
	p.Path = d.at("seals")
	var err error
	if p.Own, p.Others, err = s.choices(r.Context(), d, text, d.Seals); err != nil {
		return nil, err
	}
	p.Nothing = text != "" && !slices.ContainsFunc(p.Others, func(c choice) bool { return !c.Picked })
	for n := range groupsFor(len(p.Own)+len(p.Others), len(d.Seals)) {
		p.Groups = append(p.Groups, n+1)
	}
	p.Search = page.Field{ID: "q", Name: "q", Label: "查找其他单位的印章", Value: text, Max: 100, Autocomplete: "off", Hint: "单位名称从开头填起，如“自然资源局”“示范市政务服务”"}
	return p, nil
}

// leastGroups is how many groups are offered before more seals are picked.
const leastGroups = 4

// groupsFor is how many groups there may be of seals to choose from: one seal is
// before and after none, and none needs no group.
func groupsFor(choices, picked int) int { return min(choices, max(leastGroups, picked)) }

func (s *Service) getSeals(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	p, err := s.sealsPage(r, d, strings.TrimSpace(r.URL.Query().Get("q")))
	if err != nil {
		return err
	}
	return s.set.Show(w, http.StatusOK, "seals", p)
}

// postSeals keeps what is ticked, and goes on, or looks for more.
func (s *Service) postSeals(w http.ResponseWriter, r *http.Request) error {
	d, err := s.draft(r)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(r.PostFormValue("q"))
	next := *d
	if next.Seals, err = s.picked(r, d); err != nil {
		return s.sealsAgain(w, r, &next, text, err)
	}
	if r.PostFormValue("go") == "find" {
		if err := s.save(r.Context(), &next); err != nil {
			return err
		}
		return page.See(w, r, page.Asking(next.at("seals"), "q", text)+"#others")
	}
	if len(next.Seals) == 0 {
		err = fault.Invalid.New("还没有选择印章").WithCode("sealing.seals").WithHint("请在下面勾选一枚或几枚").WithField("seals", "required", "请至少勾选一枚印章")
	} else {
		err = s.arrange(r.Context(), &next)
	}
	if err == nil {
		err = s.save(r.Context(), &next)
	}
	if err != nil {
		return s.sealsAgain(w, r, &next, text, err)
	}
	return page.See(w, r, next.at("places"))
}

func (s *Service) sealsAgain(w http.ResponseWriter, r *http.Request, d *draft, text string, err error) error {
	code := statusOf(err)
	if code == 0 {
		return err
	}
	if d.token == "" {
		d.token = r.PathValue("draft")
	}
	p, e := s.sealsPage(r, d, text)
	if e != nil {
		return e
	}
	p.Problem, _ = page.ProblemOf(err, map[string]string{"seals": "own"})
	p.Title = "有错误：" + p.Title
	return s.set.Show(w, code, "seals", p)
}

// picked reads what is ticked: seals that may be asked for, each once, with its
// group. What is known of one already is kept.
func (s *Service) picked(r *http.Request, d *draft) (out []chosen, err error) {
	ctx := r.Context()
	if err := r.ParseForm(); err != nil {
		return d.Seals, fault.Invalid.Wrap(err, "表单没有传完").WithCode("sealing.request").WithHint("请重试")
	}
	ids := r.PostForm["seal"]
	if len(ids) > mostSeals {
		return d.Seals, fault.Invalid.New("一件文件至多 %d 枚印章", mostSeals).WithCode("sealing.seals").WithHint("请减少印章")
	}
	for _, id := range ids {
		if isPicked(out, id) {
			continue
		}
		c := chosen{Seal: id, Group: 1}
		if had := d.seal(id); had != nil {
			c = *had
		} else if err := s.learn(ctx, d.Purpose, &c); err != nil {
			return d.Seals, err
		}
		if n, err := strconv.Atoi(r.PostForm.Get("group-" + id)); err == nil && n >= 1 && n <= mostSeals {
			c.Group = n
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b chosen) int { return a.Group - b.Group })
	closeGaps(out)
	return out, nil
}

// closeGaps leaves no gap between the numbers of groups.
func closeGaps(list []chosen) {
	n, last := 0, 0
	for i := range list {
		if list[i].Group != last {
			last = list[i].Group
			n++
		}
		list[i].Group = n
	}
}

// learn fills in what is public of a seal that may be asked for, and its size.
// Whoever may not ask for a seal is not shown its imprint either.
func (s *Service) learn(ctx context.Context, purpose string, c *chosen) error {
	found, err := s.Askable(ctx, purpose, c.Seal)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(found, func(f Choice) bool { return f.ID == c.Seal }) {
		return fault.Invalid.New("不能申请这枚印章").WithCode("sealing.seals").WithHint("请从列表中选择；需要其他印章的，请其保管人在用印审批规则中允许")
	}
	x, err := s.Seal.PublicGet(ctx, c.Seal)
	if err != nil {
		return err
	}
	if x.State != seal.Effective {
		return fault.Conflict.New("印章“%s”处于“%s”，不能用印", x.Name, x.StateName).WithCode("sealing.seals").WithHint("请选择其他印章，或联系印章保管人")
	}
	im, err := s.Seal.Imprint(ctx, c.Seal)
	if err != nil {
		return err
	}
	c.Name, c.Unit, c.W, c.H = x.Name, x.Unit, float64(im.Width), float64(im.Height)
	return nil
}

// groupWord names a group of seals as people decide.
func groupWord(n, size int) string {
	if size > 1 {
		return fmt.Sprintf("第 %d 组（同时）", n)
	}
	return fmt.Sprintf("第 %d 组", n)
}
