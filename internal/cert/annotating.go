package cert

import (
	"context"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/catalogue/face"
	"sidian/internal/cert/state"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/ofd/sign"
)

// ActAnnotate is what the audit calls the making of an annotated copy (加注件),
// under the object of the certificate, so that its trace tells of it.
const ActAnnotate = "annotation.make"

const permAnnotate = "cert.annotate"

// A Base is what an annotated copy of a certificate is made from: the same face
// again, and the original. What is in it is not masked, but for Certificate.
type Base struct {
	Certificate *Certificate
	Original    []byte
	Face        *face.Face
	Values      face.Values
	Holders     []catalogue.Holder
	SealKind    string // of the seal that the kind bears
	Places      []sign.Place
}

// Object is how audit and trace name a certificate.
func Object(id string) string { return object(id) }

// MayAnnotate asks whether whoever acts may make annotated copies of a
// certificate, or fetch one: it says everything in full, so that staff of other
// units than the one that answers for it say what for, as in [Service.Read]. The context that it
// returns is to be recorded under. A refusal is audited.
func (s *Service) MayAnnotate(ctx context.Context, id string, rd Reading) (context.Context, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return ctx, err
	}
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return ctx, err
	}
	if err := s.transferred(ctx, r, permAnnotate, ActAnnotate); err != nil {
		return ctx, err
	}
	q := iam.Question{Permission: permAnnotate, Org: r.Unit()}
	if wrong := rd.check(justifies(ctx, r.Unit())); wrong != nil {
		// Whoever may not at all is told so, not asked what for.
		if ctx, err := s.decided(ctx, id, ActAnnotate, q, ""); err != nil {
			return ctx, err
		}
		return ctx, wrong
	}
	q.Class, q.Purpose = classOf(kind), rd.Purpose
	return s.decided(ctx, id, ActAnnotate, q, "")
}

// Base returns what annotated copies of a certificate are made from. Who calls it
// has asked [Service.MayAnnotate].
func (s *Service) Base(ctx context.Context, id string) (*Base, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	if err != nil {
		return nil, err
	}
	kind, err := s.Catalogue.Version(ctx, r.Kind, r.KindVersion)
	if err != nil {
		return nil, err
	}
	_, d, err := s.drafted(r, kind)
	if err != nil {
		return nil, err
	}
	org, err := s.IAM.Org(ctx, r.Issuer)
	if err != nil {
		return nil, err
	}
	b := &Base{Certificate: s.recordOf(r, kind, &org, d), Values: d.Face, Holders: d.Holders, SealKind: string(kind.Seals[0].Kind), Places: issuerPlaces(kind)}
	if b.Face, err = s.Catalogue.Face(kind); err != nil {
		return nil, err
	}
	b.Original, err = s.document(ctx, b.Certificate)
	return b, err
}

// issuerPlaces are where the issuer's own seal stands on a face that several seal.
func issuerPlaces(k *catalogue.Kind) (out []sign.Place) {
	for i, p := range places(k) {
		if k.Seals[i].Role == k.Seals[0].Role && k.Seals[i].Kind == k.Seals[0].Kind {
			out = append(out, p)
		}
	}
	return out
}

// AnnotableTx refuses a certificate of which no annotated copy is made as it
// stands now, or none that is good until a time: whoever holds the copy would
// rely on what does not stand.
func (s *Service) AnnotableTx(tx *db.Tx, id string, until time.Time) error {
	r, err := byID(tx, id)
	if err != nil {
		return err
	}
	if err := s.vet(tx, r); err != nil {
		return err
	}
	if err := unissued(r); err != nil {
		return err
	}
	now := r.At(tx.Now())
	if i, ok := state.Of(state.Status(now)); !ok || !i.Stands {
		way := "需要时请重新办理、签发新的证照后再制作"
		if i.Passes {
			way = "请在证照恢复有效后再制作"
		}
		return fault.Conflict.New("证照状态为“%s”，不能制作加注件：%s", Label(now), i.Say).WithCode("annotation.state").WithHint("%s", way)
	}
	if end := endOf(r.ValidTo); end != nil && until.UnixMilli() > *end {
		return fault.Invalid.New("加注件的截止时间晚于证照的有效期").WithCode("annotation.request").WithHint("截止时间至迟为证照有效期的最后一天").
			WithField("expires_at", "late", "证照有效期至 "+r.ValidTo)
	}
	return nil
}

// Copied is what anyone who has an annotated copy in hand may know of its
// original: the masked record.
func (s *Service) Copied(ctx context.Context, id string) (*Certificate, error) {
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, id) })
	return s.public(ctx, r, err)
}

// Citizens are the numbers of the persons who hold it.
func (b *Base) Citizens() (out []string) {
	for _, h := range b.Holders {
		if h.Type == "person" && h.ID != "" {
			out = append(out, h.ID)
		}
	}
	return out
}
