package onboard

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
)

// How long a run that nobody goes on with is kept, and how many lines are
// written in one transaction.
const (
	draftLife = 7 * 24 * time.Hour
	writeStep = 500
)

func errNoRun() error {
	return fault.NotFound.New("没有这次导入").WithCode("onboard.unknown").WithHint("请从“批量导入”中选择")
}

// sealedLine is what is kept of a line until it is done.
type sealedLine struct {
	Cells  map[string]string `json:"c"`
	Number map[string]bool   `json:"n,omitempty"`
	Place  map[string]int    `json:"p"`
}

func cellOf(run string, line int64) keys.Cell {
	return keys.Cell{Table: "onboard_row", Column: "sealed", Row: run + "/" + strconv.FormatInt(line, 10)}
}

// Draft reads a table and keeps it, encrypted, with what a look at it found.
// Nothing comes in before Start. The same table, sent again by the same account
// while it has not ended, is the same run.
func (s *Service) Draft(ctx context.Context, f File) (*Run, error) {
	if err := s.allow(ctx, "onboard.draft"); err != nil {
		return nil, err
	}
	p, _ := iam.From(ctx)
	sum := gm.Sum(f.Data)
	var row *runRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { row, err = openRun(tx, p.Account, string(f.Kind), sum); return err })
	if err != nil {
		return nil, err
	}
	if row != nil && row.state != Draft {
		return s.Run(ctx, row.id)
	}
	c, err := s.check(ctx, f)
	if err != nil {
		return nil, err
	}
	if row != nil { // what is there may have changed since: it is looked at anew
		if err := s.Discard(ctx, row.id); err != nil {
			return nil, err
		}
	}
	id, err := s.keep(ctx, c, p.Account, sum)
	if err != nil {
		return nil, err
	}
	return s.Run(ctx, id)
}

// rootOf is the organisation whose administrators may look after a run.
func rootOf(ctx context.Context) string {
	if roots := iam.ScopeRoots(ctx, Permission); len(roots) > 0 {
		return roots[0]
	}
	return ""
}

func (s *Service) keep(ctx context.Context, c *checker, account string, sum gm.Digest) (string, error) {
	r := &runRow{id: newID(), kind: string(c.table.kind), account: account, org: rootOf(ctx), file: sum[:], total: int64(len(c.lines)), state: Reading}
	err := s.DB.Write(ctx, func(tx *db.Tx) error { r.created = tx.Now().UnixMilli(); return insertRun(tx, r) })
	if err != nil {
		return "", err
	}
	for some := range slices.Chunk(c.lines, writeStep) {
		rows := make([]*rowRow, len(some))
		for i, l := range some {
			if rows[i], err = s.rowOf(r.id, c.table, l); err != nil {
				return "", err
			}
		}
		err := s.DB.Write(ctx, func(tx *db.Tx) error {
			for _, row := range rows {
				if err := insertRow(tx, r.id, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return "", err
		}
	}
	return r.id, s.DB.Write(ctx, func(tx *db.Tx) error {
		row, err := getRun(tx, r.id, true)
		if err != nil || row == nil {
			return err
		}
		row.state = Draft
		if err := saveRun(tx, row); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "onboard.draft", Object: "onboard/" + r.id, After: sum,
			Reason: fmt.Sprintf("%s表 %d 行", c.table.kind.Title(), len(c.lines))})
	})
}

func (s *Service) rowOf(run string, t *sheet, l *checked) (*rowRow, error) {
	row := &rowRow{line: int64(l.Number), seq: int64(l.seq), digest: l.digest[:], state: pending}
	var err error
	switch {
	case l.repeated:
		row.state = repeated
		return row, nil
	case len(l.problems) > 0:
		row.state = refused
		row.problems, err = encode(l.problems)
		return row, err
	}
	kept := sealedLine{Cells: map[string]string{}, Number: map[string]bool{}, Place: t.Place}
	for key := range t.Place {
		if v := l.Text(key); v != "" && key != remark {
			kept.Cells[key] = v
			if l.Cells[key].Number {
				kept.Number[key] = true
			}
		}
	}
	b, err := json.Marshal(kept)
	if err != nil {
		return nil, err
	}
	row.sealed, err = s.box.Seal(cellOf(run, row.line), b)
	return row, err
}

// mayTx returns a run that the caller may look after: their own, or one of an
// organisation for which they bring in others.
func mayTx(ctx context.Context, tx *db.Tx, id string, lock bool) (*runRow, error) {
	r, err := getRun(tx, id, lock)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, errNoRun()
	}
	if err := iam.Allow(ctx, Permission, ""); err != nil {
		return nil, err
	}
	if !mayLook(ctx, r) {
		return nil, errNoRun()
	}
	return r, nil
}

func mayLook(ctx context.Context, r *runRow) bool {
	p, ok := iam.From(ctx)
	return ok && (p.Account == r.account || r.org != "" && iam.Allow(ctx, Permission, r.org) == nil)
}

// Run returns a run, with how far it is.
func (s *Service) Run(ctx context.Context, id string) (*Run, error) {
	var out *Run
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := mayTx(ctx, tx, id, false)
		if err != nil {
			return err
		}
		out, err = showRun(tx, r)
		return err
	})
	return out, err
}

func showRun(tx *db.Tx, r *runRow) (*Run, error) {
	n, err := countRows(tx, r.id)
	if err != nil {
		return nil, err
	}
	v := &Run{ID: r.id, Kind: Kind(r.kind), State: r.state, By: r.account, Digest: hex.EncodeToString(r.file), Reason: r.reason, Trouble: r.trouble, Total: int(r.total),
		Pending: n[pending] + n[begun], Done: n[done], Refused: n[refused], Repeated: n[repeated],
		Created: time.UnixMilli(r.created).UTC(), Started: moment(r.started), Finished: moment(r.finished)}
	if tried := float64(n[done]); r.worked > 0 && tried > 0 {
		v.Rate = tried * 1000 / float64(r.worked)
		v.Left = int(float64(v.Pending)/v.Rate + 0.999)
	}
	return v, nil
}

// Runs pages through the runs that the caller may look after, newest first.
func (s *Service) Runs(ctx context.Context, cursor string, limit int) (*RunPage, error) {
	if err := iam.Allow(ctx, Permission, ""); err != nil {
		return nil, err
	}
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 100 {
		limit = 20
	}
	page := &RunPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		*page = RunPage{Items: []Run{}}
		before, id := before, id
		for range 20 { // runs of others are few, and are passed over
			rows, err := listRuns(tx, before, id, 100)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if before, id = r.created, r.id; !mayLook(ctx, r) {
					continue
				}
				v, err := showRun(tx, r)
				if err != nil {
					return err
				}
				if page.Items = append(page.Items, *v); len(page.Items) == limit {
					page.Next = db.Cursor(before, id)
					return nil
				}
			}
			if len(rows) < 100 {
				return nil
			}
		}
		page.Next = db.Cursor(before, id)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

// Start lets a draft come in, line by line: see Work.
func (s *Service) Start(ctx context.Context, id, reason string) (*Run, error) {
	if err := needReason(reason); err != nil {
		return nil, err
	}
	if err := s.allow(ctx, "onboard.start"); err != nil {
		return nil, err
	}
	return s.move(ctx, id, "onboard.start", reason, func(tx *db.Tx, r *runRow) error {
		if p, _ := iam.From(ctx); p.Account != r.account {
			return fault.Forbidden.New("只有上传表格的人可以开始导入").WithCode("onboard.other").WithHint("请自己上传一次")
		}
		if r.state != Draft {
			return errState()
		}
		now := tx.Now().UnixMilli()
		r.state, r.reason, r.started = Running, strings.TrimSpace(reason), &now
		return nil
	})
}

func needReason(reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n == 0 || n > 500 {
		return fault.Invalid.New("须填写理由").WithCode("reason.required").WithField("reason", "required", "必填，至多 500 个字")
	}
	return nil
}

func errState() error {
	return fault.Conflict.New("这次导入的状态不允许此操作").WithCode("onboard.state").WithHint("请刷新后查看当前状态")
}

// Pause stops a run after the lines that it is at.
func (s *Service) Pause(ctx context.Context, id string) (*Run, error) {
	return s.move(ctx, id, "onboard.pause", "", func(_ *db.Tx, r *runRow) error {
		if r.state != Running {
			return errState()
		}
		r.state = Paused
		return nil
	})
}

// Resume goes on with a paused run.
func (s *Service) Resume(ctx context.Context, id string) (*Run, error) {
	return s.move(ctx, id, "onboard.resume", "", func(_ *db.Tx, r *runRow) error {
		if r.state != Paused {
			return errState()
		}
		r.state, r.trouble = Running, ""
		return nil
	})
}

// Discard gives up a run that has not finished. What came in stays.
func (s *Service) Discard(ctx context.Context, id string) error {
	_, err := s.move(ctx, id, "onboard.discard", "", giveUp)
	return err
}

func giveUp(tx *db.Tx, r *runRow) error {
	if r.state != Draft && r.state != Paused && r.state != Reading {
		return errState()
	}
	now := tx.Now().UnixMilli()
	r.state, r.finished = Over, &now
	return wipeRows(tx, r.id)
}

func (s *Service) move(ctx context.Context, id, action, reason string, change func(*db.Tx, *runRow) error) (*Run, error) {
	var out *Run
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := mayTx(ctx, tx, id, true)
		if err != nil {
			return err
		}
		if err := change(tx, r); err != nil {
			return err
		}
		if err := saveRun(tx, r); err != nil {
			return err
		}
		if out, err = showRun(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: "onboard/" + id, Reason: reason, After: gm.Digest(r.file)})
	})
	return out, err
}

// Sweep gives up runs that nobody went on with for a week.
func (s *Service) Sweep(ctx context.Context) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		list, err := staleRuns(tx, tx.Now().Add(-draftLife).UnixMilli())
		for _, r := range list {
			if err == nil {
				err = giveUp(tx, r)
			}
			if err == nil {
				err = saveRun(tx, r)
			}
			if err == nil {
				err = audit.Put(tx, audit.Entry{Action: "onboard.discard", Object: "onboard/" + r.id, Reason: "七天没有继续", After: gm.Digest(r.file)})
			}
		}
		return err
	})
}

// Problems pages through what was refused of a run, by line.
func (s *Service) Problems(ctx context.Context, id string, after, limit int) (*ProblemPage, error) {
	if limit <= 0 || limit > 1000 {
		limit = 100
	}
	page := &ProblemPage{}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []Problem{}, 0
		if _, err := mayTx(ctx, tx, id, false); err != nil {
			return err
		}
		rows, err := rowsIn(tx, id, refused, after, limit+1)
		if err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			page.Next = int(rows[limit-1].line)
		}
		for _, r := range rows {
			list, err := decode(r.problems)
			if err != nil {
				return err
			}
			page.Items = append(page.Items, list...)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}
