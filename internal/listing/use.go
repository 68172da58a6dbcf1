package listing

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// States of a version of a use list.
const (
	Proposed   = "proposed"
	Effective  = "effective"
	Superseded = "superseded"
	Refused    = "refused"
	Withdrawn  = "withdrawn"
)

// A Use is one line of a use list: what may be used, and for what.
type Use struct {
	Kind    string   `json:"kind" minLength:"1" maxLength:"64" doc:"证照类型的目录名"`
	Title   string   `json:"title,omitempty" doc:"证照类型名称；提出时不填"`
	Item    string   `json:"item,omitempty" maxLength:"64" doc:"只用于这个事项；不填则用于本单位的各事项"`
	Purpose string   `json:"purpose,omitempty" maxLength:"40" doc:"只用于这个用途；不填则不限用途"`
	Fields  []string `json:"fields,omitempty" maxItems:"60" doc:"可以使用的照面项；不填则为全部"`
}

// A UseVersion is a version of a unit's use list.
type UseVersion struct {
	Version    int       `json:"version"`
	State      string    `json:"state" enum:"proposed,effective,superseded,refused,withdrawn"`
	Uses       []Use     `json:"uses"`
	Reason     string    `json:"reason"`
	At         time.Time `json:"at"`
	DecidedAt  time.Time `json:"decided_at,omitzero"`
	DecidedWhy string    `json:"decided_why,omitempty"`
}

// A UseList is a unit's use list (用证清单) with its versions, newest first.
type UseList struct {
	Unit      string       `json:"unit"`
	UnitName  string       `json:"unit_name"`
	Effective *UseVersion  `json:"effective,omitempty" doc:"现行；没有则不能用证"`
	Proposed  *UseVersion  `json:"proposed,omitempty" doc:"待同意的调整"`
	Versions  []UseVersion `json:"versions"`
}

// UseList is a unit's use list, for who reports or reviews for it.
func (s *Service) UseList(ctx context.Context, unit string) (*UseList, error) {
	if err := maySee(ctx, unit); err != nil {
		return nil, err
	}
	v := &UseList{Unit: unit}
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		o, err := iam.OrgTx(tx, unit)
		if err != nil {
			return err
		}
		v.UnitName, v.Versions, v.Effective, v.Proposed = o.Name, []UseVersion{}, nil, nil
		list, err := usesOf(tx, unit)
		for _, u := range list {
			one := UseVersion{int(u.version), u.state, u.uses, u.reason, moment(u.at), at(u.decided), u.decidedWhy}
			v.Versions = append(v.Versions, one)
			switch u.state {
			case Effective:
				v.Effective = &one
			case Proposed:
				v.Proposed = &one
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// A Proposal is a unit's use list as it should be.
type Proposal struct {
	Unit   string `path:"org" json:"-" maxLength:"64"`
	Uses   []Use  `json:"uses" maxItems:"500" doc:"调整后的全部内容"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// ProposeUse proposes a unit's whole use list as it should be; the manager above
// agrees.
func (s *Service) ProposeUse(ctx context.Context, p Proposal) (*UseList, error) {
	reason, err := reasonOf(p.Reason)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permReport, p.Unit); err != nil {
		return nil, s.refused(ctx, "listing.use", "use-list/"+p.Unit, err)
	}
	if err := s.checkUses(ctx, p.Unit, p.Uses); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		u := &useRow{unit: p.Unit, state: Proposed, uses: slices.Clone(p.Uses), reason: reason, account: actor(ctx), at: tx.Now().UnixMilli()}
		if err := s.fieldsTx(tx, u.uses); err != nil {
			return err
		}
		if u.authority, err = authorityTx(tx, p.Unit, ""); err != nil {
			return err
		}
		if u.version, err = nextUse(tx, p.Unit); err != nil {
			return err
		}
		made, err := insertUse(tx, u)
		if err != nil {
			return err
		}
		if !made {
			return fault.Conflict.New("本单位已有待同意的调整").WithCode("listing.use-open").WithHint("请等待同意，或先撤回")
		}
		who := "下级单位"
		if u.authority == u.unit {
			who = "本单位"
		}
		err = s.tell(tx, notice.Notice{Org: u.authority, Permission: permReview, Topic: "listing.use", Title: "用证清单待同意", Text: who + "提出调整用证清单，请核对所用证照、照面项和用途。", Link: "/console/lists/uses/" + url.PathEscape(p.Unit)})
		if err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.use", Object: "use-list/" + p.Unit, Reason: reason, After: u.digest()})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.use", "use-list/"+p.Unit, err)
	}
	return s.UseList(ctx, p.Unit)
}

// checkUses refuses items that are not the unit's, and purposes that nobody knows.
func (s *Service) checkUses(ctx context.Context, unit string, uses []Use) error {
	if len(uses) > mostUses {
		return errField("uses", "listing.uses", "至多 500 行")
	}
	for i := range uses {
		u := &uses[i]
		u.Item, u.Purpose = strings.TrimSpace(u.Item), strings.TrimSpace(u.Purpose)
		if u.Purpose != "" && !s.IAM.InForce().KnowsPurpose(u.Purpose) {
			return errField("uses", "listing.purpose", "没有这种用途："+clip(u.Purpose, 40))
		}
		if u.Item == "" {
			continue
		}
		d := Said{Items: []string{u.Item}}
		if err := s.checkItems(ctx, unit, &d); err != nil {
			return err
		}
		u.Item = d.Items[0]
	}
	return nil
}

// fieldsTx completes uses by their kinds, and refuses fields that a kind lacks.
func (s *Service) fieldsTx(tx *db.Tx, uses []Use) error {
	seen := map[string]bool{}
	for i := range uses {
		u := &uses[i]
		k, err := s.kindTx(tx, u.Kind)
		if err != nil {
			return err
		}
		u.Kind, u.Title = k.Name, k.Title
		u.Fields = slices.Clone(u.Fields)
		slices.Sort(u.Fields)
		u.Fields = slices.Compact(u.Fields)
		for _, key := range u.Fields {
			if k.Field(key) == nil {
				return errField("uses", "listing.fields", "“"+k.Title+"”没有所写的照面项")
			}
		}
		key := u.Kind + "\n" + u.Item + "\n" + u.Purpose
		if seen[key] {
			return errField("uses", "listing.uses", "同一证照、事项和用途写了两行："+k.Title)
		}
		seen[key] = true
	}
	return nil
}

// A UseDecision is what becomes of a proposed use list.
type UseDecision struct {
	Unit   string `path:"org" json:"-" maxLength:"64"`
	State  string `json:"state" enum:"effective,refused,withdrawn" doc:"同意、不同意；撤回只由提出的单位"`
	Reason string `json:"reason" minLength:"1" maxLength:"500"`
}

// DecideUse agrees to a proposed use list, or does not, or takes it back.
func (s *Service) DecideUse(ctx context.Context, d UseDecision) (*UseList, error) {
	reason, err := reasonOf(d.Reason)
	if err != nil {
		return nil, err
	}
	if d.State != Effective && d.State != Refused && d.State != Withdrawn {
		return nil, errField("state", "listing.use-state", "请选择同意、不同意或撤回")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		authority, err := authorityTx(tx, d.Unit, "")
		if err != nil {
			return err
		}
		if err := mayDecideUse(ctx, authority, d); err != nil {
			return err
		}
		u, err := proposedUse(tx, d.Unit)
		if err != nil {
			return err
		}
		if d.State != Withdrawn && u.account == actor(ctx) {
			return errSame("提出与同意")
		}
		return decideUse(tx, u, d.State, actor(ctx), reason)
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.use-decide", "use-list/"+d.Unit, err)
	}
	return s.UseList(ctx, d.Unit)
}

// mayDecideUse refuses who is not the manager above, or for taking back not of the
// unit.
func mayDecideUse(ctx context.Context, authority string, d UseDecision) error {
	if d.State == Withdrawn {
		return iam.Allow(ctx, permReport, d.Unit)
	}
	if _, err := person(ctx); err != nil {
		return err
	}
	if err := iam.Allow(ctx, permReview, authority); err != nil {
		if iam.Allow(ctx, permReview, d.Unit) == nil {
			return errOwn()
		}
		return err
	}
	if authority != d.Unit && ownUnit(ctx, d.Unit) {
		return errOwn()
	}
	return nil
}

func decideUse(tx *db.Tx, u *useRow, state, account, reason string) error {
	e := audit.Entry{Action: "listing.use-decide", Object: "use-list/" + u.unit, Reason: reason, After: u.digest()}
	if state == Effective {
		before, err := effectiveUse(tx, u.unit)
		if err != nil {
			return err
		}
		if before != nil {
			e.Before = before.digest()
		}
		if err := supersedeUse(tx, u.unit); err != nil {
			return err
		}
	}
	now := tx.Now().UnixMilli()
	u.state, u.decidedBy, u.decided, u.decidedWhy = state, account, &now, reason
	if err := saveUse(tx, u); err != nil {
		return err
	}
	return audit.Put(tx, e)
}

// A Want is what a unit wants to use.
type Want struct {
	Unit    string   `path:"org" json:"-" maxLength:"64"`
	Kind    string   `json:"kind" minLength:"1" maxLength:"64" doc:"证照类型的目录名"`
	Item    string   `json:"item,omitempty" maxLength:"64" doc:"为哪个事项"`
	Purpose string   `json:"purpose,omitempty" maxLength:"40" doc:"用途"`
	Fields  []string `json:"fields,omitempty" maxItems:"200" doc:"所用照面项；不填则为全部"`
}

// MayUse tells whether a unit may use a kind for an item and a purpose (CAT-08):
// nil, or a refusal that names the list and the way out. It asks nothing about who
// acts: that is the caller's matter, and so is the audit.
func (s *Service) MayUse(ctx context.Context, w Want) error {
	return s.DB.Read(ctx, func(tx *db.Tx) error { return s.MayUseTx(tx, w) })
}

// MayUseTx is MayUse in a caller's transaction.
func (s *Service) MayUseTx(tx *db.Tx, w Want) error {
	u, err := effectiveUse(tx, w.Unit)
	if err != nil {
		return err
	}
	o, err := iam.OrgTx(tx, w.Unit)
	if err != nil {
		return err
	}
	const way = "请由本单位提出调整用证清单，经同级主管部门的目录管理员同意后使用"
	if u == nil {
		return fault.Forbidden.New("%s还没有用证清单，不能使用电子证照", o.Name).WithCode("listing.use-none").WithHint(way)
	}
	var fields []string
	whole, listed := false, false
	for _, one := range u.uses {
		if one.Kind != w.Kind || one.Item != "" && one.Item != w.Item || one.Purpose != "" && one.Purpose != w.Purpose {
			continue
		}
		listed = true
		whole = whole || len(one.Fields) == 0
		fields = append(fields, one.Fields...)
	}
	list := fmt.Sprintf("%s的用证清单（第 %d 版）", o.Name, u.version)
	if !listed {
		return fault.Forbidden.New("%s没有列入这种证照，或没有列入这个事项、用途", list).WithCode("listing.use-outside").WithHint(way)
	}
	outside := func(key string) bool { return !slices.Contains(fields, key) }
	if !whole && (len(w.Fields) == 0 || slices.ContainsFunc(w.Fields, outside)) {
		return fault.Forbidden.New("%s没有列入所用的部分照面项", list).WithCode("listing.use-fields").WithHint("只取清单列入的照面项，或%s", strings.TrimPrefix(way, "请"))
	}
	return nil
}

// An Answer tells that a use is within the list.
type Answer struct {
	Allowed bool `json:"allowed" doc:"在清单内；不在则返回 403 和原因"`
}

// CheckUse is MayUse for who reports or reviews for the unit.
func (s *Service) CheckUse(ctx context.Context, w Want) (*Answer, error) {
	err := maySee(ctx, w.Unit)
	if err == nil {
		err = s.MayUse(ctx, w)
	}
	if err != nil {
		return nil, s.refused(ctx, "listing.use-check", "use-list/"+w.Unit, err)
	}
	return &Answer{true}, nil
}

func (u *useRow) digest() gm.Digest { return gm.Sum([]byte(u.encoded())) }

// encoded cannot fail: it holds texts alone.
func (u *useRow) encoded() string {
	raw, err := json.Marshal(u.uses)
	if err != nil {
		return "[]"
	}
	return string(raw)
}
