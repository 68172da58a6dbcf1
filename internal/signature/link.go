package signature

import (
	"bytes"
	"context"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/signature/event"
	"sidian/internal/signature/ink"
)

// A Link is told once: only its hash is kept.
type Link struct {
	Token string    `json:"token"`
	URL   string    `json:"url"`
	Until time.Time `json:"until"`
}

// How long links live. That of a signer ends with the task at the latest.
const (
	linkLife = 15 * 24 * time.Hour
	padLife  = 10 * time.Minute
	// keepLinks is how long rows of links stay after their end.
	keepLinks = 30 * 24 * time.Hour
)

// Link makes the link of a signer, for the initiator to hand over; an earlier one
// ends.
func (s *Service) Link(ctx context.Context, id string, number int) (*Link, error) {
	if _, err := s.asking(ctx, id); err != nil {
		return nil, err
	}
	return s.link(ctx, id, number, linkSign, linkLife, func(tx *db.Tx) (*seen, *signerRow, error) { return s.live(tx, id, number) })
}

// Pad makes a capture-only link for the caller's own signature: shown as a QR on
// their desk, opened on their phone. It takes one drawing, for ten minutes.
func (s *Service) Pad(ctx context.Context, id string, number int) (*Link, error) {
	p, err := signing(ctx)
	if err != nil {
		return nil, s.refused(ctx, "signature.pad", object(id), err)
	}
	return s.link(ctx, id, number, linkPad, padLife, func(tx *db.Tx) (*seen, *signerRow, error) {
		t, r, err := s.theirs(tx, p, id, number)
		if err == nil && !may(signerMoves, r.state, Captured) {
			err = errTurn(r.state)
		}
		if err == nil && r.way != Handwritten {
			err = fault.Conflict.New("该签署方式不需要手写签名").WithCode("signature.way").WithHint("请直接确认签署")
		}
		return t, r, err
	})
}

func (s *Service) link(ctx context.Context, id string, number int, kind string, life time.Duration, open func(*db.Tx) (*seen, *signerRow, error)) (*Link, error) {
	token, hash := newToken()
	path := map[string]string{linkSign: "/s/sign/", linkPad: "/s/pad/"}[kind]
	out := &Link{Token: token, URL: s.BaseURL + path + token}
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		t, r, err := open(tx)
		if err != nil {
			return err
		}
		if r.state == Signed || r.state == Refused {
			return errTurn(r.state)
		}
		if err := endLinks(tx, id, number, kind); err != nil {
			return err
		}
		until := min(tx.Now().Add(life).UnixMilli(), t.until)
		out.Until = ms(until)
		if err := insertLink(tx, linkRow{hash: hash, task: id, number: number, kind: kind, until: until}); err != nil {
			return err
		}
		if err := s.note(tx, id, number, "link."+kind, gm.Digest{}); err != nil {
			return err
		}
		action := "signature.link"
		if kind == linkPad {
			action = "signature.pad"
		}
		return audit.Put(tx, audit.Entry{Action: action, Object: signerObject(id, number)})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// An Opened link is what it shows to whoever has it: nothing of the document and
// no name in full. Who signs in and is the signer goes on to Task and Signer.
type Opened struct {
	Task   string    `json:"task"`
	Signer int       `json:"signer"`
	Title  string    `json:"title"`
	By     string    `json:"by" doc:"发起方"`
	Name   string    `json:"name" doc:"签署人，脱敏"`
	State  string    `json:"state" doc:"签署人的状态"`
	Closed string    `json:"closed,omitempty" doc:"任务已结束：done、refused、withdrawn、expired"`
	Until  time.Time `json:"until"`
	Yours  bool      `json:"yours" doc:"已登录，且就是本人"`
}

// Open tells what a link leads to. Whoever is signed in with sufficient assurance
// and is the person it was made for becomes its signer; somebody else who is
// signed in is refused.
func (s *Service) Open(ctx context.Context, token string) (*Opened, error) {
	var l linkRow
	var t *seen
	var r *signerRow
	err := s.visit(ctx, token, linkSign, func(tx *db.Tx, link linkRow) (err error) {
		if t, err = load(tx, link.task); err != nil {
			return err
		}
		if r, err = t.number(link.number); err != nil {
			return err
		}
		l = link
		if err := countOpen(tx, link.hash); err != nil {
			return err
		}
		return s.note(tx, link.task, link.number, "open", gm.Digest{})
	})
	if err != nil {
		return nil, err
	}
	out := &Opened{Task: l.task, Signer: l.number, Until: ms(t.until), State: r.state}
	if p, ok := iam.From(ctx); ok && p.Account != "" {
		p, err := signing(ctx)
		if err != nil {
			return nil, s.refused(ctx, "signature.view", object(l.task), err)
		}
		if err := s.claim(ctx, p, l.task, l.number); err != nil {
			return nil, err
		}
		out.Yours = true
	}
	shown, err := s.task(ctx, t)
	if err != nil {
		return nil, err
	}
	out.Title, out.By = shown.Title, shown.OrgName
	if shown.State != Open {
		out.Closed = shown.State
	}
	out.Name, err = s.maskedName(r)
	return out, err
}

// visit opens a link and does something in the same transaction.
func (s *Service) visit(ctx context.Context, token, kind string, do func(*db.Tx, linkRow) error) error {
	if len(token) != tokenLen {
		return errLink()
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		l, err := liveLink(tx, gm.Sum([]byte(token)), kind)
		if err != nil {
			return err
		}
		return do(tx, l)
	})
}

// A PadScene is what a pad shows. Device is told to the first device that opens
// it, and is what that device draws with: no other can.
type PadScene struct {
	Title  string    `json:"title"`
	Name   string    `json:"name" doc:"脱敏"`
	Ratio  float64   `json:"ratio" doc:"签名框的宽高比"`
	Until  time.Time `json:"until"`
	Device string    `json:"device,omitempty" doc:"本设备的凭据，只告诉一次"`
}

// OpenPad ties a pad to the device that opens it, once.
func (s *Service) OpenPad(ctx context.Context, token string) (*PadScene, error) {
	device, hash := newToken()
	out := &PadScene{Device: device, Ratio: usualW / float64(usualH)}
	var t *seen
	var r *signerRow
	err := s.visit(ctx, token, linkPad, func(tx *db.Tx, l linkRow) (err error) {
		if t, r, err = s.live(tx, l.task, l.number); err != nil {
			return err
		}
		first, err := bindDevice(tx, l.hash, hash)
		if err != nil {
			return err
		}
		if !first {
			return fault.Conflict.New("该二维码已在另一台设备上打开").WithCode("signature.device").WithHint("请在电脑上重新生成二维码，用要书写的手机扫描")
		}
		out.Until = ms(l.until)
		return s.note(tx, l.task, l.number, "pad", gm.Digest{})
	})
	if err != nil {
		return nil, err
	}
	if places, err := r.list(); err == nil && len(places) > 0 {
		out.Ratio = places[0].W / places[0].H
	}
	title, err := s.Box.Open(taskCell("title", t.id), t.title)
	if err != nil {
		return nil, err
	}
	out.Title = string(title)
	out.Name, err = s.maskedName(r)
	return out, err
}

// DrawPad takes the one drawing of a pad.
func (s *Service) DrawPad(ctx context.Context, token, device string, d *ink.Drawing) error {
	if d == nil {
		d = &ink.Drawing{}
	}
	var l linkRow
	own := gm.Sum([]byte(device))
	err := s.visit(ctx, token, linkPad, func(tx *db.Tx, link linkRow) error {
		if link.device == nil || !bytes.Equal(link.device, own[:]) {
			return fault.Forbidden.New("只有打开二维码的那台设备可以书写").WithCode("signature.device").WithHint("请在电脑上重新生成二维码")
		}
		l = link
		return nil
	})
	if err != nil {
		return err
	}
	drawing, picture, err := s.sealDrawing(l.task, l.number, d)
	if err != nil {
		return err // the pad stays: it may be written again
	}
	return again(s.DB.Write(ctx, func(tx *db.Tx) error {
		_, r, err := s.live(tx, l.task, l.number)
		if err != nil {
			return err
		}
		if first, err := endLink(tx, l.hash); err != nil || !first {
			if err == nil {
				err = errLink()
			}
			return err
		}
		return s.keepDrawing(tx, r, drawing, picture, "pad.draw")
	}))
}

// remindEvery is how often an initiator may remind.
const remindEvery = time.Hour

// Remind tells the signers whose turn it is again; at most once in an hour.
func (s *Service) Remind(ctx context.Context, id string) error {
	if _, err := s.asking(ctx, id); err != nil {
		return err
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		t, err := load(tx, id)
		switch {
		case err != nil:
			return err
		case t.over(tx.Now()):
			return errClosed(Expired)
		case t.state != Open:
			return errClosed(t.state)
		case tx.Now().Sub(ms(t.reminded)) < remindEvery:
			return fault.TooMany.New("一小时内已经催办过").WithCode("signature.reminded").WithHint("请稍后再催办")
		}
		return s.remind(tx, t, t.warned, "请尽快签署文件")
	})
}

func (s *Service) remind(tx *db.Tx, t *seen, warned bool, title string) error {
	for _, r := range t.signers {
		if r.state != Invited && r.state != Viewed && r.state != Captured {
			continue
		}
		if err := s.tell(tx, t.taskRow, t.signers, r.number, event.Reminded); err != nil {
			return err
		}
		if err := s.notify(tx, t.taskRow, r, event.Reminded, title); err != nil {
			return err
		}
	}
	if err := markReminded(tx, t.id, warned); err != nil {
		return err
	}
	return audit.Put(tx, audit.Entry{Action: "signature.remind", Object: object(t.id)})
}
