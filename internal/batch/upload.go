package batch

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/table"
)

// An Upload is a table as it was sent.
type Upload struct {
	Kind     string
	Unit     string // empty: the sender's own
	Corrects string // the batch whose rows it puts right; may be empty
	Data     []byte
}

// writeStep is how many rows are written in one transaction.
const writeStep = 500

func cellOf(run string, line int64) keys.Cell {
	return keys.Cell{Table: "batch_row", Column: "sealed", Row: run + "/" + strconv.FormatInt(line, 10)}
}

// allow refuses who may not do something in a unit, or is no person.
func allow(ctx context.Context, permission, unit string) (*iam.Principal, error) {
	if err := iam.Allow(ctx, permission, unit); err != nil {
		return nil, err
	}
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" || p.Kind == iam.Holder {
		return nil, fault.Forbidden.New("批量签发须由工作人员本人办理").WithCode("batch.person").WithHint("应用请用签发接口逐件签发；批量签发请工作人员登录后办理")
	}
	return p, nil
}

// kindOf is a kind that may be issued in bulk by a unit.
func (s *Service) kindOf(ctx context.Context, ref, unit string) (*catalogue.Kind, error) {
	k, err := s.Catalogue.Get(ctx, ref)
	if f := fault.As(err); f != nil && f.Kind == fault.NotFound {
		return nil, fault.Invalid.New("没有这个证照种类").WithCode("batch.kind").WithHint("请从列表中选择").WithField("kind", "unknown", "没有这个证照种类")
	} else if err != nil {
		return nil, err
	}
	issuers, err := s.Cert.Issuers(ctx, k.Name)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(issuers, unit) {
		return nil, fault.Forbidden.New("该单位不签发“%s”", k.Title).WithCode("batch.issuer").WithHint("请由证照目录登记的签发单位办理").WithField("unit", "issuer", "不是登记的签发单位")
	}
	return k, bulky(k)
}

func unitOf(ctx context.Context, unit string) string {
	if p, ok := iam.From(ctx); ok && unit == "" {
		return p.Org
	}
	return unit
}

// Template is an empty table of a kind, to be filled in by a unit's clerk.
func (s *Service) Template(ctx context.Context, kind, unit string) (name string, data []byte, err error) {
	unit = unitOf(ctx, unit)
	if _, err := allow(ctx, permUpload, unit); err != nil {
		return "", nil, err
	}
	k, err := s.kindOf(ctx, kind, unit)
	if err != nil {
		return "", nil, err
	}
	data, err = table.Template(sheetName(k.Title), columns(k), []string{
		"一个文件至多 20000 行、5 MB，每行一件证照；每个单元格至多 2000 个字。不要改动标题，不要填写公式。",
		"上传后先逐行检查，列出每个错误。没有错误的行由审核人整批审核、签发人开始签发；有错误的行不签发，改好后用一张新表重新上传。",
		"上传人、审核人、签发人须为三个不同的人。内容完全相同的行只签发一次。",
	})
	return "批量签发模板-" + k.Title + ".xlsx", data, err
}

// sheetName is a title without what the name of a sheet must not have (ISO/IEC
// 29500-1 §18.2.19).
func sheetName(title string) string {
	title = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`:\/?*[]'`, r) {
			return -1
		}
		return r
	}, title)
	r := []rune(title)
	return string(r[:min(len(r), 31)])
}

// Upload checks every row of a table and keeps those that can be issued,
// encrypted. Nothing is issued before others approve and start it. The same
// table, sent again by the same person before it ended, is the same batch.
func (s *Service) Upload(ctx context.Context, u Upload) (*Batch, error) {
	u.Unit = unitOf(ctx, u.Unit)
	id, err := s.upload(ctx, u)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "batch.upload", Object: "unit/" + u.Unit}, err)
	}
	return s.Get(ctx, id)
}

func (s *Service) upload(ctx context.Context, u Upload) (string, error) {
	p, err := allow(ctx, permUpload, u.Unit)
	if err != nil {
		return "", err
	}
	k, err := s.kindOf(ctx, u.Kind, u.Unit)
	if err != nil {
		return "", err
	}
	sum := gm.Sum(u.Data)
	run := &runRow{id: newID(), unit: u.Unit, kind: k.Name, version: int64(k.Version), corrects: u.Corrects, state: Reading, title: k.Title, uploader: p.Account, file: sum[:]}
	var same *runRow
	var issue catalogue.Issuance
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		if same, err = sameFile(tx, run); err != nil || same != nil {
			return err
		}
		if err := s.correctsTx(tx, run); err != nil {
			return err
		}
		issue, run.path, err = s.placeTx(tx, k, u.Unit)
		return err
	})
	if err != nil || same != nil && same.state != Checked {
		if same != nil {
			return same.id, err
		}
		return "", err
	}
	if same != nil { // what was issued meanwhile, or the kind, may have changed
		if _, err := s.Act(ctx, Decision{ID: same.id, Action: ActDiscard}); err != nil {
			return "", err
		}
		return s.upload(ctx, u)
	}
	c, err := s.check(ctx, k, u.Unit, issue, u.Data)
	if err != nil {
		return "", err
	}
	return run.id, s.keep(ctx, run, c)
}

// correctsTx refuses to put right what is another kind's or unit's, or has no
// wrong rows.
func (s *Service) correctsTx(tx *db.Tx, r *runRow) error {
	if r.corrects == "" {
		return nil
	}
	bad := fault.Invalid.New("所选的批次不能由这张表更正").WithCode("batch.corrects").WithHint("请从有未签发行的批次页面上传更正表").WithField("corrects", "corrects", "须是同一单位、同一种类、有未签发行的批次")
	first, err := getRun(tx, r.corrects, false)
	if f := fault.As(err); f != nil {
		return bad
	} else if err != nil {
		return err
	}
	n, err := countRows(tx, first.id)
	if err == nil && (first.unit != r.unit || first.kind != r.kind || n[refused]+n[failed] == 0) {
		err = bad
	}
	return err
}

func (s *Service) keep(ctx context.Context, run *runRow, c *checker) error {
	run.total = int64(len(c.rows))
	err := s.DB.Write(ctx, func(tx *db.Tx) error { run.created = tx.Now().UnixMilli(); return insertRun(tx, run) })
	if err != nil {
		return err
	}
	wrong := 0
	for some := range slices.Chunk(c.rows, writeStep) {
		rows := make([]*rowRow, len(some))
		for i, r := range some {
			if rows[i], err = s.rowOf(run.id, r); err != nil {
				return err
			}
			if rows[i].state == refused {
				wrong++
			}
		}
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			for _, row := range rows {
				if err := insertRow(tx, run.id, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	s.step("rows")
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := getRun(tx, run.id, true)
		if err != nil {
			return err
		}
		r.state = Checked
		if err := saveRun(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "batch.upload", Object: objectOf(r.id), After: gm.Digest(r.file),
			Reason: fmt.Sprintf("%s %d 行，检查未通过 %d 行", r.title, r.total, wrong)})
	})
}

func (s *Service) rowOf(run string, r *checked) (row *rowRow, err error) {
	row = &rowRow{line: int64(r.line.Number), digest: r.digest[:], state: pending}
	switch {
	case r.repeated:
		row.state = repeated
		return row, nil
	case len(r.problems) > 0:
		row.state, row.code = refused, r.problems[0].Code
		row.problems, err = encode(r.problems)
		return row, err
	}
	b, err := json.Marshal(r.request)
	if err != nil {
		return nil, fmt.Errorf("batch: writing a row: %w", err)
	}
	row.sealed, err = s.box.Seal(cellOf(run, row.line), b)
	return row, err
}

// forgotten is how long a batch waits for people.
const forgotten = 30 * 24 * time.Hour

// Sweep ends batches that nobody went on with for thirty days.
func (s *Service) Sweep(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		list, err := staleRuns(tx, tx.Now().Add(-forgotten).UnixMilli())
		for _, r := range list {
			if err == nil {
				err = s.endTx(tx, r, Over)
			}
			if err == nil {
				err = saveRun(tx, r)
			}
			if err == nil {
				err = audit.Put(tx, audit.Entry{Action: "batch.discard", Object: objectOf(r.id), Reason: "三十天没有继续", After: gm.Digest(r.file)})
			}
		}
		return err
	})
}

func needReason(reason string) error {
	n := utf8.RuneCountInString(strings.TrimSpace(reason))
	switch {
	case n == 0 || n > 300:
		return fault.Invalid.New("须填写理由").WithCode("reason.required").WithHint("写明依据，记入审计").WithField("reason", "required", "必填，至多 300 个字")
	case audit.Personal(reason):
		return fault.Invalid.New("理由中不得写个人信息").WithCode("reason.personal").WithHint("请去掉证件号码、手机号码").WithField("reason", "personal", "不得写证件号码、手机号码")
	}
	return nil
}
