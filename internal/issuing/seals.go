package issuing

import (
	"context"
	"errors"
	"slices"
	"strings"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/internal/sealing"
)

// Roles of a seal slot whose unit nobody names.
const (
	roleIssuer   = "issuer"
	roleSuperior = "superior"
)

// A SealUnit is a unit that must seal a certificate of several seals (跨层级签章、
// 多部门签章, ISS-12).
type SealUnit struct {
	Role     string `json:"role" doc:"用印位置：issuer、superior，或须指定单位的位置"`
	Unit     string `json:"unit,omitempty"`
	UnitName string `json:"unit_name,omitempty"`
	Order    int    `json:"order" doc:"小的先用印，相同的并列"`
	Named    bool   `json:"named,omitempty" doc:"由经办人指定"`
}

// namedRoles are the roles of a kind whose unit who collects names, in the order
// of the kind.
func namedRoles(k *catalogue.Kind) (out []string) {
	for _, x := range k.Seals {
		if x.Role != roleIssuer && x.Role != roleSuperior && !slices.Contains(out, x.Role) {
			out = append(out, x.Role)
		}
	}
	return out
}

// sealUnitsTx finds who must seal a certificate of several seals, and what is
// wrong with the units that were named. None: the issuer's seal alone makes it.
func sealUnitsTx(tx *db.Tx, k *catalogue.Kind, unit string, named map[string]string) (out []SealUnit, wrong []fault.Field, err error) {
	above, err := iam.AboveTx(tx, unit)
	if err != nil {
		return nil, nil, err
	}
	took := map[string]string{}
	for _, slot := range k.Seals {
		x := SealUnit{Role: slot.Role, Order: slot.Order}
		if slices.ContainsFunc(out, func(y SealUnit) bool { return y.Role == x.Role && y.Order == x.Order }) {
			continue
		}
		var o iam.Org
		message := ""
		switch slot.Role {
		case roleIssuer:
			o = above[0]
		case roleSuperior:
			if len(above) < 2 {
				message = "“" + above[0].Name + "”没有上级单位，不能加盖上级的印章"
				break
			}
			o = above[1]
		default:
			x.Named = true
			if o, message, err = partnerTx(tx, slot, named[slot.Role]); err != nil {
				return nil, nil, err
			}
		}
		if other, taken := took[o.ID]; message == "" && taken && other != slot.Role {
			message = "“" + o.Name + "”已在另一位置用印，须由不同的单位用印"
		}
		if o.ID != "" {
			took[o.ID], x.Unit, x.UnitName = slot.Role, o.ID, o.Name
		}
		if message != "" {
			wrong = append(wrong, fault.Field{Name: "seals." + slot.Role, Code: "unit", Message: message})
		}
		out = append(out, x)
	}
	if len(out) == 1 && out[0].Role == roleIssuer {
		return nil, wrong, nil
	}
	return out, wrong, nil
}

// partnerTx is the unit that was named for a slot, and why it may not seal.
func partnerTx(tx *db.Tx, slot catalogue.SealSlot, id string) (o iam.Org, message string, err error) {
	if id == "" {
		return o, "须指明“" + slot.Role + "”由哪个单位用印", nil
	}
	o, err = iam.OrgTx(tx, id)
	switch {
	case errors.Is(err, fault.NotFound):
		return iam.Org{}, "没有这个单位", nil
	case err != nil:
		return o, "", err
	case o.Closed:
		return o, "单位“" + o.Name + "”已停用", nil
	}
	_, err = seal.ForTx(tx, o.ID, string(slot.Kind))
	if e := fault.As(err); e != nil && e.Kind != fault.Unavailable {
		return o, "“" + o.Name + "”没有可用的" + sealName(slot.Kind) + "，不能用印", nil
	}
	return o, "", err
}

func sealName(kind catalogue.SealKind) string {
	if kind == catalogue.Special {
		return "业务专用章"
	}
	return "法定名称章"
}

// unasked are units that were named for what the kind does not ask for.
func (c *Content) unasked(k *catalogue.Kind) (wrong []fault.Field) {
	roles := namedRoles(k)
	for role := range c.Seals {
		if !slices.Contains(roles, role) {
			wrong = append(wrong, fault.Field{Name: "seals." + clip(role, 64), Code: "unknown", Message: "没有须指定单位的用印位置“" + clip(role, 64) + "”"})
		}
	}
	slices.SortFunc(wrong, func(a, b fault.Field) int { return strings.Compare(a.Name, b.Name) })
	return wrong
}

// wrongTx is all that is still wrong with what a draft holds.
func (s *Service) wrongTx(tx *db.Tx, r *row, k *catalogue.Kind, c *Content) (units []SealUnit, wrong []fault.Field, err error) {
	units, wrong, err = sealUnitsTx(tx, k, r.unit, c.Seals)
	return units, append(c.wrong(k), wrong...), err
}

// A Slot is a place for a seal whose unit who collects names, with the units that
// may be named.
type Slot struct {
	Role  string      `json:"role"`
	Seal  string      `json:"seal" doc:"法定名称章、业务专用章"`
	Order int         `json:"order"`
	Units []OfferUnit `json:"units" doc:"有可用印章的单位，至多 500 个"`
}

// A SlotList is what a kind leaves to be named.
type SlotList struct {
	Items []Slot `json:"items"`
}

// mostUnits is how many units are offered for a slot.
const mostUnits = 500

// Slots lists the places for seals of a kind whose units have to be named, and
// who may be: units with a seal of that sort that may stamp now, but for the unit
// that issues. Which unit has which seal is public.
func (s *Service) Slots(ctx context.Context, kind, unit string) (*SlotList, error) {
	if err := iam.Allow(ctx, permCollect, unit); err != nil {
		return nil, err
	}
	k, err := s.Catalogue.Get(ctx, kind)
	if err != nil {
		return nil, err
	}
	out := &SlotList{Items: []Slot{}}
	if len(namedRoles(k)) == 0 {
		return out, nil
	}
	all, err := s.IAM.Organisations(ctx)
	if err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		out.Items = out.Items[:0]
		for _, slot := range k.Seals {
			if slot.Role == roleIssuer || slot.Role == roleSuperior {
				continue
			}
			x := Slot{Role: slot.Role, Seal: sealName(slot.Kind), Order: slot.Order, Units: []OfferUnit{}}
			for _, o := range all {
				if o.ID == unit || o.Closed || len(x.Units) == mostUnits {
					continue
				}
				_, message, err := partnerTx(tx, slot, o.ID)
				if err != nil {
					return err
				}
				if message == "" {
					x.Units = append(x.Units, OfferUnit{o.ID, o.Name})
				}
			}
			out.Items = append(out.Items, x)
		}
		return nil
	})
	return out, err
}

// refusal is why a unit does not seal what a draft waits for; "" where none
// refused.
func (s *Service) refusal(ctx context.Context, id string) (string, error) {
	var r *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = byID(tx, id, false); return err })
	if err != nil || r.request == "" || s.Cert.Desk == nil {
		return "", err
	}
	if account, program := strings.CutPrefix(r.issuer, "app/"); !program { // who asked sees it, whoever acts now
		as, err := s.IAM.As(ctx, account)
		if err != nil && !cert.Final(err) {
			return "", err
		}
		if err == nil {
			ctx = as
		}
	}
	q, err := s.Cert.Desk.Get(ctx, r.request)
	switch {
	case err != nil && cert.Final(err):
		return "", nil // who issued may not look any more
	case err != nil:
		return "", err
	case q.State != sealing.Refused:
		return "", nil
	}
	c, err := s.contentOf(r)
	if err != nil {
		return "", err
	}
	return q.StateName + "：" + holding(c)(q.Closing), nil
}

// refused sends a draft back to who collects, with the reason of the unit that
// does not seal.
func (s *Service) refused(ctx context.Context, id, why string) error {
	err := s.settle(ctx, id, ActRefuse, &note{Reason: clip(why, maxReason)}, func(_ *db.Tx, r *row) error { r.pending = ""; return nil })
	if err != nil {
		return err
	}
	return fault.Conflict.New("有单位不予用印，此件已退回经办人").WithCode("issuing.refused").WithHint("理由见此件的退回理由；补正或调整用印单位后重新提交")
}

// Moved is told that a deadline is another day now: what waits is sorted by it.
func (s *Service) Moved(tx *db.Tx, ev outbox.Event) error {
	var a due.Announcement
	if err := ev.Decode(&a); err != nil {
		return err
	}
	for _, c := range clocks {
		if c.topic == a.Topic {
			return moved(tx, a.Object, c.topic, milli(a.Due))
		}
	}
	return nil
}

// Settled is told that a request for seals is over: the draft that waits for it
// is brought on at once. What it misses, Resume finds.
func (s *Service) Settled(ctx context.Context, ev outbox.Event) error {
	var r *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = byRequest(tx, ev.Key); return err })
	if err != nil || r == nil {
		return err
	}
	if err := s.resumeOne(ctx, r); err != nil && !cert.Final(err) {
		return err
	}
	return nil
}
