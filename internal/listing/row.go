package listing

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/item"
	"sidian/internal/notice"
)

// A Said is what a unit says in a row.
type Said struct {
	Name  string   `json:"name" minLength:"2" maxLength:"100" doc:"证照或材料名称"`
	Code  string   `json:"code,omitempty" maxLength:"40" doc:"代码；填了证照类型的由类型确定"`
	Kind  string   `json:"kind,omitempty" maxLength:"64" doc:"证照类型的目录名或代码；还没有类型的不填"`
	Items []string `json:"items,omitempty" maxItems:"50" doc:"办出它的事项的实施编码；只写本单位的"`
	Basis string   `json:"basis,omitempty" maxLength:"500" doc:"依据"`
	Note  string   `json:"note,omitempty" maxLength:"500"`
}

// A Row is one row of a part.
type Row struct {
	ID   string `json:"id"`
	Unit string `json:"unit"`
	Said
	State       string    `json:"state" enum:"draft,submitted,returned,accepted,dropped"`
	StateName   string    `json:"state_name"`
	At          time.Time `json:"at"`
	ReviewedAt  time.Time `json:"reviewed_at,omitzero"`
	ReviewedWhy string    `json:"reviewed_why,omitempty" doc:"退回的理由"`
}

func rowView(l *lineRow) Row {
	return Row{ID: l.id, Unit: l.unit, Said: Said{Name: l.name, Code: l.code, Kind: l.kind, Items: l.items, Basis: l.basis, Note: l.note}, State: l.state, StateName: StateName(l.state),
		At: moment(l.at), ReviewedAt: at(l.reviewed), ReviewedWhy: l.reviewedWhy}
}

const maxRows = 1000

// openPartTx is a part that its unit still works at, locked, for who reports for it.
func (s *Service) openPartTx(ctx context.Context, tx *db.Tx, round, unit string) (*roundRow, *partRow, error) {
	r, err := roundByID(tx, round, false)
	if err != nil {
		return nil, nil, err
	}
	p, err := partByID(tx, round, unit, true)
	if err != nil {
		return nil, nil, err
	}
	if err := iam.Allow(ctx, permReport, p.unit); err != nil {
		return nil, nil, err
	}
	switch {
	case r.state != Open:
		return nil, nil, errEnded()
	case p.state == Submitted || p.state == Accepted || p.state == Excused:
		return nil, nil, fault.Conflict.New("本单位已经报送，现在不能修改").WithCode("listing.submitted").WithHint("需要修改的，请审核人员退回；已经通过的，请在下一轮编制时修改")
	}
	return r, p, nil
}

// checkTx completes what a row says, and refuses what is not the unit's.
func (s *Service) checkTx(ctx context.Context, tx *db.Tx, unit string, d *Said) error {
	err := check(text{"name", "名称", &d.Name, 2, 100, false}, text{"code", "代码", &d.Code, 0, 40, false}, text{"basis", "依据", &d.Basis, 0, 500, true}, text{"note", "说明", &d.Note, 0, 500, true})
	if err != nil {
		return err
	}
	if d.Kind != "" {
		k, err := s.kindTx(tx, d.Kind)
		if err != nil {
			return err
		}
		d.Kind, d.Code = k.Name, k.Code.String()
	}
	return nil
}

// checkItems refuses items that are not the unit's own. It reads, so that it comes
// before a transaction.
func (s *Service) checkItems(ctx context.Context, unit string, d *Said) error {
	if len(d.Items) > 50 {
		return errField("items", "listing.items", "一行至多 50 个事项")
	}
	for i, code := range d.Items {
		it, err := s.Items.Get(ctx, strings.TrimSpace(code))
		f := fault.As(err)
		switch {
		case f != nil && f.Kind != fault.NotFound && f.Kind != fault.Forbidden, err != nil && f == nil:
			return err
		case err != nil || it.Org != unit:
			return errField("items", "listing.items", "只写本单位登记的事项的实施编码")
		}
		d.Items[i] = it.Code
	}
	slices.Sort(d.Items)
	d.Items = slices.Compact(d.Items)
	return nil
}

// AddRow adds a row to a part.
func (s *Service) AddRow(ctx context.Context, round, unit string, d Said) (*Part, error) {
	if err := iam.Allow(ctx, permReport, unit); err != nil {
		return nil, s.refused(ctx, "listing.row", roundObject(round), err)
	}
	if err := s.checkItems(ctx, unit, &d); err != nil {
		return nil, err
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		d := d
		if _, _, err := s.openPartTx(ctx, tx, round, unit); err != nil {
			return err
		}
		if err := s.checkTx(ctx, tx, unit, &d); err != nil {
			return err
		}
		n, err := countLines(tx, round, unit)
		if err != nil {
			return err
		}
		if total(n) >= maxRows {
			return fault.TooLarge.New("一个单位至多 1000 行").WithCode("listing.rows").WithHint("请合并同类的内容")
		}
		made, err := insertLine(tx, lineOf(tx, round, unit, d))
		if err != nil {
			return err
		}
		if !made {
			return errTwice()
		}
		return audit.Put(tx, audit.Entry{Action: "listing.row", Object: roundObject(round), After: gm.Sum([]byte(unit + "\n" + d.Name + "\n" + d.Code))})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.row", roundObject(round), err)
	}
	return s.Part(ctx, round, unit)
}

func total(n map[string]int64) (sum int64) {
	for state, k := range n {
		if state != Dropped {
			sum += k
		}
	}
	return sum
}

func lineOf(tx *db.Tx, round, unit string, d Said) *lineRow {
	return &lineRow{id: newID(), round: round, unit: unit, name: d.Name, code: d.Code, kind: d.Kind, items: d.Items, basis: d.Basis, note: d.Note, state: Draft, account: actor(tx.Context()), at: tx.Now().UnixMilli()}
}

func errTwice() error {
	return fault.Conflict.New("本单位已经报了同名的一行").WithCode("listing.row-exists").WithHint("请修改已有的一行").WithField("name", "listing.row-exists", "本单位已有同名的一行")
}

// workedTx is a row that its unit still works at.
func (s *Service) workedTx(ctx context.Context, tx *db.Tx, id string) (*lineRow, error) {
	l, err := lineByID(tx, id)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.openPartTx(ctx, tx, l.round, l.unit); err != nil {
		return nil, err
	}
	if l.state != Draft && l.state != Returned {
		return nil, fault.Conflict.New("这一行已经%s，不能修改", StateName(l.state)).WithCode("listing.row-state").WithHint("请刷新后查看")
	}
	return l, nil
}

// unitOf is the unit of a row, for who may see it.
func (s *Service) unitOf(ctx context.Context, id string) (unit string, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		list, err := linesWhere(tx, `where l.id = $1`, id)
		if err == nil && len(list) == 0 {
			return fault.NotFound.New("没有这一行").WithCode("listing.row").WithHint("请从单位报送的内容中选择")
		}
		if err == nil {
			unit = list[0].unit
		}
		return err
	})
	return unit, err
}

// ChangeRow changes a row that was not given to the review, or came back from it.
func (s *Service) ChangeRow(ctx context.Context, id string, d Said) (*Part, error) {
	unit, err := s.unitOf(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permReport, unit); err != nil {
		return nil, s.refused(ctx, "listing.row", "list-row/"+id, err)
	}
	if err := s.checkItems(ctx, unit, &d); err != nil {
		return nil, err
	}
	round := ""
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		d := d
		l, err := s.workedTx(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := s.checkTx(ctx, tx, unit, &d); err != nil {
			return err
		}
		round = l.round
		l.name, l.code, l.kind, l.items, l.basis, l.note = d.Name, d.Code, d.Kind, d.Items, d.Basis, d.Note
		l.state, l.account = Draft, actor(ctx)
		if twice, err := namedElsewhere(tx, l); err != nil || twice {
			if err == nil {
				err = errTwice()
			}
			return err
		}
		if err := saveLine(tx, l); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.row", Object: "list-row/" + id, After: gm.Sum([]byte(unit + "\n" + d.Name + "\n" + d.Code))})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.row", "list-row/"+id, err)
	}
	return s.Part(ctx, round, unit)
}

// DropRow takes a row out of a part that is worked at.
func (s *Service) DropRow(ctx context.Context, id string) (*Part, error) {
	var l *lineRow
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if l, err = s.workedTx(ctx, tx, id); err != nil {
			return err
		}
		l.state = Dropped
		if err := saveLine(tx, l); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.drop", Object: "list-row/" + id})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.drop", "list-row/"+id, err)
	}
	return s.Part(ctx, l.round, l.unit)
}

// Prefill adds a row for each kind that the unit's items make and that the part
// lacks; for the catalogue of materials also what items make that is no certificate.
func (s *Service) Prefill(ctx context.Context, round, unit string) (*Part, error) {
	if err := iam.Allow(ctx, permReport, unit); err != nil {
		return nil, s.refused(ctx, "listing.row", roundObject(round), err)
	}
	made, plain, err := s.madeBy(ctx, unit)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, _, err := s.openPartTx(ctx, tx, round, unit)
		if err != nil {
			return err
		}
		n, err := s.prefillTx(ctx, tx, r, unit, made, plain)
		if err != nil || n == 0 {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.row", Object: roundObject(round), After: gm.Sum([]byte(unit + "\nprefill\n" + strconv.Itoa(n)))})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.row", roundObject(round), err)
	}
	return s.Part(ctx, round, unit)
}

// madeBy are the kinds that a unit's items in force make, with the items, and the
// items whose results are no certificates.
func (s *Service) madeBy(ctx context.Context, unit string) (kinds map[string][]string, plain []item.Item, err error) {
	kinds = map[string][]string{}
	for cursor := ""; ; {
		p, err := s.Items.List(ctx, item.Query{Org: unit, Now: true, Cursor: cursor, Limit: 100})
		if err != nil {
			return nil, nil, err
		}
		for i := range p.Items {
			it, err := s.Items.Get(ctx, p.Items[i].Code)
			if err != nil {
				return nil, nil, err
			}
			for _, b := range it.Bindings {
				if b.Role == item.Result && b.EndedAt.IsZero() && len(kinds[b.Kind]) < 50 {
					kinds[b.Kind] = append(kinds[b.Kind], it.Code)
				}
			}
			if it.NoResult {
				plain = append(plain, *it)
			}
		}
		if cursor = p.Next; cursor == "" {
			return kinds, plain, nil
		}
	}
}

// materials are the sorts of documents that are not certificates on a face but
// materials that a department makes (核发电子材料).
var materials = []catalogue.Category{"鉴定报告", "办事结果"}

func (s *Service) prefillTx(ctx context.Context, tx *db.Tx, r *roundRow, unit string, made map[string][]string, plain []item.Item) (n int, err error) {
	put := func(d Said) error {
		if err := s.checkTx(ctx, tx, unit, &d); err != nil {
			return err
		}
		done, err := insertLine(tx, lineOf(tx, r.id, unit, d))
		if done {
			n++
		}
		return err
	}
	for name, items := range made {
		k, err := s.Catalogue.KindTx(tx, name)
		if fault.As(err) != nil {
			continue // was disabled meanwhile
		}
		if err != nil {
			return n, err
		}
		if slices.Contains(materials, k.Category) != (r.list == Material) {
			continue
		}
		slices.Sort(items)
		if err := put(Said{Name: k.Title, Kind: k.Name, Items: slices.Compact(items), Basis: clip(strings.Join(k.Basis, "；"), 499)}); err != nil {
			return n, err
		}
	}
	if r.list != Material {
		return n, nil
	}
	for i := range plain {
		if err := put(Said{Name: clip(plain[i].Name, 90) + "办理结果", Items: []string{plain[i].Code}, Basis: clip(plain[i].Basis, 499)}); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Submit gives a part to the review. Where there is nothing to report, the note says
// so.
func (s *Service) Submit(ctx context.Context, round, unit, note string) (*Part, error) {
	if err := check(text{"note", "报送说明", &note, 0, 500, true}); err != nil {
		return nil, err
	}
	if _, err := person(ctx); err != nil {
		return nil, s.refused(ctx, "listing.submit", roundObject(round), err)
	}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		r, p, err := s.openPartTx(ctx, tx, round, unit)
		if err != nil {
			return err
		}
		n, err := countLines(tx, round, unit)
		if err != nil {
			return err
		}
		switch {
		case n[Returned] > 0:
			return fault.Conflict.New("还有 %d 行退回后没有修改或删除", n[Returned]).WithCode("listing.returned").WithHint("请逐行修改或删除后再报送")
		case total(n) == 0 && note == "":
			return errField("note", "listing.nothing", "没有内容的，请说明本单位为什么没有")
		}
		if _, err := submitLines(tx, round, unit); err != nil {
			return err
		}
		now := tx.Now().UnixMilli()
		p.state, p.note, p.submittedBy, p.submitted = Submitted, note, actor(ctx), &now
		p.late = p.late || today(tx) > r.reportBy
		p.decidedBy, p.decided, p.decidedWhy = "", nil, ""
		if err := savePart(tx, p); err != nil {
			return err
		}
		who := "下级单位"
		if p.authority == p.unit {
			who = "本单位"
		}
		err = s.tell(tx, notice.Notice{Org: p.authority, Permission: permReview, Topic: "listing.submit", Title: "清单待审核：" + clip(r.title, 60),
			Text: who + "已报送，请在 " + r.reviewBy + " 前逐行审核。", Link: partLink(round, unit)})
		if err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.submit", Object: roundObject(round), Reason: note, After: gm.Sum([]byte(unit))})
	})
	if err != nil {
		return nil, s.refused(ctx, "listing.submit", roundObject(round), err)
	}
	return s.Part(ctx, round, unit)
}
