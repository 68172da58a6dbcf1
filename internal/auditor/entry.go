package auditor

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// An Entry is an audit entry as auditors see it.
type Entry struct {
	ID      string    `json:"id"`
	Seq     int64     `json:"seq,omitempty" doc:"链上第几环；没有：尚未入链"`
	At      time.Time `json:"at"`
	Account string    `json:"account,omitempty" doc:"账号编号；空：平台自身或接入应用"`
	Name    string    `json:"name,omitempty"`
	Org     string    `json:"org,omitempty" doc:"代表的单位"`
	App     string    `json:"app,omitempty" doc:"接入应用"`
	Address string    `json:"address,omitempty" doc:"网络地址"`
	Session string    `json:"session,omitempty"`
	Request string    `json:"request,omitempty" doc:"请求编号"`
	Action  string    `json:"action" doc:"事项"`
	Object  string    `json:"object" doc:"对象"`
	Purpose string    `json:"purpose,omitempty" doc:"用途代码"`
	Rule    string    `json:"rule,omitempty" doc:"据以允许或拒绝的规则及版本"`
	Reason  string    `json:"reason,omitempty" doc:"理由"`
	Result  string    `json:"result" enum:"done,refused,failed"`
	Before  string    `json:"before,omitempty" doc:"变更前内容的 SM3 摘要"`
	After   string    `json:"after,omitempty" doc:"变更后内容的 SM3 摘要"`
	Kind    string    `json:"kind" enum:"saw,changed,tried" doc:"查阅、变更、未遂"`
}

// What an entry says that someone did.
const (
	Saw     = "saw"
	Changed = "changed"
	Tried   = "tried" // refused, or failed
)

// looking are the last words of actions that change nothing.
var looking = []string{
	"read", "view", "show", "trace", "reveal", "search", "query", "list", "get", "export", "exported", "download", "print", "verify", "scan", "lookback", "timeline", "person", "open",
}

func kindOf(e *audit.Entry) string {
	if e.Result != audit.Done {
		return Tried
	}
	verb := e.Action[strings.LastIndexByte(e.Action, '.')+1:]
	first, _, _ := strings.Cut(verb, "-")
	if slices.Contains(looking, verb) || slices.Contains(looking, first) {
		return Saw
	}
	return Changed
}

func entryOf(e *audit.Entry) Entry {
	a := e.Actor
	return Entry{
		ID: e.ID, At: e.At, Account: a.Account, Name: a.Name, Org: a.Org, App: a.App, Address: a.Address, Session: a.Session, Request: e.Request,
		Action: e.Action, Object: e.Object, Purpose: e.Purpose, Rule: e.Rule, Reason: e.Reason, Result: e.Result,
		Before: hexOf(e.Before), After: hexOf(e.After), Kind: kindOf(e),
	}
}

func hexOf(d gm.Digest) string {
	if d == (gm.Digest{}) {
		return ""
	}
	return hex.EncodeToString(d[:])
}

// A Proof says where an entry stands in the chain, and that it stands there
// unchanged.
type Proof struct {
	Entry
	Intact    bool   `json:"intact" doc:"刚刚按各字段重新计算，与链上一致"`
	Digest    string `json:"digest,omitempty" doc:"链值"`
	Canonical []byte `json:"canonical" doc:"规范字节（base64）"`
	Head      *Head  `json:"head,omitempty" doc:"覆盖这一环的、已签名的链首"`
}

// A Head is a signed head of the chain, as others can check it with openssl.
type Head struct {
	Seq       int64     `json:"seq"`
	Digest    string    `json:"digest"`
	At        time.Time `json:"at"`
	Message   string    `json:"message" doc:"被签名的原文"`
	Signature []byte    `json:"signature" doc:"SM2 签名（DER，base64）"`
	Key       string    `json:"key" doc:"公钥（PEM）"`
}

func (s *Service) headOf(ctx context.Context, h chain.Head) (*Head, error) {
	key, err := chain.Public(ctx, s.Keys, h.Key)
	if err != nil {
		return nil, err
	}
	return &Head{h.Seq, hexOf(h.Digest), h.At, string(h.Message()), h.Signature, string(key)}, nil
}

// Entry returns one entry with its place in the chain. One outside of the
// caller's scope is not found.
func (s *Service) Entry(ctx context.Context, id string) (*Proof, error) {
	scope, err := s.scope(ctx, Read, nil)
	if err != nil {
		return nil, err
	}
	var e audit.Entry
	var l chain.Link
	var head *chain.Head
	err = s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if e, err = audit.Get(tx, id); err != nil {
			return err
		}
		linked := false
		if l, linked, err = chain.Of(tx, id); err != nil || !linked {
			return err
		}
		h, err := chain.Covering(tx, l.Seq)
		if err == nil {
			head = &h
		}
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err == nil && !sees(scope, e.Actor.Org) {
		err = fault.NotFound.New("没有这条审计记录").WithCode("audit.entry")
	}
	if err != nil {
		return nil, err
	}
	p := &Proof{Entry: entryOf(&e), Canonical: e.Canonical()}
	if l.Seq > 0 {
		p.Seq, p.Digest = l.Seq, hexOf(l.Digest)
		if p.Intact, err = chain.Proves(ctx, s.DB, s.Keys, e, l); err != nil {
			return nil, err
		}
	}
	if head != nil {
		if p.Head, err = s.headOf(ctx, *head); err != nil {
			return nil, err
		}
	}
	if err := s.name(ctx, []*Entry{&p.Entry}); err != nil {
		return nil, err
	}
	return p, s.note(ctx, audit.Entry{Action: "audit.read", Object: "audit/" + id})
}

// name puts the names of accounts to entries.
func (s *Service) name(ctx context.Context, entries []*Entry) error {
	if s.Names == nil {
		return nil
	}
	var accounts []string
	for _, e := range entries {
		if e.Account != "" && !slices.Contains(accounts, e.Account) {
			accounts = append(accounts, e.Account)
		}
	}
	names, err := s.Names(ctx, accounts)
	for _, e := range entries {
		if n := names[e.Account]; n != "" {
			e.Name = n
		}
	}
	return err
}
