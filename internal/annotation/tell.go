package annotation

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"time"

	"sidian/gm"
	"sidian/internal/annotation/event"
	"sidian/internal/db"
	"sidian/internal/notice"
)

// evidence is what the ledger will keep of a copy: the version of the form, its
// number, the digests of original and copy, each as its length in eight bytes,
// big-endian, and its bytes; then until when it is good, and when it was made.
func evidence(r *row, at int64) []byte { return evidenceOf("sidian-annotation-1", r, at) }

func evidenceOf(form string, r *row, at int64) []byte {
	var b []byte
	for _, f := range [][]byte{[]byte(form), []byte(r.number), r.original[:], r.sealed[:]} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(b, uint64(r.expires)), uint64(at))
}

// bodyOf is what linked systems are told of a copy.
func bodyOf(r *row, at int64) event.Copy {
	return event.Copy{
		ID: r.id, Number: r.number, Certificate: r.certificate, Kind: r.kind, Issuer: r.issuer,
		Original: hexOf(r.original), Document: hexOf(r.sealed), ExpiresAt: r.expires, At: at,
	}
}

// tellHolders tells the persons who hold the certificate. For whom the copy is,
// and what for, stands on the copy: notices leave the platform.
func (s *Service) tellHolders(tx *db.Tx, w *work) error {
	if s.Notices == nil {
		return nil
	}
	for _, account := range w.told {
		if w.own && account == w.account {
			continue // who made it knows
		}
		err := s.Notices.PutTx(tx, notice.Notice{
			Topic: "annotation.made", Account: account, Link: "/me",
			Title: "您的" + w.base.Certificate.KindName + "被制作了加注件",
			Text:  "编号 " + w.number + "，有效期至 " + w.plan.Until.In(beijing).Format(clock) + "。用途和接收方印在加注件上；不是您办理的业务，请联系" + cmp.Or(w.base.Certificate.KeeperName, w.base.Certificate.IssuerName) + "。",
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func hexOf(d gm.Digest) string { return hex.EncodeToString(d[:]) }

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
