package signature

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/signature/event"
	"sidian/internal/signature/ink"
)

// intents are the sentences that signers confirmed, by version. A version is never
// changed: evidence names it.
var intents = map[string]string{
	"1": "本人已阅读并理解本文件的全部内容，自愿以本人的电子签名签署。本人知悉：该电子签名与手写签名或者盖章具有同等的法律效力（《中华人民共和国电子签名法》第十四条）。",
}

// current is the version that is shown now.
const current = "1"

// intent is the sentence of now.
func intent() Intent { return Intent{Version: current, Text: intents[current]} }

// IntentText is the sentence of a version, or "".
func IntentText(version string) string { return intents[version] }

// live is a signer of an open task, to whom something may be done now.
func (s *Service) live(tx *db.Tx, id string, number int) (*seen, *signerRow, error) {
	t, err := load(tx, id)
	if err != nil {
		return nil, nil, err
	}
	r, err := t.number(number)
	switch {
	case err != nil:
		return nil, nil, err
	case t.over(tx.Now()):
		return nil, nil, errClosed(Expired)
	case t.state != Open && r.state != Signed && r.state != Refused:
		return nil, nil, errClosed(t.state)
	}
	return t, r, nil
}

// theirs is live for whoever acts, who must be its signer.
func (s *Service) theirs(tx *db.Tx, p *iam.Principal, id string, number int) (*seen, *signerRow, error) {
	t, r, err := s.live(tx, id, number)
	if err == nil && !r.is(p.Account) {
		err = errNoTask()
	}
	return t, r, err
}

// claim makes whoever acts the signer that was invited by name and number. One who
// is it already stays it; anybody else is refused without being told what differs.
func (s *Service) claim(ctx context.Context, p *iam.Principal, id string, number int) error {
	var r *signerRow
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { _, r, err = s.live(tx, id, number); return err })
	if err != nil || r.is(p.Account) {
		return err
	}
	_, person, has, err := s.self(ctx)
	if err != nil {
		return err
	}
	if r.account != nil || !has || !bytes.Equal(r.person, person[:]) {
		return s.refused(ctx, "signature.claim", object(id), errOther())
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if _, _, err := s.live(tx, id, number); err != nil {
			return err
		}
		taken, err := claim(tx, id, number, p.Account)
		if err != nil {
			return err
		}
		if !taken {
			return errOther()
		}
		if err := s.note(tx, id, number, "claim", gm.Digest{}); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "signature.claim", Object: signerObject(id, number)})
	})
}

func errOther() error {
	return fault.NotFound.New("该签署任务不是发给您的，或您的实名信息与发起方填写的不一致").WithCode("signature.other").
		WithHint("请用被邀请人本人的实名账号登录；如姓名或公民身份号码填写有误，请发起方撤回后重新发起")
}

// View records that a signer has the document before them, and claims a place
// that was made for their name and number. It returns what they are shown.
func (s *Service) View(ctx context.Context, id string, number int) (*Scene, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, s.refused(ctx, "signature.view", object(id), err)
	}
	if err := s.claim(ctx, p, id, number); err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		t, r, err := s.theirs(tx, p, id, number)
		if err != nil || r.state != Invited {
			return err // seen before, or not their turn: they may look all the same
		}
		if err := moveSigner(tx, r, Viewed); err != nil {
			return err
		}
		if err := s.note(tx, id, number, "view", t.document); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "signature.view", Object: signerObject(id, number), After: t.document})
	})
	if err != nil {
		return nil, again(err)
	}
	return s.scene(ctx, id, number)
}

// again tells who lost a race to look again.
func again(err error) error {
	if errors.Is(err, errMoved) {
		return fault.Conflict.New("签署状态刚刚发生变化").WithCode("signature.moved").WithHint("请刷新后重试")
	}
	return err
}

// Scene is what a signer is shown, as it stands: the desk looks again while a phone
// writes.
func (s *Service) Scene(ctx context.Context, id string, number int) (*Scene, error) {
	if _, err := signing(ctx); err != nil {
		return nil, err
	}
	return s.scene(ctx, id, number)
}

// scene is what a signer is shown.
func (s *Service) scene(ctx context.Context, id string, number int) (*Scene, error) {
	t, err := s.look(ctx, id)
	if err != nil {
		return nil, err
	}
	r, err := t.at(number)
	if err != nil {
		return nil, err
	}
	out := &Scene{Turn: r.state != Waiting && r.state != Signed && r.state != Refused && t.state == Open, Intent: intent()}
	if out.Task, err = s.task(ctx, t); err != nil {
		return nil, err
	}
	if out.Signer, err = s.signer(r); err != nil {
		return nil, err
	}
	if r.drawing != nil {
		w, err := s.writing(r)
		if err != nil {
			return nil, err
		}
		const width = 400
		out.Drawing, out.Box = w.Path(width), fmt.Sprintf("0 0 %d %.0f", width, width/w.Ratio())
	}
	p, _ := iam.From(ctx)
	return out, s.DB.Read(ctx, func(tx *db.Tx) error {
		x, err := identityIn(tx, p.Account, Effective)
		out.Ready = x != nil && x.at(tx.Now()) == Effective
		return err
	})
}

// writing opens a signer's handwriting.
func (s *Service) writing(r *signerRow) (*ink.Writing, error) {
	b, err := s.Box.Open(signerCell("drawing", r.task, r.number), r.drawing)
	if err != nil {
		return nil, err
	}
	defer clear(b)
	d, err := ink.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("signature: reading a drawing: %w", err)
	}
	return ink.Draw(d)
}

// Capture keeps a signer's handwriting until they confirm.
func (s *Service) Capture(ctx context.Context, id string, number int, d *ink.Drawing) (*Scene, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, s.refused(ctx, "signature.capture", object(id), err)
	}
	drawing, picture, err := s.sealDrawing(id, number, d)
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		_, r, err := s.theirs(tx, p, id, number)
		if err != nil {
			return err
		}
		return s.keepDrawing(tx, r, drawing, picture, "capture")
	})
	if err != nil {
		return nil, again(err)
	}
	return s.scene(ctx, id, number)
}

// sealDrawing checks handwriting, draws it, and encrypts both.
func (s *Service) sealDrawing(id string, number int, d *ink.Drawing) (drawing, picture []byte, err error) {
	if d == nil {
		d = &ink.Drawing{}
	}
	w, err := ink.Draw(d)
	if err != nil {
		return nil, nil, drawingFault(err)
	}
	png, err := w.PNG(pictureWidth(w), 0, ink.Black)
	if err != nil {
		return nil, nil, err
	}
	if drawing, err = s.Box.Seal(signerCell("drawing", id, number), d.JSON()); err != nil {
		return nil, nil, err
	}
	picture, err = s.Box.Seal(signerCell("picture", id, number), png)
	return drawing, picture, err
}

// pictureWidth is how broad a handwriting is drawn, in mm: as large as the usual
// box lets it.
func pictureWidth(w *ink.Writing) float64 {
	width, _ := w.Fit(usualW, usualH)
	return max(width, 1)
}

func (s *Service) keepDrawing(tx *db.Tx, r *signerRow, drawing, picture []byte, kind string) error {
	if r.way != Handwritten {
		return fault.Conflict.New("该签署方式不需要手写签名").WithCode("signature.way").WithHint("请直接确认签署")
	}
	if err := moveSigner(tx, r, Captured); err != nil {
		return err
	}
	r.drawing, r.picture = drawing, picture
	if err := saveDrawing(tx, r); err != nil {
		return err
	}
	if err := s.note(tx, r.task, r.number, kind, gm.Digest{}); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "signature.capture", Object: signerObject(r.task, r.number)})
}

// Refuse ends a task because a signer will not sign.
func (s *Service) Refuse(ctx context.Context, id string, number int, reason string) (*Task, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, s.refused(ctx, "signature.refuse", object(id), err)
	}
	if reason = strings.TrimSpace(reason); reason == "" || len([]rune(reason)) > maxReason {
		return nil, needReason("拒签")
	}
	if err := s.claim(ctx, p, id, number); err != nil {
		return nil, err
	}
	sealed, err := s.Box.Seal(signerCell("reason", id, number), []byte(reason))
	if err != nil {
		return nil, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		t, r, err := s.theirs(tx, p, id, number)
		if err != nil {
			return err
		}
		if err := moveSigner(tx, r, Refused); err != nil {
			return err
		}
		r.reason = sealed
		if err := saveReason(tx, r); err != nil {
			return err
		}
		if err := s.note(tx, id, number, "refuse", t.document); err != nil {
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "signature.refuse", Object: signerObject(id, number), Before: t.document}); err != nil {
			return err
		}
		return s.end(tx, t, Refused, event.Refused, number, "有签署人拒绝签署")
	})
	if err != nil {
		return nil, again(err)
	}
	return s.Get(ctx, id)
}

// end ends a task, with all that hangs on it. A signature that is being made when
// a task ends is not put in its place any more.
func (s *Service) end(tx *db.Tx, t *seen, state, topic string, number int, title string) error {
	if !may(taskMoves, t.state, state) {
		return errClosed(t.state)
	}
	if err := closeTask(tx, t.id, state); err != nil {
		return err
	}
	t.state = state
	if err := forgetDrawings(tx, t.id); err != nil {
		return err
	}
	if err := endTaskLinks(tx, t.id); err != nil {
		return err
	}
	if err := s.tell(tx, t.taskRow, t.signers, number, topic); err != nil {
		return err
	}
	return s.notifyInitiator(tx, t.taskRow, topic, title)
}

func needReason(what string) error {
	return fault.Invalid.New("%s须说明理由，最多 %d 个字", what, maxReason).WithCode("signature.reason").WithHint("请填写理由").WithField("reason", "required", "必填")
}

// Withdraw ends a task that its initiator gives up.
func (s *Service) Withdraw(ctx context.Context, id, reason string) error {
	if reason = strings.TrimSpace(reason); reason == "" || len([]rune(reason)) > maxReason {
		return needReason("撤回")
	}
	if _, err := s.asking(ctx, id); err != nil {
		return err
	}
	return again(s.DB.Write(ctx, func(tx *db.Tx) error {
		t, err := load(tx, id)
		if err != nil {
			return err
		}
		if t.state != Open {
			return errClosed(t.state)
		}
		if err := s.note(tx, id, 0, "withdraw", t.document); err != nil {
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "signature.withdraw", Object: object(id), Reason: reason, Before: t.document}); err != nil {
			return err
		}
		return s.end(tx, t, Withdrawn, event.Withdrawn, 0, "签署任务已撤回")
	}))
}

// asking returns a task to who may act as its initiator: the person who began it,
// or who may begin such tasks for its unit.
func (s *Service) asking(ctx context.Context, id string) (*seen, error) {
	t, err := s.look(ctx, id)
	if err != nil {
		return nil, err
	}
	p, _ := iam.From(ctx)
	if t.org == "" && p.Account == t.account {
		return t, nil
	}
	if t.org == "" {
		return nil, fault.Forbidden.New("只有发起人可以这样做").WithCode("signature.initiator").WithHint("请联系发起人")
	}
	return t, iam.Allow(ctx, "signature.ask", t.org)
}
