package batch

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/batch/event"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
	"sidian/internal/outbox"
)

// Actions of people.
const (
	ActSubmit  = "submit"
	ActDiscard = "discard"
	ActApprove = "approve"
	ActReturn  = "return"
	ActStart   = "start"
	ActPause   = "pause"
	ActResume  = "resume"
	ActCancel  = "cancel"
)

// A Decision is what somebody does with a batch.
type Decision struct {
	ID     string `path:"id" json:"-"`
	Action string `path:"action" json:"-" enum:"submit,discard,approve,return,start,pause,resume,cancel"`
	Reason string `json:"reason,omitempty" maxLength:"300" doc:"退回、开始签发、取消时必填；不要写个人信息"`
}

// A rule is an action: from which states, by whom.
type rule struct {
	action, needs string
	from          []string
	reason        bool
}

var rules = []rule{
	{ActSubmit, permUpload, []string{Checked}, false},
	{ActDiscard, permUpload, []string{Checked, Submitted, Approved}, false},
	{ActApprove, permApprove, []string{Submitted}, false},
	{ActReturn, permApprove, []string{Submitted}, true},
	{ActStart, permStart, []string{Approved}, true},
	{ActPause, permStart, []string{Running}, false},
	{ActResume, permStart, []string{Paused}, false},
	{ActCancel, permStart, []string{Running, Paused}, true},
}

func ruleOf(action string) *rule {
	if i := slices.IndexFunc(rules, func(r rule) bool { return r.action == action }); i >= 0 {
		return &rules[i]
	}
	return nil
}

// apart refuses who did another part of the same batch already, whatever roles
// they hold. Who may stop a batch need not be another: stopping issues nothing.
func apart(r *runRow, account, action string) error {
	own := func(what, who string) error {
		return fault.Forbidden.New("您%s", what).WithCode("batch.own").WithHint("请由%s办理：上传人、审核人、签发人须为三个不同的人", who)
	}
	switch action {
	case ActSubmit, ActDiscard:
		if account != r.uploader {
			return fault.Forbidden.New("这张表不是您上传的").WithCode("batch.own").WithHint("请由上传人办理；要更正的，请自己上传一张新表")
		}
	case ActApprove, ActReturn:
		if account == r.uploader {
			return own("上传了这一批，不能审核", "另一位审核人")
		}
	case ActStart, ActResume:
		if account == r.uploader {
			return own("上传了这一批，不能签发", "另一位签发人")
		}
		if account == r.approver {
			return own("审核了这一批，不能签发", "另一位签发人")
		}
	}
	return nil
}

// may refuses who may not do this now.
func may(ctx context.Context, r *runRow, x *rule) error {
	if !sees(ctx, r) {
		return errUnknown()
	}
	p, err := allow(ctx, x.needs, r.unit)
	if err == nil {
		err = apart(r, p.Account, x.action)
	}
	if err == nil && !slices.Contains(x.from, r.state) {
		err = fault.Conflict.New("这一批的状态不允许此操作").WithCode("batch.state").WithHint("请刷新后查看当前状态")
	}
	return err
}

// sees tells whether whoever acts works on certificates of the unit; to others
// there is no such batch.
func sees(ctx context.Context, r *runRow) bool {
	p, ok := iam.From(ctx)
	return ok && p.Kind != iam.Holder && iam.MayAny(ctx, r.unit, permUpload, permApprove, permStart)
}

// Act does something with a batch.
func (s *Service) Act(ctx context.Context, d Decision) (*Batch, error) {
	x := ruleOf(d.Action)
	if x == nil {
		return nil, fault.NotFound.New("没有这个操作").WithCode("batch.action").WithHint("可用 submit、discard、approve、return、start、pause、resume、cancel")
	}
	if x.reason || d.Reason != "" {
		if err := needReason(d.Reason); err != nil {
			return nil, err
		}
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := getRun(tx, d.ID, true)
		if err != nil {
			return err
		}
		if err := may(ctx, r, x); err != nil {
			return err
		}
		return s.actTx(tx, r, &d)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "batch." + d.Action, Object: objectOf(d.ID)}, err)
	}
	return s.Get(ctx, d.ID)
}

func (s *Service) actTx(tx *db.Tx, r *runRow, d *Decision) error {
	p, _ := iam.From(tx.Context())
	now := tx.Now().UnixMilli()
	was := r.state
	if r.note = strings.TrimSpace(d.Reason); d.Action == ActPause || d.Action == ActResume {
		r.trouble = ""
	}
	n, err := countRows(tx, r.id)
	if err != nil {
		return err
	}
	switch d.Action {
	case ActSubmit:
		if n[pending] == 0 {
			return fault.Conflict.New("没有可以签发的行").WithCode("batch.empty").WithHint("请按错误报告逐行改好，再上传一次")
		}
		r.state, r.submitted = Submitted, &now
	case ActApprove:
		r.state, r.approver, r.decided = Approved, p.Account, &now
	case ActReturn:
		r.approver, r.decided = p.Account, &now
		err = s.endTx(tx, r, Over)
	case ActDiscard:
		err = s.endTx(tx, r, Over)
	case ActStart:
		r.state, r.starter, r.started = Running, p.Account, &now
	case ActPause:
		r.state = Paused
	case ActResume:
		r.state, r.starter = Running, p.Account
	case ActCancel:
		if err = cancelRows(tx, r.id); err == nil && n[begun] == 0 {
			err = s.endTx(tx, r, Done)
		} else {
			r.state = Running // what was begun is finished, and then it ends
		}
	}
	if err != nil {
		return err
	}
	if err := saveRun(tx, r); err != nil {
		return err
	}
	if err := audit.Put(tx, audit.Entry{Action: "batch." + d.Action, Object: objectOf(r.id), Reason: r.note, After: gm.Digest(r.file)}); err != nil {
		return err
	}
	if was != Running && d.Action == ActStart {
		if err := s.eventTx(tx, r, event.Started); err != nil {
			return err
		}
	}
	return s.tellTx(tx, r, d.Action, n[pending])
}

// endTx ends a batch, and empties what still waits in it.
func (s *Service) endTx(tx *db.Tx, r *runRow, state string) error {
	now := tx.Now().UnixMilli()
	r.state, r.ended, r.worker, r.lease = state, &now, "", 0
	if err := cancelRows(tx, r.id); err != nil {
		return err
	}
	if r.started == nil {
		return nil
	}
	return s.eventTx(tx, r, event.Ended)
}

func (s *Service) eventTx(tx *db.Tx, r *runRow, topic string) error {
	if s.Outbox == nil {
		return nil
	}
	n, err := countRows(tx, r.id)
	if err != nil {
		return err
	}
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: r.id, Body: event.Batch{ID: r.id, Unit: r.unit, Kind: r.kind, Total: int(r.total),
		Issued: n[issued], Failed: n[refused] + n[failed], Rest: n[cancelled] + n[repeated], At: tx.Now().UnixMilli()}})
}

// tellTx tells those who go on.
func (s *Service) tellTx(tx *db.Tx, r *runRow, action string, rows int) error {
	n := notice.Notice{Topic: "batch." + action, Org: r.unit, Link: Link(r.id)}
	switch action {
	case ActSubmit:
		n.Permission, n.Title, n.Text = permApprove, "批量签发待审核："+r.title, fmt.Sprintf("%d 件，请核对样例后整批审核。", rows)
	case ActApprove:
		n.Permission, n.Title, n.Text = permStart, "批量签发待开始："+r.title, fmt.Sprintf("%d 件已审核，请签发人开始签发。", rows)
	case ActReturn:
		n.Account, n.Title, n.Text = r.uploader, "批量签发被退回："+r.title, "理由见批次页面；请改好后重新上传。"
	case told:
		n.Account, n.Title, n.Text = r.uploader, "批量签发已结束："+r.title, "结果和未签发的行见批次页面。"
	case stopped:
		n.Account, n.Title, n.Text = r.starter, "批量签发已停下："+r.title, "原因见批次页面；排除后由签发人继续。"
	}
	if s.Notices == nil || n.Title == "" {
		return nil
	}
	n.Title = clip(n.Title, 150)
	return s.Notices.PutTx(tx, n)
}

// Occasions of notices that are no actions of people.
const (
	told    = "ended"
	stopped = "stopped"
)

func clip(text string, most int) string { return string([]rune(text)[:min(len([]rune(text)), most)]) }

func show(tx *db.Tx, r *runRow) (*Batch, error) {
	n, err := countRows(tx, r.id)
	if err != nil {
		return nil, err
	}
	unit, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return nil, err
	}
	b := &Batch{ID: r.id, Unit: r.unit, UnitName: unit.Name, Kind: r.kind, Title: r.title, State: r.state, Corrects: r.corrects,
		Uploader: r.uploader, Approver: r.approver, Starter: r.starter, Note: r.note, Trouble: r.trouble, Digest: hex.EncodeToString(r.file), Total: int(r.total),
		Pending: n[pending] + n[begun], Issued: n[issued], Refused: n[refused], Failed: n[failed], Repeated: n[repeated], Cancelled: n[cancelled],
		Created: time.UnixMilli(r.created).UTC(), Submitted: moment(r.submitted), Decided: moment(r.decided), Started: moment(r.started), Ended: moment(r.ended), May: []string{}}
	if tried := float64(n[issued] + n[failed]); r.worked > 0 && tried > 0 {
		b.Rate = tried * 1000 / float64(r.worked)
		b.Left = int(float64(b.Pending)/b.Rate + 0.999)
	}
	for i := range rules {
		if rules[i].action == ActSubmit && b.Pending == 0 {
			continue
		}
		if may(tx.Context(), r, &rules[i]) == nil {
			b.May = append(b.May, rules[i].action)
		}
	}
	return b, nil
}

// Get returns a batch, with how far it is.
func (s *Service) Get(ctx context.Context, id string) (b *Batch, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := getRun(tx, id, false)
		if err == nil && !sees(ctx, r) {
			err = errUnknown()
		}
		if err != nil {
			return err
		}
		b, err = show(tx, r)
		return err
	})
	return b, err
}

// List pages through the batches of the units that the caller works for, newest
// first.
func (s *Service) List(ctx context.Context, cursor string, limit int) (*Page, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 100 {
		limit = 20
	}
	page := &Page{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		*page = Page{Items: []Batch{}}
		before, id := before, id
		for range 20 { // batches are few; those of other units are passed over
			rows, err := listRuns(tx, before, id, 100)
			if err != nil {
				return err
			}
			for _, r := range rows {
				if before, id = r.created, r.id; !sees(ctx, r) {
					continue
				}
				b, err := show(tx, r)
				if err != nil {
					return err
				}
				if page.Items = append(page.Items, *b); len(page.Items) == limit {
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
