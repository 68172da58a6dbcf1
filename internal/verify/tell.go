package verify

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"time"

	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/internal/provider"
	"sidian/internal/verify/event"
)

// tell puts the event of a verification by somebody whom the platform knows; a
// stranger's leaves no row.
func (s *Service) tell(ctx context.Context, v *Verdict) error {
	p, known := iam.From(ctx)
	if s.Outbox == nil || !known || p == nil || len(v.Signatures) == 0 {
		return nil
	}
	body := event.Verification{Document: hex.EncodeToString(v.digest[:]), Verdict: string(v.Report.Verdict), Signatures: len(v.Signatures), Seals: []string{}, Sources: []string{}}
	for _, x := range v.Seals {
		body.Seals = append(body.Seals, x.ID)
	}
	for _, src := range v.Sources {
		if src.Result == provider.Answered {
			body.Sources = append(body.Sources, src.Provider)
		}
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		body.At = tx.Now().UnixMilli()
		return s.Outbox.Put(tx, outbox.Event{Topic: event.Verified, Key: body.Document, Leaf: evidence(v, tx.Now()), Body: body})
	})
}

// evidenceVersion heads the evidence of an event. A change of what it holds
// takes a new one.
const evidenceVersion = "sidian-verify-1"

// evidence is what the ledger will keep: version, topic, the document's digest
// and the verdict, each as its length in eight bytes, big-endian, and its bytes;
// then the number of signatures and the time in milliseconds.
func evidence(v *Verdict, at time.Time) []byte {
	var b []byte
	for _, f := range [][]byte{[]byte(evidenceVersion), []byte(event.Verified), v.digest[:], []byte(v.Report.Verdict)} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	b = binary.BigEndian.AppendUint64(b, uint64(len(v.Signatures)))
	return binary.BigEndian.AppendUint64(b, uint64(at.UnixMilli()))
}
