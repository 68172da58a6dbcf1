package provider

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"sidian/gm"
	"sidian/ofd/sign"
)

// An Answer is what a provider says of a document: the JSON of `ofd verify`, and
// what ties it to the question.
type Answer struct {
	*sign.Report
	Provider   string    `json:"provider"`
	Document   string    `json:"document"` // SM3, hex
	Nonce      string    `json:"nonce"`
	AnsweredAt time.Time `json:"answered_at"`
	Own        []string  `json:"own"`               // ids of the signatures that the provider answers for
	Remarks    []string  `json:"remarks,omitempty"` // for people
}

// Verdicts of a signature that others may give beside our own words.
const (
	Revoked sign.Verdict = "revoked" // counts as invalid
	Unknown sign.Verdict = "unknown" // counts as undetermined
)

// Bounds of an answer.
const (
	answerSkew    = 5 * time.Minute // its time may differ from ours
	maxSignatures = 500
	maxRemarks    = 8
	maxRemark     = 200 // characters
)

// An envelope is what the protocol's HTTP answer must hold.
type envelope struct {
	Answer string `json:"answer"`
}

// Sign signs an answer of this platform. own are the signatures that we answer
// for; see Own.
func (s *Service) Sign(ctx context.Context, r *sign.Report, document gm.Digest, nonce string, own, remarks []string) (string, error) {
	a := Answer{
		Report: r, Provider: s.o.Self, Document: hex.EncodeToString(document[:]), Nonce: nonce,
		AnsweredAt: s.o.DB.Now().UTC(), Own: own, Remarks: remarks,
	}
	if a.Own == nil {
		a.Own = []string{}
	}
	b, err := json.Marshal(a)
	if err != nil {
		return "", fmt.Errorf("provider: writing an answer: %w", err)
	}
	k, err := s.answerKey(ctx)
	if err != nil {
		return "", err
	}
	return signJWS(typeAnswer, b, k.signer, k.certificate)
}

// errAnswer is the cause of every refusal of an answer that is signed well and
// does not belong to the question.
var errAnswer = errors.New("provider: an answer to another question")

// A question is what an answer must be to.
type question struct {
	document gm.Digest
	nonce    string
	now      time.Time
}

// read returns the answer in an envelope if e signed it for q. Everything about
// who and what is checked before a verdict is looked at.
func (q question) read(e *Entry, body []byte) (*Answer, error) {
	var env envelope
	if err := json.Unmarshal(body, &env); err != nil || env.Answer == "" {
		return nil, errNoAnswer
	}
	payload, err := openJWS(typeAnswer, env.Answer, e.key)
	if err != nil {
		return nil, err
	}
	a := &Answer{}
	if err := json.Unmarshal(payload, a); err != nil || a.Report == nil {
		return nil, fmt.Errorf("%w: it cannot be read", errAnswer)
	}
	switch gap := q.now.Sub(a.AnsweredAt).Abs(); {
	case a.Provider != e.ID:
		return nil, fmt.Errorf("%w: it names another provider", errAnswer)
	case a.Document != hex.EncodeToString(q.document[:]):
		return nil, fmt.Errorf("%w: it is about another document", errAnswer)
	case a.Nonce != q.nonce:
		return nil, fmt.Errorf("%w: its nonce is another", errAnswer)
	case gap > answerSkew:
		return nil, fmt.Errorf("%w: it is not of now", errAnswer)
	case len(a.Signatures) > maxSignatures || len(a.Own) > maxSignatures:
		return nil, fmt.Errorf("%w: it names too many signatures", errAnswer)
	}
	return a, nil
}

// errNoAnswer: what came back is nothing that the protocol knows.
var errNoAnswer = errors.New("provider: no answer as agreed")

// verdictOf is what an answer says of a signature, in our words; false where it
// says nothing. Of several signatures with one id the worst counts.
func (a *Answer) verdictOf(id string) (v sign.Verdict, ok bool) {
	if !slices.Contains(a.Own, id) {
		return "", false
	}
	for _, s := range a.Signatures {
		if s.ID != id {
			continue
		}
		one := plain(s.Verdict)
		if !ok || rank(one) > rank(v) {
			v = one
		}
		ok = true
	}
	return v, ok
}

// plain puts another's word for a verdict into ours; what we do not know is undetermined.
func plain(v sign.Verdict) sign.Verdict {
	switch v {
	case sign.Valid, sign.Invalid:
		return v
	case Revoked:
		return sign.Invalid
	default:
		return sign.Undetermined
	}
}

func rank(v sign.Verdict) int {
	return slices.Index([]sign.Verdict{sign.Valid, sign.Undetermined, sign.Invalid}, v)
}
