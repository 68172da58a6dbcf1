package cert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// States of a transfer.
const (
	TransferProposed  = "proposed"
	TransferAgreed    = "agreed"
	TransferRefused   = "refused"
	TransferWithdrawn = "withdrawn"
)

// A Transfer gives the authority to issue a kind from one unit to another, from
// a day on (ISS-15): that unit then issues it, and acts on, corrects and replaces
// what the first issued.
type Transfer struct {
	ID            string    `json:"id"`
	Kind          string    `json:"kind"`
	Issuer        string    `json:"issuer" doc:"移交单位"`
	IssuerName    string    `json:"issuer_name"`
	Successor     string    `json:"successor" doc:"承接单位"`
	SuccessorName string    `json:"successor_name"`
	From          string    `json:"from" doc:"自何日起，2006-01-02"`
	Basis         string    `json:"basis"`
	Reason        string    `json:"reason"`
	State         string    `json:"state" enum:"proposed,agreed,refused,withdrawn"`
	StateName     string    `json:"state_name"`
	Decision      string    `json:"decision,omitempty" doc:"同意或不同意的理由"`
	CreatedAt     time.Time `json:"created_at"`
	DecidedAt     time.Time `json:"decided_at,omitzero"`
	Moves         *Moves    `json:"moves,omitempty" doc:"待同意的移交涉及多少证照；只在查看一项移交时给出"`

	account, org, decider string
}

func transferLabel(state string) string {
	return map[string]string{TransferProposed: "待管理单位同意", TransferAgreed: "已同意", TransferRefused: "不同意", TransferWithdrawn: "已撤回"}[state]
}

// A TransferRequest proposes a transfer.
type TransferRequest struct {
	Kind      string `json:"kind" minLength:"1" maxLength:"64"`
	Issuer    string `json:"issuer" minLength:"1" maxLength:"64" doc:"移交单位编号"`
	Successor string `json:"successor" minLength:"1" maxLength:"64" doc:"承接单位编号"`
	From      string `json:"from" doc:"自何日起，2006-01-02"`
	Basis     string `json:"basis" maxLength:"200" doc:"依据：机构改革方案、权责清单调整文号等"`
	Reason    string `json:"reason" maxLength:"200"`
}

// Permissions of transfers.
const (
	permIssue = "cert.issue"
	permAgree = "catalogue.agree"
)

// today is the date by the calendar of the certificates' place.
func today(now time.Time) string { return now.In(beijing).Format(time.DateOnly) }

// keeperOf is who answers on a day for what a unit issued: transfers are those of
// the kind that were agreed, by their day. It is the unit itself where there is
// none.
func keeperOf(transfers []*Transfer, kind, issuer, day string) (string, *Transfer) {
	var last *Transfer
	for _, t := range transfers {
		if t.Kind == kind && t.Issuer == issuer && t.From <= day {
			issuer, last = t.Successor, t
		}
	}
	return issuer, last
}

// kept fills in who answers for a certificate now.
func kept(tx *db.Tx, r *row) error {
	all, err := agreed(tx, r.Kind)
	if err != nil {
		return err
	}
	if keeper, t := keeperOf(all, r.Kind, r.Issuer, today(tx.Now())); keeper != r.Issuer {
		r.Keeper, r.keptFrom = keeper, t.From
	}
	return nil
}

// keptAll does as kept does, for a page of them.
func keptAll(tx *db.Tx, rows []*row) error {
	all, err := agreed(tx, "")
	if err != nil || len(all) == 0 {
		return err
	}
	for _, r := range rows {
		if keeper, t := keeperOf(all, r.Kind, r.Issuer, today(tx.Now())); keeper != r.Issuer {
			r.Keeper, r.keptFrom = keeper, t.From
		}
	}
	return nil
}

// Unit is who answers for the certificate now: whoever issued it, or the unit
// that took the authority over.
func (c *Certificate) Unit() string {
	if c.Keeper != "" {
		return c.Keeper
	}
	return c.Issuer
}

// ReadIn is the unit for which whoever acts may read it, if any: both those who
// issued it and those who answer for it now may.
func (c *Certificate) ReadIn(ctx context.Context) string {
	if c.Keeper != "" && iam.Allow(ctx, "cert.read", c.Keeper) == nil {
		return c.Keeper
	}
	return c.Issuer
}

// Given tells whoever could act on a certificate until the authority over it went
// to another unit who answers for it now, and since when. It is nil for who still
// may, and for who never might: to them nothing is told here.
func (s *Service) Given(ctx context.Context, c *Certificate, permission string) error {
	if c.Keeper == "" || iam.Allow(ctx, permission, c.Keeper) == nil {
		return nil
	}
	var all []*Transfer
	var day string
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		day = today(tx.Now())
		all, err = agreed(tx, c.Kind)
		return err
	})
	if err != nil {
		return err
	}
	unit, from, could := c.Issuer, "", false
	for _, t := range all {
		if t.Issuer == unit && t.From <= day {
			could = could || iam.Allow(ctx, permission, unit) == nil
			unit, from = t.Successor, t.From
		}
	}
	if !could {
		return nil
	}
	o, err := s.IAM.Org(ctx, unit)
	if err != nil {
		return err
	}
	return givenTo(o.Name, from)
}

// RefusedOf is what whoever was refused a certificate, or what hangs on it, is told:
// who answers for it now, where [Service.Given] tells that, or else the refusal.
func (s *Service) RefusedOf(ctx context.Context, id, permission string, refused error) error {
	if f := fault.As(refused); f == nil || f.Kind != fault.Forbidden && f.Kind != fault.NotFound {
		return refused
	}
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return refused
	}
	return cmp.Or(s.Given(ctx, &r.Certificate, permission), refused)
}

// transferred refuses who could act until the authority was given to another
// unit, with the way out; audited.
func (s *Service) transferred(ctx context.Context, r *row, permission, action string) error {
	given := s.Given(ctx, &r.Certificate, permission)
	if given == nil {
		return nil
	}
	return audit.Refuse(ctx, s.DB, audit.Entry{Action: action, Object: object(r.ID)}, given)
}

func givenTo(name, from string) error {
	return fault.Forbidden.New("这类证照的颁发职责自 %s 起已移交“%s”，请由承接单位办理", from, name).WithCode("cert.transferred").WithHint("原单位的办理权限随之移交，请联系“%s”", name)
}

// A mandate is who issues a kind by the directory, and who took over from whom.
type mandate struct {
	listed []string
	moved  []*Transfer
}

// mandates are those of a moment ago, by kind.
var mandates = db.NewMemo[string, mandate]("cert_issuer", "cert_transfer")

// entrusted are the units that issue a kind on a day: those of the directory, or
// who took over from them.
func entrusted(tx *db.Tx, kind string) ([]string, error) {
	m, err := mandates.Get(tx, kind, func(tx *db.Tx) (m mandate, err error) {
		if m.listed, err = issuers(tx, kind); err == nil {
			m.moved, err = agreed(tx, kind)
		}
		return m, err
	})
	if err != nil || len(m.moved) == 0 {
		return m.listed, err
	}
	var out []string
	for _, id := range m.listed {
		if now, _ := keeperOf(m.moved, kind, id, today(tx.Now())); !slices.Contains(out, now) {
			out = append(out, now)
		}
	}
	return out, nil
}

// gone says of a unit that is named as the issuer of a kind that it gave the
// authority away, if it did.
func gone(tx *db.Tx, kind, named string) error {
	all, err := agreed(tx, kind)
	if err != nil {
		return err
	}
	keeper, t := keeperOf(all, kind, named, today(tx.Now()))
	if keeper == named {
		return nil
	}
	o, err := iam.OrgTx(tx, keeper)
	if err != nil {
		return err
	}
	return atField(givenTo(o.Name, t.From), "issuer", "transferred", "颁发职责已移交“"+o.Name+"”")
}

// ProposeTransfer proposes a transfer, by the issuer or the designer of its
// templates.
func (s *Service) ProposeTransfer(ctx context.Context, q TransferRequest) (*Transfer, error) {
	if iam.Allow(ctx, permAgree, q.Issuer) != nil {
		if err := iam.Allow(ctx, permIssue, q.Issuer); err != nil {
			return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "cert.transfer", Object: "kind/" + q.Kind}, err)
		}
	}
	me, err := deciding(ctx)
	if err != nil {
		return nil, err
	}
	f := fault.Invalid.New("移交申请不符合规则").WithCode("cert.transfer").WithHint("请按每一项的说明更正后重试")
	f = text(f, "reason", "事由", q.Reason, true)
	f = text(f, "basis", "依据", q.Basis, true)
	now := s.DB.Now().In(beijing)
	if day, err := time.ParseInLocation(time.DateOnly, q.From, beijing); err != nil {
		f = f.WithField("from", "date", "日期应写作 2006-01-02")
	} else if q.From < today(now) || day.After(now.AddDate(1, 0, 0)) {
		f = f.WithField("from", "range", "移交日期应为今天起一年之内")
	}
	if q.Successor == q.Issuer {
		f = f.WithField("successor", "same", "承接单位不能是移交单位自己")
	}
	if err := f.OrNil(); err != nil {
		return nil, err
	}
	t := &Transfer{
		ID: newID(), Kind: q.Kind, Issuer: q.Issuer, Successor: q.Successor, From: q.From, Basis: strings.TrimSpace(q.Basis), Reason: strings.TrimSpace(q.Reason),
		State: TransferProposed, account: me.Account, org: me.Org,
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := mayTransfer(tx, t); err != nil {
			return err
		}
		t.CreatedAt = tx.Now()
		n, err := insertTransfer(tx, t)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Conflict.New("该单位的这类证照已有一项移交待同意").WithCode("cert.transfer-open").WithHint("请先撤回或等待管理单位决定")
		}
		return audit.Put(tx, audit.Entry{Action: "cert.transfer", Object: "transfer/" + t.ID, Reason: t.Reason + "（依据：" + t.Basis + "）"})
	})
	if err != nil {
		return nil, err
	}
	return s.named(ctx, t)
}

// mayTransfer checks that the issuer has what it gives away, and that the other
// can take it.
func mayTransfer(tx *db.Tx, t *Transfer) error {
	f := fault.Invalid.New("移交申请不符合规则").WithCode("cert.transfer").WithHint("请核对证照目录和单位信息")
	listed, err := issuers(tx, t.Kind)
	if err != nil {
		return err
	}
	all, err := agreed(tx, t.Kind)
	if err != nil {
		return err
	}
	issues := slices.ContainsFunc(listed, func(id string) bool { now, _ := keeperOf(all, t.Kind, id, t.From); return now == t.Issuer })
	if !issues {
		return f.WithField("issuer", "issuer", "届时该单位不是这类证照的签发单位")
	}
	o, err := iam.OrgTx(tx, t.Successor)
	switch {
	case errors.Is(err, fault.NotFound):
		return f.WithField("successor", "unit", "没有这个单位")
	case err != nil:
		return err
	case o.Closed:
		return f.WithField("successor", "closed", "单位“"+o.Name+"”已停用")
	case o.USCC == "" || o.Region == "":
		return f.WithField("successor", "incomplete", "单位“"+o.Name+"”没有登记统一社会信用代码或行政区划，不能签发证照")
	}
	return nil
}

// deciding is whoever acts, who must be a person.
func deciding(ctx context.Context) (audit.Actor, error) {
	me := audit.ActorFrom(ctx)
	if me.Account == "" || me.App != "" {
		return me, fault.Forbidden.New("移交须由工作人员办理").WithCode("cert.person").WithHint("请由工作人员登录后办理")
	}
	return me, nil
}

// DecideTransfer agrees to a transfer or refuses it, by the managing unit above
// both, and never by who proposed it.
func (s *Service) DecideTransfer(ctx context.Context, id string, agree bool, why string) (*Transfer, error) {
	me, err := deciding(ctx)
	if err != nil {
		return nil, err
	}
	f := fault.Invalid.New("决定须说明理由").WithCode("cert.reason").WithHint("请按说明填写理由")
	if err := text(f, "reason", "理由", why, true).OrNil(); err != nil {
		return nil, err
	}
	var t *Transfer
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if t, err = transferByID(tx, id); err != nil {
			return err
		}
		if err := aboveBoth(tx, t); err != nil {
			return err
		}
		if t.account == me.Account {
			return fault.Forbidden.New("不能决定自己提出的移交").WithCode("cert.own").WithHint("请由管理单位的另一位目录管理员决定")
		}
		if agree {
			if t.From < today(tx.Now()) {
				return fault.Conflict.New("移交日期 %s 已过，不能再同意", t.From).WithCode("cert.transfer-late").WithHint("请不同意，由移交单位以新的日期重新提出")
			}
			if err := mayTransfer(tx, t); err != nil {
				return err
			}
		}
		t.State, t.decider, t.Decision, t.DecidedAt = TransferRefused, me.Account, strings.TrimSpace(why), tx.Now()
		if agree {
			t.State = TransferAgreed
		}
		return endTransfer(tx, t)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "cert.transfer-decide", Object: "transfer/" + id}, tooLate(err))
	}
	return s.named(ctx, t)
}

// aboveBoth refuses whoever manages no unit above both.
func aboveBoth(tx *db.Tx, t *Transfer) error {
	a, err := iam.AboveTx(tx, t.Issuer)
	if err != nil {
		return err
	}
	b, err := iam.AboveTx(tx, t.Successor)
	if err != nil {
		return err
	}
	for _, o := range a[1:] {
		if slices.ContainsFunc(b[1:], func(x iam.Org) bool { return x.ID == o.ID }) {
			return iam.Allow(tx.Context(), permAgree, o.ID)
		}
	}
	return fault.Conflict.New("两个单位没有共同的上级单位").WithCode("cert.transfer-above").WithHint("请在单位管理中核对上下级关系")
}

// WithdrawTransfer takes a proposal back, by the unit that made it.
func (s *Service) WithdrawTransfer(ctx context.Context, id, why string) (*Transfer, error) {
	me, err := deciding(ctx)
	if err != nil {
		return nil, err
	}
	f := fault.Invalid.New("撤回须说明理由").WithCode("cert.reason").WithHint("请按说明填写理由")
	if err := text(f, "reason", "理由", why, true).OrNil(); err != nil {
		return nil, err
	}
	var t *Transfer
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if t, err = transferByID(tx, id); err != nil {
			return err
		}
		if iam.Allow(ctx, permAgree, t.Issuer) != nil {
			if err := iam.Allow(ctx, permIssue, t.Issuer); err != nil {
				return err
			}
		}
		t.State, t.decider, t.Decision, t.DecidedAt = TransferWithdrawn, me.Account, strings.TrimSpace(why), tx.Now()
		return endTransfer(tx, t)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "cert.transfer-withdraw", Object: "transfer/" + id}, tooLate(err))
	}
	return s.named(ctx, t)
}

func tooLate(err error) error {
	if errors.Is(err, errMoved) {
		return fault.Conflict.New("这项移交已有决定").WithCode("cert.transfer-closed").WithHint("请刷新后查看最新状态")
	}
	return err
}

func endTransfer(tx *db.Tx, t *Transfer) error {
	if err := closeTransfer(tx, t); err != nil {
		return err
	}
	action := "cert.transfer-decide"
	if t.State == TransferWithdrawn {
		action = "cert.transfer-withdraw"
	}
	return audit.Put(tx, audit.Entry{Action: action, Object: "transfer/" + t.ID, Reason: transferLabel(t.State) + "：" + t.Decision})
}

// mostTransfers bounds a list of transfers.
const mostTransfers = 200

// Transfers lists the transfers of units that whoever acts works for or manages,
// the latest first.
func (s *Service) Transfers(ctx context.Context) (out []*Transfer, err error) {
	var all []*Transfer
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { all, err = transfers(tx, mostTransfers); return err })
	if err != nil {
		return nil, err
	}
	out = []*Transfer{}
	for _, t := range all {
		if iam.MayAny(ctx, t.Issuer, permIssue, permAgree) || iam.MayAny(ctx, t.Successor, permIssue, permAgree) {
			if t, err = s.named(ctx, t); err != nil {
				return nil, err
			}
			out = append(out, t)
		}
	}
	return out, nil
}

// named fills in the names of the units.
func (s *Service) named(ctx context.Context, t *Transfer) (*Transfer, error) {
	for id, name := range map[string]*string{t.Issuer: &t.IssuerName, t.Successor: &t.SuccessorName} {
		o, err := s.IAM.Org(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("cert: naming the units of a transfer: %w", err)
		}
		*name = o.Name
	}
	t.StateName = transferLabel(t.State)
	return t, nil
}

// takenOver are the kinds and units whose certificates these units answer for
// today beside their own.
func takenOver(tx *db.Tx, units []string) (out [][2]string, err error) {
	all, err := agreed(tx, "")
	for _, t := range all {
		pair := [2]string{t.Kind, t.Issuer}
		if slices.Contains(out, pair) || slices.Contains(units, t.Issuer) {
			continue
		}
		if now, _ := keeperOf(all, t.Kind, t.Issuer, today(tx.Now())); slices.Contains(units, now) {
			out = append(out, pair)
		}
	}
	return out, err
}

// transfersOf are the transfers that led from who issued a certificate to who
// answers for it, today or later.
func (s *Service) transfersOf(ctx context.Context, c *Certificate) (out []*Transfer, err error) {
	var all []*Transfer
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) { all, err = agreed(tx, c.Kind); return err })
	unit := c.Issuer
	for _, t := range all {
		if err == nil && t.Issuer == unit {
			unit = t.Successor
			t, err = s.named(ctx, t)
			out = append(out, t)
		}
	}
	return out, err
}
