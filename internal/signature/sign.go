package signature

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"math"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/seal"
	"sidian/internal/signature/event"
	"sidian/ofd"
	"sidian/ofd/sign"
	"sidian/ses"
)

// A job is one signature on its way.
type job struct {
	task        string
	number      int
	certificate *gm.Certificate
	key         string
	seal        *ses.Seal // nil for Plain
	ratio       float64
}

// Sign confirms a signer's intent and signs: the signature stands when it returns.
func (s *Service) Sign(ctx context.Context, id string, number int, r SignRequest) (*Task, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, s.refused(ctx, "signature.sign", object(id), err)
	}
	if err := s.claim(ctx, p, id, number); err != nil {
		return nil, err
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { _, _, _, err := s.maySign(tx, p, id, number, r); return err }); err != nil {
		return nil, s.refused(ctx, "signature.sign", signerObject(id, number), err)
	}
	if s.Confirm == nil {
		return nil, fault.Forbidden.New("签署须再次证明是本人").WithCode("confirm.needed").WithHint("请联系系统管理员启用二次验证")
	}
	factor, err := s.Confirm(ctx, r.Code)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.confirm(tx, p, id, number, r, factor) })
	if err != nil {
		return nil, s.refused(ctx, "signature.sign", signerObject(id, number), again(err))
	}
	s.step("confirm")
	// The person may go away; what they confirmed is finished all the same. Before
	// the lease ends nobody else begins with it.
	done, stop := context.WithTimeout(context.WithoutCancel(ctx), s.lease())
	defer stop()
	if err := s.finish(done, id, number); err != nil {
		return nil, s.failed(ctx, id, number, err)
	}
	return s.Get(ctx, id)
}

// maySign refuses what may not be signed now.
func (s *Service) maySign(tx *db.Tx, p *iam.Principal, id string, number int, r SignRequest) (*seen, *signerRow, *identityRow, error) {
	t, row, err := s.theirs(tx, p, id, number)
	if err != nil {
		return nil, nil, nil, err
	}
	switch {
	case !may(signerMoves, row.state, Confirmed) || row.state != ready(row.way):
		return nil, nil, nil, errTurn(row.state)
	case !strings.EqualFold(r.Original, hexOf(t.original[:])):
		return nil, nil, nil, fault.Conflict.New("您看到的文件与待签文件不是同一份").WithCode("signature.document").WithHint("请重新打开文件，看完后再签署")
	case r.Intent != current:
		return nil, nil, nil, fault.Conflict.New("签署意愿的文字已更新").WithCode("signature.intent").WithHint("请刷新页面，重新阅读并确认")
	}
	x, err := identityIn(tx, p.Account, Effective)
	if err != nil {
		return nil, nil, nil, err
	}
	if x == nil {
		return nil, nil, nil, fault.Conflict.New("您还没有有效的个人数字证书").WithCode("signature.identity").WithHint("请先申请个人数字证书，再签署")
	}
	return t, row, x, x.usable(tx.Now().UnixMilli())
}

func (r *identityRow) usable(now int64) error {
	switch {
	case r.state != Effective:
		return fault.Conflict.New("您的个人数字证书%s", words[r.state]).WithCode("signature.identity").WithHint("请重新申请个人数字证书")
	case now > r.to:
		return fault.Conflict.New("您的个人数字证书已到期").WithCode("signature.expired-identity").WithHint("请办理续期后再签署")
	}
	return nil
}

// confirm is the first transaction: intent, factor and identity are recorded.
func (s *Service) confirm(tx *db.Tx, p *iam.Principal, id string, number int, r SignRequest, factor string) error {
	t, row, x, err := s.maySign(tx, p, id, number, r)
	if err != nil {
		return err
	}
	if err := moveSigner(tx, row, Confirmed); err != nil {
		return err
	}
	row.identity, row.factor, row.intent = &x.id, factor, r.Intent
	row.lease = tx.Now().Add(s.lease()).UnixMilli()
	row.agent, row.address = whence(tx)
	if err := confirmSigner(tx, row); err != nil {
		return err
	}
	if err := s.note(tx, id, number, "confirm", t.document); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "signature.confirm", Object: signerObject(id, number), Before: t.document})
}

// attemptsAtOnce is how often a signature is made again because another signer was
// faster, before it is left to Resume.
const attemptsAtOnce = 60

// finish makes a confirmed signature and puts it in its place.
func (s *Service) finish(ctx context.Context, id string, number int) error {
	j, err := s.prepare(ctx, id, number)
	if err != nil {
		return err
	}
	s.step("craft")
	for range attemptsAtOnce {
		done, err := s.attempt(ctx, j)
		if err != nil || done {
			return err
		}
	}
	return fault.Unavailable.New("同时签署的人很多，签名稍后自动完成").WithCode("signature.crowded").WithHint("请稍候刷新")
}

// prepare has the maker turn the handwriting into a seal of the person.
func (s *Service) prepare(ctx context.Context, id string, number int) (*job, error) {
	var r *signerRow
	var x *identityRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if _, r, err = s.live(tx, id, number); err != nil {
			return err
		}
		if r.state != Confirmed || r.identity == nil {
			return errMoved
		}
		if x, err = identityByID(tx, *r.identity); err != nil {
			return err
		}
		return x.usable(tx.Now().UnixMilli())
	})
	if err != nil {
		return nil, err
	}
	j := &job{task: id, number: number, key: x.key}
	if j.certificate, err = s.certificate(x); err != nil || r.way == Plain {
		return j, err
	}
	return j, s.craft(ctx, j, r)
}

func (s *Service) craft(ctx context.Context, j *job, r *signerRow) error {
	picture, err := s.Box.Open(signerCell("picture", r.task, r.number), r.picture)
	if err != nil {
		return err
	}
	size, err := png.DecodeConfig(bytes.NewReader(picture))
	if err != nil {
		return fmt.Errorf("signature: reading a picture: %w", err)
	}
	j.ratio = float64(size.Width) / float64(size.Height)
	w, h := float64(usualW), usualW/j.ratio
	if h > usualH {
		w, h = usualH*j.ratio, usualH
	}
	j.seal, err = s.Seal.Craft(ctx, seal.CraftRequest{
		ID: "ps-" + newID(), Name: j.certificate.Subject.CommonName, Certificate: j.certificate,
		Picture: ses.Picture{Type: "PNG", Data: picture, Width: max(1, int(math.Round(w))), Height: max(1, int(math.Round(h)))},
		From:    j.certificate.NotBefore, To: j.certificate.NotAfter,
	})
	return err
}

// attempt signs the document as it stands and puts the new one in its place. It is
// false when another signer was faster.
func (s *Service) attempt(ctx context.Context, j *job) (bool, error) {
	var t *seen
	var r *signerRow
	err := s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		if t, r, err = s.live(tx, j.task, j.number); err != nil {
			return err
		}
		return countAttempt(tx, j.task, j.number, tx.Now().Add(s.lease()).UnixMilli())
	})
	if err != nil {
		return false, err
	}
	d, err := s.standing(ctx, t)
	if err != nil {
		return false, err
	}
	signed, mark, err := s.stamp(ctx, j, r, d)
	if err != nil {
		return false, err
	}
	s.step("stamp")
	data, err := signed.Bytes()
	if err != nil {
		return false, fmt.Errorf("signature: writing the document: %w", err)
	}
	digest, err := s.Blob.Put(ctx, data)
	if err != nil {
		return false, fmt.Errorf("signature: storing the document: %w", err)
	}
	s.step("store")
	placed := false
	err = s.DB.Write(ctx, func(tx *db.Tx) (err error) {
		placed, err = s.place(tx, j, t.revision, t.document, digest, mark)
		return err
	})
	if err == nil && placed {
		s.step("place")
	}
	return placed, err
}

// standing opens the document as it stands. It must be what was laid before the
// signers, with nothing but signatures added.
func (s *Service) standing(ctx context.Context, t *seen) (*ofd.Document, error) {
	known := t.document == t.original
	for _, r := range t.signers {
		known = known || r.state == Signed && bytes.Equal(r.after, t.document[:])
	}
	if !known {
		return nil, errChanged()
	}
	open := func(digest gm.Digest) (*ofd.Document, error) {
		data, err := s.Blob.Get(ctx, digest)
		if err != nil {
			return nil, fmt.Errorf("signature: reading the document of %s: %w", t.id, err)
		}
		return ofd.Open(data)
	}
	d, err := open(t.document)
	if err != nil || t.document == t.original {
		return d, err
	}
	original, err := open(t.original)
	if err != nil {
		return nil, err
	}
	return d, sameContent(original, d)
}

func errChanged() error {
	return fault.Conflict.New("待签文件与发起时不一致，拒绝签署").WithCode("signature.changed").WithHint("请联系发起方重新发起，并请平台运维人员核查")
}

// sameContent refuses a document that says anything else than the original: only
// OFD.xml and the list of signatures may differ, signatures may be there.
func sameContent(original, d *ofd.Document) error {
	list := map[string]bool{"ofd.xml": true}
	for _, b := range append(original.Bodies(), d.Bodies()...) {
		list[strings.ToLower(b.SignaturesPart)] = true
	}
	for _, p := range original.Parts() {
		if list[strings.ToLower(p.Name)] {
			continue
		}
		want, err := p.Digest()
		if err != nil {
			return err
		}
		q := d.Part(p.Name)
		if q == nil {
			return errChanged()
		}
		if got, err := q.Digest(); err != nil || got != want {
			return errors.Join(err, errChanged())
		}
	}
	for name, role := range d.Reachable() {
		switch role {
		case ofd.RoleSignatures, ofd.RoleSignature, ofd.RoleSeal, ofd.RoleSignedValue:
		default:
			if original.Part(name) == nil {
				return errChanged()
			}
		}
	}
	return nil
}

// stamp signs a document with the person's key, and returns the digest of the
// signature's description beside it.
func (s *Service) stamp(ctx context.Context, j *job, r *signerRow, d *ofd.Document) (*ofd.Document, gm.Digest, error) {
	signer, err := s.Keys.Signer(ctx, j.key, keys.Personal)
	if err != nil {
		return nil, gm.Digest{}, err
	}
	var out *ofd.Document
	if j.seal == nil {
		out, err = sign.Sign(d, sign.SignOptions{Signer: signer, Certificate: j.certificate, Time: s.DB.Now()})
	} else {
		var places []Place
		if places, err = r.list(); err != nil {
			return nil, gm.Digest{}, err
		}
		o := sign.StampOptions{Seal: j.seal, Signer: signer, Certificate: j.certificate, Places: stamps(places, j.ratio), Time: s.DB.Now()}
		if s.TimeStamps {
			o.Timestamp = func(value []byte) ([]byte, error) { return s.PKI.TimeStamp(ctx, value) }
		}
		out, err = sign.Stamp(d, o)
	}
	var refused *sign.RefusedError
	if errors.As(err, &refused) {
		return nil, gm.Digest{}, fault.Conflict.Wrap(err, "不能签署：%s", refused.Reason).WithCode("signature.unsignable").WithHint("请联系发起方更换文件")
	}
	if err != nil {
		return nil, gm.Digest{}, fmt.Errorf("signature: signing: %w", err)
	}
	mark, err := markOf(out, len(out.Signatures())-1)
	return out, mark, err
}

// markOf is the digest of the description of a signature: the file that is signed.
func markOf(d *ofd.Document, i int) (gm.Digest, error) {
	list := d.Signatures()
	if i < 0 || i >= len(list) {
		return gm.Digest{}, errors.New("signature: the document has no such signature")
	}
	file, err := d.Signature(list[i])
	if err != nil {
		return gm.Digest{}, fmt.Errorf("signature: reading the signature: %w", err)
	}
	p := d.Part(file.Part)
	if p == nil {
		return gm.Digest{}, errors.New("signature: the signature has no description")
	}
	return p.Digest()
}

// place is the second transaction: here the signature becomes true.
func (s *Service) place(tx *db.Tx, j *job, revision int64, before, after, mark gm.Digest) (bool, error) {
	t, r, err := s.live(tx, j.task, j.number)
	if err != nil {
		return false, err
	}
	if r.state != Confirmed {
		return false, errMoved
	}
	if first, err := putDocument(tx, j.task, revision, after); err != nil || !first {
		return false, err
	}
	if err := markSigned(tx, r, before, after, mark); err != nil {
		return false, err
	}
	r.state, t.document = Signed, after
	for _, kind := range []string{linkSign, linkPad} {
		if err := endLinks(tx, j.task, j.number, kind); err != nil {
			return false, err
		}
	}
	if err := s.note(tx, j.task, j.number, "sign", after); err != nil {
		return false, err
	}
	if err := audit.Put(tx, audit.Entry{Action: "signature.sign", Object: signerObject(j.task, j.number), Before: before, After: after}); err != nil {
		return false, err
	}
	if err := s.tell(tx, t.taskRow, t.signers, j.number, event.Signed); err != nil {
		return false, err
	}
	return true, s.onward(tx, t)
}

// onward ends a task that all have signed, or turns to the next group.
func (s *Service) onward(tx *db.Tx, t *seen) error {
	for _, r := range t.signers {
		if r.state != Signed {
			return s.invite(tx, t.taskRow, t.signers)
		}
	}
	if err := audit.Put(tx, audit.Entry{Action: "signature.done", Object: object(t.id), Before: t.original, After: t.document}); err != nil {
		return err
	}
	return s.end(tx, t, Done, event.Done, 0, "全部签署人已签署")
}
