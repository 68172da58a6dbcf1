package chain

import (
	"context"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// A Head is a link that the platform signed: it commits to every entry up to it.
type Head struct {
	Seq       int64
	Digest    gm.Digest
	At        time.Time
	Key       string // id of the key of purpose keys.Checkpoint
	Signature []byte // SM2 with SM3 over Message, DER
}

// Message is what is signed: four lines that can be written by hand.
func (h Head) Message() []byte {
	return fmt.Appendf(nil, "sidian-audit-head-1\n%d\n%s\n%s\n", h.Seq, hex.EncodeToString(h.Digest[:]), h.At.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// Latest returns the newest head; fault.NotFound before there is one.
func Latest(tx *db.Tx) (Head, error) { return lastHead(tx) }

// Covering returns the first head that commits to link seq; fault.NotFound
// before there is one.
func Covering(tx *db.Tx, seq int64) (Head, error) { return headFrom(tx, seq) }

// signWhenDue signs the newest link if enough has been linked since the last
// head, or long enough ago.
func signWhenDue(ctx context.Context, d *db.DB, ks *keys.Store) error {
	_, err := sign(ctx, d, ks, func(last Link, head Head, now time.Time) bool {
		return last.Seq-head.Seq >= headEvery || now.Sub(head.At) >= headAfter || now.Before(head.At)
	})
	return err
}

// Sign signs the newest link now, unless its head is signed already, and
// returns the head. With nothing linked it is a fault.NotFound.
func Sign(ctx context.Context, d *db.DB, ks *keys.Store) (Head, error) {
	h, err := sign(ctx, d, ks, func(Link, Head, time.Time) bool { return true })
	if err == nil && h.Seq == 0 {
		return h, fault.NotFound.New("还没有审计记录").WithCode("audit.empty")
	}
	return h, err
}

func sign(ctx context.Context, d *db.DB, ks *keys.Store, due func(Link, Head, time.Time) bool) (Head, error) {
	var last Link
	var head Head
	var now time.Time
	err := d.Read(ctx, func(tx *db.Tx) (err error) {
		now = tx.Now()
		if last, err = lastLink(tx); err != nil {
			return err
		}
		head, err = lastHead(tx)
		if errors.Is(err, fault.NotFound) {
			return nil
		}
		return err
	})
	if err != nil || last.Seq <= head.Seq || !due(last, head, now) {
		return head, err
	}
	next := Head{Seq: last.Seq, Digest: last.Digest, At: now}
	signer, id, err := signerOf(ctx, ks, head.Key)
	if err != nil {
		return Head{}, err
	}
	next.Key = id
	if next.Signature, err = signer.Sign(next.Message()); err != nil {
		return Head{}, fmt.Errorf("chain: signing a head: %w", err)
	}
	err = d.Write(ctx, func(tx *db.Tx) error { return insertHead(tx, next) })
	if err != nil {
		return Head{}, err
	}
	// Another process may have been first: its head counts.
	err = d.Read(ctx, func(tx *db.Tx) error { next, err = headFrom(tx, last.Seq); return err })
	return next, err
}

// signerOf returns the signer of the key that signed last, or of a new one if
// none did or it was retired.
func signerOf(ctx context.Context, ks *keys.Store, id string) (gm.Signer, string, error) {
	if id != "" {
		signer, err := ks.Signer(ctx, id, keys.Checkpoint)
		if !errors.Is(err, fault.Conflict) && !errors.Is(err, fault.NotFound) {
			return signer, id, err
		}
	}
	id, err := ks.Generate(ctx, keys.Checkpoint)
	if err != nil {
		return nil, "", err
	}
	signer, err := ks.Signer(ctx, id, keys.Checkpoint)
	return signer, id, err
}

// A Stamp is a signature by the key of the heads over something else, such as
// the manifest of an export.
type Stamp struct {
	Key       string
	Public    []byte // PEM
	Signature []byte // SM2 with SM3, DER; the user identifier is the usual one
}

// Attest signs message with the key of the heads.
func Attest(ctx context.Context, d *db.DB, ks *keys.Store, message []byte) (Stamp, error) {
	h, err := Sign(ctx, d, ks)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return Stamp{}, err
	}
	signer, id, err := signerOf(ctx, ks, h.Key)
	if err != nil {
		return Stamp{}, err
	}
	sig, err := signer.Sign(message)
	return Stamp{Key: id, Public: PublicPEM(signer.Public()), Signature: sig}, err
}

// Public returns the public half of a head's key in PEM.
func Public(ctx context.Context, ks *keys.Store, key string) ([]byte, error) {
	p, err := ks.Public(ctx, key)
	if err != nil {
		return nil, err
	}
	return PublicPEM(p), nil
}

// spki is what stands before the point of an SM2 key in SubjectPublicKeyInfo
// (RFC 5280 §4.1.2.7): id-ecPublicKey over sm2p256v1 (GM/T 0006).
var spki = []byte{
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
	0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, 0x03, 0x42, 0x00,
}

// PublicPEM writes a public key as openssl reads it.
func PublicPEM(p *gm.PublicKey) []byte {
	der := append(append([]byte(nil), spki...), p.Bytes()...)
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}
