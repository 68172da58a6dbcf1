package item

import (
	"context"
	"encoding/hex"
	"reflect"
	"slices"
	"strconv"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// States of a run.
const (
	Draft    = "draft"
	Running  = "running"
	Finished = "finished"
	Over     = "over"
)

// A Run is a list of items on its way in.
type Run struct {
	ID       string    `json:"id"`
	State    string    `json:"state" enum:"draft,running,finished,over"`
	Digest   string    `json:"digest" doc:"文件的 SM3 摘要"`
	Reason   string    `json:"reason,omitempty"`
	Total    int       `json:"total" doc:"数据行数"`
	Pending  int       `json:"pending" doc:"待导入"`
	Done     int       `json:"done" doc:"已导入"`
	Refused  int       `json:"refused" doc:"未导入，见错误"`
	Repeated int       `json:"repeated" doc:"与已有的相同，不再导入"`
	Created  time.Time `json:"created_at"`
	Ended    time.Time `json:"ended_at,omitzero"`
}

// A RunPage is a page of runs, newest first.
type RunPage struct {
	Items []Run  `json:"items"`
	Next  string `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// A Report is what a look at a list found; nothing was imported.
type Report struct {
	Digest   string    `json:"digest" doc:"文件的 SM3 摘要"`
	Total    int       `json:"total" doc:"数据行数"`
	Good     int       `json:"good" doc:"可以导入"`
	Bad      int       `json:"bad" doc:"有错误，不会导入"`
	Problems []Problem `json:"problems" doc:"逐个单元格的错误，至多 1000 个"`
	More     int       `json:"more,omitempty" doc:"还有多少个错误没有列出"`
}

// maxProblems is how many problems a report lists.
const maxProblems = 1000

// Check looks at a list and tells what would be refused. It writes nothing.
func (s *Service) Check(ctx context.Context, data []byte) (*Report, error) {
	lines, err := s.read(ctx, data)
	if err != nil {
		return nil, err
	}
	digest := gm.Sum(data)
	r := &Report{Digest: hex.EncodeToString(digest[:]), Total: len(lines), Problems: []Problem{}}
	for _, l := range lines {
		if len(l.problems) == 0 {
			r.Good++
			continue
		}
		r.Bad++
		r.Problems = append(r.Problems, l.problems...)
	}
	if n := len(r.Problems); n > maxProblems {
		r.Problems, r.More = r.Problems[:maxProblems], n-maxProblems
	}
	return r, nil
}

// read makes plans of a list, with what is wrong with each line.
func (s *Service) read(ctx context.Context, data []byte) ([]*lineRow, error) {
	if err := iam.Allow(ctx, permManage, ""); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "item.import", Object: "item-run"}, err)
	}
	t, err := lists.Read(data, tableColumns())
	if err != nil {
		return nil, err
	}
	orgs, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	kinds, err := s.Catalogue.Published(ctx)
	if err != nil {
		return nil, err
	}
	g := newRegister(orgs, iam.Orgs(ctx, permManage), kinds, today(s.DB.Now()))
	lines := make([]*lineRow, 0, len(t.Lines))
	seen := map[string]int{}
	for i := range t.Lines {
		r := &reader{register: g, t: t, line: &t.Lines[i]}
		p := r.plan()
		if n, twice := seen[p.Code]; twice && p.Code != "" {
			r.wrong("code", "item.twice", "与第 "+strconv.Itoa(n)+" 行的实施编码相同")
		} else {
			seen[p.Code] = t.Lines[i].Number
		}
		lines = append(lines, &lineRow{line: t.Lines[i].Number, plan: p, problems: r.bad})
	}
	return lines, s.DB.Read(ctx, func(tx *db.Tx) error { return compareTx(tx, t, lines) })
}

// compareTx finds lines whose code is another unit's item, that change an item
// backwards, or after which a kind could not be had.
func compareTx(tx *db.Tx, t *table.Table, lines []*lineRow) error {
	all, err := links(tx, today(tx.Now()))
	if err != nil {
		return err
	}
	before := stuck(all)
	for _, l := range lines {
		if len(l.problems) > 0 {
			continue
		}
		old, err := byCode(tx, l.plan.Code, false)
		if err != nil {
			return err
		}
		switch {
		case old == nil:
		case old.org != l.plan.Org:
			l.wrong(t, "code", "item.foreign", "这个实施编码是其他单位的事项")
		case l.plan.Content.Starts != "" && l.plan.Content.Starts < old.starts:
			l.wrong(t, "starts", "item.backdated", "不早于现有版本的生效日期 "+old.starts)
		}
		if l.id = l.plan.Code; old != nil {
			l.id = old.id
		}
		if len(l.problems) == 0 {
			all = append(all, l.plan.links(l.id)...)
		}
	}
	flagStuck(t, lines, all, before)
	return nil
}

// flagStuck refuses the lines of items that make a kind which could not be had any
// more.
func flagStuck(t *table.Table, lines []*lineRow, all []link, before map[string]bool) {
	after := stuck(all)
	bad := map[string]bool{} // by item
	for _, l := range all {
		if l.role == Result && after[l.kind] && !before[l.kind] {
			bad[l.item] = true
		}
	}
	for _, l := range lines {
		if len(l.problems) == 0 && bad[l.id] {
			l.wrong(t, "input", "item.cycle", "办理这种证照又需要它本身，没有事项能首次办出")
		}
	}
}

// links are the bindings of a plan for an item.
func (p *plan) links(item string) (list []link) {
	for _, k := range p.Results {
		list = append(list, link{item, Result, k})
	}
	for _, k := range p.Inputs {
		list = append(list, link{item, Input, k})
	}
	return list
}

func (l *lineRow) wrong(t *table.Table, key, code, rule string) {
	r := &reader{t: t, line: &table.Line{Number: l.line}, bad: l.problems}
	r.wrong(key, code, rule)
	l.problems = r.bad
}

// Draft reads a list and keeps it with what a look at it found. Nothing comes in
// before Start. The same list, sent again by the same account while it has not
// ended, is the same run.
func (s *Service) Draft(ctx context.Context, data []byte) (*Run, error) {
	lines, err := s.read(ctx, data)
	if err != nil {
		return nil, err
	}
	digest := gm.Sum(data)
	var id string
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		p, _ := iam.From(ctx)
		path, err := iam.PathTx(tx, p.Org)
		if err != nil {
			return err
		}
		if id, err = openRun(tx, actor(ctx), digest[:]); err != nil || id != "" {
			return err
		}
		id = newID()
		if err := insertRun(tx, id, actor(ctx), p.Org, path, digest[:]); err != nil {
			return err
		}
		for _, l := range lines {
			if err := insertLine(tx, id, l); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "item.import-draft", Object: "item-run/" + id, After: digest})
	})
	if err != nil {
		return nil, err
	}
	return s.Run(ctx, id)
}

// Run returns a run with how far it is, to who sent it.
func (s *Service) Run(ctx context.Context, id string) (*Run, error) {
	var r *Run
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if err := iam.Allow(ctx, permManage, ""); err != nil {
			return err
		}
		r, err = runByID(tx, id, actor(ctx), false)
		return err
	})
	return r, err
}

// Runs pages through the caller's own runs, newest first.
func (s *Service) Runs(ctx context.Context, cursor string, limit int) (*RunPage, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 100 {
		limit = 20
	}
	p := &RunPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []Run{}, ""
		if err := iam.Allow(ctx, permManage, ""); err != nil {
			return err
		}
		found, err := listRuns(tx, actor(ctx), before, id, limit+1)
		if err != nil {
			return err
		}
		if len(found) > limit {
			found = found[:limit]
			p.Next = db.Cursor(found[limit-1].Created.UnixMilli(), found[limit-1].ID)
		}
		for _, r := range found {
			if err := countLines(tx, r); err != nil {
				return err
			}
			p.Items = append(p.Items, *r)
		}
		return nil
	})
	return p, err
}

// A LineProblems is a page of what was refused of a run.
type LineProblems struct {
	Items []Problem `json:"items"`
	Next  int       `json:"after,omitempty" doc:"还有时返回：从这一行之后继续"`
}

// Problems pages through the lines of a run that were refused, after a line.
func (s *Service) Problems(ctx context.Context, id string, after, limit int) (*LineProblems, error) {
	if limit <= 0 || limit > 200 {
		limit = 50
	}
	p := &LineProblems{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []Problem{}, 0
		if err := iam.Allow(ctx, permManage, ""); err != nil {
			return err
		}
		if _, err := runByID(tx, id, actor(ctx), false); err != nil {
			return err
		}
		lines, err := linesIn(tx, id, "refused", after, limit+1)
		if err != nil {
			return err
		}
		if len(lines) > limit {
			lines = lines[:limit]
			p.Next = lines[limit-1].line
		}
		for _, l := range lines {
			p.Items = append(p.Items, l.problems...)
		}
		return nil
	})
	return p, err
}

// Start brings in the lines of a draft that wait, and goes on with a run that
// stopped half way: each batch of lines is one transaction, so that what is told as
// done is in, and nothing is in twice. Two that start the same run share its lines.
func (s *Service) Start(ctx context.Context, id, reason string) (*Run, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := iam.Allow(ctx, permManage, ""); err != nil {
			return err
		}
		r, err := runByID(tx, id, actor(ctx), true)
		switch {
		case err != nil:
			return err
		case r.State == Running:
			return nil
		case r.State != Draft:
			return errRunEnded()
		}
		if err := moveRun(tx, id, Running, reason); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "item.import", Object: "item-run/" + id, Reason: reason})
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "item.import", Object: "item-run/" + id}, err)
	}
	for more := true; more; {
		if more, err = s.batch(ctx, id); err != nil {
			return nil, err
		}
		if s.Step != nil {
			s.Step()
		}
	}
	return s.Run(ctx, id)
}

func errRunEnded() error {
	return fault.Conflict.New("这次导入已结束").WithCode("item.run-ended").WithHint("请重新上传；导入过的行不会重复")
}

// batch brings in some lines, and tells whether there may be more.
func (s *Service) batch(ctx context.Context, id string) (more bool, err error) {
	size := s.Batch
	if size <= 0 {
		size = 100
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		more = false
		r, err := runByID(tx, id, actor(ctx), true)
		if err != nil || r.State != Running {
			return err
		}
		lines, err := linesIn(tx, id, "pending", 0, size)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return moveRun(tx, id, Finished, r.Reason)
		}
		for _, l := range lines {
			if err := s.bringTx(ctx, tx, r, l); err != nil {
				return err
			}
		}
		more = true
		return nil
	})
	return more, err
}

// bringTx brings in one line. What refuses it is kept with the line; any other
// error ends the batch.
func (s *Service) bringTx(ctx context.Context, tx *db.Tx, r *Run, l *lineRow) error {
	state, err := s.applyTx(ctx, tx, r.Reason, l.plan)
	if f := fault.As(err); f != nil && !tx.IsRace(err) && f.Kind != fault.Unavailable {
		state = "refused"
		l.problems = []Problem{{Line: l.line, Value: l.plan.Code, Code: f.Code, Rule: f.Msg}}
	} else if err != nil {
		return err
	}
	return endLine(tx, r.ID, l, state)
}

// applyTx does what a line asks for. It looks before it writes: nothing that it
// refuses has left anything behind.
func (s *Service) applyTx(ctx context.Context, tx *db.Tx, reason string, p *plan) (state string, err error) {
	if err := iam.Allow(ctx, permManage, p.Org); err != nil {
		return "", err
	}
	c, day := p.Content, today(tx.Now())
	r, err := byCode(tx, p.Code, true)
	if err != nil {
		return "", err
	}
	bound, err := s.plannedTx(tx, p)
	if err != nil {
		return "", err
	}
	if r == nil {
		if c.Starts == "" {
			c.Starts = day
		}
		there, err := s.createTx(tx, p.Org, p.Code, c, reason)
		if err != nil || there {
			return "", orTaken(err)
		}
		if r, err = byCode(tx, p.Code, true); err != nil {
			return "", err
		}
		return "done", s.bindAllTx(tx, r, bound, reason)
	}
	if r.org != p.Org {
		return "", fault.Conflict.New("这个实施编码是其他单位的事项").WithCode("item.foreign").WithHint("请核对实施编码")
	}
	return s.renewTx(tx, r, c, bound, day, reason)
}

func orTaken(err error) error {
	if err != nil {
		return err
	}
	return fault.Conflict.New("这个实施编码已有事项").WithCode("item.exists").WithHint("请重新上传")
}

// renewTx brings an item that is there to what a line says: nothing where it says
// so already.
func (s *Service) renewTx(tx *db.Tx, r *row, c Content, bound []*bindingRow, day, reason string) (string, error) {
	v, err := newestOf(tx, r.id)
	if err != nil {
		return "", err
	}
	c.keep(v.content, slices.ContainsFunc(bound, func(w *bindingRow) bool { return w.role == Result }))
	if c.Starts == "" {
		if c.Starts = v.content.Starts; !reflect.DeepEqual(v.content, c) {
			c.Starts = max(day, v.content.Starts)
		}
	}
	old, err := boundOf(tx, r.id)
	if err != nil {
		return "", err
	}
	missing := slices.DeleteFunc(slices.Clone(bound), func(w *bindingRow) bool { return slices.ContainsFunc(old, w.same) })
	changed := !reflect.DeepEqual(v.content, c)
	if !changed && len(missing) == 0 {
		return "repeated", nil
	}
	if changed {
		if err := s.changeTx(tx, r, c, reason); err != nil {
			return "", err
		}
	}
	return "done", s.bindAllTx(tx, r, missing, reason)
}

// same tells whether a binding is of the same role and kind.
func (w *bindingRow) same(o *bindingRow) bool { return w.role == o.role && w.kind == o.kind }

// keep takes from the version before what a line leaves empty: a list changes what
// it says, and clears nothing.
func (c *Content) keep(old Content, makes bool) {
	for _, one := range []struct {
		to   *string
		from string
	}{{&c.Audience, old.Audience}, {&c.Way, old.Way}, {&c.Basis, old.Basis}, {&c.Note, old.Note}, {&c.Ends, old.Ends}} {
		if *one.to == "" {
			*one.to = one.from
		}
	}
	if c.Days == 0 {
		c.Days = old.Days
	}
	if c.Materials == nil {
		c.Materials = old.Materials
	}
	for i := range c.Materials {
		c.Materials[i].Spared = slices.Contains(old.Materials, Material{c.Materials[i].Name, true})
	}
	c.NoResult = c.NoResult || old.NoResult && !makes
}

// plannedTx are the bindings of a plan, whose kinds must still be published.
func (s *Service) plannedTx(tx *db.Tx, p *plan) (list []*bindingRow, err error) {
	put := func(role, kind string) error {
		k, err := s.kindTx(tx, kind)
		if err != nil {
			return err
		}
		list = append(list, &bindingRow{role: role, kind: k.Name, needed: role == Input, exempt: role == Input && contains(p.Exempt, k.Name)})
		return nil
	}
	for _, k := range p.Results {
		if err := put(Result, k); err != nil {
			return nil, err
		}
	}
	for _, k := range p.Inputs {
		if err := put(Input, k); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// bindAllTx binds what a line asks for. Whether kinds can still be had was looked
// at for the list as a whole: an item may stand before the one that it needs.
func (s *Service) bindAllTx(tx *db.Tx, r *row, list []*bindingRow, reason string) error {
	for _, w := range list {
		w.id, w.item, w.reason, w.account, w.at = newID(), r.id, reason, actor(tx.Context()), tx.Now().UnixMilli()
		if _, err := insertBinding(tx, w); err != nil {
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "item.bind", Object: objectOf(r.code), Reason: reason, After: gm.Sum([]byte(w.role + " " + w.kind))}); err != nil {
			return err
		}
	}
	return nil
}

// Discard gives up a run that has not finished. What came in stays.
func (s *Service) Discard(ctx context.Context, id string) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := iam.Allow(ctx, permManage, ""); err != nil {
			return err
		}
		r, err := runByID(tx, id, actor(ctx), true)
		if err != nil {
			return err
		}
		if r.State != Draft && r.State != Running {
			return errRunEnded()
		}
		if err := moveRun(tx, id, Over, r.Reason); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "item.import-over", Object: "item-run/" + id})
	})
}
