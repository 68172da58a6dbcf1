package cert

import (
	"context"
	"fmt"

	"sidian/gbcode"
	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/seal"
	"sidian/ofd"
	"sidian/ofd/lint"
	"sidian/workday"
)

// work is one certificate on its way from request to issue.
type work struct {
	row
	kind     *catalogue.Kind
	org      *iam.Org
	rule     *catalogue.NumberRule // of the issuer; nil: the kind's
	plan     *plan
	draft    *catalogue.Draft
	document *ofd.Document // not sealed yet
	token    *seal.Token
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
func (s *Service) prepare(ctx context.Context, req IssueRequest, a asked, number numbering, p *prior) (*work, error) {
	w := &work{row: row{asked: a}}
	var sealers []sealer
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if w.kind, err = s.Catalogue.KindTx(tx, req.Kind); err != nil {
			return unknownKind(err)
		}
		if w.org, err = s.issuerOf(ctx, tx, w.kind.Name, req.Issuer); err != nil {
			return err
		}
		if w.rule, err = s.Catalogue.NumberRuleTx(tx, w.kind, w.org.ID); err != nil || !several(w.kind) {
			return err
		}
		sealers, err = sealersOf(tx, w.kind, w.org, req.Seals)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, "cert.issue", w.org.ID); err != nil {
		return nil, atField(err, "issuer", "forbidden", "您或本应用不能代表该单位签发")
	}
	if err := s.checkSealers(w.kind, req.Seals); err != nil {
		return nil, err
	}
	if err := req.check(s.DB.Now()); err != nil {
		return nil, err
	}
	content, err := w.kind.Validate(catalogue.Request{Holders: req.Holders, Fields: req.Fields, ValidFrom: req.ValidFrom, ValidTo: req.ValidTo})
	if err != nil {
		return nil, err
	}
	if p != nil {
		if err := p.follow(w, content); err != nil {
			return nil, err
		}
	}
	if w.plan, err = s.newPlan(ctx, w, content, number, p); err != nil {
		return nil, err
	}
	w.plan.Sealers = sealers
	w.ID, w.CaseNo, w.FinishedAt = newID(), req.CaseNo, req.FinishedAt
	if err := s.draw(w); err != nil {
		return nil, err
	}
	return w, nil
}

func (s *Service) newPlan(ctx context.Context, w *work, content *catalogue.Content, number numbering, p *prior) (*plan, error) {
	incomplete := func(what string) error {
		return fault.Conflict.New("签发单位“%s”没有登记有效的%s，不能签发", w.org.Name, what).WithCode("cert.issuer").WithHint("请系统管理员补全单位信息")
	}
	code, err := gbcode.ParseCreditCode(w.org.USCC)
	if err != nil {
		return nil, incomplete("统一社会信用代码")
	}
	region, err := gbcode.ParseDivision(w.org.Region)
	if err != nil {
		return nil, incomplete("行政区划代码")
	}
	i := catalogue.Issuance{
		Issuer:  catalogue.Issuer{Name: w.org.Name, Code: code, Region: region},
		Issued:  workday.DateOf(s.DB.Now().In(beijing)),
		Version: 1, DocID: newDocID(), Mark: s.Mark,
	}
	w.Code = newID()
	i.Code = s.BaseURL + "/v/" + w.Code
	if p != nil { // GB/T 36904: a version of the same certificate keeps its number
		i.Number, i.Serial, i.Version = p.Number, p.Serial, p.Version+1
		return &plan{Content: content, Issuance: i, Prior: p}, nil
	}
	i.Rule = w.rule
	i.Sequence, err = number(ctx, w.kind.SequenceName(i))
	return &plan{Content: content, Issuance: i}, err
}

// metaIssuer names who issued the version before, in the document of the unit
// that took the authority over.
const metaIssuer = "KZ_原颁证机构"

// draw makes the document out of the plan, and all of the row that follows
// from it.
func (s *Service) draw(w *work) (err error) {
	if w.draft, err = w.kind.Draft(w.plan.Content, w.plan.Issuance); err != nil {
		return err
	}
	f, err := s.Catalogue.Face(w.kind)
	if err != nil {
		return err
	}
	if p := w.plan.Prior; p != nil && p.Issuer != "" { // both stand in it: who issued, and who does now
		w.draft.Face.Metadata = append(w.draft.Face.Metadata, ofd.CustomData{Name: metaIssuer, Value: p.Issuer})
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
	w.Kind, w.KindVersion, w.Issuer = w.kind.Name, w.kind.Version, w.org.ID
	w.Version = w.plan.Issuance.Version
	w.ValidFrom, w.ValidTo = dateText(w.draft.ValidFrom), dateText(w.draft.ValidTo)
	return nil
}

// dateText is a date as it stands in the register, "" for none.
func dateText(d workday.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
