package issuing

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"sidian/gbcode"
	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// A CorrectRequest begins the next version of a certificate (更正、变更、换证): a
// draft that already says what the version in force says.
type CorrectRequest struct {
	Certificate string `json:"certificate" minLength:"1" maxLength:"64" doc:"现行有效证照的编号（平台内）"`
	Action      string `json:"action" enum:"correct,change,replace" doc:"更正、变更、换证"`
	Reason      string `json:"reason" minLength:"2" maxLength:"200" doc:"事由，写入办理记录和审计；不写个人信息"`
	Basis       string `json:"basis" minLength:"2" maxLength:"200" doc:"依据：法律条款或决定文号；核验时公开"`
}

// An inForce is what the version in force said when its correction was begun.
// Whole: with its pictures and tables, which were left out once.
type inForce struct {
	Content
	Whole bool `json:"whole,omitempty"`
}

// A correction is what a new draft follows.
type correction struct {
	correctionRow
	content Content // of the version in force
}

// Correct begins the draft of a next version. It is refused where the state of
// the certificate does not allow the action, or while another such draft of it is
// under way. That its values were read in full is recorded by package cert, with
// the reason that is given here.
func (s *Service) Correct(ctx context.Context, req CorrectRequest) (*Draft, error) {
	object := "cert/" + req.Certificate
	a, ok := state.Find(req.Action)
	if !ok || !a.Next {
		return nil, fault.Invalid.New("没有这种办理").WithCode("issuing.correct").WithHint("可选 correct（更正）、change（变更）、replace（换证）").WithField("action", "unknown", "应为更正、变更或换证")
	}
	if err := checkGrounds(&req); err != nil {
		return nil, err
	}
	c, err := s.Cert.Get(ctx, req.Certificate)
	if err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permCollect, c.Unit()); err != nil {
		err = cmp.Or(s.Cert.Given(ctx, c, permCollect), err)
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.correct", Object: object}, err)
	}
	if err := allows(a, c); err != nil {
		return nil, err
	}
	if err := s.free(ctx, c.ID, a); err != nil {
		return nil, err
	}
	f := &correction{correctionRow: correctionRow{certificate: c.ID, number: c.Number, action: a.Code, reason: req.Reason, basis: req.Basis}}
	var acts int
	if f.content, acts, err = s.inForce(ctx, c, req.Reason); err != nil {
		return nil, err
	}
	f.acts = int64(acts)
	create := CreateRequest{Kind: c.Kind, Unit: c.Unit(), Content: f.content, CaseNo: "", follows: f}
	create.Fields = nil
	if create.Fields, err = s.carriedOver(ctx, c.Kind, f.content.Fields); err != nil {
		return nil, err
	}
	origin := ByStaff
	if p, ok := iam.From(ctx); ok && p.Account == "" {
		origin = ByProgram
	}
	id, _, err := s.begin(ctx, &create, origin, "", ActCorrect)
	if err != nil {
		return nil, audit.Refuse(ctx, s.DB, audit.Entry{Action: "issuing.correct", Object: object}, err)
	}
	return s.Get(ctx, id)
}

// checkGrounds refuses a correction without a reason and a basis that can be
// recorded with the certificate.
func checkGrounds(req *CorrectRequest) error {
	req.Reason, req.Basis = strings.TrimSpace(req.Reason), strings.TrimSpace(req.Basis)
	e := fault.Invalid.New("事由和依据不符合规则").WithCode("issuing.grounds").WithHint("写明事由和依据，写成一行，不要写个人信息；可写办件编号")
	for _, x := range []struct{ name, text string }{{"reason", req.Reason}, {"basis", req.Basis}} {
		before := len(e.Fields)
		if e = checkText(e, x.name, x.text, true, 200); len(e.Fields) == before && (len([]rune(x.text)) < 2 || !legible(x.text)) {
			e = e.WithField(x.name, "length", "应有 2 到 200 个字，写成一行")
		}
	}
	return e.OrNil()
}

// allows refuses what the state of a certificate does not.
func allows(a state.Action, c *cert.Certificate) error {
	if _, no := a.Apply(c.State()); no != nil {
		return fault.Conflict.New("%s", no.Rule).WithCode(no.Code).WithHint("%s", no.Way)
	}
	return nil
}

// free refuses a second correction while one is under way.
func (s *Service) free(ctx context.Context, certificate string, a state.Action) error {
	return s.DB.Read(ctx, func(tx *db.Tx) error {
		open, err := openCorrection(tx, certificate)
		if err != nil || open == nil {
			return err
		}
		return errOpen(open)
	})
}

func errOpen(open *correctionRow) error {
	a, _ := state.Find(open.action)
	return fault.Conflict.New("这份证照的“%s”正在办理，一次只能办理一件", a.Name).WithCode("issuing.correcting").
		WithHint("请在经办件 %s 中继续办理；不再需要的，先终止它", open.draft)
}

// inForce is all that a certificate says, pictures and tables too, and how often
// it had been acted upon.
func (s *Service) inForce(ctx context.Context, c *cert.Certificate, reason string) (out Content, acts int, err error) {
	k, err := s.Catalogue.Version(ctx, c.Kind, c.KindVersion)
	if err != nil {
		return out, 0, err
	}
	got, err := s.Cert.Content(ctx, c.ID, cert.Reading{Purpose: purpose, Reason: reason})
	if err != nil {
		return out, 0, err
	}
	out = Content{Holders: got.Holders, Fields: got.Fields, ValidFrom: got.ValidFrom, ValidTo: got.ValidTo}
	for i := range k.Fields { // what follows from the rest is not repeated: it would seem to be given
		f := &k.Fields[i]
		var text string
		if raw, ok := out.Fields[f.Key]; ok && f.Default != "" && json.Unmarshal(raw, &text) == nil && text == out.byDefault(f.Default) {
			delete(out.Fields, f.Key)
		}
	}
	return out, got.Acts, nil
}

// byDefault is what a field with a default says where it is left empty, as far as
// it follows from the content.
func (c *Content) byDefault(source string) string {
	if source == "valid_from" {
		return c.ValidFrom
	}
	who, what, _ := strings.Cut(source, ".")
	i := slices.Index([]string{"holder", "holder2", "holder3"}, who)
	if i < 0 || i >= len(c.Holders) {
		return ""
	}
	number, err := gbcode.ParseCitizenID(c.Holders[i].ID)
	if err != nil {
		return ""
	}
	switch what {
	case "birth":
		return number.Birth().Format(time.DateOnly)
	case "sex":
		return number.Sex()
	}
	return ""
}

// carriedOver are the fields that the newest version of a kind still asks for.
func (s *Service) carriedOver(ctx context.Context, kind string, fields map[string]json.RawMessage) (map[string]json.RawMessage, error) {
	k, err := s.kindOf(ctx, kind)
	if err != nil {
		return nil, err
	}
	out := map[string]json.RawMessage{}
	for key, raw := range fields {
		if f := k.Field(key); f != nil && f.Source == "" {
			out[key] = raw
		}
	}
	return out, nil
}

// followTx ties a new draft to the certificate whose place it takes.
func (s *Service) followTx(tx *db.Tx, r *row, f *correction) error {
	if f == nil {
		return nil
	}
	open, err := openCorrection(tx, f.certificate)
	if err == nil && open != nil {
		err = errOpen(open)
	}
	if err != nil {
		return err
	}
	x := f.correctionRow
	x.draft = r.id
	if x.before, err = s.sealTo(beforeCell(r.id), inForce{f.content, true}); err != nil {
		return err
	}
	made, err := insertCorrection(tx, &x)
	if err == nil && !made {
		err = fault.Conflict.New("这份证照刚刚由他人开始办理").WithCode("issuing.correcting").WithHint("请刷新后在经办列表中查看")
	}
	return err
}

// refresh looks, before a correction is handed on, whether the certificate still
// stands as it must, and how long it holds now. nil: the draft follows nothing.
func (s *Service) refresh(ctx context.Context, id string) (*cert.Certificate, error) {
	var x *correctionRow
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := byID(tx, id, false)
		if err == nil && r.state == Drafted && sees(ctx, r) == nil {
			x, err = correctionOf(tx, id)
		}
		return err
	})
	if err != nil || x == nil || x.ended {
		return nil, err
	}
	c, err := s.Cert.Get(ctx, x.certificate)
	if err != nil {
		return nil, err
	}
	a, _ := state.Find(x.action)
	return c, allows(a, c)
}

// seenTx notes what was seen of the certificate when a draft is submitted.
func (s *Service) seenTx(tx *db.Tx, r *row, c *cert.Certificate) error {
	x, err := correctionOf(tx, r.id)
	if err != nil || x == nil || c == nil || x.acts == int64(c.Acts) {
		return err
	}
	var before inForce
	if err := s.openFrom(beforeCell(r.id), x.before, &before); err != nil {
		return err
	}
	before.ValidTo = c.ValidTo
	if x.before, err = s.sealTo(beforeCell(r.id), before); err != nil {
		return err
	}
	x.acts = int64(c.Acts)
	return saveCorrection(tx, x)
}
