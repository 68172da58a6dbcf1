package sealapply

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"unicode/utf8"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
)

// ownPermission is what holders apply with: for themselves, once their identity
// is verified (assurance 2).
const ownPermission = "seal.apply.own"

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

// maxReason is how long what people write may be, in characters.
const maxReason = 500

func needReason(reason string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(reason)); n == 0 || n > maxReason {
		return fault.Invalid.New("须填写理由").WithCode("reason.required").WithHint("请填写理由，至多 %d 个字", maxReason).WithField("reason", "required", "必填，至多 500 个字")
	}
	return nil
}

func checkNote(note string) error {
	if utf8.RuneCountInString(note) > maxReason {
		return fault.Invalid.New("意见过长").WithCode("reason.length").WithHint("至多 %d 个字", maxReason).WithField("opinion", "length", "至多 500 个字")
	}
	return nil
}

// mayApply refuses who may not apply for a unit, or for a person: staff and
// programs by seal.apply for the unit, a holder for themselves, and for the
// enterprise that they are registered to act for.
func mayApply(ctx context.Context, tx *db.Tx, org, sealKind, person string) error {
	p, ok := iam.From(ctx)
	if !ok {
		return iam.Allow(ctx, permissions[Applicant], org)
	}
	if sealKind == seal.Personal {
		if p.Account == "" || person != p.Account {
			return fault.Forbidden.New("个人印章只能由本人申请").WithCode("sealapply.person").WithHint("请本人登录后申请")
		}
		if p.Kind == iam.Holder {
			return iam.Ask(ctx, iam.Question{Permission: ownPermission, Owner: true})
		}
		return iam.Allow(ctx, permissions[Applicant], p.Org)
	}
	if p.Kind != iam.Holder {
		return iam.Allow(ctx, permissions[Applicant], org)
	}
	if err := iam.Ask(ctx, iam.Question{Permission: ownPermission, Owner: true}); err != nil {
		return err
	}
	bound, err := boundTx(tx, p.Account, org)
	if err != nil {
		return err
	}
	if !bound || sealKind != seal.Enterprise {
		return fault.Forbidden.New("您没有登记为该单位的印章经办人").WithCode("sealapply.bond").
			WithHint("请持营业执照和委托书到县级印章管理部门办理经办登记")
	}
	return nil
}

// mayTx refuses who may not act on an application in the capacity of a side. Who
// may not even see it is told that there is none.
func (s *Service) mayTx(ctx context.Context, tx *db.Tx, r *row, side Side, steps []*stepRow) error {
	if err := s.seesTx(ctx, tx, r, steps); err != nil {
		return err
	}
	switch side {
	case Applicant:
		return mayApply(ctx, tx, r.org, r.sealKind, r.person)
	case Reviewer:
		step := current(r.round, steps)
		if step == nil {
			return errMove(r.kind, r.state, ActApprove)
		}
		return reviews(ctx, tx, step.org)
	case Filer: // the file is the authority's that made the seal: see authorityOf
		return iam.Allow(ctx, permissions[Filer], first(r.round, steps).org)
	default:
		return allowTx(ctx, tx, permissions[side], r.org, r.path)
	}
}

// reviews refuses who does not review for an authority. A role held above counts
// for the tiers below it, and a tier is reviewed by people of units of that tier:
// otherwise the province could review what is the county's to see first
// (泽州县电子印章管理暂行办法 第五条 三).
func reviews(ctx context.Context, tx *db.Tx, authority string) error {
	if err := iam.Allow(ctx, permissions[Reviewer], authority); err != nil {
		return err
	}
	p, ok := iam.From(ctx)
	if !ok || p.Org == authority {
		return nil
	}
	at, err := iam.OrgTx(tx, authority)
	if err != nil {
		return err
	}
	own, err := iam.OrgTx(tx, p.Org)
	if err != nil || own.Tier != at.Tier {
		return fault.Forbidden.Wrap(err, "本级审核须由本级的人员办理").WithCode("sealapply.tier").WithHint("请由该级印章管理单位的印章管理员审核；申请会逐级报送到您这一级")
	}
	return nil
}

// allowTx is package seal's rule of whose permissions reach a unit: those held
// for it or above it, and those of the authority that manages its seals, which
// stands beside it.
func allowTx(ctx context.Context, tx *db.Tx, permission, org, path string) error {
	denied := iam.Allow(ctx, permission, org)
	if e := fault.As(denied); e == nil || e.Kind != fault.Forbidden {
		return denied
	}
	for _, root := range iam.ScopeRoots(ctx, permission) {
		o, err := iam.OrgTx(tx, root)
		if err != nil {
			return err
		}
		if manages(&o, path) && iam.Allow(ctx, permission, root) == nil {
			return nil
		}
	}
	return denied
}

// manages tells whether an open authority stands below a unit of the path.
func manages(o *iam.Org, path string) bool {
	return o.Type == authorityType && !o.Closed && o.Parent != "" && strings.Contains(path, "/"+o.Parent+"/")
}

// seesTx hides an application from everybody but the applicant's unit and those
// of its chain.
func (s *Service) seesTx(ctx context.Context, tx *db.Tx, r *row, steps []*stepRow) error {
	p, ok := iam.From(ctx)
	if !ok {
		return iam.Allow(ctx, permissions[Applicant], r.org)
	}
	if p.Account != "" && p.Account == r.account && iam.Allow(ctx, permissions[Applicant], r.org) == nil {
		return nil
	}
	if r.sealKind != seal.Personal && iam.Allow(ctx, permissions[Applicant], r.org) == nil {
		return nil
	}
	if p.Kind == iam.Holder {
		if mayApply(ctx, tx, r.org, r.sealKind, r.person) == nil {
			return nil
		}
		return errUnknown()
	}
	if p.Account != "" && r.person == p.Account && p.Account == r.account {
		return nil
	}
	if r.state == Draft && r.round == 0 {
		return errUnknown() // nobody's but the applicant's
	}
	for _, side := range []Side{Maker, Filer, Manager} {
		switch err := allowTx(ctx, tx, permissions[side], r.org, r.path); {
		case err == nil:
			return nil
		case fault.As(err) == nil:
			return err
		}
	}
	for _, x := range steps {
		if iam.Allow(ctx, permissions[Reviewer], x.org) == nil || iam.Allow(ctx, permissions[Filer], x.org) == nil {
			return nil
		}
	}
	return errUnknown()
}

// current is the step that waits, or nil.
func current(round int64, steps []*stepRow) *stepRow {
	for _, x := range steps {
		if x.round == round && x.state == stepWaiting {
			return x
		}
	}
	return nil
}

// first is the lowest tier of a round: the authority of the applicant's own tier.
func first(round int64, steps []*stepRow) *stepRow {
	for _, x := range steps {
		if x.round == round {
			return x
		}
	}
	return &stepRow{}
}

// ownTx refuses who had a hand in what they are about to decide on: who began,
// filled in or submitted it, who is to keep the seal, and whose it is; and who
// decided on another tier of the same round.
func ownTx(tx *db.Tx, object string, involved []string, round int64, steps []*stepRow) error {
	me := audit.ActorFrom(tx.Context()).Account
	if me == "" {
		return fault.Forbidden.New("审核、制作、备案须由人办理").WithCode("sealapply.program").WithHint("请登录后办理")
	}
	list, err := hands(tx, object)
	if err != nil {
		return err
	}
	if slices.Contains(list, me) || slices.Contains(involved, me) {
		return fault.Forbidden.New("不能审核、办理本人经手的申请").WithCode("sealapply.own").WithHint("请由本单位其他有此权限的人办理")
	}
	for _, x := range steps {
		if x.round == round && x.account == me && x.state != stepWaiting {
			return fault.Forbidden.New("同一人不能审核两个层级").WithCode("sealapply.two-tiers").WithHint("请由该层级的其他审核人办理")
		}
	}
	return nil
}

func (r *row) involved() []string { return []string{r.account, r.custodian, r.person} }

func objectOf(id string) string { return "sealapply/" + id }

// zoned refuses a kind of seal that is not applied for in this zone (SEAL-18).
func (o Options) zoned(sealKind string) error {
	outside := sealKind == seal.Enterprise || sealKind == seal.Personal
	switch {
	case o.Zone == Extranet && outside:
		return fault.Conflict.New("本平台（政务外网）不受理%s申请", seal.Label(sealKind)).WithCode("sealapply.zone").
			WithHint("请在互联网的“电子印章公共服务”办理")
	case o.Zone == Internet && !outside:
		return fault.Conflict.New("本平台（互联网）不受理%s申请", seal.Label(sealKind)).WithCode("sealapply.zone").
			WithHint("请在政务外网的“电子印章系统”办理")
	}
	return nil
}
