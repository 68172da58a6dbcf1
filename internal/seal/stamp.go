package seal

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// A Token is the right to stamp once: over the content whose digest was
// recorded, with the seal that was recorded. Only a committed use gives one.
type Token struct {
	use, seal string
	row       *Use
	content   gm.Digest
	asked     time.Time // when the seal was last asked whether it may stamp
	state     atomic.Int32
}

// believed is how long what a seal answered to that is believed.
const believed = time.Second

// States of a token.
const (
	pending int32 = iota // its transaction is not committed, and perhaps never will be
	ready
	spent
)

func newToken(tx *db.Tx, u *Use) *Token {
	t := &Token{use: u.ID, seal: u.Seal, row: u, content: u.Plan, asked: tx.Now()}
	tx.AfterCommit(func() { t.state.CompareAndSwap(pending, ready) })
	return t
}

// Seal is the id of the seal that it stamps with.
func (t *Token) Seal() string { return t.seal }

// Use is the id of the use that the token was made for.
func (t *Token) Use() string { return t.use }

// Content is the digest of all that a document says before it is stamped: of
// each part's name and digest, in order.
func Content(d *ofd.Document) (gm.Digest, error) {
	h := gm.NewHash()
	for _, p := range d.Parts() {
		sum, err := p.Digest()
		if err != nil {
			return gm.Digest{}, fmt.Errorf("seal: digesting the document: %w", err)
		}
		h.Write([]byte(p.Name))
		h.Write([]byte{0})
		h.Write(sum[:])
	}
	return gm.Digest(h.Sum(nil)), nil
}

// Stamp stamps the document that the token was made for. It stands outside any
// transaction, since the key may be in hardware.
func (s *Service) Stamp(ctx context.Context, t *Token, d *ofd.Document, places ...sign.Place) (*ofd.Document, error) {
	content, err := Content(d)
	if err != nil {
		return nil, err
	}
	if content != t.content {
		return nil, fault.Conflict.New("待签文件与用印记录不符，拒绝用印").WithCode("seal.content").WithHint("请重新签发")
	}
	if err := s.genuine(ctx, t); err != nil {
		return nil, err
	}
	m, err := s.material(ctx, t.seal)
	if err != nil {
		return nil, err
	}
	signer, err := s.signer(ctx, m)
	if err != nil {
		return nil, err
	}
	if err := s.still(ctx, t); err != nil {
		return nil, err
	}
	if !t.state.CompareAndSwap(ready, spent) {
		return nil, fault.Conflict.New("用印令牌未生效，或已经使用过").WithCode("seal.spent").WithHint("请重新签发")
	}
	o := sign.StampOptions{Seal: m.seal, SealPart: m.part, Signer: signer, Certificate: m.certificate, Places: places, Time: s.DB.Now()}
	if s.TimeStamps {
		o.Timestamp = func(value []byte) ([]byte, error) { return s.PKI.TimeStamp(ctx, value) }
	}
	out, err := sign.Stamp(d, o)
	var refused *sign.RefusedError
	if errors.As(err, &refused) {
		return nil, fault.Conflict.Wrap(err, "不能用印：%s", refused.Reason).WithCode("seal.refused").WithHint("请印章保管人核对印章和数字证书")
	}
	if err != nil {
		return nil, fmt.Errorf("seal: stamping: %w", err)
	}
	return out, nil
}

// genuine refuses a token whose use was not written by this program.
func (s *Service) genuine(ctx context.Context, t *Token) error {
	g, err := s.guard(ctx)
	if err == nil && !intact(g.uses, t.row) {
		err = errAltered("seal_use", t.use)
	}
	return s.Refused(ctx, "seal.stamp", object(t.seal), err)
}

// still asks again whether the seal may stamp, where that was a while ago: one
// that was frozen meanwhile, by any process, does not.
func (s *Service) still(ctx context.Context, t *Token) error {
	if age := s.DB.Now().Sub(t.asked); age >= 0 && age <= believed {
		return nil
	}
	err := s.DB.Read(ctx, func(tx *db.Tx) error { _, err := s.UsableTx(tx, t.seal); return err })
	return s.Refused(ctx, "seal.stamp", object(t.seal), err)
}
