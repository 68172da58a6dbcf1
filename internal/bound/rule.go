package bound

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

//go:embed rules.yaml
var shippedFile []byte

// A Rule says that a kind of certificate offers a sort of seal to its holder.
type Rule struct {
	ID       string            `json:"id"`
	Kind     string            `json:"kind" yaml:"kind" doc:"证照种类的名称"`
	Org      string            `json:"org,omitempty" yaml:"-" doc:"在哪个单位及其下级适用；空：平台默认"`
	Sort     string            `json:"sort" yaml:"sort" enum:"enterprise,personal,none" doc:"none：不提供印章"`
	SortName string            `json:"sort_name" yaml:"-"`
	Days     int               `json:"days" yaml:"days" doc:"多少天内可以申领"`
	Follows  bool              `json:"follows" yaml:"follows" doc:"证照失效时冻结印章"`
	Fields   map[string]string `json:"fields,omitempty" yaml:"fields" doc:"印章申请表的项 → 证照照面的项"`
	Basis    string            `json:"basis" yaml:"basis"`
	Reason   string            `json:"reason,omitempty" yaml:"-"`
	Account  string            `json:"account,omitempty" yaml:"-" doc:"登记人；空：平台自带"`
	At       time.Time         `json:"created_at,omitzero" yaml:"-"`

	path string
}

// shipped are the rules that come with the program.
var shipped = sync.OnceValues(func() ([]Rule, error) {
	var file struct {
		Rules []Rule `yaml:"rules"`
	}
	d := yaml.NewDecoder(bytes.NewReader(shippedFile))
	d.KnownFields(true)
	if err := d.Decode(&file); err != nil {
		return nil, fmt.Errorf("bound: reading the rules of the program: %w", err)
	}
	for i := range file.Rules {
		r := &file.Rules[i]
		r.ID, r.SortName = "shipped-"+r.Kind, sortName(r.Sort)
	}
	return file.Rules, nil
})

func sortName(sort string) string {
	if sort == None {
		return "不提供印章"
	}
	return sealLabel(sort)
}

// A RuleRequest puts a rule for a unit and all below it. Of several the one of
// the nearest unit counts, of these the latest.
type RuleRequest struct {
	Kind    string            `json:"kind" minLength:"1" maxLength:"64"`
	Org     string            `json:"org" minLength:"1" maxLength:"64" doc:"在哪个单位及其下级适用"`
	Sort    string            `json:"sort" enum:"enterprise,personal,none"`
	Days    int               `json:"days,omitempty" minimum:"1" maximum:"365" default:"60"`
	Follows bool              `json:"follows,omitempty"`
	Fields  map[string]string `json:"fields,omitempty" maxProperties:"20"`
	Basis   string            `json:"basis" minLength:"1" maxLength:"500"`
	Reason  string            `json:"reason" maxLength:"500"`
}

var keyForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)

func (q *RuleRequest) check(published []*catalogue.Kind) error {
	if err := needReason(q.Reason); err != nil {
		return err
	}
	bad := fault.Invalid.New("绑定规则不正确").WithCode("bound.rule").WithHint("请按每一项的说明更正")
	i := slices.IndexFunc(published, func(k *catalogue.Kind) bool { return k.Name == q.Kind })
	if i < 0 {
		bad = bad.WithField("kind", "unknown", "没有这种已发布的证照")
	}
	types := map[string][]string{Enterprise: {"legal", "unincorporated"}, Personal: {"person"}}[q.Sort]
	if types == nil && q.Sort != None {
		bad = bad.WithField("sort", "enum", "可选 enterprise、personal、none")
	}
	if i >= 0 && types != nil && !slices.ContainsFunc(types, func(t string) bool { return slices.Contains(published[i].Holders.Types, t) }) {
		bad = bad.WithField("sort", "holder", "这种证照的持证主体不能持有"+sealLabel(q.Sort))
	}
	if q.Sort != None && (q.Days < 1 || q.Days > 365) {
		bad = bad.WithField("days", "range", "应为 1 至 365 天")
	}
	if strings.TrimSpace(q.Basis) == "" {
		bad = bad.WithField("basis", "required", "须写明依据")
	}
	for form, key := range q.Fields {
		if !keyForm.MatchString(form) || !keyForm.MatchString(key) {
			bad = bad.WithField("fields", "key", "项的代码由字母、数字和下划线组成")
		} else if i >= 0 && !slices.ContainsFunc(published[i].Fields, func(f catalogue.Field) bool { return f.Key == key }) {
			bad = bad.WithField("fields", "unknown", "证照照面没有“"+key+"”这一项")
		}
	}
	return bad.OrNil()
}

// PutRule puts a rule, by a designer of the unit for which it holds.
func (s *Service) PutRule(ctx context.Context, q RuleRequest) (*Rule, error) {
	if err := iam.Allow(ctx, permDesign, q.Org); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "bound.rule", Object: "bound/rule"}, err)
	}
	published, err := s.Catalogue.Published(ctx)
	if err != nil {
		return nil, err
	}
	if err := q.check(published); err != nil {
		return nil, err
	}
	r := &Rule{ID: newID(), Kind: q.Kind, Org: q.Org, Sort: q.Sort, SortName: sortName(q.Sort), Days: q.Days, Follows: q.Follows && q.Sort == Enterprise,
		Fields: q.Fields, Basis: strings.TrimSpace(q.Basis), Reason: strings.TrimSpace(q.Reason), Account: audit.ActorFrom(ctx).Account}
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if r.path, err = iam.PathTx(tx, q.Org); err != nil {
			return err
		}
		r.At = tx.Now()
		fields, err := json.Marshal(r.Fields)
		if err != nil {
			return fmt.Errorf("bound: writing a rule: %w", err)
		}
		if err := insertRule(tx, r, string(fields)); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "bound.rule", Object: "bound/rule/" + r.ID, Reason: r.Reason})
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// A RuleList is all rules.
type RuleList struct {
	Items []Rule `json:"items"`
}

// Rules lists those that units put, the latest first, and then those that come
// with the program. They are no secret among staff.
func (s *Service) Rules(ctx context.Context) (*RuleList, error) {
	out := &RuleList{}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { out.Items, err = rules(tx, ""); return err })
	if err != nil {
		return nil, err
	}
	slices.Reverse(out.Items)
	all, err := shipped()
	out.Items = append(out.Items, all...)
	return out, err
}

// ruleFor is the rule that counts for a kind of an issuer that stands at path;
// nil: nothing is offered.
func (s *Service) ruleFor(ctx context.Context, kind, path string) (r *Rule, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		all, err := rulesOf(tx, kind)
		if err == nil {
			r = pick(all, path)
		}
		return err
	})
	return r, err
}

// rulesOf are the rules of a kind, the one that comes with the program first: it is
// of every path.
func rulesOf(tx *db.Tx, kind string) ([]Rule, error) {
	all, err := shipped()
	if err != nil {
		return nil, err
	}
	put, err := rules(tx, kind)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(r Rule) bool { return r.Kind == kind }); i >= 0 {
		put = slices.Insert(put, 0, all[i])
	}
	return put, nil
}

// pick is the rule that counts for an issuer that stands at path.
func pick(all []Rule, path string) (best *Rule) {
	for i := range all { // oldest first
		if r := &all[i]; strings.HasPrefix(path, r.path) && (best == nil || len(r.path) >= len(best.path)) {
			best = r
		}
	}
	if best == nil || best.Sort == None {
		return nil
	}
	return best
}
