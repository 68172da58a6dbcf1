package iam

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/outbox"
)

// GlassRequest asks to read in an emergency.
type GlassRequest struct {
	Org    string `json:"org" minLength:"1" maxLength:"64" doc:"记录所属单位"`
	Object string `json:"object" minLength:"1" maxLength:"200" doc:"要查阅的记录，如 cert/编号"`
	Reason string `json:"reason" minLength:"10" maxLength:"500" doc:"事由，至少 10 个字"`
}

// A Glass is one breaking of the glass (应急查阅).
type Glass struct {
	ID           string    `json:"id"`
	Account      string    `json:"account"`
	AccountName  string    `json:"account_name"`
	Org          string    `json:"org"`
	OrgName      string    `json:"org_name"`
	Object       string    `json:"object"`
	Reason       string    `json:"reason"`
	Opened       time.Time `json:"opened_at"`
	Until        time.Time `json:"until"`
	Closed       time.Time `json:"closed_at,omitzero"`
	Open         bool      `json:"open"`
	Verdict      string    `json:"verdict,omitempty" enum:"proper,improper"`
	Note         string    `json:"note,omitempty"`
	Reviewed     time.Time `json:"reviewed_at,omitzero"`
	ReviewedBy   string    `json:"reviewed_by,omitempty"`
	ReviewedName string    `json:"reviewed_by_name,omitempty"`
}

// Verdicts on a broken glass.
const (
	Proper   = "proper"
	Improper = "improper"
)

// GlassFor is how long a broken glass lasts.
const GlassFor = 30 * time.Minute

// TopicGlass announces a broken glass; its body is a GlassEvent.
const TopicGlass = "iam.glass"

// A GlassEvent is the body of TopicGlass.
type GlassEvent struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Org     string    `json:"org"`
	Object  string    `json:"object"`
	At      time.Time `json:"at"`
}

// A GlassPage is a page of broken glasses, newest first.
type GlassPage struct {
	Items []Glass `json:"items"`
	Next  string  `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

const topicReview = "glass.review"

// OpenGlass gives the caller the temporary role of reading in an emergency, for
// one organisation and half an hour, and raises the alarm (SEC-06). It takes a
// session with a second factor where the platform is strict.
func (s *Service) OpenGlass(ctx context.Context, r GlassRequest) (Glass, error) {
	r.Reason, r.Object = strings.TrimSpace(r.Reason), strings.TrimSpace(r.Object)
	if err := r.check(); err != nil {
		return Glass{}, err
	}
	if err := s.mayOpen(ctx, r); err != nil {
		return Glass{}, s.refused(ctx, "glass.open", "org/"+r.Org, err)
	}
	if s.Outbox == nil {
		return Glass{}, errors.New("iam: breaking the glass without an outbox: nobody would be alarmed")
	}
	me := audit.ActorFrom(ctx).Account
	row := &glassRow{Glass: Glass{ID: newID(), Account: me, Org: r.Org, Object: r.Object, Reason: r.Reason}}
	err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.breakGlass(tx, row) })
	if err != nil {
		return Glass{}, err
	}
	s.changed(me)
	return row.Glass, nil
}

// recordForm is what a record is called by; it goes into the audit and the
// alarm, so that nothing personal can stand in it.
var recordForm = regexp.MustCompile(`^[a-z]{1,20}/[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

func (r *GlassRequest) check() error {
	bad := fault.Invalid.New("应急查阅的申请不完整").WithCode("glass.invalid")
	if utf8.RuneCountInString(r.Reason) < 10 {
		bad = bad.WithField("reason", "length", "请写明事由，至少 10 个字")
	}
	if !recordForm.MatchString(r.Object) {
		bad = bad.WithField("object", "form", "应为记录的种类和编号，如 cert/编号，不含个人信息")
	}
	if r.Org == "" {
		bad = bad.WithField("org", "required", "必填")
	}
	return bad.OrNil()
}

func (s *Service) mayOpen(ctx context.Context, r GlassRequest) error {
	if err := Allow(ctx, "glass.open", r.Org); err != nil {
		return err
	}
	p, _ := From(ctx)
	switch {
	case p.Account == "":
		return fault.Forbidden.New("应急查阅只能由人员发起").WithCode("glass.client").WithHint("请由系统管理员登录后发起")
	case p.Strict && !p.Second:
		return fault.Forbidden.New("发起应急查阅须以双因素登录").WithCode("auth.second").WithHint("请退出后用密码加第二因素（一次性口令、通行密钥或数字证书）重新登录")
	}
	return nil
}

func (s *Service) breakGlass(tx *db.Tx, row *glassRow) error {
	o, err := OrgTx(tx, row.Org)
	if err != nil {
		return err
	}
	row.OrgName = o.Name
	old, err := openGlass(tx, row.Account)
	if err != nil {
		return err
	}
	if old != nil {
		if tx.Now().Before(old.Until) {
			return fault.Conflict.New("您已有一次进行中的应急查阅").WithCode("glass.open").WithHint("请先结束进行中的应急查阅")
		}
		if err := s.endGlass(tx, old, old.Until, ""); err != nil {
			return err
		}
	}
	row.Opened, row.Until, row.Open = tx.Now().UTC().Truncate(time.Millisecond), tx.Now().UTC().Truncate(time.Millisecond).Add(GlassFor), true
	if err := s.insertGlass(tx, row); err != nil {
		return err
	}
	if err := s.tell(tx, outbox.Event{Topic: TopicGlass, Key: row.ID, Body: GlassEvent{row.ID, row.Account, row.Org, row.Object, row.Opened}}); err != nil {
		return err
	}
	if err := s.promise(tx, due.Promise{Topic: topicReview, Object: row.ID, Org: row.Org, Permission: "glass.review", Title: "复核应急查阅", Link: "/console/admin/glasses/" + row.ID}); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "glass.open", Object: row.Object, Purpose: "emergency", Reason: row.Reason, After: digestOf(row.fields())})
}

// endGlass ends a broken glass at a time.
func (s *Service) endGlass(tx *db.Tx, row *glassRow, at time.Time, by string) error {
	if !intact(s.guards.glasses, row) {
		return errAltered()
	}
	row.Closed, row.closedBy, row.Open = at, by, false
	if err := s.saveGlass(tx, row); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "glass.close", Object: "glass/" + row.ID})
}

// CloseGlass ends it before its time: who opened it, or who reviews it.
func (s *Service) CloseGlass(ctx context.Context, id string) error {
	return s.withGlass(ctx, id, "glass.close", true, func(tx *db.Tx, row *glassRow) error {
		if !row.Closed.IsZero() {
			return fault.Conflict.New("该次应急查阅已结束").WithCode("glass.closed")
		}
		return s.endGlass(tx, row, earlier(tx.Now(), row.Until), audit.ActorFrom(ctx).Account)
	})
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// ReviewGlass judges it afterwards, and ends one that still lasts. Who opened
// it does not review it.
func (s *Service) ReviewGlass(ctx context.Context, id, verdict, note string) error {
	if verdict != Proper && verdict != Improper {
		return fault.Invalid.New("结论应为 proper 或 improper").WithCode("glass.verdict").WithField("verdict", "enum", "应为 proper 或 improper")
	}
	if err := needReason(note); err != nil {
		return err
	}
	return s.withGlass(ctx, id, "glass.review", false, func(tx *db.Tx, row *glassRow) error {
		if row.Verdict != "" {
			return fault.Conflict.New("该次应急查阅已复核").WithCode("glass.reviewed")
		}
		if row.Closed.IsZero() {
			if err := s.endGlass(tx, row, earlier(tx.Now(), row.Until), audit.ActorFrom(ctx).Account); err != nil {
				return err
			}
		}
		before := digestOf(row.fields())
		row.Verdict, row.Note, row.Reviewed, row.ReviewedBy = verdict, note, tx.Now().UTC(), audit.ActorFrom(ctx).Account
		if err := s.saveGlass(tx, row); err != nil {
			return err
		}
		if err := s.kept(tx, topicReview, row.ID); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "glass.review", Object: "glass/" + id, Reason: verdict + "：" + note, Before: before, After: digestOf(row.fields())})
	})
}

// withGlass changes a broken glass as who reviews it, or with own as who opened
// it.
func (s *Service) withGlass(ctx context.Context, id, action string, own bool, fn func(*db.Tx, *glassRow) error) error {
	me := audit.ActorFrom(ctx).Account
	var account string
	var denied error
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		denied = nil
		row, err := glassOf(tx, id)
		if err != nil {
			return err
		}
		mine := row != nil && me != "" && row.Account == me
		switch {
		case row == nil:
			return fault.NotFound.New("没有这次应急查阅").WithCode("glass.unknown")
		case mine && !own:
			denied = fault.Forbidden.New("不得复核自己发起的应急查阅").WithCode("glass.self").WithHint("请由安全管理员或审计管理员复核")
		case !mine:
			denied = Allow(ctx, "glass.review", row.Org)
		}
		if denied != nil {
			return denied
		}
		if !intact(s.guards.glasses, row) {
			return errAltered()
		}
		account = row.Account
		return fn(tx, row)
	})
	if denied != nil {
		return s.refused(ctx, action, "glass/"+id, denied)
	}
	s.changed(account)
	return err
}

// sweepGlasses closes those whose time is over. They have had no effect since.
func (s *Service) sweepGlasses(tx *db.Tx) error {
	list, err := overGlasses(tx, 100)
	for _, row := range list {
		if err == nil && intact(s.guards.glasses, row) {
			err = s.endGlass(tx, row, row.Until, "")
		}
	}
	return err
}

// Glasses pages through broken glasses, newest first: one's own, and those of
// the organisations for which the caller reviews them. With waiting only those
// that were not reviewed.
func (s *Service) Glasses(ctx context.Context, waiting bool, cursor string, limit int) (*GlassPage, error) {
	p, ok := From(ctx)
	if !ok {
		return nil, errAnonymous()
	}
	if err := allowAny(ctx, "", "glass.review", "glass.open"); err != nil {
		return nil, err
	}
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	limit = pageSize(limit)
	in := p.tree().spans(ScopeRoots(ctx, "glass.review"))
	page := &GlassPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		page.Items, page.Next = []Glass{}, ""
		list, err := pageOfGlasses(tx, p.Account, in, waiting, before, id, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			page.Next = db.Cursor(list[limit-1].Opened.UnixMilli(), list[limit-1].ID)
		}
		page.Items, err = s.showGlasses(tx, list)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

func (s *Service) showGlasses(tx *db.Tx, list []*glassRow) ([]Glass, error) {
	var accounts, orgs []string
	for _, g := range list {
		accounts, orgs = append(accounts, g.Account, g.ReviewedBy), append(orgs, g.Org)
	}
	people, names, err := s.shownBy(tx, accounts, orgs)
	if err != nil {
		return nil, err
	}
	items := []Glass{}
	for _, g := range list {
		g.AccountName, g.ReviewedName, g.OrgName = people[g.Account].Name, people[g.ReviewedBy].Name, names[g.Org]
		g.Open = g.Closed.IsZero() && tx.Now().Before(g.Until)
		items = append(items, g.Glass)
	}
	return items, nil
}
