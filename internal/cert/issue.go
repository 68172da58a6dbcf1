package cert

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/httpx"
)

// Issue issues a certificate: sealed and true when it returns. The same
// Idempotency-Key and request give the same certificate.
func (s *Service) Issue(ctx context.Context, req IssueRequest) (*Certificate, error) {
	a, err := s.ask(ctx, req)
	if err != nil {
		return nil, err
	}
	return s.issueAs(ctx, req, a, nil)
}

// issueAs issues a certificate, or with p the next version of one.
func (s *Service) issueAs(ctx context.Context, req IssueRequest, a asked, p *prior) (*Certificate, error) {
	w, err := s.prepare(ctx, req, a, s.number, p)
	if err == nil {
		s.step("prepare")
		err = s.DB.Write(ctx, func(tx *db.Tx) error { return s.intend(tx, w) })
	}
	if err != nil {
		return s.refused(ctx, a, w, err)
	}
	s.step("plan")
	// The client may go away; what is planned is finished all the same. Before
	// the lease ends nobody else begins with it.
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), s.lease())
	defer stop()
	if w.desk != "" {
		return s.handOver(ctx, w)
	}
	c, err := s.finish(ctx, w)
	if err != nil {
		return s.failed(ctx, w, err)
	}
	return c, nil
}

// refused is the answer where nothing was planned. A repetition has its answer
// already, whatever else would be said against it today.
func (s *Service) refused(ctx context.Context, a asked, w *work, why error) (*Certificate, error) {
	if a.repetition != "" && !errors.Is(why, errTaken) {
		if err := s.DB.Read(ctx, func(tx *db.Tx) error { return notRepeated(tx, a.repetition) }); err != nil {
			why = errors.Join(err, why)
		}
	}
	if errors.Is(why, errTaken) {
		return s.taken(ctx, a, w)
	}
	return nil, why
}

// failed settles a certificate whose finishing failed. Where the request can be
// repeated and may then succeed, the row waits for [Service.Resume]; otherwise
// nobody would ever ask for it again, and it is withdrawn.
func (s *Service) failed(ctx context.Context, w *work, why error) (*Certificate, error) {
	if !errors.Is(why, errMoved) && w.repetition != "" && !fault.Final(why) {
		return nil, why
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), settling)
	defer stop()
	if !errors.Is(why, errMoved) {
		if err := s.withdraw(ctx, &w.row, why); err == nil {
			return nil, why
		} else if !errors.Is(err, errMoved) {
			return nil, errors.Join(why, err)
		}
	}
	// Another took it over and was faster.
	r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byID(tx, w.ID) })
	if err != nil {
		return nil, errors.Join(why, err)
	}
	return s.outcome(ctx, r)
}

// settling bounds what is done about a failure.
const settling = 5 * time.Second

// outcome is what became of a certificate that was asked for.
func (s *Service) outcome(ctx context.Context, r *row) (*Certificate, error) {
	switch r.Status {
	case Sealing:
		if r.desk != "" { // people decide: whoever asks again is told how far it is
			return s.detail(ctx, r)
		}
		return nil, fault.Conflict.New("同一请求正在处理").WithCode("cert.sealing").WithHint("请稍后用同一 Idempotency-Key 再试")
	case Withdrawn:
		return nil, fault.Conflict.New("签发没有完成，已撤回").WithCode("cert.withdrawn").WithHint("原因见追溯；排除后请重新签发")
	}
	return s.detail(ctx, r)
}

// ask tells two requests apart, if they can be repeated at all. The digest is
// keyed: what it is of can be guessed.
func (s *Service) ask(ctx context.Context, req any) (a asked, err error) {
	if a.repetition = httpx.IdempotencyID(ctx); a.repetition == "" {
		return a, nil
	}
	b, err := canonical(req)
	if err != nil {
		return a, err
	}
	a.request = s.Index.Of("request\x00" + string(b))
	return a, nil
}

// looking is how often a repetition looks whether the first is done.
const looking = 50 * time.Millisecond

// repeated returns what was issued for a repetition already, or nil. It waits
// a while for a first that is on its way.
func (s *Service) repeated(ctx context.Context, a asked) (*Certificate, error) {
	if a.repetition == "" {
		return nil, nil
	}
	end := time.After(s.wait())
	for {
		r, err := s.find(ctx, func(tx *db.Tx) (*row, error) { return byRepetition(tx, a.repetition) })
		if err != nil || r == nil {
			return nil, err
		}
		if r.request != a.request {
			return nil, fault.Conflict.New("这个 Idempotency-Key 已用于内容不同的请求").WithCode("idempotency.reused").WithHint("新的请求请用新的键")
		}
		if r.Status != Sealing || r.desk != "" {
			return s.outcome(ctx, r)
		}
		select {
		case <-time.After(looking):
		case <-end:
			return s.outcome(ctx, r)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// taken says why a certificate cannot be planned: it is a repetition, or its
// number is another's. Without work only the repetition was looked for.
func (s *Service) taken(ctx context.Context, a asked, w *work) (*Certificate, error) {
	c, err := s.repeated(ctx, a)
	switch {
	case c != nil || err != nil:
		return c, err
	case w == nil: // it was withdrawn this moment
		return s.outcome(ctx, &row{Certificate: Certificate{Status: Withdrawn}})
	}
	if w.plan.Prior != nil { // another version of it is on its way
		return nil, stale()
	}
	return nil, s.duplicate(ctx, w)
}

func (s *Service) duplicate(ctx context.Context, w *work) error {
	var there bool
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { there, err = numbered(tx, &w.row); return err })
	if err != nil {
		return err
	}
	if !there {
		return fmt.Errorf("cert: the identifier of a new certificate of kind %s stands in the register", w.Kind)
	}
	e := fault.Conflict.New("证照编号已存在：同一签发单位的同类证照编号不得重复").WithCode("cert.duplicate").
		WithHint("请核对是否已签发；变更信息请走变更流程，不要重新签发")
	if w.kind.Number.Holder {
		return e.WithField("holders[0].id", "duplicate", "该持证主体已有此类证照")
	}
	return e.WithField("number", "duplicate", "编号重复")
}
