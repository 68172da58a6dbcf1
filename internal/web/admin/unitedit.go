package admin

import (
	"crypto/rand"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// onceForm is the form of a number that a form carries, so that it is done once
// however often it is sent.
var onceForm = regexp.MustCompile(`^[a-z0-9]{20,40}$`)

func once(r *http.Request) string {
	if v := r.PostFormValue("once"); onceForm.MatchString(v) {
		return v
	}
	return strings.ToLower(rand.Text())
}

func unitFields(v func(string) string) []page.Field {
	return []page.Field{
		{ID: "name", Name: "name", Label: "单位全称", Value: v("name"), Required: true, Max: 100},
		{ID: "type", Name: "type", Label: "类别", Value: v("type"), Required: true, Options: unitTypes()},
		{ID: "uscc", Name: "uscc", Label: "统一社会信用代码", Value: v("uscc"), Code: true, Max: 18, Hint: "18 位；没有的不填"},
		{ID: "region", Name: "region", Label: "行政区划代码", Value: v("region"), Code: true, Max: 12, Mode: "numeric", Hint: "6 位或 12 位；不填则按上级单位"},
		{ID: "sort", Name: "sort", Label: "排序", Value: v("sort"), Short: true, Mode: "numeric", Max: 9, Hint: "小的在前；不填为 0"},
	}
}

func sortOf(typed string) (int64, error) {
	if strings.TrimSpace(typed) == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.TrimSpace(typed), 10, 32)
	if err != nil || n < 0 {
		return 0, fault.Invalid.New("排序不正确").WithCode("org.sort").WithField("sort", "type.integer", "应为 0 或正整数")
	}
	return n, nil
}

// newUnit is the page of a unit that is to be added; its parent is chosen on
// the page before, or typed.
func (s *Service) newUnit(r *http.Request, v func(string) string) (*sheet, error) {
	p := s.sheet(r, "units", "新增单位", "新增的单位立即可用，由系统管理员办理并记入审计。下一步：任命它的联系人、印章保管人、审核人。").under("单位", at("units"))
	parent := page.Field{ID: "parent", Name: "parent", Label: "上级单位", Value: v("parent"), Required: true, Max: 100, Hint: "单位全称，或单位编号"}
	if v("parent") != "" {
		if o, err := s.IAM.Org(r.Context(), v("parent")); err == nil {
			parent.Value = o.Name
			parent.Options = []page.Option{{Value: o.ID, Label: o.Name}}
			parent.Hint, parent.Value = "", o.ID
		}
	}
	tier := page.Field{ID: "tier", Name: "tier", Label: "层级", Value: v("tier"), Required: true, Options: tiers, Hint: "不能高于上级单位"}
	f := &form{Form: page.Form{Action: at("units", "new"), Button: "新增单位", Busy: "正在新增…", Cancel: at("units"), Hidden: []page.Hidden{{Name: "once", Value: once(r)}}}}
	f.Fields = append([]page.Field{parent, tier}, unitFields(v)...)
	return p.add(part{Form: f}), nil
}

func (s *Service) getNewUnit(w http.ResponseWriter, r *http.Request) error {
	p, err := s.newUnit(r, r.URL.Query().Get)
	if err != nil {
		return err
	}
	return s.show(w, p)
}

func (s *Service) postNewUnit(w http.ResponseWriter, r *http.Request) error {
	o, err := s.createUnit(r)
	if err == nil {
		return page.See(w, r, page.Asking(at("units", o.ID), "done", "created"))
	}
	p, e := s.newUnit(r, r.PostFormValue)
	if e != nil {
		return e
	}
	return s.refuse(w, p, err)
}

func (s *Service) createUnit(r *http.Request) (iam.Org, error) {
	parent, err := s.unitNamed(r.Context(), "parent", r.PostFormValue("parent"))
	if err != nil {
		return iam.Org{}, err
	}
	n, err := sortOf(r.PostFormValue("sort"))
	if err != nil {
		return iam.Org{}, err
	}
	q := iam.OrgRequest{ID: once(r), Parent: parent.ID, Name: r.PostFormValue("name"), USCC: strings.TrimSpace(r.PostFormValue("uscc")), Region: strings.TrimSpace(r.PostFormValue("region")),
		Tier: r.PostFormValue("tier"), Type: r.PostFormValue("type"), Sort: n}
	if err := q.Validate(); err != nil {
		return iam.Org{}, err
	}
	return s.IAM.CreateOrg(r.Context(), q)
}

func (s *Service) editUnit(r *http.Request, o iam.Org, v func(string) string) *sheet {
	p := s.sheet(r, "units", "修改单位", "改名后，原名作为曾用名留存，已签发的证照不受影响。立即生效并记入审计。").under(o.Name, at("units", o.ID))
	f := &form{Form: page.Form{Action: at("units", o.ID, "edit"), Button: "保存修改", Busy: "正在保存…", Cancel: at("units", o.ID)}}
	f.Fields = append(unitFields(v), reason(r, ""))
	return p.add(part{Form: f})
}

func (s *Service) getEditUnit(w http.ResponseWriter, r *http.Request) error {
	o, err := s.managed(r)
	if err != nil {
		return err
	}
	kept := map[string]string{"name": o.Name, "type": o.Type, "uscc": o.USCC, "region": o.Region, "sort": strconv.FormatInt(o.Sort, 10)}
	return s.show(w, s.editUnit(r, o, func(k string) string { return kept[k] }))
}

// managed is the unit of a page on which it is changed.
func (s *Service) managed(r *http.Request) (iam.Org, error) {
	o, err := s.unit(r)
	if err != nil {
		return o, err
	}
	return o, iam.Allow(r.Context(), "org.manage", o.ID)
}

func (s *Service) postEditUnit(w http.ResponseWriter, r *http.Request) error {
	o, err := s.managed(r)
	if err != nil {
		return err
	}
	n, err := sortOf(r.PostFormValue("sort"))
	if err == nil {
		value := func(k string) *string { v := strings.TrimSpace(r.PostFormValue(k)); return &v }
		_, err = s.IAM.EditOrg(r.Context(), o.ID, iam.OrgEdit{Name: value("name"), Type: value("type"), USCC: value("uscc"), Region: value("region"), Sort: &n, Reason: r.PostFormValue("reason")})
	}
	if err == nil {
		return page.See(w, r, page.Asking(at("units", o.ID), "done", "edited"))
	}
	return s.refuse(w, s.editUnit(r, o, r.PostFormValue), err)
}

func (s *Service) closeUnit(r *http.Request, o iam.Org) *sheet {
	p := s.sheet(r, "units", "停用单位", "").under(o.Name, at("units", o.ID))
	return p.add(part{Confirms: []page.Confirm{{Title: "停用“" + o.Name + "”", Text: "停用后不能再以它的名义办理业务，岗位一并免去；已签发的证照仍可核验。有下级单位的，须先停用下级。",
		Action: at("units", o.ID, "close"), Reason: given(r), Button: "停用单位", Busy: "正在停用…", Grave: true, Cancel: at("units", o.ID)}}})
}

func (s *Service) getCloseUnit(w http.ResponseWriter, r *http.Request) error {
	o, err := s.managed(r)
	if err != nil {
		return err
	}
	return s.show(w, s.closeUnit(r, o))
}

func (s *Service) postCloseUnit(w http.ResponseWriter, r *http.Request) error {
	o, err := s.managed(r)
	if err != nil {
		return err
	}
	if err := s.IAM.CloseOrg(r.Context(), o.ID, r.PostFormValue("reason")); err != nil {
		return s.refuse(w, s.closeUnit(r, o), err)
	}
	return page.See(w, r, page.Asking(at("units", o.ID), "done", "closed"))
}

// appoint is the page on which somebody is given a post.
func (s *Service) appoint(r *http.Request, o iam.Org) (*sheet, error) {
	word := labelOf(posts, r.PathValue("post"))
	p := s.sheet(r, "units", "任命"+word, "任命立即生效，原任一并离任。联系人、印章保管人、审核人须为三个不同的人。").under(o.Name, at("units", o.ID))
	up, err := s.above(r.Context(), o)
	if err != nil {
		return nil, err
	}
	var people []page.Option
	for _, u := range append([]iam.Org{o}, up...) {
		if !iam.MayAny(r.Context(), u.ID, "account.manage", "account.lock") {
			continue
		}
		found, err := s.IAM.FindAccounts(r.Context(), iam.AccountQuery{Org: u.ID, Kind: iam.Staff, Limit: 100})
		if err != nil {
			return nil, err
		}
		for _, a := range found.Items {
			people = append(people, page.Option{Value: a.ID, Label: a.Name + "（" + a.Username + "，" + u.Name + "）"})
		}
	}
	who := page.Field{ID: "account", Name: "account", Label: word, Value: r.PostFormValue("account"), Required: true, Options: people, Hint: "本单位和上级单位的人员"}
	if len(people) == 0 {
		who.Hint = "填写用户名。本单位还没有人员的，请先登记"
	}
	f := &form{Form: page.Form{Action: r.URL.EscapedPath(), Button: "任命", Busy: "正在任命…", Cancel: at("units", o.ID), Fields: []page.Field{who, reason(r, "如任职文件的名称和文号，记入审计")}}}
	return p.add(part{Facts: []page.Fact{{Label: "单位", Text: o.Name}, {Label: "岗位", Text: word}}, Card: true}, part{Form: f}), nil
}

func (s *Service) getPost(w http.ResponseWriter, r *http.Request) error {
	o, err := s.managed(r)
	if err != nil {
		return err
	}
	p, err := s.appoint(r, o)
	if err != nil {
		return err
	}
	return s.show(w, p)
}

func (s *Service) postPost(w http.ResponseWriter, r *http.Request) error {
	o, err := s.managed(r)
	if err != nil {
		return err
	}
	who, err := s.personNamed(r.Context(), "account", r.PostFormValue("account"))
	if err == nil {
		_, err = s.IAM.Appoint(r.Context(), iam.PostRequest{Org: o.ID, Post: r.PathValue("post"), Account: who.ID, Reason: r.PostFormValue("reason")})
	}
	if err == nil {
		return page.See(w, r, page.Asking(at("units", o.ID), "done", "appointed"))
	}
	p, e := s.appoint(r, o)
	if e != nil {
		return e
	}
	return s.refuse(w, p, err)
}

func (s *Service) dismissal(r *http.Request, o iam.Org) *sheet {
	word := labelOf(posts, r.PathValue("post"))
	p := s.sheet(r, "units", "免去"+word, "").under(o.Name, at("units", o.ID))
	return p.add(part{Confirms: []page.Confirm{{Title: "免去“" + o.Name + "”的" + word, Text: "免去后该岗位无人担任，会列入“还没有" + word + "的单位”。只是换人的，请用“更换”。",
		Action: r.URL.EscapedPath(), Reason: given(r), Button: "免去", Busy: "正在办理…", Grave: true, Cancel: at("units", o.ID)}}})
}

func (s *Service) getDismiss(w http.ResponseWriter, r *http.Request) error {
	o, err := s.managed(r)
	if err != nil {
		return err
	}
	return s.show(w, s.dismissal(r, o))
}

func (s *Service) postDismiss(w http.ResponseWriter, r *http.Request) error {
	o, err := s.managed(r)
	if err != nil {
		return err
	}
	if err := s.IAM.Dismiss(r.Context(), o.ID, r.PathValue("post"), r.PostFormValue("reason")); err != nil {
		return s.refuse(w, s.dismissal(r, o), err)
	}
	return page.See(w, r, page.Asking(at("units", o.ID), "done", "dismissed"))
}
