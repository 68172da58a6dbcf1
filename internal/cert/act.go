package cert

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// An ActRequest asks for something to be done to an issued certificate: see
// package state.
type ActRequest struct {
	ID     string `path:"id" json:"-" maxLength:"64"`
	Action string `path:"action" json:"-" maxLength:"32" doc:"事项代码，见证照状态表"`
	Reason string `json:"reason" maxLength:"200" doc:"事由，写入办理记录和审计；不要写个人信息"`
	Basis  string `json:"basis,omitempty" maxLength:"200" doc:"依据：法律条款或决定文号；核验时公开"`
	Until  string `json:"until,omitempty" doc:"延期：新的截止日期；暂扣：暂扣至何日"`
	At     string `json:"at,omitempty" doc:"作出决定的日期 2006-01-02；省略为今天"`
	// Acts guards against deciding on what somebody else has changed meanwhile.
	Acts *int `json:"acts,omitempty" minimum:"0" doc:"办理时所见的 acts；已不同时拒绝"`
	// Physical is the physical certificate that this was done to: its status
	// follows in the same transaction.
	Physical string `json:"physical,omitempty" maxLength:"64" doc:"因实体证照的状态事项办理时：实体证照编号，其状态同时登记"`
	// Certificate is the content of the version that takes its place.
	Certificate *IssueRequest `json:"certificate,omitempty" doc:"变更、换证、更正：新版本的内容"`
}

// An Act is something that was done to a certificate, or that time did.
type Act struct {
	Seq       int       `json:"seq"`
	Action    string    `json:"action"`
	Name      string    `json:"name"`
	Actor     string    `json:"actor" doc:"经办人或应用；空：平台"`
	Org       string    `json:"org,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Basis     string    `json:"basis,omitempty"`
	On        string    `json:"on" doc:"作出决定的日期"`
	Until     string    `json:"until,omitempty"`
	Was       string    `json:"was" doc:"之前的状态和标记"`
	Became    string    `json:"became" doc:"之后的状态和标记"`
	Changes   string    `json:"changes,omitempty" doc:"新版本与原版本不同的项，只有项名"`
	Successor string    `json:"successor,omitempty" doc:"代替它的下一版"`
	At        time.Time `json:"at" doc:"登记的时间"`

	account, app, org string
	was, became       string
}

// defaultBackdate is how many days ago a decision may lie that is recorded now.
const defaultBackdate = 30

// Act does something to an issued certificate, at once and for everybody who
// asks: record, history, public list, event and audit are one transaction. It
// returns the certificate as it is then; for an action with a new version, that
// one. Who may not is fault.Forbidden; what the table does not allow, or somebody
// else did first, is a fault.Conflict that names the way out; both are audited.
func (s *Service) Act(ctx context.Context, req ActRequest) (*Certificate, error) {
	a, ok := state.Find(req.Action)
	if !ok || a.Permission == "" {
		return nil, fault.NotFound.New("没有这个办理事项").WithCode("cert.action").WithHint("请按证照状态表填写事项代码，如 suspend（暂扣）")
	}
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, req.ID) })
	if err != nil {
		return nil, err
	}
	if err := s.transferred(ctx, r, a.Permission, "cert."+a.Code); err != nil {
		return nil, err
	}
	ctx, err = s.decided(ctx, r.ID, "cert."+a.Code, iam.Question{Permission: a.Permission, Org: r.Unit()}, "")
	if err != nil {
		return nil, err
	}
	if err := s.checkAct(a, r, &req); err != nil {
		return nil, err
	}
	done := newAct(audit.ActorFrom(ctx), a, &req)
	if a.Next {
		c, err := s.next(ctx, r, a, &req, done)
		return c, s.refusedAct(ctx, a, r.ID, err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if r, err = byID(tx, req.ID); err != nil {
			return err
		}
		if err := kept(tx, r); err != nil {
			return err
		}
		again := *done // the function may run twice
		if err := s.actTx(tx, r, a, &again, req.Acts); err != nil || req.Physical == "" {
			return err
		}
		return followPhysical(tx, r, req.Physical)
	})
	if err != nil {
		return nil, s.refusedAct(ctx, a, req.ID, err)
	}
	return s.detail(ctx, r)
}

func newAct(by audit.Actor, a state.Action, req *ActRequest) *Act {
	return &Act{
		Action: a.Code, Reason: strings.TrimSpace(req.Reason), Basis: strings.TrimSpace(req.Basis), On: req.At, Until: req.Until,
		account: by.Account, app: by.App, org: by.Org,
	}
}

// refusedAct records what a rule refused.
func (s *Service) refusedAct(ctx context.Context, a state.Action, id string, why error) error {
	f := fault.As(why)
	if f == nil || f.Kind != fault.Conflict {
		return why
	}
	err := s.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "cert." + a.Code, Object: object(id), Result: audit.Refused, Rule: f.Code})
	})
	return errors.Join(err, why)
}

// actTx does a, or says why not. It changes r to what is stored then.
func (s *Service) actTx(tx *db.Tx, r *row, a state.Action, done *Act, seen *int) error {
	if err := s.vet(tx, r); err != nil {
		return err
	}
	if err := unissued(r); err != nil {
		return err
	}
	if seen != nil && *seen != r.Acts {
		return stale()
	}
	r.Status = r.At(tx.Now())
	was := r.stateOf()
	became, no := a.Apply(was)
	if no != nil {
		return fault.Conflict.New("%s", no.Rule).WithCode(no.Code).WithHint("%s", no.Way)
	}
	if err := checkDates(a, r, done); err != nil {
		return err
	}
	before, acts := r.Acts, r.Acts+1
	r.take(a, was, became, done)
	r.Acts, r.Successor = acts, done.Successor
	if r.Status = r.At(tx.Now()); r.Status != r.life { // taken back when its validity was over
		r.life, became.Status = r.Status, state.Status(r.Status)
	}
	r.expires = nil
	if !state.Final(became.Status) && became.Status != state.Expired {
		r.expires = endOf(r.ValidTo)
	}
	done.Seq, done.was, done.became = acts, was.String(), became.String()
	r.mac = s.macOf(r)
	err := putAct(tx, r, before, done)
	if errors.Is(err, errMoved) {
		return stale()
	}
	if err != nil {
		return err
	}
	return s.became(tx, r, a, done)
}

// take moves the row to what an action makes of it.
func (r *row) take(a state.Action, was, became state.State, done *Act) {
	r.life, r.Status, r.marks = string(became.Status), string(became.Status), state.MarksText(became.Marks)
	r.Marks = marksOf(r.marks)
	if became.Status != was.Status {
		r.Since, r.Basis = done.On, done.Basis
	}
	if a.Code == state.Extend {
		r.ValidTo = done.Until
	}
	if a.Permission != "" {
		r.actedOn = done.On
	}
}

// became makes an act known: in the public list, to the audit and to the outbox.
func (s *Service) became(tx *db.Tx, r *row, a state.Action, done *Act) error {
	if err := s.publish(tx, r); err != nil {
		return err
	}
	reason := done.Reason
	if done.Basis != "" {
		reason += "（依据：" + done.Basis + "）"
	}
	err := audit.Put(tx, audit.Entry{
		Action: "cert." + a.Code, Object: object(r.ID), Reason: reason, Before: gm.Sum([]byte(done.was)), After: gm.Sum([]byte(done.became)),
	})
	if err != nil {
		return err
	}
	return s.tellAct(tx, r, done)
}

// unissued refuses what was never issued.
func unissued(r *row) error {
	switch r.Status {
	case Sealing:
		return fault.Conflict.New("证照正在制作，不能办理").WithCode("cert.sealing").WithHint("请在签发完成后再办理")
	case Altered:
		return errAltered()
	case Withdrawn:
		return fault.Conflict.New("这份证照没有签发，不能办理").WithCode("cert.withdrawn").WithHint("请重新签发")
	}
	return nil
}

func stale() error {
	return fault.Conflict.New("证照状态刚刚由他人变更，本次没有办理").WithCode("cert.stale").WithHint("请刷新，按现在的状态重新办理")
}

// checkAct refuses what no certificate allows.
func (s *Service) checkAct(a state.Action, r *row, req *ActRequest) error {
	f := fault.Invalid.New("“%s”的办理信息不符合规则", a.Name).WithCode("cert.act").WithHint("请按每一项的说明更正后重试")
	f = text(f, "reason", "事由", req.Reason, true)
	f = text(f, "basis", "依据", req.Basis, a.Basis)
	today := s.DB.Now().In(beijing)
	if req.At == "" {
		req.At = today.Format(time.DateOnly)
	}
	longest := s.Backdate
	if longest <= 0 {
		longest = defaultBackdate
	}
	switch day, err := time.ParseInLocation(time.DateOnly, req.At, beijing); {
	case err != nil:
		f = f.WithField("at", "date", "决定日期应写作 2006-01-02")
	case req.At > today.Format(time.DateOnly):
		f = f.WithField("at", "future", "决定日期不能晚于今天")
	case day.Before(today.AddDate(0, 0, -longest-1)):
		f = f.WithField("at", "old", fmt.Sprintf("决定日期不能早于 %d 天之前；确需补录的，请联系平台管理员", longest))
	}
	f = checkUntil(f, a, req, today.Format(time.DateOnly))
	switch {
	case a.Next && req.Certificate == nil:
		f = f.WithField("certificate", "required", "须给出新版本的内容")
	case a.Next && req.Physical != "":
		f = f.WithField("physical", "unwanted", "新版本须另行制作实体证照，原来的请登记收回")
	case !a.Next && req.Certificate != nil:
		f = f.WithField("certificate", "unwanted", "“"+a.Name+"”不产生新版本")
	}
	if err := f.OrNil(); err != nil {
		return err
	}
	p, err := s.openPlan(r)
	if err != nil {
		return err
	}
	for name, said := range map[string]string{"reason": req.Reason, "basis": req.Basis} {
		if hide(said, p.Content.Holders) != said {
			return f.WithField(name, "personal", "会长期留存，请勿写持证人的姓名和证件号码；可写办件编号")
		}
	}
	return nil
}

func text(f *fault.Error, field, label, value string, must bool) *fault.Error {
	n := len([]rune(strings.TrimSpace(value)))
	switch {
	case n == 0 && must:
		return f.WithField(field, "required", label+"必填")
	case n == 0:
		return f
	case n < leastReason || n > mostReason || strings.ToValidUTF8(value, "") != value || strings.ContainsAny(value, "\x00\r\n"):
		return f.WithField(field, "length", fmt.Sprintf("%s应有 %d 到 %d 个字，写成一行", label, leastReason, mostReason))
	case audit.Personal(value):
		return f.WithField(field, "personal", label+"会长期留存，请勿写证件号码、手机号码；可写办件编号")
	}
	return f
}

func checkUntil(f *fault.Error, a state.Action, req *ActRequest, today string) *fault.Error {
	_, err := time.Parse(time.DateOnly, req.Until)
	switch {
	case req.Until == "" && a.Until == state.Must:
		return f.WithField("until", "required", "须写明新的截止日期")
	case req.Until == "":
		return f
	case a.Until == state.No:
		return f.WithField("until", "unwanted", "“"+a.Name+"”没有期限")
	case err != nil:
		return f.WithField("until", "date", "日期应写作 2006-01-02")
	case req.Until < today:
		return f.WithField("until", "past", "日期不能早于今天")
	}
	return f
}

// checkDates refuses dates that do not fit the certificate.
func checkDates(a state.Action, r *row, done *Act) error {
	f := fault.Invalid.New("“%s”的日期与证照不符", a.Name).WithCode("cert.act").WithHint("请核对日期")
	if a.Permission == "" {
		return nil
	}
	if issued := r.IssuedAt.In(beijing).Format(time.DateOnly); done.On < issued {
		f = f.WithField("at", "issued", "决定日期不能早于签发日期 "+issued)
	}
	if done.On < r.actedOn {
		f = f.WithField("at", "order", "决定日期不能早于上一次办理的日期 "+r.actedOn)
	}
	if a.Code != state.Extend {
		return f.OrNil()
	}
	switch {
	case r.ValidTo == "":
		f = f.WithField("until", "endless", "长期有效的证照不用延期")
	case done.Until <= r.ValidTo:
		f = f.WithField("until", "shorter", "新的截止日期应晚于现在的 "+r.ValidTo)
	case done.On > r.ValidTo:
		f = f.WithField("at", "late", "延期的决定应在有效期届满（"+r.ValidTo+"）之前作出；届满后请办理换证")
	}
	return f.OrNil()
}

// endOf is when a validity is over, in milliseconds; nil: never.
func endOf(validTo string) *int64 {
	day, err := time.ParseInLocation(time.DateOnly, validTo, beijing)
	if err != nil {
		return nil
	}
	at := day.AddDate(0, 0, 1).UnixMilli()
	return &at
}
