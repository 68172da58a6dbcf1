package sealing

import (
	"context"
	"errors"
	"slices"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/ofd/sign"
)

// Evidence says of one use who used which seal, when, on what, and who allowed
// it: enough for an auditor to reconstruct it without asking anybody.
type Evidence struct {
	Version   string       `json:"version"`
	Use       string       `json:"use" doc:"用印记录"`
	State     string       `json:"state" enum:"stamping,stamped,done,failed"`
	Object    string       `json:"object"`
	Title     string       `json:"title"`
	Purpose   string       `json:"purpose"`
	Reason    string       `json:"reason"`
	Org       string       `json:"org"`
	Operator  string       `json:"operator,omitempty" doc:"申请用印的人：账号"`
	App       string       `json:"app,omitempty" doc:"申请用印的应用"`
	Name      string       `json:"name" doc:"申请用印的人或应用"`
	Device    string       `json:"device,omitempty" doc:"应用或批量用印：提出时的设备"`
	Seal      SealEvidence `json:"seal"`
	Rule      string       `json:"rule,omitempty" doc:"逐件审批：所依规则"`
	Policy    string       `json:"policy,omitempty" doc:"常备用印授权"`
	Right     string       `json:"right,omitempty" doc:"逐件审批形成的一次性用印权"`
	Approvals []Approval   `json:"approvals" doc:"逐件审批；批量用印依常备用印授权"`
	Original  string       `json:"original" doc:"上传文件的 SM3 摘要"`
	Before    string       `json:"before" doc:"盖章前文件的 SM3 摘要"`
	Content   string       `json:"content" doc:"批准和盖章所及内容的 SM3 摘要"`
	After     string       `json:"after,omitempty" doc:"盖章后文件的 SM3 摘要"`
	Attempts  int64        `json:"attempts" doc:"调用密钥的次数至多为此"`
	At        time.Time    `json:"at,omitzero" doc:"签章时间"`
	TimeFrom  string       `json:"time_source,omitempty" enum:"timestamp,claimed,text,none" doc:"时间来源：timestamp 为时间戳"`
	Signer    string       `json:"signer,omitempty" doc:"签章数字证书的主题"`
	Places    []Spot       `json:"places,omitempty"`
}

// SealEvidence is the seal of an Evidence.
type SealEvidence struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Org         string `json:"org"`
	Certificate string `json:"certificate,omitempty" doc:"数字证书序列号"`
}

const evidenceVersion = "sidian-sealing-evidence-1"

// Evidence returns what is known of one use of a seal, to who may see the
// document it was for, and to who audits its unit.
func (s *Service) Evidence(ctx context.Context, use string) (*Evidence, error) {
	var e *Evidence
	var after gm.Digest
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		request, step, err := requestOfUse(tx, use)
		if errors.Is(err, fault.NotFound) {
			e, after, err = itemEvidence(tx, use)
			return err
		}
		if err != nil {
			return err
		}
		e, after, err = stepEvidence(tx, request, step)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := s.used(ctx, e); err != nil {
		return nil, err
	}
	if after != (gm.Digest{}) {
		if err := s.signedAt(ctx, e, after); err != nil {
			return nil, err
		}
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "sealing.evidence", Object: e.Object})
	})
	return e, err
}

func audits(ctx context.Context, org string) bool { return iam.Allow(ctx, "audit.read", org) == nil }

func stepEvidence(tx *db.Tx, request, step string) (*Evidence, gm.Digest, error) {
	r, err := requestByID(tx, request)
	if err != nil {
		return nil, gm.Digest{}, err
	}
	if !mayLook(tx.Context(), r) && !audits(tx.Context(), r.Org) {
		return nil, gm.Digest{}, unknown()
	}
	st := r.Steps[slices.IndexFunc(r.Steps, func(st *Step) bool { return st.ID == step })]
	return &Evidence{
		Version: evidenceVersion, Use: st.Use, State: st.State, Object: object(st.ID), Title: r.Title, Purpose: r.Purpose, Reason: r.Reason,
		Org: r.Org, Operator: r.Account, Name: r.Asker, Seal: SealEvidence{ID: st.Seal, Name: st.SealName, Org: st.SealOrg}, Rule: st.Rule,
		Approvals: slices.DeleteFunc(slices.Clone(st.Approvals), func(a Approval) bool { return a.Lapsed }),
		Original:  r.Original, Before: hexOf(st.before), Content: hexOf(st.content), After: st.After, Places: st.Places,
	}, st.after, nil
}

func itemEvidence(tx *db.Tx, use string) (*Evidence, gm.Digest, error) {
	batch, line, err := itemOfUse(tx, use)
	if err != nil {
		return nil, gm.Digest{}, err
	}
	b, err := batchByID(tx, batch)
	if err != nil {
		return nil, gm.Digest{}, err
	}
	ctx := tx.Context()
	if !mayRun(ctx, b) && iam.Allow(ctx, "seal.read", b.Org) != nil && iam.Allow(ctx, "seal.use", b.sealOrg) != nil && !audits(ctx, b.Org) {
		return nil, gm.Digest{}, unknown()
	}
	it, err := itemByLine(tx, batch, line)
	if err != nil {
		return nil, gm.Digest{}, err
	}
	return &Evidence{
		Version: evidenceVersion, Use: it.Use, State: it.State, Object: b.object(it), Title: b.Title, Purpose: b.Purpose, Reason: b.Reason,
		Org: b.Org, Operator: b.Account, App: b.App, Name: b.Asker, Device: b.device, Seal: SealEvidence{ID: b.Seal, Name: b.SealName, Org: b.sealOrg},
		Approvals: []Approval{}, Original: it.Original, Before: it.Original, Content: hexOf(it.content), After: it.Document,
	}, it.document, nil
}

// used adds what package seal recorded of the use.
func (s *Service) used(ctx context.Context, e *Evidence) error {
	uses, err := s.Seal.UsesOf(ctx, e.Object)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(uses, func(u *seal.Use) bool { return u.ID == e.Use })
	if i < 0 {
		return fault.NotFound.New("没有这次用印的记录").WithCode("sealing.use-unknown").WithHint("请核对用印记录编号")
	}
	e.Policy, e.Attempts, e.Right = uses[i].Policy, uses[i].Attempts, uses[i].Approval
	return nil
}

// signedAt adds what the document itself says of the stamp.
func (s *Service) signedAt(ctx context.Context, e *Evidence, after gm.Digest) error {
	data, err := s.bytes(ctx, after)
	if err != nil {
		return err
	}
	o, err := s.trust(ctx)
	if err != nil {
		return err
	}
	report := sign.Verify(data, o)
	if n := len(report.Signatures); n > 0 { // the stamp is the last one of the document that it made
		last := report.Signatures[n-1]
		e.At, e.TimeFrom, e.Signer = last.Time, last.TimeSource, last.Signer
		if last.Certificate != nil {
			e.Seal.Certificate = last.Certificate.SerialNumber.Text(16)
		}
	}
	return nil
}
