package admin

import (
	"context"
	"strconv"
	"strings"
	"time"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// tiers are the tiers of government, highest first.
var tiers = []page.Option{{Value: "province", Label: "省级"}, {Value: "city", Label: "市级"}, {Value: "county", Label: "县级"}, {Value: "town", Label: "乡镇级"}, {Value: "village", Label: "村级"}}

// posts are the posts that a unit names, each another person (OPS-02).
var posts = []page.Option{{Value: iam.PostContact, Label: "联系人"}, {Value: iam.PostCustodian, Label: "印章保管人"}, {Value: iam.PostReviewer, Label: "审核人"}}

func labelOf(list []page.Option, value string) string {
	for _, o := range list {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// count is a number as people read it; iam counts to a limit.
func count(n int64) string {
	if n >= 10_000 {
		return "10000 以上"
	}
	return strconv.FormatInt(n, 10)
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func openChip(closed bool) []page.Chip {
	if closed {
		return []page.Chip{{Class: page.Plain, Word: "已停用"}}
	}
	return nil
}

// untilOf reads a day that is the last one, in Beijing; empty is no end.
func untilOf(field, typed string) (time.Time, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation("2006-01-02", typed, page.In(time.Time{}).Location())
	if err != nil {
		return time.Time{}, fault.Invalid.New("日期不正确").WithCode("date").WithField(field, "format.date", "应为日期，例如 2026-12-31")
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), nil
}

// unitNamed finds the unit that somebody typed: by its id, or by a name that is
// only its own.
func (s *Service) unitNamed(ctx context.Context, field, typed string) (iam.Org, error) {
	typed = strings.TrimSpace(typed)
	bad := fault.Invalid.New("请说明是哪个单位").WithCode("org.unclear")
	if typed == "" {
		return iam.Org{}, bad.WithField(field, "required", "必填")
	}
	if o, err := s.IAM.Org(ctx, typed); err == nil {
		return o, nil
	} else if fault.As(err) == nil {
		return iam.Org{}, err
	}
	found, err := s.IAM.OrgsPage(ctx, iam.OrgQuery{Text: typed, Limit: 20})
	if err != nil {
		return iam.Org{}, err
	}
	var names []string
	for _, o := range found.Items {
		if o.Name == typed {
			return o.Org, nil
		}
		names = append(names, o.Name)
	}
	switch len(found.Items) {
	case 0:
		return iam.Org{}, bad.WithField(field, "org.unknown", "没有这个单位。请填写单位全称，或单位编号")
	case 1:
		return found.Items[0].Org, nil
	}
	return iam.Org{}, bad.WithField(field, "org.many", "有多个单位符合："+strings.Join(names[:min(len(names), 5)], "、")+"。请填写全称")
}

// personNamed finds the person that somebody typed: by username, or by id.
func (s *Service) personNamed(ctx context.Context, field, typed string) (iam.Account, error) {
	typed = strings.TrimSpace(typed)
	bad := fault.Invalid.New("请说明是哪位人员").WithCode("account.unclear")
	if typed == "" {
		return iam.Account{}, bad.WithField(field, "required", "必填")
	}
	found, err := s.IAM.FindAccounts(ctx, iam.AccountQuery{Username: typed, Limit: 2})
	if err != nil {
		return iam.Account{}, err
	}
	for _, a := range found.Items {
		if a.Username == iam.FoldUsername(typed) {
			return a, nil
		}
	}
	a, err := s.IAM.Account(ctx, typed)
	if e := fault.As(err); e != nil && (e.Kind == fault.NotFound || e.Kind == fault.Forbidden) {
		return a, bad.WithField(field, "account.unknown", "没有这个用户名。可在“人员”中按姓名查找")
	}
	return a, err
}

// above are the units above one, the highest first.
func (s *Service) above(ctx context.Context, o iam.Org) (list []iam.Org, err error) {
	for range 32 { // more than may stand above each other
		if o.Parent == "" {
			break
		}
		if o, err = s.IAM.Org(ctx, o.Parent); err != nil {
			return nil, err
		}
		list = append([]iam.Org{o}, list...)
	}
	return list, nil
}

// unitName is the name of a unit for people; an unknown id stays itself.
func (s *Service) unitName(ctx context.Context, id string) string {
	if id == "" {
		return "—"
	}
	o, err := s.IAM.Org(ctx, id)
	if err != nil {
		return id
	}
	return o.Name
}

// at is the address of a page below Home.
func at(parts ...string) string { return page.At(Home, parts...) }
