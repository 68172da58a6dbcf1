package iam

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// OrgRequest asks for a new organisation.
type OrgRequest struct {
	ID     string `json:"id,omitempty" maxLength:"40" doc:"可自定；不填则随机"`
	Parent string `json:"parent" maxLength:"40" doc:"上级单位编号"`
	Name   string `json:"name" minLength:"1" maxLength:"100"`
	USCC   string `json:"uscc,omitempty" doc:"统一社会信用代码"`
	Region string `json:"region,omitempty" doc:"行政区划代码，6 或 12 位"`
	Tier   string `json:"tier" enum:"province,city,county,town,village"`
	Type   string `json:"type,omitempty" doc:"单位类别；不填则为其他"`
	Sort   int64  `json:"sort,omitempty"`
}

var idForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

// Validate checks what a schema cannot.
func (r OrgRequest) Validate() error {
	bad := fault.Invalid.New("单位信息不符合规则").WithCode("org.invalid")
	if r.ID != "" && !idForm.MatchString(r.ID) {
		bad = bad.WithField("id", "org.id", "由小写字母、数字和连字符组成，至多 40 个字符")
	}
	if !slices.Contains(tiers, r.Tier) {
		bad = bad.WithField("tier", "enum", "应为 province、city、county、town 或 village")
	}
	return checkOrg(bad, r.Name, r.USCC, r.Region, r.Type).OrNil()
}

func checkOrg(bad *fault.Error, name, uscc, region, kind string) *fault.Error {
	if n := utf8.RuneCountInString(strings.TrimSpace(name)); n == 0 || n > 100 {
		bad = bad.WithField("name", "required", "应为 1 至 100 个字")
	}
	if _, err := gbcode.ParseCreditCode(uscc); uscc != "" && err != nil {
		bad = bad.WithField("uscc", "org.uscc", "不是有效的统一社会信用代码（GB 32100-2015）")
	}
	if _, err := gbcode.ParseDivision(region); region != "" && err != nil {
		bad = bad.WithField("region", "org.region", "不是有效的行政区划代码（GB/T 2260）")
	}
	if kind != "" && !slices.ContainsFunc(orgTypes, func(t OrgType) bool { return t.Code == kind }) {
		bad = bad.WithField("type", "enum", "没有这种单位类别")
	}
	return bad
}

// CreateOrg adds an organisation below one that the caller manages.
func (s *Service) CreateOrg(ctx context.Context, r OrgRequest) (Org, error) {
	if err := r.Validate(); err != nil {
		return Org{}, err
	}
	if r.Parent == "" {
		return Org{}, fault.Invalid.New("须填写上级单位").WithCode("org.parent").WithField("parent", "required", "必填")
	}
	if err := Allow(ctx, "org.manage", r.Parent); err != nil {
		return Org{}, err
	}
	var o Org
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		parent, err := OrgTx(tx, r.Parent)
		if err != nil {
			return err
		}
		switch {
		case parent.Closed:
			return fault.Conflict.New("上级单位已停用").WithCode("org.closed")
		case !intact(s.guards.orgs, &parent):
			return errAltered()
		case slices.Index(tiers, r.Tier) < slices.Index(tiers, parent.Tier):
			return fault.Conflict.New("下级单位的层级不能高于上级单位").WithCode("org.tier").WithHint("层级自上而下为省、市、县、乡镇、村")
		case strings.Count(parent.path, "/") > maxDepth:
			return fault.TooLarge.New("单位层次过多").WithCode("org.depth").WithHint("单位至多 %d 层", maxDepth)
		}
		o, err = s.putOrg(tx, r, parent.path)
		return err
	})
	if err == nil {
		s.grow(o)
	}
	return o, err
}

// maxDepth is how many organisations may stand above each other.
const maxDepth = 16

func (s *Service) putOrg(tx *db.Tx, r OrgRequest, above string) (Org, error) {
	if r.ID == "" {
		r.ID = newID()
	}
	o := Org{ID: r.ID, Parent: r.Parent, Name: strings.TrimSpace(r.Name), USCC: r.USCC, Region: r.Region, Tier: r.Tier, Type: cmp.Or(r.Type, "other"), Sort: r.Sort}
	o.path = cmp.Or(above, "/") + o.ID + "/"
	n, err := s.insertOrg(tx, o)
	if err != nil {
		return Org{}, err
	}
	if n == 0 {
		return Org{}, fault.Conflict.New("单位编号或统一社会信用代码已存在").WithCode("org.exists")
	}
	return o, audit.Put(tx, audit.Entry{Action: "org.create", Object: "org/" + o.ID, After: o.digest()})
}

// CloseOrg ends an organisation: nobody acts for it any more. One that has
// open organisations below it is refused.
func (s *Service) CloseOrg(ctx context.Context, id, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	if err := Allow(ctx, "org.manage", id); err != nil {
		return err
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		o, err := OrgTx(tx, id)
		if err != nil {
			return err
		}
		open, err := openChildren(tx, id)
		switch {
		case err != nil:
			return err
		case o.Closed:
			return fault.Conflict.New("单位已停用").WithCode("org.closed")
		case o.Parent == "":
			return fault.Conflict.New("根单位不能停用").WithCode("org.root")
		case open > 0:
			return fault.Conflict.New("还有下级单位未停用").WithCode("org.children").WithHint("请先停用或移交下级单位")
		}
		if !intact(s.guards.orgs, &o) {
			return errAltered()
		}
		if err := s.endPosts(tx, id, "单位停用"); err != nil {
			return err
		}
		before := o.digest()
		o.closedAt = tx.Now().UnixMilli()
		if err := s.saveOrg(tx, &o); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "org.close", Object: "org/" + id, Reason: reason, Before: before, After: o.digest()})
	})
	s.reloadTree(ctx)
	return err
}

// Org returns one organisation. Who an organisation is, is public.
func (s *Service) Org(ctx context.Context, id string) (o Org, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { o, err = OrgTx(tx, id); return err })
	return o, err
}

// Organisations lists all organisations, ordered by sort and id.
func (s *Service) Organisations(ctx context.Context) (list []Org, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { list, err = allOrgs(tx); return err })
	return list, err
}

// OrgTx returns one organisation in a caller's transaction.
func OrgTx(tx *db.Tx, id string) (Org, error) { return getOrg(tx, id) }

var known = db.NewMemo[string, Org]("iam_org")

// KnownTx is [OrgTx] as it was a moment ago: see [db.Memo].
func KnownTx(tx *db.Tx, id string) (Org, error) {
	return known.Get(tx, id, func(tx *db.Tx) (Org, error) { return getOrg(tx, id) })
}

func errNoOrg() error { return fault.NotFound.New("没有这个单位").WithCode("org.unknown") }

func needReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fault.Invalid.New("须填写理由").WithCode("reason.required").WithField("reason", "required", "必填")
	}
	return nil
}
