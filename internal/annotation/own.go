package annotation

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"

	"sidian/internal/annotation/event"
	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/outbox"
	"sidian/workday"
)

// An OwnRequest asks for a copy of one's own certificate.
type OwnRequest struct {
	ID        string `path:"id" json:"-" maxLength:"64"`
	Purpose   string `json:"purpose" maxLength:"400" doc:"用途：用来办什么，印在每一页上"`
	Recipient string `json:"recipient" maxLength:"400" doc:"接收方：交给谁使用，印在每一页上"`
	ExpiresAt string `json:"expires_at" maxLength:"40" doc:"截止时间：RFC 3339；只写日期的，至当日终了"`
}

func (q *OwnRequest) request() Request {
	return Request{ID: q.ID, Purpose: q.Purpose, Recipient: q.Recipient, ExpiresAt: q.ExpiresAt}
}

// MakeOwn is [Service.Make] for a holder, of a certificate of their own.
func (s *Service) MakeOwn(ctx context.Context, q OwnRequest) (*Copy, error) {
	ctx, err := s.Cert.MayCopyOwn(ctx, q.ID)
	if err != nil {
		return nil, err
	}
	c, err := s.make(ctx, q.request(), true)
	if f := fault.As(err); f != nil && f.Code == "seal.policy" {
		// Whose seal may not be used for it is the unit's to mend, not the holder's.
		err = fault.Conflict.Wrap(err, "签发单位还没有开通由持证人自己制作加注件").WithCode("annotation.closed").WithHint("请到签发单位的窗口办理加注件，或请签发单位开通")
	}
	return c, err
}

// PreviewOwn is [Service.Preview] for a holder.
func (s *Service) PreviewOwn(ctx context.Context, q OwnRequest) ([]byte, error) {
	ctx, err := s.Cert.MayCopyOwn(ctx, q.ID)
	if err != nil {
		return nil, err
	}
	return s.preview(ctx, q.request(), true)
}

// OwnLocation is where holders find the copies that they made.
const OwnLocation = "/api/v1/own-annotations/"

// defaultDaily is how many copies a holder may make a day.
const defaultDaily = 20

// MostDaily is how many copies a holder may make a day.
func (s *Service) MostDaily() int {
	if s.Daily > 0 {
		return s.Daily
	}
	return defaultDaily
}

// daily refuses a holder who made enough for today.
func (s *Service) daily(tx *db.Tx, w *work) error {
	n, err := countOwn(tx, w.account, workday.DateOf(tx.Now()).Start())
	if err == nil && n >= int64(s.MostDaily()) {
		err = fault.TooMany.New("今天已制作 %d 份加注件，今天不能再制作", n).WithCode("annotation.daily").WithHint("请明天再制作；急用的，请到签发单位的窗口办理")
	}
	return err
}

// ofOwn finds a copy that whoever acts made of a certificate of their own; to others
// there is none.
func (s *Service) ofOwn(ctx context.Context, id string) (*row, error) {
	if err := s.maySeeOwn(ctx); err != nil {
		return nil, err
	}
	r, err := s.find(ctx, id)
	if err == nil && (!r.own || r.account != iam.Self(ctx)) {
		err = unknown()
	}
	return r, err
}

func (s *Service) maySeeOwn(ctx context.Context) error {
	err := iam.Ask(ctx, iam.Question{Permission: "cert.read.own", Owner: true})
	return audit.Refuse(ctx, s.DB, audit.Entry{Action: "annotation.view", Object: "annotation"}, err)
}

// whole is a copy as who made it sees it.
func whole(c *Copy) *Copy { return c }

// Own lists the copies that whoever acts made of their own certificates.
func (s *Service) Own(ctx context.Context, limit int, cursor string) (*Page, error) {
	if err := s.maySeeOwn(ctx); err != nil {
		return nil, err
	}
	return s.page(ctx, limit, cursor, whole, func(tx *db.Tx, at int64, after string, n int) ([]*row, error) {
		return ofHolder(tx, iam.Self(ctx), at, after, n)
	})
}

// GetOwn returns the record of a copy to who made it.
func (s *Service) GetOwn(ctx context.Context, id string) (*Copy, error) {
	r, err := s.ofOwn(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.shown(r)
}

// ReadOwn returns a copy's document to who made it, while it is good, its original
// stands and is still theirs. That they fetched it is recorded before they get it.
func (s *Service) ReadOwn(ctx context.Context, id string) ([]byte, *Copy, error) {
	r, err := s.ofOwn(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	if ctx, err = s.Cert.MayCopyOwn(ctx, r.certificate); err != nil {
		return nil, nil, err
	}
	return s.read(ctx, r, "self")
}

// EndOwn takes a copy back before its time, by who made it: from now on verification
// says so. Once is enough.
func (s *Service) EndOwn(ctx context.Context, id string) (*Copy, error) {
	r, err := s.ofOwn(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.endedAt == nil && r.expires <= s.DB.Now().UnixMilli() {
		return nil, fault.Conflict.New("加注件已经到期，不用撤回").WithCode("annotation.expired").WithHint("到期的加注件核验时会显示已过期")
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		at := tx.Now().UnixMilli()
		mine, err := markEnded(tx, r.id, at)
		if err != nil || !mine { // taken back already
			return err
		}
		if err := audit.Put(tx, audit.Entry{Action: "annotation.end", Object: cert.Object(r.certificate), Reason: "加注件 " + r.number, After: r.sealed}); err != nil {
			return err
		}
		return s.Outbox.Put(tx, outbox.Event{Topic: event.Ended, Key: r.id, Leaf: evidenceOf("sidian-annotation-end-1", r, at), Body: bodyOf(r, at)})
	})
	if err != nil {
		return nil, fmt.Errorf("annotation: taking %s back: %w", r.id, err)
	}
	return s.GetOwn(ctx, id)
}

// turns let one person begin one copy at a time in this process, so that counting them
// waits rather than loses races.
type turns struct {
	once  sync.Once
	seed  maphash.Seed
	locks [64]sync.Mutex
}

// take waits for the turn of a person, and returns what ends it.
func (t *turns) take(who string) (end func()) {
	t.once.Do(func() { t.seed = maphash.MakeSeed() })
	l := &t.locks[maphash.String(t.seed, who)%uint64(len(t.locks))]
	l.Lock()
	return l.Unlock
}
