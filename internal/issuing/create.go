package issuing

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Create begins a draft. It may be unfinished; what the kind's template does not
// ask for is refused. The same reference of the same unit gives the same draft.
func (s *Service) Create(ctx context.Context, req CreateRequest) (*Draft, error) {
	origin := ByStaff
	if p, ok := iam.From(ctx); ok && p.Account == "" {
		origin = ByProgram
	}
	if err := iam.Allow(ctx, permCollect, req.Unit); err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.create", Object: "unit/" + req.Unit}, err)
	}
	id, already, err := s.begin(ctx, &req, origin, "", ActCreate)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.create", Object: "unit/" + req.Unit}, err)
	}
	d, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	d.Already = already
	return d, nil
}

// kindOf is the kind that a request names, by a value that may be wrong.
func (s *Service) kindOf(ctx context.Context, ref string) (*catalogue.Kind, error) {
	k, err := s.Catalogue.Get(ctx, ref)
	if e := fault.As(err); e != nil && e.Kind == fault.NotFound {
		bad := *e
		bad.Kind = fault.Invalid
		return nil, bad.WithField("kind", "unknown", e.Msg)
	}
	return k, err
}

// begin writes a new draft, or finds the one of the same reference.
func (s *Service) begin(ctx context.Context, req *CreateRequest, origin, applicant string, a Action) (id string, already bool, err error) {
	if req.Mode == "" {
		req.Mode = Online
	}
	if err := checkMatter(req.CaseNo, req.FinishedAt, req.Mode, s.DB.Now()); err != nil {
		return "", false, err
	}
	req.Ref = strings.TrimSpace(req.Ref)
	if len([]rune(req.Ref)) > maxRef || !legible(req.Ref) {
		return "", false, fault.Invalid.New("流水号不符合规则").WithCode("issuing.ref").WithHint("至多 100 个字").WithField("ref", "length", "至多 100 个字，不能有不可见字符")
	}
	k, err := s.kindOf(ctx, req.Kind)
	if err != nil {
		return "", false, err
	}
	issuers, err := s.Cert.Issuers(ctx, k.Name)
	if err != nil {
		return "", false, err
	}
	if !slices.Contains(issuers, req.Unit) {
		return "", false, fault.Forbidden.New("该单位不签发“%s”", k.Title).WithCode("issuing.issuer").WithHint("请由证照目录登记的签发单位办理；如需调整，请联系管理单位").
			WithField("unit", "issuer", "不是登记的签发单位")
	}
	req.tidy()
	if err := req.keepable(k); err != nil {
		return "", false, err
	}
	said, err := s.saidOf(k.Name, req)
	if err != nil {
		return "", false, err
	}
	for range 2 { // the second time, what another began this moment is seen
		err = s.rows(ctx, func(tx *db.Tx) error {
			id, already, err = s.beginTx(tx, k, req, said, origin, applicant, a)
			return err
		})
		if !errors.Is(err, errBegun) {
			break
		}
	}
	return id, already, err
}

// errBegun says that another draft of the same matter stands there.
var errBegun = fault.Conflict.New("同一事项刚刚已由他人建立经办件").WithCode("issuing.moved").WithHint("请刷新后查看")

// saidOf is the keyed digest of what a request says.
func (s *Service) saidOf(kind string, req *CreateRequest) ([]byte, error) {
	b, err := json.Marshal([]any{kind, req.Content, req.CaseNo, req.Mode, req.FinishedAt, req.Owed})
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "填写的内容不是合法的 JSON").WithCode("issuing.content").WithHint("请核对请求正文")
	}
	d := s.said.Of(string(b))
	return d[:], nil
}

func (s *Service) beginTx(tx *db.Tx, k *catalogue.Kind, req *CreateRequest, said []byte, origin, applicant string, a Action) (string, bool, error) {
	above, err := iam.AboveTx(tx, req.Unit)
	if err != nil {
		return "", false, err
	}
	if above[0].Closed {
		return "", false, fault.Conflict.New("签发单位“%s”已停用", above[0].Name).WithCode("issuing.closed").WithHint("请管理单位在证照目录中调整签发单位").WithField("unit", "closed", "单位已停用")
	}
	now := milli(tx.Now())
	r := &row{id: newID(), unit: req.Unit, kind: k.Name, kindVersion: int64(k.Version), state: Drafted, version: 1, mode: req.Mode, origin: origin, ref: req.Ref, said: said,
		batch: req.batch, owed: req.Owed, applicant: applicant, caseNo: req.CaseNo, finished: milliOf(req.FinishedAt), created: now, updated: now}
	r.path, r.region = above[0].Path(), iam.RegionOf(above)
	if r.ref != "" {
		switch old, err := byRef(tx, r.unit, r.ref); {
		case err == nil && string(old.said) == string(said):
			return old.id, true, nil
		case err == nil:
			return "", false, fault.Conflict.New("这个流水号已用于内容不同的经办件").WithCode("issuing.reused").WithHint("请核对流水号；要更正的，请修改原来的经办件").WithField("ref", "reused", "流水号已用过")
		case fault.As(err) == nil:
			return "", false, err
		}
	}
	if err := s.mayMakeUpTx(tx, r); err != nil {
		return "", false, err
	}
	if r.content, err = s.sealTo(contentCell(r.id, r.version), req.Content); err != nil {
		return "", false, err
	}
	if err := s.pushedTx(tx, r); err != nil {
		return "", false, err
	}
	if err := s.promise(tx, r, k.Title); err != nil {
		return "", false, err
	}
	r.steps = 1
	made, err := insert(tx, s.guard, r)
	if err == nil && !made {
		err = errBegun
	}
	if err != nil {
		return "", false, err
	}
	if err := s.followTx(tx, r, req.follows); err != nil {
		return "", false, err
	}
	if err := s.tellTx(tx, r, a, k.Title); err != nil {
		return "", false, err
	}
	return r.id, false, s.recordTx(tx, r, a, actorOf(tx.Context()), nil)
}

// Save keeps what was changed as the next version. Who did not see the newest
// one is told what differs, and keeps what they have: nothing is overwritten.
// What is kept already is returned as it is.
func (s *Service) Save(ctx context.Context, req SaveRequest) (*Draft, error) {
	req.tidy()
	err := s.rows(ctx, func(tx *db.Tx) error {
		r, err := s.takeTx(tx, req.ID)
		if err != nil {
			return err
		}
		if err := sees(ctx, r); err != nil {
			return err
		}
		x := move(r.state, ActSave)
		if x == nil {
			return errMove(r.state, ActSave)
		}
		if err := may(ctx, r, x); err != nil {
			return err
		}
		return s.saveTx(tx, r, &req)
	})
	if err != nil {
		return nil, s.staled(ctx, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.save", Object: objectOf(req.ID)}, err))
	}
	return s.Get(ctx, req.ID)
}

func (s *Service) saveTx(tx *db.Tx, r *row, req *SaveRequest) error {
	if req.FinishedAt == nil {
		req.FinishedAt = timeOf(r.finished)
	}
	if r.mode == Offline && milli(*req.FinishedAt) != *r.finished {
		return fault.Invalid.New("离线生成的，业务办结时间不能修改").WithCode("issuing.matter").WithHint("填错的请终止此件，重新推送").WithField("finished_at", "fixed", "推送后不能修改")
	}
	if err := checkMatter(req.CaseNo, req.FinishedAt, r.mode, tx.Now()); err != nil {
		return err
	}
	k, err := s.Catalogue.KindTx(tx, r.kind)
	if err != nil {
		return err
	}
	if err := req.keepable(k); err != nil {
		return err
	}
	old, err := s.contentOf(r)
	if err != nil {
		return err
	}
	names := differing(&req.Content, old)
	if req.CaseNo != r.caseNo {
		names = append(names, "case_no")
	}
	if req.FinishedAt != nil && (r.finished == nil || milli(*req.FinishedAt) != *r.finished) {
		names = append(names, "finished_at")
	}
	if len(names) == 0 && r.kindVersion == int64(k.Version) {
		return nil
	}
	if int64(req.Version) != r.version {
		return errStale(r, names)
	}
	r.version++
	r.kindVersion, r.caseNo, r.finished = int64(k.Version), req.CaseNo, milliOf(req.FinishedAt)
	if r.content, err = s.sealTo(contentCell(r.id, r.version), req.Content); err != nil {
		return err
	}
	r.steps++
	if err := save(tx, s.guard, r); err != nil {
		return err
	}
	return s.recordTx(tx, r, ActSave, actorOf(tx.Context()), nil)
}

// A staleError says who saved the newest version, and when.
type staleError struct {
	actor string
	at    int64
}

func (*staleError) Error() string { return "issuing: another version is the newest" }

// errStale says that another version is the newest, and where it differs. Who
// saved it is filled in by [Service.staled].
func errStale(r *row, names []string) error {
	who := &staleError{}
	for _, x := range r.done {
		if slices.Contains([]Action{ActCreate, ActApply, ActCorrect, ActSave}, x.action) {
			who.actor, who.at = x.actor, x.at
		}
	}
	e := fault.Conflict.Wrap(who, "此件已由他人保存为第 %d 版，您看到的不是最新的", r.version).WithCode("issuing.stale").WithHint("您填写的还在；请核对与最新版不同的项，再办理一次")
	for _, name := range names {
		e = e.WithField(name, "differs", "与最新版不同")
	}
	return e
}

// staled names who saved the newest version and when, for the colleague who did
// not see it.
func (s *Service) staled(ctx context.Context, err error) error {
	var who *staleError
	if !errors.As(err, &who) || who.actor == "" {
		return err
	}
	name := "业务系统"
	if !strings.HasPrefix(who.actor, "app/") {
		names, err := s.IAM.Names(ctx, []string{who.actor})
		if err != nil {
			return err
		}
		name = names[who.actor]
	}
	if name == "" {
		return err
	}
	e := *fault.As(err)
	e.Msg = strings.Replace(e.Msg, "由他人保存", "由"+name+"于 "+moment(who.at).In(beijing).Format("1月2日 15:04")+" 保存", 1)
	return &e
}
