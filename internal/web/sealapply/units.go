package sealapply

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealapply"
	"sidian/internal/web/page"
)

func itoa[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// mostChoices is how many units, seals or people stand in one choice; of more,
// one is typed.
const mostChoices = 60

// units are the open units that the reader may apply for.
func (s *Service) units(ctx context.Context) ([]iam.Org, error) {
	roots := iam.ScopeRoots(ctx, "seal.apply")
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	parent := map[string]string{}
	for _, o := range all {
		parent[o.ID] = o.Parent
	}
	below := func(id string) bool {
		for range 32 { // more than may stand above each other
			if id == "" {
				return false
			}
			if slices.Contains(roots, id) {
				return true
			}
			id = parent[id]
		}
		return false
	}
	return slices.DeleteFunc(all, func(o iam.Org) bool { return o.Closed || !below(o.ID) }), nil
}

// unitNamed finds a unit that was chosen by id, or typed by name or credit code.
func unitNamed(units []iam.Org, typed string) string {
	typed = strings.TrimSpace(typed)
	if i := slices.IndexFunc(units, func(o iam.Org) bool { return typed != "" && (o.ID == typed || o.Name == typed || o.USCC == typed) }); i >= 0 {
		return units[i].ID
	}
	return typed // the domain says what is wrong with it
}

func unitField(units []iam.Org, chosen string) page.Field {
	f := page.Field{ID: "org", Name: "org", Label: "用章单位", Required: true, Value: chosen}
	if len(units) > mostChoices {
		f.Hint = "填写单位的法定名称或统一社会信用代码"
		if i := slices.IndexFunc(units, func(o iam.Org) bool { return o.ID == chosen }); i >= 0 {
			f.Value = units[i].Name
		}
		return f
	}
	for _, o := range units {
		f.Options = append(f.Options, page.Option{Value: o.ID, Label: o.Name})
	}
	if len(units) == 1 {
		f.Value = units[0].ID
	}
	return f
}

// sealKinds are the kinds of seal that are applied for here, each with what it
// is for.
func (s *Service) sealKinds() (list []page.Option) {
	for _, k := range seal.Kinds() {
		outside := k == seal.Enterprise || k == seal.Personal
		if k == seal.Personal || s.Apply.Options.Zone == sealapply.Extranet && outside || s.Apply.Options.Zone == sealapply.Internet && !outside {
			continue
		}
		list = append(list, page.Option{Value: k, Label: kindWords[k]})
	}
	return list
}

var kindWords = map[string]string{
	seal.LegalName:  "单位的正式公章，名称与法定名称完全一致，一个单位一枚。",
	seal.Internal:   "内设机构对外办事用，名称为法定名称加机构名称。",
	seal.Branch:     "分支机构用，名称为法定名称加分支机构名称。",
	seal.Special:    "只用于一类业务，如财务、合同、行政审批，名称为法定名称加用途。",
	seal.NameSeal:   "单位负责人的姓名章，须本人已实名。",
	seal.Enterprise: "企业、社会组织的印章，由同级印章管理部门审核。",
}

// about are the seals that the reader may apply about: to renew, only those whose
// time has come.
func (s *Service) about(ctx context.Context, k sealapply.Kind) (list []*seal.Seal, err error) {
	var all []*seal.Seal
	if iam.May(ctx, "seal.read", "") {
		found, err := s.Seal.Search(ctx, seal.Query{Limit: 200})
		if err != nil {
			return nil, err
		}
		all = found.Items
	}
	kept, _, err := s.Seal.Kept(ctx)
	if err != nil {
		return nil, err
	}
	for _, x := range slices.Concat(all, kept) {
		own := x.Kind == seal.Personal && x.Person == iam.Self(ctx)
		if slices.ContainsFunc(list, func(y *seal.Seal) bool { return y.ID == x.ID }) || !own && !iam.May(ctx, "seal.apply", x.Org) {
			continue
		}
		if s.fits(k, x) {
			list = append(list, x)
		}
	}
	return list, nil
}

// fits tells whether what is to be done may be done about a seal now.
func (s *Service) fits(k sealapply.Kind, x *seal.Seal) bool {
	switch k {
	case sealapply.Renew:
		return x.RenewalOpen(s.IAM.DB.Now())
	case sealapply.Cancel:
		return x.State != seal.Cancelled && x.State != seal.Replaced
	}
	return x.State == seal.Effective || x.State == seal.Frozen || x.State == seal.Expired
}

// keepers are the accounts that may keep the seal of a unit, the reader first.
func (s *Service) keepers(ctx context.Context, org string, also ...string) (fit []string, err error) {
	might := s.Keepers
	if might == nil {
		might = s.known
	}
	all, err := might(ctx, org)
	if err != nil {
		return nil, err
	}
	all = append(all, also...)
	mine := iam.Self(ctx)
	all = append(all, mine)
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(boolean(a != mine), boolean(b != mine)), cmp.Compare(a, b))
	})
	for _, id := range slices.Compact(all) {
		if id == "" {
			continue
		}
		as, err := s.IAM.As(context.WithoutCancel(ctx), id)
		if err == nil {
			err = iam.Allow(as, "seal.use", org)
		}
		switch {
		case err == nil:
			fit = append(fit, id)
		case fault.As(err) == nil:
			return nil, err
		}
		if len(fit) == mostChoices {
			break
		}
	}
	return fit, nil
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}

// known are the people who keep a seal of the organisation, or hold a post there
// or above, as far as the reader may know.
func (s *Service) known(ctx context.Context, org string) (out []string, err error) {
	if iam.May(ctx, "seal.read", org) {
		list, err := s.Seal.Search(ctx, seal.Query{Org: org, Limit: 200})
		if err != nil {
			return nil, err
		}
		for _, x := range list.Items {
			out = append(out, x.Custodian)
		}
	}
	for range 32 {
		if iam.May(ctx, "org.read", org) {
			posts, err := s.IAM.Posts(ctx, org, false)
			if err != nil {
				return nil, err
			}
			for _, p := range posts {
				out = append(out, p.Account)
			}
		}
		o, err := s.IAM.Org(ctx, org)
		if err != nil || o.Parent == "" {
			return out, err
		}
		org = o.Parent
	}
	return out, nil
}
