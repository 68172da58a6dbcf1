package cert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/internal/sealing"
	"sidian/ofd"
)

// A Desk is where people are asked for seals: package sealing.
type Desk interface {
	Ask(ctx context.Context, a sealing.Ask) (*sealing.Request, error)
	Get(ctx context.Context, id string) (*sealing.Request, error)
	Withdraw(ctx context.Context, id, reason string) (*sealing.Request, error)
}

// Where a certificate of several seals stands, while its status is Sealing.
const (
	DeskOpen    = "open"    // a program planned it: staff of the issuer must ask for the seals
	DeskAsking  = "asking"  // being asked for
	DeskWaiting = "waiting" // the units decide
)

// Roles of a seal slot whose unit is not named when a certificate is issued.
const (
	roleIssuer   = "issuer"
	roleSuperior = "superior"
)

// A sealer is one seal on a face: whose, when, and at which slots of the kind.
type sealer struct {
	Role  string `json:"role"`
	Org   string `json:"org"`
	Kind  string `json:"kind"`
	Order int    `json:"order"`
	Slots []int  `json:"slots"`
}

// several tells whether a kind needs people: more than one seal, or one that is
// not the issuer's.
func several(k *catalogue.Kind) bool {
	for _, slot := range k.Seals {
		if slot.Role != roleIssuer || slot.Role != k.Seals[0].Role || slot.Kind != k.Seals[0].Kind || slot.Order != k.Seals[0].Order {
			return true
		}
	}
	return false
}

// checkSealers refuses units that are named for what the kind does not ask for,
// and where nobody can be asked.
func (s *Service) checkSealers(k *catalogue.Kind, named map[string]string) error {
	if several(k) && s.Desk == nil {
		return fault.Conflict.New("“%s”须多枚印章用印，本平台没有开通用印审批", k.Title).WithCode("cert.seals").WithHint("请平台管理员开通用印审批")
	}
	f := fault.Invalid.New("用印单位与“%s”的用印位置不符", k.Title).WithCode("cert.sealers").WithHint("请按证照种类的用印位置写明用印单位")
	for role := range named {
		if role == roleIssuer || role == roleSuperior || !slices.ContainsFunc(k.Seals, func(x catalogue.SealSlot) bool { return x.Role == role }) {
			f = f.WithField("seals", "unknown", "没有须指定单位的用印位置“"+clip(role)+"”")
		}
	}
	return f.OrNil()
}

func clip(text string) string {
	r := []rune(text)
	return string(r[:min(len(r), 64)])
}

// sealers finds the unit of every slot of a kind, and puts the slots of one seal
// together. Named are ids of units by role.
func sealersOf(tx *db.Tx, k *catalogue.Kind, issuer *iam.Org, named map[string]string) (out []sealer, err error) {
	for i, slot := range k.Seals {
		o, err := sealerOf(tx, slot.Role, issuer, named)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(out, func(x sealer) bool { return x.Org == o.ID && x.Kind == string(slot.Kind) && x.Order == slot.Order })
		if at < 0 {
			out = append(out, sealer{Role: slot.Role, Org: o.ID, Kind: string(slot.Kind), Order: slot.Order})
			at = len(out) - 1
		}
		out[at].Slots = append(out[at].Slots, i)
	}
	return out, nil
}

func sealerOf(tx *db.Tx, role string, issuer *iam.Org, named map[string]string) (o iam.Org, err error) {
	wrong := func(code, message string) error {
		return fault.Invalid.New("用印单位不能这样指定").WithCode("cert.sealers").WithHint("请在 seals 中为“%s”写单位编号", clip(role)).
			WithField("seals", code, message)
	}
	switch role {
	case roleIssuer:
		return *issuer, nil
	case roleSuperior:
		above, err := iam.AboveTx(tx, issuer.ID)
		if err != nil {
			return o, err
		}
		if len(above) < 2 {
			return o, wrong("superior", "“"+issuer.Name+"”没有上级单位")
		}
		o = above[1]
	default:
		name := named[role]
		if name == "" {
			return o, wrong("required", "须指明“"+clip(role)+"”由哪个单位用印")
		}
		if o, err = iam.OrgTx(tx, name); errors.Is(err, fault.NotFound) {
			return o, wrong("unit", "没有这个单位")
		}
		if err != nil {
			return o, err
		}
	}
	if o.Closed {
		return o, wrong("closed", "单位“"+o.Name+"”已停用")
	}
	return o, nil
}

// sealsTx finds the seal of each sealer that may stamp now.
func sealsTx(tx *db.Tx, w *work) ([]*seal.Seal, error) {
	out := make([]*seal.Seal, len(w.plan.Sealers))
	for i, x := range w.plan.Sealers {
		one, err := seal.ForTx(tx, x.Org, x.Kind)
		if err != nil {
			o, _ := iam.OrgTx(tx, x.Org)
			return nil, atField(err, "seals", "seal", "“"+o.Name+"”没有可用的印章")
		}
		out[i] = one
	}
	return out, nil
}

// intendSeveral is intend where people decide: no seal is used yet.
func (s *Service) intendSeveral(tx *db.Tx, w *work) error {
	if _, err := sealsTx(tx, w); err != nil {
		return err
	}
	w.CreatedAt, w.Status, w.desk = tx.Now(), Sealing, DeskOpen
	if a := audit.ActorFrom(tx.Context()); a.App == "" && a.Account != "" {
		w.desk, w.deskAccount = DeskAsking, a.Account
	}
	return nil
}

// handOver asks for the seals of what is planned, by whoever planned it. What a
// program planned waits for somebody.
func (s *Service) handOver(ctx context.Context, w *work) (*Certificate, error) {
	if w.desk == DeskAsking {
		err := s.askSeals(ctx, w)
		if err != nil && !errors.Is(err, errMoved) && !fault.Final(err) {
			return nil, err // perhaps it was asked for: Resume finds out
		}
		if err != nil {
			return s.failed(ctx, w, err)
		}
	}
	w.Desk = w.desk
	return s.detail(ctx, &w.row)
}

// askSeals asks for the seals, in the name of whoever acts. Asked again after a
// crash, the desk gives the same request.
func (s *Service) askSeals(ctx context.Context, w *work) error {
	var seals []*seal.Seal
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { seals, err = sealsTx(tx, w); return err })
	if err != nil {
		return err
	}
	data, err := w.document.Bytes()
	if err != nil {
		return fmt.Errorf("cert: writing the document: %w", err)
	}
	ask := sealing.Ask{Title: "签发“" + w.kind.Title + "”", Purpose: w.kind.Title, Reason: "签发证照", Org: w.Issuer, Data: data}
	if !w.kind.Number.Holder && !audit.Personal(w.Number) {
		ask.Title += " " + w.Number
	}
	if w.CaseNo != "" && !audit.Personal(w.CaseNo) {
		ask.Reason += "，办件 " + w.CaseNo
	}
	for i, x := range w.plan.Sealers {
		st := sealing.StepAsk{Seal: seals[i].ID, Order: x.Order}
		for _, n := range x.Slots {
			slot := w.kind.Seals[n]
			st.Places = append(st.Places, sealing.Place{Page: slot.Page + 1, X: slot.At[0], Y: slot.At[1], W: slot.At[2], H: slot.At[3]})
		}
		ask.Steps = append(ask.Steps, st)
	}
	r, err := s.Desk.Ask(onceFor(ctx, w.ID), ask)
	if err != nil {
		return err
	}
	s.step("ask")
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := setWaiting(tx, w.ID, r.ID); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "cert.seals", Object: object(w.ID), After: w.content})
	})
	if err != nil {
		return err
	}
	w.desk, w.deskRequest = DeskWaiting, r.ID
	s.step("wait")
	return nil
}

// onceFor gives a request for seals the key that the certificate has for ever.
func onceFor(ctx context.Context, id string) context.Context {
	meta := httpx.MetaFrom(ctx)
	meta.Idempotency = "cert/" + id
	return httpx.WithMeta(ctx, meta)
}

// askAgain goes on with what a crash left between the plan and the request.
func (s *Service) askAgain(ctx context.Context, r *row) error {
	as, err := s.IAM.As(ctx, r.deskAccount)
	if err != nil {
		return err
	}
	w, err := s.rework(ctx, r)
	if err != nil {
		return err
	}
	if err := s.askSeals(as, w); err != nil {
		return err
	}
	return s.settle(ctx, r.ID) // the units may have been faster than this
}

// AskSeals asks for the seals of what a program planned, by staff of the issuer.
func (s *Service) AskSeals(ctx context.Context, id string) (*Certificate, error) {
	r, err := s.atDesk(ctx, id, "cert.seals")
	if err != nil {
		return nil, err
	}
	if r.Keeper != "" { // it would become true after who issues it gave the authority away
		return nil, fault.Conflict.New("这类证照的颁发职责自 %s 起已移交，不能再以原签发单位的名义用印", r.keptFrom).WithCode("cert.transferred").WithHint("请撤回，由承接单位重新签发")
	}
	me := audit.ActorFrom(ctx)
	if me.Account == "" || me.App != "" {
		return nil, fault.Forbidden.New("应用不能代替工作人员提请用印").WithCode("cert.person").WithHint("请签发单位的签发人提请用印")
	}
	w, err := s.rework(ctx, r)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, err := sealsTx(tx, w); err != nil {
			return err
		}
		return setAsking(tx, id, me.Account, s.lease())
	})
	if errors.Is(err, errMoved) {
		return nil, fault.Conflict.New("用印已由他人提请，或签发已经结束").WithCode("cert.stale").WithHint("请刷新后查看最新状态")
	}
	if err != nil {
		return nil, err
	}
	s.step("take")
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), s.lease())
	defer stop()
	if err := s.askSeals(ctx, w); err != nil {
		if fault.Final(err) { // somebody else may ask
			err = errors.Join(err, s.DB.Write(ctx, func(tx *db.Tx) error { return setOpen(tx, id) }))
		}
		return nil, err
	}
	return s.Get(ctx, id)
}

// atDesk returns a certificate that waits for seals to who may issue it.
func (s *Service) atDesk(ctx context.Context, id, action string) (*row, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return nil, err
	}
	org := r.Issuer // who planned it may end it; so may who took the authority over
	if r.Keeper != "" && iam.Allow(ctx, permIssue, r.Keeper) == nil {
		org = r.Keeper
	}
	if _, err := s.decided(ctx, id, action, iam.Question{Permission: permIssue, Org: org}, ""); err != nil {
		return nil, err
	}
	if r.Status != Sealing || r.desk == "" {
		return nil, fault.Conflict.New("这份证照不在等待用印").WithCode("cert.desk").WithHint("请刷新后查看最新状态")
	}
	return r, nil
}

// WithdrawSeals gives up a certificate that waits for seals: nothing of it
// becomes true, and seals that stand on it already are accounted for.
func (s *Service) WithdrawSeals(ctx context.Context, id, why string) (*Certificate, error) {
	r, err := s.atDesk(ctx, id, "cert.withdraw")
	if err != nil {
		return nil, err
	}
	f := fault.Invalid.New("撤回须说明理由").WithCode("cert.reason").WithHint("请按说明填写理由")
	if err := text(f, "reason", "理由", why, true).OrNil(); err != nil {
		return nil, err
	}
	switch r.desk {
	case DeskAsking:
		return nil, fault.Conflict.New("正在提请用印，现在不能撤回").WithCode("cert.sealing").WithHint("请稍后再试")
	case DeskWaiting:
		as, err := s.IAM.As(ctx, r.deskAccount)
		if err != nil {
			return nil, err
		}
		if _, err := s.Desk.Withdraw(as, r.deskRequest, why); err != nil {
			return nil, err
		}
	}
	err = s.withdraw(ctx, r, fault.Conflict.New("%s", strings.TrimSpace(why)))
	if err != nil && !errors.Is(err, errMoved) {
		return nil, err
	}
	return s.Get(ctx, id)
}

// bears checks that a sealed document is the planned one with its seals: every
// part of it stands there as it was, but for the list that names signatures.
func bears(planned, sealed *ofd.Document, seals int) error {
	wrong := func(what string) error {
		return fault.Conflict.New("用印后的版式文件与签发内容不符：%s", what).WithCode("cert.content").WithHint("请重新签发")
	}
	if n := len(sealed.Body().Signatures()); n != seals {
		return wrong(fmt.Sprintf("有 %d 枚印章，应为 %d 枚", n, seals))
	}
	list := planned.Body().SignaturesPart
	if list == "" {
		list = "OFD.xml" // which names it from the first seal on
	}
	for _, p := range planned.Parts() {
		if p.Name == list {
			continue
		}
		other := sealed.Part(p.Name)
		if other == nil {
			return wrong("缺少内容")
		}
		a, err := p.Digest()
		if err != nil {
			return err
		}
		b, err := other.Digest()
		if err != nil {
			return err
		}
		if a != b {
			return wrong("内容有改动")
		}
	}
	return nil
}
