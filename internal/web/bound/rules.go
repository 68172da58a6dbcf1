package bound

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sidian/internal/bound"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/web/page"
)

// rules is the page of rules, for who may put one with its form.
func (s *Service) rules(r *http.Request) (*page.Sheet, error) {
	ctx := r.Context()
	list, err := s.Bound.Rules(ctx)
	if err != nil {
		return nil, err
	}
	p := s.Kit.Sheet(r, "bound", "绑定规则", "哪些证照签发后，向持证主体提供同时申领的印章。由模板设计员为本单位及其下级登记，最近单位、最后登记的规则有效。", page.Wide).Under("同步发放", Home).Said(r, said)
	published, err := s.Catalogue.Published(ctx)
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	var kinds []page.Option
	for _, k := range published {
		titles[k.Name] = k.Title
		kinds = append(kinds, page.Option{Value: k.Name, Label: k.Title})
	}
	var orgs []string
	for _, x := range list.Items {
		orgs = append(orgs, x.Org)
	}
	names, err := s.IAM.Names(ctx, orgs)
	if err != nil {
		return nil, err
	}
	t := &page.Table{ID: "rules", Caption: "绑定规则", Quiet: true, Head: []string{"证照", "印章", "申领期限", "证照失效时", "适用单位", "依据"}}
	for _, x := range list.Items {
		follows, days := "不影响印章", strconv.Itoa(x.Days)+" 天"
		if x.Follows {
			follows = "冻结印章"
		}
		if x.Sort == bound.None {
			follows, days = "—", "—"
		}
		t.Rows = append(t.Rows, page.Row{ID: "rule-" + x.ID, Cells: []page.Cell{{Text: cmp.Or(titles[x.Kind], x.Kind)}, {Text: x.SortName}, {Text: days}, {Text: follows},
			{Text: cmp.Or(names[x.Org], x.Org, "平台默认")}, {Text: x.Basis, Sub: x.Reason}}})
	}
	p.Add(page.Part{Table: t})
	if form := s.ruleForm(ctx, r, kinds); form != nil {
		p.Add(page.Part{ID: "put", Form: form})
	}
	return p, nil
}

func (s *Service) ruleForm(ctx context.Context, r *http.Request, kinds []page.Option) *page.Form {
	me, ok := iam.From(ctx)
	if !ok || iam.Allow(ctx, "kind.manage", me.Org) != nil {
		return nil
	}
	v := r.PostFormValue
	return &page.Form{ID: "rule-form", Title: "登记规则", Text: "适用于您的单位及其下级此后签发的证照；不想提供印章的，选“不提供印章”。", Action: Rules, Button: "登记", Fields: []page.Field{
		{ID: "kind", Name: "kind", Label: "证照", Value: v("kind"), Options: kinds, Required: true},
		{ID: "sort", Name: "sort", Label: "提供的印章", Value: v("sort"), Required: true, Options: []page.Option{{Value: bound.Enterprise, Label: "企业印章"}, {Value: bound.Personal, Label: "个人印章"}, {Value: bound.None, Label: "不提供印章"}}},
		{ID: "days", Name: "days", Label: "多少天内可以申领", Value: cmp.Or(v("days"), "60"), Mode: "numeric", Short: true, Max: 3, Required: true},
		{ID: "follows", Name: "follows", Label: "证照暂扣、吊销、注销时", Value: cmp.Or(v("follows"), "yes"), Options: []page.Option{{Value: "yes", Label: "冻结企业印章"}, {Value: "no", Label: "不影响印章"}}},
		{ID: "fields", Name: "fields", Label: "取自证照的申请表项", Value: v("fields"), Lines: 3, Hint: "每行一项：申请表项=证照照面项，如 legal_person=name"},
		{ID: "basis", Name: "basis", Label: "依据", Value: v("basis"), Max: 500, Required: true},
		{ID: "reason", Name: "reason", Label: "理由", Value: v("reason"), Lines: 2, Max: 500, Required: true},
	}}
}

func (s *Service) getRules(w http.ResponseWriter, r *http.Request) error {
	p, err := s.rules(r)
	if err != nil {
		return err
	}
	return s.Kit.ShowSheet(w, p)
}

// pairs reads lines of the form a=b.
func pairs(text string) (map[string]string, error) {
	out := map[string]string{}
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok {
			return nil, fault.Invalid.New("第 %d 行没有等号", i+1).WithCode("bound.rule").WithHint("每行一项：申请表项=证照照面项").WithField("fields", "form", fmt.Sprintf("第 %d 行没有等号", i+1))
		}
		out[strings.TrimSpace(key)] = strings.TrimSpace(value)
	}
	return out, nil
}

func (s *Service) postRule(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	days, _ := strconv.Atoi(r.PostFormValue("days"))
	q := bound.RuleRequest{Kind: r.PostFormValue("kind"), Sort: r.PostFormValue("sort"), Days: days, Follows: r.PostFormValue("follows") == "yes", Basis: r.PostFormValue("basis"), Reason: r.PostFormValue("reason")}
	if me, ok := iam.From(ctx); ok {
		q.Org = me.Org
	}
	var err error
	if q.Fields, err = pairs(r.PostFormValue("fields")); err == nil {
		_, err = s.Bound.PutRule(ctx, q)
	}
	if err == nil {
		return page.See(w, r, page.Asking(Rules, "done", "put"))
	}
	if page.StatusOf(err) == 0 {
		return err
	}
	p, e := s.rules(r)
	if e != nil {
		return e
	}
	return s.Kit.ShowAgain(w, p, err)
}
