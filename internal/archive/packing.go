package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/archive/pack"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/sealing"
)

// settling is how long the end of packing may take after its caller went away.
const settling = 20 * time.Second

// A packing is an item on its way into a package.
type packing struct {
	*Service
	it   *Item
	unit *Unit
	who  *iam.Principal
	org  iam.Org
}

// Pack makes the package (归档信息包) of an item that is filed, checks it by the
// four properties, and keeps both. One that does not pass is kept as well, for
// its rows; the item is then failed.
func (s *Service) Pack(ctx context.Context, id string) (*Item, error) {
	p := &packing{Service: s}
	err := p.begin(ctx, id)
	if err == nil {
		s.step("begin")
		if err = p.work(ctx); err != nil {
			err = errors.Join(err, p.letGo(ctx))
		}
	}
	if err != nil {
		return nil, s.refused(ctx, "archive.pack", id, err)
	}
	return s.Get(ctx, id)
}

// begin is the first transaction: the item is held, and has its archival code.
func (p *packing) begin(ctx context.Context, id string) (err error) {
	if p.who, err = person(ctx); err != nil {
		return err
	}
	// Numbers of a series are given one after the other: those who would only
	// lose races against each other wait here.
	p.numbering.Lock()
	defer p.numbering.Unlock()
	err = p.DB.Write(ctx, func(tx *db.Tx) error {
		it, err := itemByID(tx, id)
		if err == nil {
			err = ours(tx.Context(), it)
		}
		if err == nil {
			_, err = it.move(actPack)
		}
		if err != nil {
			return err
		}
		u, err := unitTx(tx, it.Org)
		if err != nil {
			return err
		}
		if u == nil {
			return errUnset()
		}
		it.worker = newID()
		if err := hold(tx, it, it.worker, p.lease()); err != nil {
			return err
		}
		if err := u.allot(tx, it); err != nil {
			return err
		}
		p.it, p.unit = it, u
		p.org, err = iam.OrgTx(tx, it.Org)
		return err
	})
	if errors.Is(err, errMoved) {
		return errBusy()
	}
	return err
}

func errUnset() error {
	return fault.Conflict.New("立档单位还没有设置全宗号和档案馆，编不出档号").WithCode("archive.unit-unset").WithHint("请先在“立档单位”中设置")
}

// letGo gives the item back at once where the lease would do it later.
func (p *packing) letGo(ctx context.Context) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer stop()
	return p.DB.Write(ctx, func(tx *db.Tx) error { return release(tx, p.it.ID, p.it.worker) })
}

// work stands between the transactions, and ends with the second.
func (p *packing) work(ctx context.Context) error {
	trust, err := p.Trust(ctx)
	if err != nil {
		return fmt.Errorf("archive: what to verify by: %w", err)
	}
	content, err := p.gather(ctx, trust)
	if err != nil {
		return err
	}
	p.step("gather")
	signer, err := p.signer(ctx, trust)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	var refused *pack.RefusedError
	if err := content.Write(&b, signer); errors.As(err, &refused) {
		return fault.Conflict.Wrap(err, "不能组包：%s", refused.Reason).WithCode("archive.pack").WithHint("请更正后重新组包")
	} else if err != nil {
		return err
	}
	pattern, err := p.unit.matcher()
	if err != nil {
		return fmt.Errorf("archive: the pattern of archival codes: %w", err)
	}
	o := pack.Options{Now: p.DB.Now(), Name: content.FileName(), Signed: true}
	if trust.Anchors != nil {
		o.Roots = trust.Anchors.Certificates()
	}
	if p.unit.Pattern != DefaultPattern {
		o.Pattern = pattern
	}
	report, err := pack.Check(bytes.NewReader(b.Bytes()), int64(b.Len()), o)
	if err != nil {
		return fmt.Errorf("archive: checking a package: %w", err)
	}
	p.step("check")
	digest, err := p.Blob.Put(ctx, b.Bytes())
	if err != nil {
		return err
	}
	p.step("store")
	if err := p.end(ctx, report, digest); err != nil {
		return err
	}
	p.step("done")
	return nil
}

// end is the second transaction. A check that fails keeps the package out of the
// archives, whichever property it is of; what only warns does not.
func (p *packing) end(ctx context.Context, report *pack.Report, digest gm.Digest) error {
	a := actPack
	if report.Result == pack.Fail {
		a = actFail
	}
	to, err := p.it.move(a)
	if err != nil {
		return err
	}
	err = p.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		if err := setPacked(tx, p.it, to, report, digest); err != nil {
			return err
		}
		note := ""
		if a == actFail {
			note = failures(report)
		}
		if err := insertAct(tx, p.it.ID, Act{Act: string(a), account: p.who.Account, Who: p.who.Name, Reason: note}); err != nil {
			return err
		}
		if a == actPack {
			if err := p.keep(tx, p.it); err != nil {
				return err
			}
		}
		return audit.Put(tx, audit.Entry{Action: "archive." + string(a), Object: object(p.it.ID), Before: p.it.document, After: digest})
	})
	if errors.Is(err, errMoved) { // the lease ran out, and another was faster
		return errBusy()
	}
	return err
}

// failures names the checks that failed.
func failures(r *pack.Report) string {
	out := ""
	for _, c := range r.Checks {
		if c.Result != pack.Fail {
			continue
		}
		if out != "" {
			out += "、"
		}
		out += c.ID + " " + c.Name
	}
	return short(out)
}

// sealed reads the document and the upload as they are kept, and makes sure that
// they are still those that package sealing knows.
func (p *packing) sealed(ctx context.Context) (document, original []byte, err error) {
	var now *sealing.Sealed
	err = p.DB.Read(ctx, func(tx *db.Tx) error { now, err = sealing.SealedTx(tx, p.it.Source, p.it.SourceID); return err })
	if errors.Is(err, fault.NotFound) || err == nil && (now.Document != p.it.document || now.Original != p.it.original) {
		return nil, nil, p.changed(ctx, p.it, "用印记录中的文件与归档登记不符")
	}
	if err != nil {
		return nil, nil, err
	}
	if document, err = p.bytes(ctx, p.it, p.it.document, "盖章后的文件"); err != nil {
		return nil, nil, err
	}
	original, err = p.bytes(ctx, p.it, p.it.original, "上传的文件")
	return document, original, err
}
