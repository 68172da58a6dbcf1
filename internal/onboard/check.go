package onboard

import (
	"cmp"
	"context"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
)

// A checker looks at the lines of a table as iam will, without writing.
type checker struct {
	*Service
	ctx   context.Context
	table *sheet
	units *units
	lines []*checked
	posts map[string]map[string]string // of a unit: account by post, as it is read
	taken map[string]*iam.Subject      // accounts by username; nil: there is none
}

// checked is a line with what a look at it found.
type checked struct {
	*table.Line
	digest   gm.Digest
	repeated bool
	problems []Problem
	seq      int // lines are done in this order: a parent before its children
	unit     iam.OrgRequest
	person   person
}

func (c *checked) good() bool { return !c.repeated && len(c.problems) == 0 }

// Check looks at a table and tells what would be refused, by the rules of the
// single use cases. It writes nothing.
func (s *Service) Check(ctx context.Context, f File) (*Report, error) {
	if err := s.allow(ctx, "onboard.check"); err != nil {
		return nil, err
	}
	c, err := s.check(ctx, f)
	if err != nil {
		return nil, err
	}
	sum := gm.Sum(f.Data)
	r := &Report{Kind: f.Kind, Digest: hex.EncodeToString(sum[:]), Total: len(c.lines), Problems: []Problem{}}
	for _, l := range c.lines {
		switch {
		case l.repeated:
			r.Repeated++
		case l.good():
			r.Good++
		default:
			r.Bad++
		}
		for _, p := range l.problems {
			if len(r.Problems) < maxProblems {
				r.Problems = append(r.Problems, p)
			} else {
				r.More++
			}
		}
	}
	return r, nil
}

// allow refuses who may not bring in anything, and records it.
func (s *Service) allow(ctx context.Context, action string) error {
	err := iam.Allow(ctx, Permission, "")
	if p, ok := iam.From(ctx); err == nil && (!ok || p.Account == "") {
		err = fault.Forbidden.New("批量导入须由工作人员本人办理").WithCode("onboard.person").WithHint("请由系统管理员登录后办理")
	}
	if f := fault.As(err); f == nil || f.Kind != fault.Forbidden {
		return err
	} else if put := s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: action, Object: "onboard/", Result: audit.Refused, Rule: f.Code})
	}); put != nil {
		return put
	}
	return err
}

func (s *Service) check(ctx context.Context, f File) (*checker, error) {
	t, err := s.readTable(f)
	if err != nil {
		return nil, err
	}
	c := &checker{Service: s, ctx: ctx, table: t, posts: map[string]map[string]string{}, taken: map[string]*iam.Subject{}}
	if c.units, err = s.known(ctx); err != nil {
		return nil, err
	}
	for i := range t.Lines {
		l := &checked{Line: &t.Lines[i], seq: i}
		l.digest = s.digestOf(t, l.Line)
		c.lines = append(c.lines, l)
	}
	if err := c.repeats(); err != nil {
		return nil, err
	}
	for _, l := range c.lines {
		if !l.repeated {
			c.cells(l)
		}
	}
	if f.Kind == Units {
		return c, c.checkUnits()
	}
	return c, c.checkPeople()
}

// digestOf is the blind index of what a line says: whatever the order of the
// columns, and whatever is remarked.
func (s *Service) digestOf(t *sheet, l *table.Line) gm.Digest {
	var b strings.Builder
	b.WriteString(string(t.kind))
	for _, col := range t.Columns {
		if v := l.Text(col.Key); v != "" && col.Key != remark {
			b.WriteString("\x1f" + col.Key + "\x1e" + v)
		}
	}
	return s.digest.Of(b.String())
}

// repeats finds the lines that an earlier run brought in, and those that stand
// twice in the table.
func (c *checker) repeats() error {
	seen := map[gm.Digest]int{}
	for some := range slices.Chunk(c.lines, 400) {
		digests := make([][]byte, len(some))
		for i, l := range some {
			digests[i] = l.digest[:]
		}
		var done map[gm.Digest]bool
		err := c.DB.Read(c.ctx, func(tx *db.Tx) (err error) { done, err = doneDigests(tx, digests); return err })
		if err != nil {
			return err
		}
		for _, l := range some {
			if l.repeated = done[l.digest]; l.repeated {
				continue
			}
			if first, twice := seen[l.digest]; twice {
				c.add(l, "", refusal{"onboard.twice", "与第 " + strconv.Itoa(first) + " 行完全相同", "请删去其中一行"})
			}
			seen[l.digest] = l.Number
		}
	}
	return nil
}

func (c *checker) add(l *checked, key string, r refusal) {
	for _, p := range l.problems {
		if p.Code == r.code && (key == "" && p.Column == "" || key != "" && p.Column == c.table.Column(key).Title) {
			return // said already
		}
	}
	l.problems = append(l.problems, c.table.problem(l.Line, key, r.code, r.rule, r.fix))
}

// cells checks what holds for any cell.
func (c *checker) cells(l *checked) {
	if strings.HasPrefix(l.Text(remark), exampleMark) {
		c.add(l, remark, refusal{"onboard.example", "这是模板里的样例行", "请删除此行；如果是真实数据，请清空备注"})
	}
	for i := range c.table.Columns {
		col := &c.table.Columns[i]
		v, cell := l.Text(col.Key), l.Cells[col.Key]
		switch {
		case cell.Formula:
			c.add(l, col.Key, refusal{"onboard.formula", "单元格是公式", "请复制后“选择性粘贴—数值”，只留下值"})
		case cell.Bad:
			c.add(l, col.Key, refusal{"onboard.error", "单元格是计算错误", "请填写实际的值"})
		case utf8.RuneCountInString(v) > maxCell:
			c.add(l, col.Key, refusal{"onboard.long", "超过 500 个字", "请缩短"})
		case !table.Plain(v, false):
			c.add(l, col.Key, refusal{"onboard.characters", "含有看不见的控制字符或无法识别的字", "请删去后重新输入"})
		case v == "" && col.Must:
			c.add(l, col.Key, refusal{"required", "必填", "请填写" + col.Title})
		case (cell.Lossy() || cell.Number && strings.Contains(v, ".")) && col.Key != "until":
			c.add(l, col.Key, refusal{"onboard.number", "表格软件把号码存成了数字，末位可能已丢失", "请把该列设为“文本”格式后重新输入"})
		}
	}
}

// faults turns a refusal of iam into problems of a line.
func (c *checker) faults(l *checked, err error, keys map[string]string) {
	for _, p := range problemsOf(c.table, l.Line, err, keys) {
		same := func(q Problem) bool { return q.Column == p.Column }
		if !slices.ContainsFunc(l.problems, same) { // one thing at a time is said of a cell
			l.problems = append(l.problems, p)
		}
	}
}

// problemsOf tells of a refusal in the words of a table. keys are columns by
// the names of iam's fields, where they are called otherwise; "" is where a
// refusal without a field belongs.
func problemsOf(t *sheet, l *table.Line, err error, keys map[string]string) (list []Problem) {
	f := fault.As(err)
	if f == nil {
		return nil
	}
	fix := f.Hint
	for _, field := range f.Fields {
		key := field.Name
		if k, ok := keys[key]; ok {
			key = k
		}
		rule := field.Message
		if rule == "必填" && key != "" {
			rule = f.Msg + "：" + rule
		}
		list = append(list, t.problem(l, key, field.Code, rule, cmp.Or(fix, "请按列的说明填写")))
	}
	if len(list) == 0 {
		list = append(list, t.problem(l, keys[""], cmp.Or(f.Code, string(f.Kind)), f.Msg, cmp.Or(fix, "请更正后再次导入")))
	}
	return list
}

// named is the account of a username, or nil.
func (c *checker) named(username string) (*iam.Subject, error) {
	username = iam.FoldUsername(username)
	if who, known := c.taken[username]; known {
		return who, nil
	}
	who, err := c.subject(c.ctx, username)
	if err == nil {
		c.taken[username] = who
	}
	return who, err
}

func (s *Service) subject(ctx context.Context, username string) (*iam.Subject, error) {
	var who *iam.Subject
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		found, err := iam.SubjectNamedTx(tx, username)
		if f := fault.As(err); f != nil && f.Kind == fault.NotFound {
			who = nil
			return nil
		}
		who = &found
		return err
	})
	return who, err
}

// holders are who holds the posts of a unit, by post.
func (c *checker) holders(org string) (map[string]string, error) {
	if held, known := c.posts[org]; known {
		return held, nil
	}
	list, err := c.IAM.Posts(c.ctx, org, false)
	if err != nil {
		return nil, err
	}
	held := map[string]string{}
	for _, p := range list {
		held[p.Post] = p.Account
	}
	c.posts[org] = held
	return held, nil
}
