package batch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/table"
	"sidian/workday"
)

// checked is a row with what a look at it found.
type checked struct {
	line     *table.Line
	request  cert.IssueRequest
	digest   gm.Digest
	repeated bool
	problems []table.Problem
}

// A checker looks at the rows of a table as issuing will, without writing.
type checker struct {
	*Service
	kind  *catalogue.Kind
	face  *face.Face
	issue catalogue.Issuance
	table *table.Table
	rows  []*checked
}

// placeTx is who issues, as far as a face says it.
func (s *Service) placeTx(tx *db.Tx, k *catalogue.Kind, unit string) (i catalogue.Issuance, path string, err error) {
	above, err := iam.AboveTx(tx, unit)
	if err != nil {
		return i, "", err
	}
	o := above[0]
	incomplete := fault.Conflict.New("签发单位“%s”已停用，或没有登记统一社会信用代码、行政区划代码，不能签发", o.Name).WithCode("batch.unit").WithHint("请系统管理员补全单位信息").WithField("unit", "unit", "单位信息不全")
	code, e1 := gbcode.ParseCreditCode(o.USCC)
	region, e2 := gbcode.ParseDivision(o.Region)
	if o.Closed || e1 != nil || e2 != nil {
		return i, "", incomplete
	}
	return catalogue.Issuance{Issuer: catalogue.Issuer{Name: o.Name, Code: code, Region: region}, Issued: workday.DateOf(tx.Now().In(beijing)),
		Sequence: 1, Version: 1, DocID: strings.Repeat("0", 32), Code: s.Cert.BaseURL + "/v/" + newID()}, o.Path(), nil
}

// check reads a file and looks at every row of it.
func (s *Service) check(ctx context.Context, k *catalogue.Kind, unit string, issue catalogue.Issuance, data []byte) (*checker, error) {
	t, err := Reader.Read(data, columns(k))
	if err != nil {
		return nil, err
	}
	c := &checker{Service: s, kind: k, issue: issue, table: t}
	if c.face, err = s.Catalogue.Face(k); err != nil {
		return nil, err
	}
	for i := range t.Lines {
		row := &checked{line: &t.Lines[i]}
		row.request = requestOf(k, unit, row.line)
		b, err := json.Marshal(row.request)
		if err != nil {
			return nil, fmt.Errorf("batch: writing a row: %w", err)
		}
		row.digest = s.said.Of(string(b))
		c.rows = append(c.rows, row)
	}
	if err := c.repeats(ctx); err != nil {
		return nil, err
	}
	return c, c.all(ctx)
}

// all looks at the rows, on every core: drawing a face takes its time.
func (c *checker) all(ctx context.Context) error {
	var group sync.WaitGroup
	errs := make([]error, runtime.GOMAXPROCS(0))
	for n := range errs {
		group.Go(func() {
			for i := n; i < len(c.rows) && ctx.Err() == nil && errs[n] == nil; i += len(errs) {
				if r := c.rows[i]; !r.repeated {
					errs[n] = c.row(r)
				}
			}
		})
	}
	group.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}

func (c *checker) row(r *checked) error {
	c.cells(r)
	if len(r.problems) > 0 {
		return nil
	}
	if utf8.RuneCountInString(r.request.CaseNo) > 64 || catalogue.SecretMarked(r.request.CaseNo) {
		r.problems = append(r.problems, problem(c.table, r.line.Number, "case_no", "charset", "办件编号至多 64 个字，不得带有国家秘密标志", "请更正"))
		return nil
	}
	content, err := c.kind.Validate(catalogue.Request{Holders: r.request.Holders, Fields: r.request.Fields, ValidFrom: r.request.ValidFrom, ValidTo: r.request.ValidTo})
	if err == nil {
		err = c.draw(content)
	}
	if err != nil && fault.As(err) == nil {
		return fmt.Errorf("batch: checking line %d: %w", r.line.Number, err)
	}
	r.problems = append(r.problems, problemsOf(c.table, r.line.Number, err)...)
	return nil
}

// draw lays a row out on the face: what does not fit is known before anybody
// approves it.
func (c *checker) draw(content *catalogue.Content) error {
	d, err := c.kind.Draft(content, c.issue)
	if err == nil {
		_, err = c.face.Fill(d.Face)
	}
	return catalogue.Refusal(err)
}

// cells checks what holds for any cell.
func (c *checker) cells(r *checked) {
	add := func(key, code, rule, fix string) {
		r.problems = append(r.problems, problem(c.table, r.line.Number, key, code, rule, fix))
	}
	if strings.HasPrefix(r.line.Text(remark), exampleMark) {
		add(remark, "batch.example", "这是模板里的样例行", "请删除此行；如果是真实数据，请清空备注")
	}
	for i := range c.table.Columns {
		col := &c.table.Columns[i]
		v, cell := r.line.Text(col.Key), r.line.Cells[col.Key]
		_, isDay := cell.Day(beijing)
		switch {
		case cell.Formula:
			add(col.Key, "batch.formula", "单元格是公式", "请复制后“选择性粘贴—数值”，只留下值")
		case cell.Bad:
			add(col.Key, "batch.error", "单元格是计算错误", "请填写实际的值")
		case utf8.RuneCountInString(v) > Reader.Cell:
			add(col.Key, "batch.long", "超过 2000 个字", "请缩短")
		case !table.Plain(v, true):
			add(col.Key, "batch.characters", "含有看不见的控制字符或无法识别的字", "请删去后重新输入")
		case v == "" && col.Must:
			add(col.Key, "required", "“"+col.Title+"”必填", "请填写")
		case cell.Lossy() && !isDay:
			add(col.Key, "batch.number", "表格软件把号码存成了数字，末位可能已丢失", "请把该列设为“文本”格式后重新输入")
		case v != "" && len(col.Allowed) > 0 && !slices.Contains(col.Allowed, v) && strings.HasPrefix(col.Key, "h"):
			add(col.Key, "value", "“"+col.Title+"”只能是："+strings.Join(col.Allowed, "、"), "请从列表中选择")
		}
	}
}

// repeats finds the rows that say what was issued already, and those that stand
// twice in the table.
func (c *checker) repeats(ctx context.Context) error {
	seen := map[gm.Digest]int{}
	for some := range slices.Chunk(c.rows, 400) {
		digests := make([][]byte, len(some))
		for i, r := range some {
			digests[i] = r.digest[:]
		}
		var done map[gm.Digest]bool
		err := c.DB.Read(ctx, func(tx *db.Tx) (err error) { done, err = issuedDigests(tx, digests); return err })
		if err != nil {
			return err
		}
		for _, r := range some {
			if r.repeated = done[r.digest]; r.repeated {
				continue
			}
			if first, twice := seen[r.digest]; twice {
				r.problems = append(r.problems, problem(c.table, r.line.Number, "", "batch.twice", "与第 "+strconv.Itoa(first)+" 行的内容完全相同", "请删去其中一行"))
				continue
			}
			seen[r.digest] = r.line.Number
		}
	}
	return nil
}
