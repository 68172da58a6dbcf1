package issuing

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/fault"
	"sidian/internal/issuing"
	"sidian/internal/web/page"
)

// sealPrefix begins the names of the fields for units that seal.
const sealPrefix = "seals."

// partners are the fields in which the units are named that seal beside the
// issuing unit and the one above it; none where the kind leaves none to be named.
func (s *Service) partners(r *http.Request, k *catalogue.Kind, unit string, values map[string]string) (out []page.Field, err error) {
	if !slices.ContainsFunc(k.Seals, func(x catalogue.SealSlot) bool { return x.Role != "issuer" && x.Role != "superior" }) {
		return nil, nil
	}
	list, err := s.Issuing.Slots(r.Context(), k.Name, unit)
	if err != nil {
		return nil, err
	}
	for i, x := range list.Items {
		name := sealPrefix + x.Role
		if slices.ContainsFunc(out, func(f page.Field) bool { return f.Name == name }) {
			continue // one unit for all seals of a role
		}
		f := page.Field{ID: "seal-unit-" + strconv.Itoa(i), Name: name, Label: x.Role, Value: values[name], Any: "请选择单位", Required: true,
			Hint: "加盖" + x.Seal + "；只列有可用印章的单位，签发时由其印章保管人批准"}
		for _, u := range x.Units {
			f.Options = append(f.Options, page.Option{Value: u.ID, Label: u.Name})
		}
		out = append(out, f)
	}
	return out, nil
}

// namedOf are the units that a form names.
func namedOf(values map[string]string) map[string]string {
	var out map[string]string
	for name, v := range values {
		role, ok := strings.CutPrefix(name, sealPrefix)
		if !ok || strings.TrimSpace(v) == "" || len(out) >= 20 {
			continue
		}
		if out == nil {
			out = map[string]string{}
		}
		out[role] = strings.TrimSpace(v)
	}
	return out
}

// giveNamed puts the units of a draft where the form reads them.
func giveNamed(values map[string]string, named map[string]string) {
	for role, unit := range named {
		values[sealPrefix+role] = unit
	}
}

// markPartners shows what is wrong with the units at their fields.
func markPartners(p *page.Problem, refusal error, fields []page.Field) {
	e := fault.As(refusal)
	if p == nil || e == nil {
		return
	}
	for _, wrong := range e.Fields {
		i := slices.IndexFunc(fields, func(f page.Field) bool { return f.Name == wrong.Name })
		if i < 0 {
			continue
		}
		f := &fields[i]
		f.Error = wrong.Message
		for j := range p.Fields {
			if p.Fields[j].ID == "" && p.Fields[j].Message == wrong.Message {
				p.Fields[j].ID, p.Fields[j].Label = f.ID, f.Label
			}
		}
	}
}

// planned is who must seal, and where, before anything is sealed.
func planned(d *issuing.Draft, k *catalogue.Kind) *page.Table {
	t := &page.Table{ID: "seals", Caption: "用印位置", Quiet: true, Head: []string{"印章", "位置", "情况"}}
	for i, x := range k.Seals {
		who := map[string]string{"issuer": d.UnitName, "superior": "上级单位"}[x.Role]
		for _, u := range d.Seals {
			if u.Role == x.Role && u.UnitName != "" {
				who = u.UnitName
			}
		}
		if who == "" {
			who = "还没有指定单位"
		}
		kind := sealNames[x.Kind]
		if x.Role != "issuer" && x.Role != "superior" {
			kind = x.Role + "，" + kind
		}
		t.Rows = append(t.Rows, page.Row{ID: "seal-" + strconv.Itoa(i), Cells: []page.Cell{{Text: who, Sub: kind}, {Text: placeOf(x.Page+1, x.At[0], x.At[1])},
			{Chips: []page.Chip{chip("", orderOf(x.Order, len(k.Seals)))}}}})
	}
	return t
}

func orderOf(order, all int) string {
	if all < 2 {
		return "签发时加盖"
	}
	return "第 " + strconv.Itoa(max(order, 1)) + " 顺序用印"
}

func placeOf(sheet int, x, y float64) string {
	number := func(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
	return "第 " + strconv.Itoa(sheet) + " 页，距左 " + number(x) + "、距上 " + number(y) + " 毫米"
}
