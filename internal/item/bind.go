package item

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// Roles of a kind in an item.
const (
	Input   = "input"   // the item needs it
	Result  = "result"  // the item makes it
	Inspect = "inspect" // the item inspects by it
)

// Roles are the roles with their names.
func Roles() []Word {
	return []Word{{Input, "所需证照"}, {Result, "结果证照"}, {Inspect, "检查查看的证照"}}
}

// A Bound is what is asked to be bound.
type Bound struct {
	Role     string   `json:"role" enum:"input,result,inspect" doc:"所需证照、结果证照、检查查看的证照"`
	Kind     string   `json:"kind" minLength:"1" maxLength:"64" doc:"证照类型的目录名或代码"`
	Material string   `json:"material,omitempty" maxLength:"200" doc:"所代替的申请材料的名称；只用于所需证照"`
	Optional bool     `json:"optional,omitempty" doc:"没有也可以办理；只用于所需证照"`
	Exempt   bool     `json:"exempt,omitempty" doc:"免提交：不得要求申请人提交原件或复印件；只用于所需证照"`
	Fields   []string `json:"fields,omitempty" maxItems:"60" doc:"执法人员可以看到的照面项；只用于检查查看的证照"`
	Reason   string   `json:"reason" minLength:"1" maxLength:"500" doc:"依据"`
}

// A Binding ties an item to a kind of certificate.
type Binding struct {
	ID       string    `json:"id"`
	Role     string    `json:"role" enum:"input,result,inspect"`
	RoleName string    `json:"role_name"`
	Kind     string    `json:"kind" doc:"证照类型的目录名"`
	Title    string    `json:"title" doc:"证照类型名称"`
	KindCode string    `json:"kind_code,omitempty" doc:"证照类型代码；已停用的没有"`
	Material string    `json:"material,omitempty" doc:"所代替的申请材料"`
	Optional bool      `json:"optional,omitempty" doc:"没有也可以办理"`
	Exempt   bool      `json:"exempt,omitempty" doc:"免提交"`
	Fields   []string  `json:"fields,omitempty" doc:"执法人员可以看到的照面项"`
	Labels   []string  `json:"labels,omitempty" doc:"照面项的名称"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	EndedAt  time.Time `json:"ended_at,omitzero" doc:"已解除"`
	EndedWhy string    `json:"ended_why,omitempty"`
}

type kindsByName = map[string]*catalogue.Kind

func bindingView(b *bindingRow, kinds kindsByName) Binding {
	v := Binding{ID: b.id, Role: b.role, RoleName: NameOf(Roles(), b.role), Kind: b.kind, Title: b.kind, Material: b.material, Optional: b.role == Input && !b.needed,
		Exempt: b.exempt, Fields: b.fields, Reason: b.reason, By: b.account, At: moment(b.at), EndedWhy: b.endedWhy}
	if k := kinds[b.kind]; k != nil {
		v.Title, v.KindCode = k.Title, k.Code.String()
		for _, key := range b.fields {
			if f := k.Field(key); f != nil {
				v.Labels = append(v.Labels, f.Label)
			}
		}
	}
	if b.ended != nil {
		v.EndedAt = moment(*b.ended)
	}
	return v
}

// Bind ties an item to a published kind.
func (s *Service) Bind(ctx context.Context, code string, b Bound) (*Item, error) {
	reason, err := reasonOf(b.Reason)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.mineTx(ctx, tx, code)
		if err != nil {
			return err
		}
		w, err := s.boundTx(tx, r, b)
		if err != nil {
			return err
		}
		w.reason = reason
		return s.bindTx(tx, r, w)
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "item.bind", Object: objectOf(code)}, err)
	}
	return s.Get(ctx, code)
}

// boundTx checks what is asked to be bound.
func (s *Service) boundTx(tx *db.Tx, r *row, b Bound) (*bindingRow, error) {
	if !slices.ContainsFunc(Roles(), func(w Word) bool { return w.Code == b.Role }) {
		return nil, errBound("role", "item.role", "请选择所需证照、结果证照或检查查看的证照")
	}
	k, err := s.kindTx(tx, strings.TrimSpace(b.Kind))
	if err != nil {
		return nil, err
	}
	w := &bindingRow{id: newID(), item: r.id, role: b.Role, kind: k.Name, material: strings.TrimSpace(b.Material), needed: b.Role == Input && !b.Optional, exempt: b.Exempt, fields: b.Fields,
		account: actor(tx.Context()), at: tx.Now().UnixMilli()}
	switch {
	case b.Role != Input && (w.material != "" || b.Exempt || b.Optional):
		return nil, errBound("role", "item.role", "代替材料、免提交、非必需只用于所需证照")
	case b.Role != Inspect && len(b.Fields) > 0:
		return nil, errBound("fields", "item.fields", "照面项只用于检查查看的证照")
	case b.Role == Inspect && r.typ != Inspection:
		return nil, errBound("role", "item.inspection", "只有行政检查事项可以关联检查查看的证照")
	case b.Role == Inspect:
		return w, checkFields(k, w)
	case utf8.RuneCountInString(w.material) > 200 || !legible(w.material):
		return nil, errBound("material", "item.material", "材料名称至多 200 个字")
	}
	if w.material != "" {
		return w, materialTx(tx, r, w.material)
	}
	return w, nil
}

func errBound(field, code, message string) error {
	return fault.Invalid.New("关联不正确：%s", message).WithCode(code).WithHint("请按提示改正").WithField(field, code, message)
}

// checkFields holds what an officer sees to what the kind has.
func checkFields(k *catalogue.Kind, w *bindingRow) error {
	if len(w.fields) == 0 {
		return errBound("fields", "item.fields", "请选择执法人员可以看到的照面项，至少一项")
	}
	slices.Sort(w.fields)
	w.fields = slices.Compact(w.fields)
	for _, key := range w.fields {
		if k.Field(key) == nil {
			return errBound("fields", "item.fields", "证照类型中没有所选的照面项")
		}
	}
	return nil
}

// materialTx refuses a material that the item does not ask for.
func materialTx(tx *db.Tx, r *row, material string) error {
	v, err := newestOf(tx, r.id)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(v.content.Materials, func(m Material) bool { return m.Name == material }) {
		return errBound("material", "item.material", "事项的申请材料中没有这一项")
	}
	return nil
}

// bindTx binds, unless the same is bound or the kind could no longer be had.
func (s *Service) bindTx(tx *db.Tx, r *row, w *bindingRow) error {
	if w.role == Result || w.needed {
		if err := obtainableTx(tx, r, []*bindingRow{w}); err != nil {
			return err
		}
	}
	made, err := insertBinding(tx, w)
	if err != nil {
		return err
	}
	if !made {
		return fault.Conflict.New("已经关联了这个证照类型").WithCode("item.bound").WithHint("要改变关联，请先解除").WithField("kind", "item.bound", "已经关联")
	}
	return audit.Put(tx, audit.Entry{Action: "item.bind", Object: objectOf(r.code), Reason: w.reason, After: gm.Sum([]byte(w.role + " " + w.kind))})
}

// obtainableTx refuses bindings after which a kind could not be had for the first
// time.
func obtainableTx(tx *db.Tx, r *row, more []*bindingRow) error {
	all, err := links(tx, today(tx.Now()))
	if err != nil {
		return err
	}
	before := stuck(all)
	for _, w := range more {
		all = append(all, link{r.id, w.role, w.kind})
	}
	for kind := range stuck(all) {
		if !before[kind] {
			return fault.Conflict.New("这样关联后，没有事项能首次办出这种证照：办理它又需要它本身").WithCode("item.cycle").
				WithHint("请先关联首次办理这种证照的事项，或把所需证照设为“没有也可以办理”").WithField("kind", "item.cycle", "办理它又需要它本身")
		}
	}
	return nil
}

// Unbind ends a binding. It stays in the history.
func (s *Service) Unbind(ctx context.Context, code, binding, reason string) (*Item, error) {
	reason, err := reasonOf(reason)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := s.mineTx(ctx, tx, code)
		if err != nil {
			return err
		}
		if err := endBinding(tx, r.id, binding, actor(ctx), reason); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "item.unbind", Object: objectOf(r.code), Reason: reason})
	})
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "item.unbind", Object: objectOf(code)}, err)
	}
	return s.Get(ctx, code)
}
