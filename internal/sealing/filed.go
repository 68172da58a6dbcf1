package sealing

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// Where a sealed document comes from.
const (
	FromRequest = "request"
	FromItem    = "item" // of a batch, stamped at once or annotated as well
)

// A Sealed is a document that carries every seal that was asked for, as those
// need it who file it (第十三条). Whoever gets one has asked nobody: the
// functions about it decide on no right, and their callers do.
type Sealed struct {
	From      string // FromRequest, FromItem
	ID        string // of the request; of an item its batch and line
	Batch     string // of an item
	Title     string
	Name      string // of an item: its file
	Purpose   string
	Org       string // that asked
	Asker     string
	Converted bool // the upload was a PDF; of an item it is not known
	Original  gm.Digest
	Document  gm.Digest
	At        time.Time
}

// SealedTx returns one sealed document; fault.NotFound where it is not sealed.
func SealedTx(tx *db.Tx, from, id string) (*Sealed, error) {
	if from == FromRequest {
		r, err := requestByID(tx, id)
		if err != nil {
			return nil, err
		}
		if r.State != Done {
			return nil, unknown()
		}
		return r.sealed(), nil
	}
	batch, line, err := lineOf(id)
	if err != nil {
		return nil, err
	}
	b, err := batchAlone(tx, batch)
	if err != nil {
		return nil, err
	}
	it, err := itemByLine(tx, batch, line)
	if err != nil {
		return nil, err
	}
	if it.State != Done {
		return nil, unknown()
	}
	return b.sealed(it), nil
}

// SealedOfTx returns up to n sealed documents of a batch behind a line, and the
// line that it came to.
func SealedOfTx(tx *db.Tx, batch string, after int64, n int) (out []*Sealed, line int64, err error) {
	b, err := batchAlone(tx, batch)
	if err != nil {
		return nil, 0, err
	}
	items, err := itemsAfter(tx, batch, Done, after, n)
	for _, it := range items {
		out, line = append(out, b.sealed(it)), it.Line
	}
	return out, line, err
}

// SealedSinceTx returns up to n documents of one source that were sealed at a
// time or after it, oldest first. With the time and the id of the last one of a
// page it gives the next.
func SealedSinceTx(tx *db.Tx, from string, at time.Time, id string, n int) ([]*Sealed, error) {
	if from == FromRequest {
		list, err := requestsSealed(tx, at.UnixMilli(), id, n)
		out := make([]*Sealed, len(list))
		for i, r := range list {
			out[i] = r.sealed()
		}
		return out, err
	}
	batch, line := "", int64(0)
	if id != "" {
		var err error
		if batch, line, err = lineOf(id); err != nil {
			return nil, err
		}
	}
	return itemsSealed(tx, at.UnixMilli(), batch, line, n)
}

// SealedEvidence is the evidence of every use that made a sealed document. It
// asks nobody whether whoever acts may see it.
func (s *Service) SealedEvidence(ctx context.Context, from, id string) (out []*Evidence, err error) {
	var afters []gm.Digest
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		out, afters, err = sealedEvidence(tx, from, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, e := range out {
		if err := s.used(ctx, e); err != nil {
			return nil, err
		}
		if err := s.signedAt(ctx, e, afters[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func sealedEvidence(tx *db.Tx, from, id string) (out []*Evidence, afters []gm.Digest, err error) {
	if from == FromRequest {
		r, err := requestByID(tx, id)
		if err != nil {
			return nil, nil, err
		}
		for _, st := range r.Steps {
			if st.State == Stamped {
				out, afters = append(out, r.evidence(st)), append(afters, st.after)
			}
		}
		return out, afters, nil
	}
	batch, line, err := lineOf(id)
	if err != nil {
		return nil, nil, err
	}
	b, err := batchByID(tx, batch)
	if err != nil {
		return nil, nil, err
	}
	it, err := itemByLine(tx, batch, line)
	if err != nil {
		return nil, nil, err
	}
	return []*Evidence{b.evidence(it)}, []gm.Digest{it.document}, nil
}

func (r *Request) sealed() *Sealed {
	return &Sealed{
		From: FromRequest, ID: r.ID, Title: r.Title, Purpose: r.Purpose, Org: r.Org, Asker: r.Asker, Converted: r.Converted,
		Original: r.original, Document: r.document, At: r.ClosedAt,
	}
}

func (b *Batch) sealed(it *Item) *Sealed {
	return &Sealed{
		From: FromItem, ID: fmt.Sprintf("%s/%d", b.ID, it.Line), Batch: b.ID, Title: b.Title, Name: it.Name, Purpose: b.Purpose, Org: b.Org, Asker: b.Asker,
		Original: it.original, Document: it.document, At: it.At,
	}
}

// lineOf takes apart how an item is named.
func lineOf(id string) (batch string, line int64, err error) {
	batch, number, ok := strings.Cut(id, "/")
	if ok {
		line, err = strconv.ParseInt(number, 10, 64)
	}
	if !ok || err != nil {
		return "", 0, fault.NotFound.New("没有这件用印文件").WithCode("sealing.item-unknown").WithHint("请核对编号")
	}
	return batch, line, nil
}

// evidence is what the rows say of a step that stamped.
func (r *Request) evidence(st *Step) *Evidence {
	e := &Evidence{
		Version: evidenceVersion, Use: st.Use, State: st.State, Object: object(st.ID), Title: r.Title, Purpose: r.Purpose, Reason: r.Reason,
		Org: r.Org, Operator: r.Account, Name: r.Asker, Seal: SealEvidence{ID: st.Seal, Name: st.SealName, Org: st.SealOrg}, Rule: st.Rule,
		Approvals: []Approval{}, Original: r.Original, Before: hexOf(st.before), Content: hexOf(st.content), After: st.After, Places: st.Places,
	}
	for _, a := range st.Approvals {
		if !a.Lapsed {
			e.Approvals = append(e.Approvals, a)
		}
	}
	return e
}

// evidence is what the rows say of a document of a batch.
func (b *Batch) evidence(it *Item) *Evidence {
	return &Evidence{
		Version: evidenceVersion, Use: it.Use, State: it.State, Object: b.object(it), Title: b.Title, Purpose: b.Purpose, Reason: b.Reason,
		Org: b.Org, Operator: b.Account, App: b.App, Name: b.Asker, Device: b.device, Seal: SealEvidence{ID: b.Seal, Name: b.SealName, Org: b.sealOrg},
		Approvals: []Approval{}, Original: it.Original, Before: it.Original, Content: hexOf(it.content), After: it.Document,
	}
}
