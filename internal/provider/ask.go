package provider

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/outbox"
	"sidian/internal/provider/event"
	"sidian/ofd/sign"
)

// A Result is what came of asking.
type Result string

// Results.
const (
	Answered Result = "answered" // signed, fresh, for this question
	Down     Result = "down"     // not reached, or nothing that the protocol knows came back
	Slow     Result = "slow"     // not within the deadline
	Lying    Result = "lying"    // called valid what our own check shows to be altered
	Foreign  Result = "foreign"  // answered for signatures that are not its own
	Rejected Result = "refused"  // an answer whose signature, nonce, document or time does not fit
	Ours     Result = "ours"     // our own seal: answered by us
	Nobody   Result = "unknown"  // no provider is registered for the maker
)

// A Source is who answered for some signatures of a document, or why nobody did.
type Source struct {
	Provider   string       `json:"provider,omitempty" doc:"服务商标识"`
	Name       string       `json:"name" doc:"服务商名称；没有登记的为制章者证书的名称"`
	Signatures []string     `json:"signatures" doc:"所答复的签章编号"`
	Verdict    sign.Verdict `json:"verdict,omitempty" enum:"valid,invalid,undetermined" doc:"该服务商对这些签章的结论，取最差的；没有可采信的答复则没有"`
	Result     Result       `json:"result" enum:"answered,down,slow,lying,foreign,refused,ours,unknown"`
	Message    string       `json:"message"`
	Remarks    []string     `json:"remarks,omitempty" doc:"服务商的说明"`
	AnsweredAt time.Time    `json:"answered_at,omitzero"`
	Millis     int64        `json:"millis" doc:"用时，毫秒"`

	// Indexes are those of Signatures in the report: ids are a stranger's words,
	// and may be there twice.
	Indexes []int `json:"-"`
	// Verdicts are its verdicts by index, where Result is Answered.
	Verdicts map[int]sign.Verdict `json:"-"`
	// Flagged: it lied before; its word counts downward only.
	Flagged bool `json:"-"`
}

// Ask tells, for each signature of a report on data, who answers for it, and asks
// them, all at once and within the deadline. It fails only when the platform
// itself could not tell; what a provider does is in its Source. The name of the
// file goes nowhere.
func (s *Service) Ask(ctx context.Context, rep *sign.Report, _ string, data []byte) ([]Source, error) {
	if len(rep.Signatures) == 0 {
		return []Source{}, nil
	}
	r, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	shares, err := s.split(ctx, r, rep)
	if err != nil {
		return nil, err
	}
	out := make([]Source, len(shares))
	document := gm.Sum(data)
	limited, cancel := context.WithTimeout(ctx, s.o.Deadline)
	defer cancel()
	var wait sync.WaitGroup
	for i, sh := range shares {
		if sh.entry == nil {
			out[i] = s.unasked(sh)
			continue
		}
		wait.Go(func() { out[i] = s.askOne(limited, sh, document, data) })
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i, sh := range shares {
		if err := s.report(ctx, sh, out[i], document); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Own lists the signatures of a report that this platform answers for.
func (s *Service) Own(ctx context.Context, rep *sign.Report) ([]string, error) {
	r, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	shares, err := s.split(ctx, r, rep)
	out := []string{}
	for _, sh := range shares {
		if sh.ours {
			out = append(out, sh.ids...)
		}
	}
	return out, err
}

// unasked is the source of what nobody else is asked about.
func (s *Service) unasked(sh *share) Source {
	if sh.ours {
		return Source{Provider: s.o.Self, Name: s.o.Name, Signatures: sh.ids, Indexes: sh.indexes, Verdict: worst(sh), Result: Ours, Message: "本平台制作的印章或签名，由本平台核验", AnsweredAt: s.o.DB.Now().UTC()}
	}
	name := sh.maker
	if name == "" {
		name = "制章者不明"
	}
	return Source{Name: name, Signatures: sh.ids, Indexes: sh.indexes, Result: Nobody, Message: "没有登记的签章服务商对该制章者负责，结论仅依据本平台的密码学检查；请向签章单位核实"}
}

// worst is our own verdict on the signatures of a share.
func worst(sh *share) (v sign.Verdict) {
	v = sign.Valid
	for _, one := range sh.signatures {
		if rank(one.Verdict) > rank(v) {
			v = one.Verdict
		}
	}
	return v
}

// askOne asks one provider, or takes what it said a moment ago.
func (s *Service) askOne(ctx context.Context, sh *share, document gm.Digest, data []byte) Source {
	e, now := sh.entry, s.o.DB.Now()
	src := Source{Provider: e.ID, Name: e.Name, Signatures: sh.ids, Indexes: sh.indexes, Flagged: !e.FlaggedAt.IsZero()}
	key := keptKey{e.Entry, document}
	if a := s.kept.get(key, now); a != nil {
		src.weigh(sh, a)
		return src
	}
	l := s.calls.of(e.ID)
	probe, refusal := l.enter(now)
	if refusal != "" {
		src.Result, src.Message = Down, "签章服务商“"+e.Name+"”"+refusal
		return src
	}
	a, err := s.question(ctx, e, document, data)
	took := s.o.DB.Now().Sub(now)
	src.Millis = took.Milliseconds()
	if err != nil {
		src.Result, src.Message = trouble(e, err)
	} else {
		src.weigh(sh, a)
	}
	seen := src.Result
	if errors.Is(ctx.Err(), context.Canceled) {
		seen = "" // the asker went away
	}
	l.leave(probe, seen, s.o.DB.Now(), took)
	if src.Result == Answered && src.Verdict == sign.Valid {
		s.kept.put(key, a, now)
	}
	return src
}

// question asks, and reads the answer.
func (s *Service) question(ctx context.Context, e *Entry, document gm.Digest, data []byte) (*Answer, error) {
	q := question{document: document, nonce: rand.Text()}
	body, err := s.post(ctx, e.Endpoint, q.nonce, data)
	if err != nil {
		return nil, err
	}
	q.now = s.o.DB.Now()
	return q.read(e, body)
}

// trouble says why there is no answer to believe.
func trouble(e *Entry, err error) (Result, string) {
	var late interface{ Timeout() bool }
	who := "签章服务商“" + e.Name + "”"
	switch {
	case errors.Is(err, errNoAnswer):
		return Down, who + "的答复不符合约定的格式，未采信"
	case errors.Is(err, errJWS), errors.Is(err, gm.ErrUnsupported):
		return Rejected, who + "的答复没有用登记的密钥正确签名，未采信"
	case errors.Is(err, errAnswer):
		return Rejected, who + "的答复与本次询问不符（服务商、文件、随机数或时间），未采信"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return Slow, who + "没有在规定时间内答复"
	default:
		return Down, who + "的核验服务没有正常答复"
	}
}

// weigh takes an answer in, unless it cannot be believed.
func (src *Source) weigh(sh *share, a *Answer) {
	who := "签章服务商“" + src.Name + "”"
	own := map[string]bool{}
	for _, id := range sh.ids {
		own[id] = true
	}
	for _, id := range a.Own {
		if !own[id] {
			src.Result, src.Message = Foreign, who+"对不归它核验的签章作了答复，其答复未采信"
			return
		}
	}
	verdicts, all := map[int]sign.Verdict{}, sign.Valid
	for i, sig := range sh.signatures {
		v, ok := a.verdictOf(sig.ID)
		if !ok {
			v = sign.Undetermined
		}
		if v == sign.Valid && altered(sig) {
			src.Result, src.Message = Lying, who+"称签章有效，但本平台检查表明文件或印章已被改动；其答复未采信，已告警"
			return
		}
		if verdicts[sh.indexes[i]] = v; rank(v) > rank(all) {
			all = v
		}
	}
	src.Result, src.Verdict, src.Verdicts, src.AnsweredAt, src.Remarks = Answered, all, verdicts, a.AnsweredAt.UTC(), tidy(a.Remarks)
	src.Message = who + map[sign.Verdict]string{
		sign.Valid: "确认签章有效", sign.Invalid: "认定签章无效", sign.Undetermined: "不能确认签章",
	}[all]
}

// altered tells whether our own check shows that the bytes or the seal are not
// what was signed: nothing that anybody says changes that.
func altered(sig *sign.SignatureReport) bool {
	for _, code := range []string{sign.CheckDigest, sign.CheckValue, sign.CheckSealSignature, sign.CheckSignerInSeal} {
		if sig.Check(code).Result == sign.Fail {
			return true
		}
	}
	return false
}

// tidy bounds what others would have us show.
func tidy(remarks []string) (out []string) {
	for _, r := range remarks[:min(len(remarks), maxRemarks)] {
		r = strings.Map(func(c rune) rune {
			if unicode.IsControl(c) || unicode.Is(unicode.Cf, c) {
				return ' '
			}
			return c
		}, strings.ToValidUTF8(r, "?"))
		if text := []rune(strings.TrimSpace(r)); len(text) > maxRemark {
			r = string(text[:maxRemark]) + "…"
		}
		if r = strings.TrimSpace(r); r != "" {
			out = append(out, r)
		}
	}
	return out
}

// report audits and alarms about an answer that is not to be believed: once an
// hour for a provider and result, so that nobody who asks often fills our tables.
func (s *Service) report(ctx context.Context, sh *share, src Source, document gm.Digest) error {
	if src.Result != Lying && src.Result != Foreign && src.Result != Rejected || !s.sayOnce(string(src.Result)+" "+sh.entry.Entry) {
		return nil
	}
	e := sh.entry
	s.log.Warn("a provider gave an answer that is not believed", "provider", e.ID, "result", string(src.Result))
	err := s.o.DB.Write(ctx, func(tx *db.Tx) error {
		if src.Result == Lying {
			if err := s.flag(tx, e.ID); err != nil {
				return err
			}
		}
		err := audit.Put(tx, audit.Entry{Action: "provider.distrust", Object: object(e.ID), Reason: src.Message, Result: audit.Failed, After: document})
		if err != nil {
			return err
		}
		return s.o.Outbox.Put(tx, outbox.Event{Topic: event.Distrusted, Key: e.ID, Body: event.Distrust{
			Object: object(e.ID), Org: e.Org, Result: string(src.Result), Reason: src.Message, Document: hex.EncodeToString(document[:]), At: tx.Now().UnixMilli(),
		}})
	})
	if err != nil {
		s.unsay(string(src.Result) + " " + e.Entry)
	}
	return err
}
