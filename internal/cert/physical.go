package cert

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"sidian/internal/audit"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// States of a physical certificate: queued → printed → handed, from each of
// these → spoiled (then another is printed), printed and handed → returned.
const (
	PhysicalQueued   = "queued"
	PhysicalPrinted  = "printed"
	PhysicalHanded   = "handed"
	PhysicalSpoiled  = "spoiled"
	PhysicalReturned = "returned"
)

// A Physical is a certificate of paper or plastic on the record of the electronic
// one (ISS-06).
type Physical struct {
	ID          string    `json:"id"`
	Certificate string    `json:"certificate" doc:"电子证照"`
	Number      string    `json:"number" doc:"实体证照印刷号，同一种类、签发单位内唯一"`
	State       string    `json:"state" enum:"queued,printed,handed,spoiled,returned"`
	StateName   string    `json:"state_name"`
	Status      string    `json:"status" doc:"实体证照的状态，与电子证照同一状态表"`
	StatusName  string    `json:"status_name"`
	Version     int       `json:"version" doc:"打印的是第几版"`
	Reason      string    `json:"reason,omitempty"`
	Replaces    string    `json:"replaces,omitempty" doc:"代替哪一张作废的"`
	CreatedAt   time.Time `json:"created_at"`
	ChangedAt   time.Time `json:"changed_at"`

	kind, issuer, account string
}

func physicalLabel(state string) string {
	return map[string]string{PhysicalQueued: "待打印", PhysicalPrinted: "已打印", PhysicalHanded: "已发放", PhysicalSpoiled: "已作废", PhysicalReturned: "已收回"}[state]
}

// physicalMoves are all moves of a physical certificate: from, by action, to.
var physicalMoves = map[string]map[string]string{
	"print":   {PhysicalQueued: PhysicalPrinted},
	"hand":    {PhysicalPrinted: PhysicalHanded},
	"spoil":   {PhysicalQueued: PhysicalSpoiled, PhysicalPrinted: PhysicalSpoiled, PhysicalHanded: PhysicalSpoiled},
	"return":  {PhysicalPrinted: PhysicalReturned, PhysicalHanded: PhysicalReturned},
	"confirm": {PhysicalPrinted: PhysicalPrinted, PhysicalHanded: PhysicalHanded}, // the paper was dealt with as the record says
}

// A PhysicalRequest asks for a physical certificate to be printed.
type PhysicalRequest struct {
	ID     string `path:"id" json:"-" maxLength:"64"`
	Number string `json:"number" minLength:"1" maxLength:"40" doc:"实体证照印刷号"`
}

// Print puts a physical certificate of an issued one into the queue of the
// printer. One number stands once for a kind and issuer, and one physical
// certificate at a time for an electronic one: after one was spoiled the next
// takes its place.
func (s *Service) Print(ctx context.Context, q PhysicalRequest) (*Physical, error) {
	r, err := s.printable(ctx, q.ID, "cert.physical")
	if err != nil {
		return nil, err
	}
	number := strings.TrimSpace(q.Number)
	if n := len([]rune(number)); n == 0 || n > 40 || strings.ContainsFunc(number, func(c rune) bool { return !unicode.IsPrint(c) || unicode.IsSpace(c) }) {
		return nil, fault.Invalid.New("实体证照印刷号不符合规则").WithCode("cert.physical").WithHint("写印在证上的号码，40 字以内，不含空格").WithField("number", "charset", "印刷号不符合规则")
	}
	x := &Physical{ID: newID(), Certificate: r.ID, Number: number, State: PhysicalQueued, kind: r.Kind, issuer: r.Unit(), account: audit.ActorFrom(ctx).Account}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		now, err := byID(tx, r.ID)
		if err != nil {
			return err
		}
		if err := s.vet(tx, now); err != nil {
			return err
		}
		if i, _ := state.Of(state.Status(now.At(tx.Now()))); !i.Stands {
			return fault.Conflict.New("证照状态为“%s”，不能制作实体证照", Label(now.At(tx.Now()))).WithCode("cert.physical-state").WithHint("请先恢复证照，或为新的版本制作")
		}
		x.Version, x.Status, x.CreatedAt, x.ChangedAt = now.Version, now.Status, tx.Now(), tx.Now()
		had, err := physicalsOf(tx, r.ID)
		if err != nil {
			return err
		}
		if n := len(had); n > 0 && had[n-1].State == PhysicalSpoiled {
			x.Replaces = had[n-1].ID
		}
		if err := insertPhysical(tx, x); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "cert.physical", Object: object(r.ID), Reason: physicalLabel(x.State)})
	})
	if errors.Is(err, errTaken) {
		return nil, s.printed(ctx, r, number)
	}
	if err != nil {
		return nil, err
	}
	return x.worded(), nil
}

// printed says why a physical certificate cannot be queued.
func (s *Service) printed(ctx context.Context, r *row, number string) error {
	var had []*Physical
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { had, err = physicalsOf(tx, r.ID); return err }); err != nil {
		return err
	}
	if slices.ContainsFunc(had, func(x *Physical) bool {
		return x.Number != number && slices.Contains([]string{PhysicalQueued, PhysicalPrinted, PhysicalHanded}, x.State)
	}) {
		return fault.Conflict.New("这份证照已有一张实体证照").WithCode("cert.physical-live").WithHint("须重新制作的，请先把原来的一张登记为作废或收回")
	}
	return fault.Conflict.New("实体证照印刷号已用过：同一签发单位的同类证照印刷号不得重复").WithCode("cert.physical-number").WithHint("请核对空白证的号码").
		WithField("number", "duplicate", "印刷号重复")
}

// printable returns an issued certificate to who may have it printed.
func (s *Service) printable(ctx context.Context, id, action string) (*row, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return nil, err
	}
	if err := s.transferred(ctx, r, permIssue, action); err != nil {
		return nil, err
	}
	if _, err := s.decided(ctx, id, action, iam.Question{Permission: permIssue, Org: r.Unit()}, ""); err != nil {
		return nil, err
	}
	return r, unissued(r)
}

// A PhysicalAct moves a physical certificate.
type PhysicalAct struct {
	ID       string `path:"id" json:"-" maxLength:"64"`
	Physical string `path:"physical" json:"-" maxLength:"64"`
	Action   string `path:"action" json:"-" maxLength:"16" doc:"print 已打印、hand 已发放、spoil 作废（须写原因）、return 收回（须写原因）、confirm 实体已按电子状态处理（须写原因）"`
	Reason   string `json:"reason,omitempty" maxLength:"200"`
}

// MovePhysical records what was done with a physical certificate.
func (s *Service) MovePhysical(ctx context.Context, q PhysicalAct) (*Physical, error) {
	moves, ok := physicalMoves[q.Action]
	if !ok {
		return nil, fault.NotFound.New("没有这个事项").WithCode("cert.action").WithHint("可办理 print、hand、spoil、return、confirm")
	}
	r, err := s.printable(ctx, q.ID, "cert.physical")
	if err != nil {
		return nil, err
	}
	f := fault.Invalid.New("须说明原因").WithCode("cert.reason").WithHint("请按说明填写原因")
	if err := text(f, "reason", "原因", q.Reason, q.Action != "print" && q.Action != "hand").OrNil(); err != nil {
		return nil, err
	}
	var x *Physical
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if x, err = physicalByID(tx, r.ID, q.Physical); err != nil {
			return err
		}
		to, ok := moves[x.State]
		if !ok {
			return fault.Conflict.New("实体证照处于“%s”，不能办理", physicalLabel(x.State)).WithCode("cert.physical-state").WithHint("请刷新后按现在的状态办理")
		}
		from := x.State
		x.State, x.Reason, x.ChangedAt = to, strings.TrimSpace(q.Reason), tx.Now()
		if q.Action == "confirm" {
			now, err := byID(tx, r.ID)
			if err != nil {
				return err
			}
			x.Status = now.Status
		}
		if err := movePhysical(tx, x, from); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "cert.physical", Object: object(r.ID), Reason: strings.TrimSuffix(physicalLabel(to)+"："+x.Reason, "：")})
	})
	if errors.Is(err, errMoved) {
		return nil, stale()
	}
	if err != nil {
		return nil, err
	}
	return x.worded(), nil
}

// followPhysical notes on the physical certificate what was done to it and so to
// the electronic one, in the same transaction.
func followPhysical(tx *db.Tx, r *row, physical string) error {
	x, err := physicalByID(tx, r.ID, physical)
	if err != nil {
		return err
	}
	if x.State != PhysicalPrinted && x.State != PhysicalHanded {
		return fault.Conflict.New("实体证照处于“%s”，没有可登记的状态", physicalLabel(x.State)).WithCode("cert.physical-state").WithHint("请按电子证照办理")
	}
	from := x.State
	x.Status, x.ChangedAt = r.Status, tx.Now()
	return movePhysical(tx, x, from)
}

// Physicals lists the physical certificates of one, the first first.
func (s *Service) Physicals(ctx context.Context, id string) (out []*Physical, err error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return nil, err
	}
	if _, err := s.mayLook(ctx, r, actView); err != nil {
		return nil, err
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = physicalsOf(tx, id); return err })
	for _, x := range out {
		x.worded()
	}
	return out, err
}

func (x *Physical) worded() *Physical {
	x.StateName, x.StatusName = physicalLabel(x.State), Label(x.Status)
	return x
}

// A Drift is a physical certificate that is not what the record says (STA-02).
type Drift struct {
	Physical *Physical `json:"physical"`
	Status   string    `json:"status" doc:"电子证照的状态"`
	Name     string    `json:"status_name"`
	Version  int       `json:"version" doc:"现行版本；大于打印的版本即已换新版"`
	Differs  []string  `json:"differs" enum:"status,version"`
}

// A DriftPage is a page of drifts, the latest paper first.
type DriftPage struct {
	Items []*Drift `json:"items"`
	Next  string   `json:"next,omitempty"`
}

// Drifts lists the physical certificates out of hand or printed that differ from
// the record: in status, or because a later version took the place of what they
// show. What time ended says so by its own date.
func (s *Service) Drifts(ctx context.Context, cursor string, limit int) (*DriftPage, error) {
	if limit <= 0 || limit > maxLimit {
		limit = 20
	}
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	p := &DriftPage{Items: []*Drift{}}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		units := iam.Orgs(ctx, "cert.read")
		taken, err := takenOver(tx, units)
		if err != nil {
			return err
		}
		p.Items, err = drifts(tx, units, taken, before, id, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(p.Items) > limit {
		p.Items = p.Items[:limit]
		last := p.Items[limit-1].Physical
		p.Next = db.Cursor(last.CreatedAt.UnixMilli(), last.ID)
	}
	for _, d := range p.Items {
		d.Physical.worded()
		d.Name, d.Differs = Label(d.Status), []string{}
		if d.Status != d.Physical.Status {
			d.Differs = append(d.Differs, "status")
		}
		if d.Version != d.Physical.Version {
			d.Differs = append(d.Differs, "version")
		}
	}
	return p, nil
}
