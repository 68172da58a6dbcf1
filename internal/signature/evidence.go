package signature

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
	"sidian/internal/pki"
	"sidian/internal/seal"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// EvidencePurpose is what a unit's custodian lets the platform seal evidence under
// (常备用印授权).
const EvidencePurpose = "signature.evidence"

// An Evidence tells how the signatures of a task came about. It holds no personal
// data beside masked names.
type Evidence struct {
	Version  string           `json:"version"`
	Task     string           `json:"task"`
	By       string           `json:"by"` // unit, or person masked
	Item     string           `json:"item,omitempty"`
	State    string           `json:"state"`
	Created  time.Time        `json:"created"`
	Closed   time.Time        `json:"closed"`
	Made     time.Time        `json:"made"`
	Original string           `json:"original"` // SM3 of the document laid before the signers
	Document string           `json:"document"` // SM3 of the document at the end
	Intents  []Intent         `json:"intents"`
	Signers  []EvidenceSigner `json:"signers"`
	Events   []EvidenceEvent  `json:"events"`
}

// An EvidenceSigner is one signer's part.
type EvidenceSigner struct {
	Number    int       `json:"number"`
	Group     int       `json:"group"`
	Role      string    `json:"role,omitempty"`
	Name      string    `json:"name"` // masked
	State     string    `json:"state"`
	Way       string    `json:"way"`
	Viewed    time.Time `json:"viewed,omitzero"`
	Captured  time.Time `json:"captured,omitzero"`
	Confirmed time.Time `json:"confirmed,omitzero"`
	Ended     time.Time `json:"ended,omitzero"`
	Factor    string    `json:"factor,omitempty"`
	Intent    string    `json:"intent,omitempty"` // version
	Device    string    `json:"device,omitempty"` // family
	Address   string    `json:"address,omitempty"`
	Serial    string    `json:"serial,omitempty"` // of the digital certificate
	Issuer    string    `json:"issuer,omitempty"`
	Before    string    `json:"before,omitempty"`    // SM3 of the document that was signed
	After     string    `json:"after,omitempty"`     // and of what came of it
	Signature string    `json:"signature,omitempty"` // SM3 of Signature.xml
	Attempts  int64     `json:"attempts,omitempty"`  // how often the key was called, at most
}

// An EvidenceEvent is something that happened on the way.
type EvidenceEvent struct {
	At       time.Time `json:"at"`
	Kind     string    `json:"kind"`
	Number   int       `json:"number,omitempty"` // of the signer
	Device   string    `json:"device,omitempty"`
	Address  string    `json:"address,omitempty"`
	Document string    `json:"document,omitempty"`
}

// evidenceForm is the version of the shape of Evidence.
const evidenceForm = "sidian-signature-evidence-1"

// Events tells what happened to a task so far, to its initiator.
func (s *Service) Events(ctx context.Context, id string) ([]EvidenceEvent, error) {
	t, err := s.asking(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.events(ctx, t, s.DB.Now().UnixMilli())
}

func (s *Service) events(ctx context.Context, t *seen, until int64) ([]EvidenceEvent, error) {
	var rows []eventRow
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { rows, err = eventsOf(tx, t.id, until, mostEvents); return err }); err != nil {
		return nil, err
	}
	out := make([]EvidenceEvent, 0, len(rows))
	for _, e := range rows {
		out = append(out, EvidenceEvent{At: ms(e.at), Kind: e.kind, Number: e.number, Device: e.agent, Address: e.address, Document: hexOf(e.document)})
	}
	return out, nil
}

// mostEvents bounds what evidence tells of links and looks.
const mostEvents = 400

// Evidence tells how the signatures of a task came about, to who may see the task
// once it has ended.
func (s *Service) Evidence(ctx context.Context, id string) (*Evidence, error) {
	t, err := s.ended(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.evidence(ctx, t)
}

// EvidenceFile is Evidence as an OFD: pages for people, the JSON as an attachment,
// sealed by the unit where its custodian lets the platform do so, otherwise signed
// by the platform. It is made once.
func (s *Service) EvidenceFile(ctx context.Context, id string) (name string, data []byte, err error) {
	t, err := s.ended(ctx, id)
	if err != nil {
		return "", nil, err
	}
	if t.taskRow.evidence == nil {
		if err := s.makeEvidence(ctx, t); err != nil {
			return "", nil, err
		}
		if t, err = s.ended(ctx, id); err != nil {
			return "", nil, err
		}
	}
	if t.taskRow.evidence == nil {
		return "", nil, fault.Conflict.New("签署证据正在生成").WithCode("signature.evidence").WithHint("请稍候重试")
	}
	if data, err = s.Blob.Get(ctx, digestOf(t.taskRow.evidence)); err != nil {
		return "", nil, fmt.Errorf("signature: reading the evidence of %s: %w", id, err)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "signature.evidence.read", Object: object(id), After: digestOf(t.taskRow.evidence)})
	})
	return "evidence-" + id[:8] + ".ofd", data, err
}

// ended returns a task to who may see it, once it has ended. While a signature is
// still being taken back it has not.
func (s *Service) ended(ctx context.Context, id string) (*seen, error) {
	t, err := s.look(ctx, id)
	if err != nil {
		return nil, err
	}
	if t.state == Open {
		return nil, fault.Conflict.New("签署任务尚未结束，还没有签署证据").WithCode("signature.open").WithHint("全部签署人签完，或任务结束后再下载")
	}
	for _, r := range t.signers {
		if r.state == Confirmed {
			return nil, fault.Conflict.New("签署任务正在收尾").WithCode("signature.open").WithHint("请稍候一分钟重试")
		}
	}
	if !t.asks {
		if _, err := signing(ctx); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// evidence tells what the rows say, up to the time that the task's evidence is of.
func (s *Service) evidence(ctx context.Context, t *seen) (*Evidence, error) {
	made := t.closed
	if t.evidenceAt > 0 {
		made = t.evidenceAt
	}
	out := &Evidence{
		Version: evidenceForm, Task: t.id, Item: t.item, State: t.state, Created: ms(t.created), Closed: ms(t.closed), Made: ms(made),
		Original: hexOf(t.original[:]), Document: hexOf(t.document[:]),
	}
	var err error
	if out.By, err = s.by(ctx, t.taskRow); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, r := range t.signers {
		one, err := s.evidenceOf(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Signers = append(out.Signers, one)
		if r.intent != "" && !seen[r.intent] {
			seen[r.intent] = true
			out.Intents = append(out.Intents, Intent{Version: r.intent, Text: intents[r.intent]})
		}
	}
	out.Events, err = s.events(ctx, t, t.closed)
	return out, err
}

func (s *Service) evidenceOf(ctx context.Context, r *signerRow) (EvidenceSigner, error) {
	out := EvidenceSigner{
		Number: r.number, Group: r.turn, Role: r.role, State: r.state, Way: r.way, Viewed: ms(r.viewed), Captured: ms(r.captured),
		Ended: ms(r.ended), Before: hexOf(r.before), After: hexOf(r.after), Signature: hexOf(r.mark),
	}
	if r.state == Signed {
		out.Confirmed, out.Factor, out.Intent, out.Device, out.Address, out.Attempts = ms(r.confirmed), r.factor, r.intent, r.agent, r.address, r.attempts
	}
	rec, err := s.record(ctx, r)
	if err != nil {
		return out, err
	}
	out.Name = rec.Name
	if r.state == Signed {
		out.Serial, out.Issuer = rec.Serial, rec.Issuer
	}
	return out, nil
}

// makeEvidence makes the evidence file: as with a signature, two transactions
// around one stamp. What the first fixed is drawn again after a crash.
func (s *Service) makeEvidence(ctx context.Context, t *seen) error {
	if _, _, err := s.platform(ctx); err != nil {
		return err
	}
	var token *seal.Token
	var mine bool
	at, use := t.evidenceAt, t.evidenceUse
	if at == 0 {
		at = s.DB.Now().UnixMilli()
	}
	t.evidenceAt = at
	d, content, err := s.drawEvidence(ctx, t)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		token = nil
		if mine, err = takeEvidence(tx, t.id, at, content, tx.Now().Add(s.lease()).UnixMilli()); err != nil || !mine {
			return err
		}
		if token, use, err = s.evidenceToken(tx, t, use, content); err != nil {
			return err
		}
		return setEvidenceUse(tx, t.id, use)
	})
	if err != nil || !mine {
		return err
	}
	s.step("evidence.intend")
	if d, err = s.sealEvidence(ctx, token, d); err != nil {
		return err
	}
	s.step("evidence.stamp")
	data, err := d.Bytes()
	if err != nil {
		return fmt.Errorf("signature: writing evidence: %w", err)
	}
	digest, err := s.Blob.Put(ctx, data)
	if err != nil {
		return fmt.Errorf("signature: storing evidence: %w", err)
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		placed, err := putEvidence(tx, t.id, digest)
		if err != nil || !placed {
			return err
		}
		if use != "" {
			if err := s.Seal.DoneTx(tx, use, digest); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "signature.evidence", Object: object(t.id), After: digest})
	})
}

// evidenceToken gives the right to seal with the unit's seal, or nil where there is
// none: the platform signs then. use is what an earlier attempt intended.
func (s *Service) evidenceToken(tx *db.Tx, t *seen, use string, content gm.Digest) (*seal.Token, string, error) {
	if use != "" {
		token, err := seal.AgainTx(tx, use, content)
		if err == nil || fault.As(err) == nil {
			return token, use, err
		}
		// The seal may not stamp any more, or what it was to stamp reads otherwise by now.
		if err := seal.WithdrawTx(tx, use); err != nil {
			return nil, "", err
		}
	}
	if t.org == "" {
		return nil, "", nil
	}
	for _, kind := range []string{seal.Special, seal.LegalName} {
		x, err := seal.ForTx(tx, t.org, kind)
		if err == nil {
			var token *seal.Token
			if token, err = s.Seal.IntendTx(tx, x, object(t.id), EvidencePurpose, content); err == nil {
				return token, token.Use(), nil
			}
		}
		if fault.As(err) == nil {
			return nil, "", err
		}
	}
	return nil, "", nil
}

func (s *Service) sealEvidence(ctx context.Context, token *seal.Token, d *ofd.Document) (*ofd.Document, error) {
	if token != nil {
		return s.Seal.Stamp(ctx, token, d, evidencePlace)
	}
	key, c, err := s.platform(ctx)
	if err != nil {
		return nil, err
	}
	signer, err := s.Keys.Signer(ctx, key, keys.Checkpoint)
	if err != nil {
		return nil, err
	}
	return sign.Sign(d, sign.SignOptions{Signer: signer, Certificate: c, Time: s.DB.Now()})
}

// platform returns the key and digital certificate with which the platform signs
// evidence, made the first time.
func (s *Service) platform(ctx context.Context) (key string, c *gm.Certificate, err error) {
	read := func(tx *db.Tx) (err error) { key, c, err = platform(tx); return err }
	if err := s.DB.Read(ctx, read); err != nil || key != "" {
		return key, c, err
	}
	made, err := s.Keys.Generate(ctx, keys.Checkpoint)
	if err != nil {
		return "", nil, fmt.Errorf("signature: making the platform's key: %w", err)
	}
	public, err := s.Keys.Public(ctx, made)
	if err != nil {
		return "", nil, err
	}
	issued, err := s.PKI.Issue(ctx, pki.IssueRequest{Use: pki.Unit, Name: s.Name, Public: public, Years: 10})
	if err != nil {
		return "", nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		first, err := insertPlatform(tx, made, issued)
		if err != nil || !first { // another process was faster: its own is used
			return errors.Join(err, s.Keys.RetireTx(tx, made))
		}
		return audit.Put(tx, audit.Entry{Action: "signature.setup", Object: "signature/platform", After: issued.Digest()})
	})
	if err != nil {
		return "", nil, err
	}
	err = s.DB.Read(ctx, read)
	return key, c, err
}

// resumeEvidence finishes evidence that a crash left half made.
func (s *Service) resumeEvidence(ctx context.Context) error {
	var list []*taskRow
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { list, err = evidenceLeft(tx, resumeBatch); return err }); err != nil {
		return err
	}
	var all error
	for _, t := range list {
		var signers []*signerRow
		err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { signers, err = signersOf(tx, t.id); return err })
		if err == nil {
			err = s.makeEvidence(ctx, &seen{taskRow: t, signers: signers})
		}
		if err != nil {
			all = errors.Join(all, fmt.Errorf("signature: evidence of %s: %w", t.id, err))
		}
	}
	return all
}

func (e *Evidence) json() ([]byte, error) {
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("signature: writing evidence: %w", err)
	}
	return append(b, '\n'), nil
}
