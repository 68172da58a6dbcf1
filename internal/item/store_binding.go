package item

import (
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A bindingRow ties an item to a kind.
type bindingRow struct {
	id, item, role, kind, material string
	needed, exempt                 bool
	fields                         []string
	reason, account                string
	at                             int64
	ended                          *int64
	endedBy, endedWhy              string
}

// insertBinding writes a binding, and tells whether none like it was there.
func insertBinding(tx *db.Tx, b *bindingRow) (made bool, err error) {
	n, err := tx.Exec(`
		insert into item_binding (id, item, role, kind, material, needed, exempt, fields, reason, account, at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict do nothing`,
		b.id, b.item, b.role, b.kind, b.material, b.needed, b.exempt, strings.Join(b.fields, "\n"), b.reason, b.account, b.at)
	return n == 1, err
}

func bindings(tx *db.Tx, rest string, args ...any) (list []*bindingRow, err error) {
	err = tx.All(`
		select b.id, b.item, b.role, b.kind, b.material, b.needed, b.exempt, b.fields, b.reason, b.account, b.at, b.ended_at, b.ended_by, b.ended_why
		  from item_binding b `+rest, args, func(scan func(...any) error) error {
		b, fields := &bindingRow{}, ""
		if err := scan(&b.id, &b.item, &b.role, &b.kind, &b.material, &b.needed, &b.exempt, &fields, &b.reason, &b.account, &b.at, &b.ended, &b.endedBy, &b.endedWhy); err != nil {
			return err
		}
		if fields != "" {
			b.fields = strings.Split(fields, "\n")
		}
		list = append(list, b)
		return nil
	})
	return list, err
}

// bindingsOf are the bindings of an item, those that ended at the end.
func bindingsOf(tx *db.Tx, item string) ([]*bindingRow, error) {
	return bindings(tx, `where b.item = $1 order by case when b.ended_at is null then 0 else 1 end, b.role, b.at, b.id limit 500`, item)
}

// boundOf are the bindings of an item that stand.
func boundOf(tx *db.Tx, item string) ([]*bindingRow, error) {
	return bindings(tx, `where b.item = $1 and b.ended_at is null order by b.role, b.at, b.id`, item)
}

// endBinding ends a binding of an item.
func endBinding(tx *db.Tx, item, id, by, why string) error {
	n, err := tx.Exec(`
		update item_binding set ended_at = $3, ended_by = $4, ended_why = $5
		 where item = $1 and id = $2 and ended_at is null`, item, id, tx.Now().UnixMilli(), by, why)
	if err == nil && n == 0 {
		return fault.NotFound.New("没有这个关联，或已解除").WithCode("item.binding").WithHint("请刷新后从事项的关联中选择")
	}
	return err
}

// links are all bindings of items that have not ended on a day, for the question
// which kinds can be had.
func links(tx *db.Tx, day string) (list []link, err error) {
	err = tx.All(`
		select b.item, b.role, b.kind
		  from item_binding b join item_item i on i.id = b.item
		 where b.ended_at is null and (b.role = 'result' or b.role = 'input' and b.needed) and (i.ends = '' or i.ends >= $1)
		 order by b.id`, []any{day}, func(scan func(...any) error) error {
		var l link
		err := scan(&l.item, &l.role, &l.kind)
		list = append(list, l)
		return err
	})
	return list, err
}

// usesOf counts, for each kind, the items that are bound to it by a role.
func usesOf(tx *db.Tx, role string) (uses map[string]int64, err error) {
	uses = map[string]int64{}
	err = tx.All(`
		select kind, count(distinct item) from item_binding
		 where ended_at is null and role = $1
		 group by kind order by kind`, []any{role}, func(scan func(...any) error) error {
		var kind string
		var n int64
		err := scan(&kind, &n)
		uses[kind] = n
		return err
	})
	return uses, err
}

// A needRow is what an item needs from another department.
type needRow struct {
	id, item, name, provider, providerPath, note string
	state, kind, answer                          string
	account                                      string
	at                                           int64
	answeredBy                                   string
	answeredAt                                   *int64
	code, itemName, org                          string // of the item
}

func insertNeed(tx *db.Tx, n *needRow) (made bool, err error) {
	k, err := tx.Exec(`
		insert into item_need (id, item, name, provider, provider_path, note, state, account, at)
		values ($1, $2, $3, $4, $5, $6, 'open', $7, $8)
		on conflict do nothing`, n.id, n.item, n.name, n.provider, n.providerPath, n.note, n.account, n.at)
	return k == 1, err
}

func needs(tx *db.Tx, rest string, args ...any) (list []*needRow, err error) {
	err = tx.All(`
		select n.id, n.item, n.name, n.provider, n.provider_path, n.note, n.state, n.kind, n.answer, n.account, n.at, n.answered_by, n.answered_at, i.code, i.name, i.org
		  from item_need n join item_item i on i.id = n.item `+rest, args, func(scan func(...any) error) error {
		n := &needRow{}
		list = append(list, n)
		return scan(&n.id, &n.item, &n.name, &n.provider, &n.providerPath, &n.note, &n.state, &n.kind, &n.answer, &n.account, &n.at, &n.answeredBy, &n.answeredAt, &n.code, &n.itemName, &n.org)
	})
	return list, err
}

// needByID is a need, locked.
func needByID(tx *db.Tx, id string) (*needRow, error) {
	list, err := needs(tx, `where n.id = $1 for update of n`, id)
	if err == nil && len(list) == 0 {
		return nil, fault.NotFound.New("没有这项需求").WithCode("item.need").WithHint("请从需求列表中选择")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// answerNeed ends a need that is open.
func answerNeed(tx *db.Tx, n *needRow) error {
	k, err := tx.Exec(`
		update item_need set state = $2, kind = $3, answer = $4, answered_by = $5, answered_at = $6
		 where id = $1 and state = 'open'`, n.id, n.state, n.kind, n.answer, n.answeredBy, n.answeredAt)
	if err == nil && k == 0 {
		return fault.Conflict.New("这项需求已经答复").WithCode("item.need-state").WithHint("请刷新后查看")
	}
	return err
}

// listNeeds pages through needs of items below paths, or from providers below
// them, newest first.
func listNeeds(tx *db.Tx, paths []string, state string, before int64, id string, limit int) ([]*needRow, error) {
	if len(paths) == 0 {
		return nil, nil
	}
	args := []any{before, id, limit}
	var seen []string
	for _, p := range paths {
		args = append(args, p+"%")
		seen = append(seen, `i.path like `+mark(len(args))+` or n.provider_path like `+mark(len(args)))
	}
	q := `where (n.at, n.id) < ($1, $2) and (` + strings.Join(seen, ` or `) + `)`
	if state != "" {
		args = append(args, state)
		q += ` and n.state = ` + mark(len(args))
	}
	return needs(tx, q+` order by n.at desc, n.id desc limit $3`, args...)
}

// openNeeds counts the needs of items below paths that wait.
func openNeeds(tx *db.Tx, paths []string) (n int64, err error) {
	if len(paths) == 0 {
		return 0, nil
	}
	below, args := db.Below(nil, "i.path", paths)
	err = tx.Get(`select count(*) from item_need n join item_item i on i.id = n.item where n.state = 'open' and `+below, args, &n)
	return n, err
}
