package cert

import (
	"context"
	"errors"
	"fmt"

	"sidian/gbcode"
	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/catalogue"
	"sidian/internal/cert/event"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/seal"
	"sidian/ofd"
	"sidian/ofd/lint"
	"sidian/ofd/sign"
	"sidian/workday"
)

// work is one certificate on its way from request to issue.
type work struct {
	row
	kind     *catalogue.Kind
	org      *iam.Org
	plan     *plan
	draft    *catalogue.Draft
	document *ofd.Document // not sealed yet
	token    *seal.Token
}

// Issue issues a certificate: sealed and true when it returns. The same
// Idempotency-Key gives the same certificate.
func (s *Service) Issue(ctx context.Context, req IssueRequest) (*Certificate, error) {
	repetition := httpx.IdempotencyID(ctx)
	if c, err := s.repeated(ctx, repetition); c != nil || err != nil {
		return c, err
	}
	w, err := s.prepare(ctx, req, s.number)
	if err != nil {
		return nil, err
	}
	w.repetition = repetition
	s.step("prepare")
	if err := s.DB.Write(ctx, func(tx *db.Tx) error { return s.intend(tx, w) }); err != nil {
		if errors.Is(err, fault.Conflict) && fault.As(err).Code == "" { // a unique constraint
			return s.duplicate(ctx, w)
		}
		return nil, err
	}
	s.step("plan")
	return s.finish(ctx, w)
}

// repeated returns what was issued for a repetition already, or nil.
func (s *Service) repeated(ctx context.Context, repetition string) (*Certificate, error) {
	if repetition == "" {
		return nil, nil
	}
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byRepetition(tx, repetition) })
	if err != nil || r == nil {
		return nil, err
	}
	if r.Status == Sealing {
		return nil, fault.Conflict.New("同一请求正在处理").WithCode("cert.sealing").WithHint("请稍后用同一 Idempotency-Key 再试")
	}
	return s.record(ctx, r)
}

func (s *Service) duplicate(ctx context.Context, w *work) (*Certificate, error) {
	if c, err := s.repeated(ctx, w.repetition); c != nil || err != nil {
		return c, err
	}
	e := fault.Conflict.New("证照编号已存在：同一签发单位的同类证照编号不得重复").WithCode("cert.duplicate").
		WithHint("请核对是否已签发；变更信息请走变更流程，不要重新签发")
	if w.kind.Number.Holder {
		return nil, e.WithField("holders[0].id", "duplicate", "该持证主体已有此类证照")
	}
	return nil, e.WithField("number", "duplicate", "编号重复")
}

// A numbering gives the next number of a sequence.
type numbering func(ctx context.Context, sequence string) (int64, error)

// number takes the number for good; it is lost if the certificate is not issued.
func (s *Service) number(ctx context.Context, sequence string) (int64, error) {
	n, ok := s.numbers.Load(sequence)
	if !ok {
		n, _ = s.numbers.LoadOrStore(sequence, s.DB.Numbers(sequence, numberBlock))
	}
	return n.(*db.Numbers).Next(ctx)
}

// numberBlock is how many numbers are taken at a time; a restart loses the rest
// of a block.
const numberBlock = 50

// sample is the number of a face that is only looked at.
func sample(context.Context, string) (int64, error) { return 1, nil }

// prepare makes everything that can be refused before anything is written.
func (s *Service) prepare(ctx context.Context, req IssueRequest, number numbering) (*work, error) {
	w := &work{}
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if w.kind, err = s.Catalogue.KindTx(tx, req.Kind); err != nil {
			return err
		}
		w.org, err = s.issuerOf(ctx, tx, w.kind.Name, req.Issuer)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := allowed(ctx, "cert.issue", w.org.ID); err != nil {
		return nil, err
	}
	content, err := w.kind.Validate(catalogue.Request{Holders: req.Holders, Fields: req.Fields, ValidFrom: req.ValidFrom, ValidTo: req.ValidTo})
	if err != nil {
		return nil, err
	}
	if w.plan, err = s.newPlan(ctx, w, content, number); err != nil {
		return nil, err
	}
	w.ID, w.CaseNo = newID(), req.CaseNo
	return w, s.draw(ctx, w)
}

func (s *Service) newPlan(ctx context.Context, w *work, content *catalogue.Content, number numbering) (*plan, error) {
	code, err := gbcode.ParseCreditCode(w.org.USCC)
	if err != nil {
		return nil, fault.Conflict.New("签发单位“%s”没有有效的统一社会信用代码", w.org.Name).WithCode("cert.issuer").WithHint("请系统管理员补全单位信息")
	}
	region, err := gbcode.ParseDivision(w.org.Region)
	if err != nil {
		return nil, fault.Conflict.New("签发单位“%s”没有有效的行政区划代码", w.org.Name).WithCode("cert.issuer").WithHint("请系统管理员补全单位信息")
	}
	i := catalogue.Issuance{
		Issuer:  catalogue.Issuer{Name: w.org.Name, Code: code, Region: region},
		Issued:  workday.DateOf(s.DB.Now().In(beijing)),
		Version: 1, DocID: newDocID(), Mark: s.Mark,
	}
	w.Code = newID()
	i.Code = s.BaseURL + "/v/" + w.Code
	i.Sequence, err = number(ctx, w.kind.SequenceName(i))
	return &plan{Content: content, Issuance: i}, err
}

// draw makes the document out of the plan, and all of the row that follows
// from it.
func (s *Service) draw(ctx context.Context, w *work) (err error) {
	if w.draft, err = w.kind.Draft(w.plan.Content, w.plan.Issuance); err != nil {
		return err
	}
	f, err := s.Catalogue.Face(w.kind)
	if err != nil {
		return err
	}
	if w.document, err = f.Fill(w.draft.Face); err != nil {
		return catalogue.Refusal(err)
	}
	for _, f := range lint.CheckProfile(w.document, lint.Issuing) {
		if f.Severity == lint.Error {
			return fmt.Errorf("cert: the document of kind %s breaks %s (%s)", w.kind.Name, f.Rule, f.Part)
		}
	}
	if w.content, err = seal.Content(w.document); err != nil {
		return err
	}
	w.Identifier, w.Number = w.draft.Identifier.String(), w.draft.Number
	w.Kind, w.KindVersion, w.Issuer, w.Version = w.kind.Name, w.kind.Version, w.org.ID, w.plan.Issuance.Version
	w.ValidFrom, w.ValidTo = dateText(w.draft.ValidFrom), dateText(w.draft.ValidTo)
	return nil
}

// intend is the first transaction: the plan and the intended use of the seal.
func (s *Service) intend(tx *db.Tx, w *work) error {
	x, err := seal.ForTx(tx, w.Issuer, string(w.kind.Seals[0].Kind))
	if err != nil {
		return err
	}
	if w.token, err = s.Seal.IntendTx(tx, x, "cert/"+w.ID, w.Kind, w.content); err != nil {
		return err
	}
	w.Use = w.token.Use()
	if w.sealedPlan, err = s.sealPlan(w.ID, w.plan); err != nil {
		return err
	}
	if err := insert(tx, &w.row, s.lease()); err != nil {
		return err
	}
	for i, h := range w.draft.Holders {
		if err := insertHolder(tx, w.ID, i, s.Index.Of(h.ID), s.Index.Of(h.Name)); err != nil {
			return err
		}
	}
	return audit.Put(tx, audit.Entry{Action: "cert.plan", Object: "cert/" + w.ID, After: w.content})
}

// finish stamps, stores and issues what is planned.
func (s *Service) finish(ctx context.Context, w *work) (*Certificate, error) {
	sealed, err := s.Seal.Stamp(ctx, w.token, w.document, places(w.kind)...)
	if err != nil {
		return nil, err
	}
	s.step("stamp")
	data, err := sealed.Bytes()
	if err != nil {
		return nil, fmt.Errorf("cert: writing the document: %w", err)
	}
	digest, err := s.Blob.Put(ctx, data)
	if err != nil {
		return nil, fmt.Errorf("cert: storing the document: %w", err)
	}
	s.step("store")
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.issue(tx, w, digest, len(data)) })
	if err != nil {
		return nil, err
	}
	s.step("issue")
	return s.recordOf(&w.row, w.kind, w.org, w.draft), nil
}

// issue is the second transaction: here the certificate becomes true.
func (s *Service) issue(tx *db.Tx, w *work, digest gm.Digest, size int) error {
	if err := markIssued(tx, w.ID, digest, size); err != nil {
		return err
	}
	if err := seal.DoneTx(tx, w.Use, digest); err != nil {
		return err
	}
	w.Status, w.Digest, w.Document, w.Size, w.IssuedAt = Effective, digest, fmt.Sprintf("%x", digest), int64(size), tx.Now()
	if w.CreatedAt.IsZero() {
		w.CreatedAt = tx.Now()
	}
	if err := audit.Put(tx, audit.Entry{Action: "cert.issue", Object: "cert/" + w.ID, After: digest}); err != nil {
		return err
	}
	return s.tell(tx, &w.row, event.Issued)
}

func (s *Service) tell(tx *db.Tx, r *row, topic string) error {
	return s.Outbox.Put(tx, outbox.Event{Topic: topic, Key: r.ID, Body: event.Certificate{
		ID: r.ID, Kind: r.Kind, Issuer: r.Issuer, Identifier: r.Identifier, Version: r.Version, Document: r.Document, At: tx.Now().UnixMilli(),
	}})
}

// places are where the seal stands on the face.
func places(k *catalogue.Kind) []sign.Place {
	out := make([]sign.Place, len(k.Seals))
	for i, slot := range k.Seals {
		out[i] = sign.Place{PageIndex: slot.Page, X: slot.At[0], Y: slot.At[1], W: slot.At[2], H: slot.At[3]}
	}
	return out
}
