package chain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/keys"
)

// Codes of findings.
const (
	Edited   = "audit.edited"    // an entry does not say what was linked
	Deleted  = "audit.deleted"   // an entry that was linked is gone, or its link is
	Stray    = "audit.stray"     // an entry is neither linked nor waits: it was slipped in, or its link was removed
	Backdate = "audit.backdated" // an entry claims a time far before those linked earlier
	Tail     = "audit.tail"      // a head signs what is not there any more
	Forged   = "audit.head"      // a head that this platform did not sign, or not so
	Missing  = "audit.head-gap"  // heads that should stand between others are gone
	Stalled  = "audit.stalled"   // entries wait too long: nobody links
)

// A Finding is one thing that is wrong. It holds no personal data.
type Finding struct {
	Code    string `json:"code"`
	Seq     int64  `json:"seq,omitempty"`
	Entry   string `json:"entry,omitempty"`
	Message string `json:"message"`
}

// A Report is what a check found. Intact means that there is no finding.
type Report struct {
	Entries  int64     `json:"entries"` // looked at
	Links    int64     `json:"links"`   // recomputed
	Heads    int64     `json:"heads"`   // verified
	Waiting  int64     `json:"waiting"` // not linked yet
	Last     Link      `json:"-"`
	Findings []Finding `json:"findings,omitempty"`
	More     int64     `json:"more,omitempty"` // findings beyond those listed
}

// Intact reports whether nothing was found.
func (r *Report) Intact() bool { return len(r.Findings) == 0 }

// Options of a check. The zero Options check everything.
type Options struct {
	// Last checks only so many of the newest links, and all heads.
	Last int64
	// Known are heads that were kept outside of the database: each must still be
	// part of the chain.
	Known []Head
	// Progress, if not nil, is told now and then how far the check is.
	Progress func(done Report)
}

// Limits of a check.
const (
	page        = 2000
	maxFindings = 1000
	apartBy     = time.Hour // two clocks, or one long transaction, differ by less
	stalledFor  = time.Hour
)

// Quick checks the newest 10,000 links and all heads: for every start, or every
// hour.
func Quick(ctx context.Context, d *db.DB, ks *keys.Store) (*Report, error) {
	return Check(ctx, d, ks, Options{Last: 10_000})
}

// Check recomputes the chain from the columns of the entries, page by page: it
// needs little memory, holds no lock, and runs beside everything else. Findings
// are no error.
func Check(ctx context.Context, d *db.DB, ks *keys.Store, o Options) (*Report, error) {
	key, err := secret(ctx, ks)
	if err != nil {
		return nil, err
	}
	c := &checker{d: d, ks: ks, key: key, opts: o, publics: map[string]*gm.PublicKey{}}
	for _, part := range []func(context.Context) error{c.links, c.heads, c.strays, c.waiters, c.known} {
		if err := part(ctx); err != nil {
			return nil, fmt.Errorf("chain: checking: %w", err)
		}
	}
	return &c.report, nil
}

type checker struct {
	d       *db.DB
	ks      *keys.Store
	key     []byte
	opts    Options
	report  Report
	begin   int64 // the check begins after this link
	publics map[string]*gm.PublicKey
}

func (c *checker) find(code string, seq int64, entry, format string, args ...any) {
	if len(c.report.Findings) == maxFindings {
		c.report.More++
		return
	}
	c.report.Findings = append(c.report.Findings, Finding{code, seq, entry, fmt.Sprintf(format, args...)})
}

func (c *checker) progress() {
	if c.opts.Progress != nil {
		c.opts.Progress(c.report)
	}
}

// paged calls read with snapshots of its own until it has read less than a page.
func (c *checker) paged(ctx context.Context, read func(*db.Tx) (int, error)) error {
	for {
		n := 0
		err := c.d.Read(ctx, func(tx *db.Tx) (err error) { n, err = read(tx); return err })
		if err != nil {
			return err
		}
		c.progress()
		if n < page {
			return nil
		}
	}
}

// links walks the chain. A link is compared with the stored one before it, so
// that one change is one finding and does not spoil what follows.
func (c *checker) links(ctx context.Context) error {
	var before Link
	if c.opts.Last > 0 {
		err := c.d.Read(ctx, func(tx *db.Tx) error {
			last, err := lastLink(tx)
			if err != nil || last.Seq <= c.opts.Last {
				return err
			}
			c.begin = last.Seq - c.opts.Last
			before, err = linkAt(tx, c.begin)
			if errors.Is(err, fault.NotFound) { // removed: the walk finds the gap
				before, err = Link{Seq: c.begin - 1}, nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	var newest time.Time
	err := c.paged(ctx, func(tx *db.Tx) (int, error) {
		some, err := steps(tx, before.Seq, page)
		for _, s := range some {
			c.step(s, before, &newest)
			before = s.link
		}
		return len(some), err
	})
	c.report.Last = before
	return err
}

func (c *checker) step(s step, before Link, newest *time.Time) {
	c.report.Links++
	l := s.link
	if l.Seq != before.Seq+1 {
		c.find(Deleted, before.Seq+1, "", "链上第 %d 至 %d 环缺失", before.Seq+1, l.Seq-1)
		return // what stood before is unknown
	}
	if s.entry == nil {
		c.find(Deleted, l.Seq, l.Entry, "链上第 %d 环的审计记录已被删除", l.Seq)
		return
	}
	canonical := s.entry.Canonical()
	switch {
	case digest(c.key, before.Digest, l.Seq, canonical) != l.Digest:
		c.find(Edited, l.Seq, l.Entry, "链上第 %d 环的审计记录或链值被改动", l.Seq)
	case !bytes.Equal(canonical, s.stored):
		c.find(Edited, l.Seq, l.Entry, "链上第 %d 环的审计记录所附规范字节被改动", l.Seq)
	case !newest.IsZero() && s.entry.At.Before(newest.Add(-apartBy)):
		c.find(Backdate, l.Seq, l.Entry, "链上第 %d 环的审计记录所称时间早于其前各环，可能为事后补插，或系统时钟曾被调整", l.Seq)
		*newest = s.entry.At // a clock that was put right is one finding
	}
	if s.entry.At.After(*newest) {
		*newest = s.entry.At
	}
}

// heads verifies every signature, and that each signs the link at its place.
func (c *checker) heads(ctx context.Context) error {
	var before Head
	var signed []Head
	err := c.paged(ctx, func(tx *db.Tx) (int, error) {
		some, err := marks(tx, before.Seq, page)
		for _, m := range some {
			c.mark(m, before)
			before = m.head
			signed = append(signed, m.head)
		}
		return len(some), err
	})
	if err != nil {
		return err
	}
	if before.Seq > 0 || c.report.Last.Seq > 0 {
		c.gap(before.Seq, c.report.Last.Seq)
	}
	for _, h := range signed {
		if err := c.signature(ctx, h); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) mark(m mark, before Head) {
	h := m.head
	c.report.Heads++
	c.gap(before.Seq, h.Seq)
	switch {
	case m.link == nil && h.Seq > c.report.Last.Seq:
		c.find(Tail, h.Seq, "", "已签名的链首到第 %d 环，而链上只有 %d 环：末尾被删除", h.Seq, c.report.Last.Seq)
	case m.link == nil:
		c.find(Deleted, h.Seq, "", "已签名的第 %d 环缺失", h.Seq)
	case *m.link != h.Digest:
		c.find(Forged, h.Seq, "", "第 %d 环的链值与已签名的不同", h.Seq)
	}
}

// gap finds heads that are gone: they are signed at least so often.
func (c *checker) gap(from, to int64) {
	if to-from > 2*headEvery {
		c.find(Missing, to, "", "第 %d 环至第 %d 环之间缺少已签名的链首", from, to)
	}
}

func (c *checker) signature(ctx context.Context, h Head) error {
	pub, err := c.public(ctx, h.Key)
	if err != nil {
		return err
	}
	if pub == nil || gm.Verify(pub, h.Message(), h.Signature) != nil {
		c.find(Forged, h.Seq, "", "第 %d 环的链首签名不成立", h.Seq)
	}
	return nil
}

// public returns the key of heads, or nil if it is none of ours. The public
// half of a key in use is bound to its wrapped private half, so that nobody can
// change it in the database.
func (c *checker) public(ctx context.Context, id string) (*gm.PublicKey, error) {
	if p, known := c.publics[id]; known {
		return p, nil
	}
	var pub *gm.PublicKey
	signer, err := c.ks.Signer(ctx, id, keys.Checkpoint)
	switch {
	case err == nil:
		pub = signer.Public()
	case errors.Is(err, fault.Conflict): // retired
		pub, err = c.ks.Public(ctx, id)
	}
	if err != nil && (ctx.Err() != nil || errors.Is(err, fault.Unavailable)) {
		return nil, err // it could not be told: a module that does not answer, a key made during an exchange of the master key
	}
	c.publics[id] = pub
	return pub, nil
}

// strays looks for entries that no link names. A check of the newest links
// looks at the newest entries only.
func (c *checker) strays(ctx context.Context) error {
	after := ""
	if c.begin > 0 {
		err := c.d.Read(ctx, func(tx *db.Tx) error {
			l, err := linkAt(tx, c.begin)
			after = l.Entry
			if errors.Is(err, fault.NotFound) {
				return nil
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return c.paged(ctx, func(tx *db.Tx) (int, error) {
		some, err := strays(tx, after, page)
		for _, s := range some {
			c.report.Entries++
			if s.apart {
				c.find(Stray, 0, s.id, "审计记录不在链上，也不在待链之列：为事后补插，或其链环被删除")
			}
			after = s.id
		}
		return len(some), err
	})
}

func (c *checker) waiters(ctx context.Context) error {
	after, stalled := "", false
	return c.paged(ctx, func(tx *db.Tx) (int, error) {
		some, err := waiters(tx, after, page)
		for _, w := range some {
			c.report.Waiting++
			after = w.id
			switch at := time.UnixMilli(w.at); {
			case w.at == 0:
				c.find(Deleted, 0, w.id, "待链的审计记录已被删除")
			case !stalled && tx.Now().Sub(at) > stalledFor:
				stalled = true
				c.find(Stalled, 0, w.id, "审计记录等待入链已超过一小时，请检查平台后台任务是否在运行")
			}
		}
		return len(some), err
	})
}

// known compares heads that were kept outside.
func (c *checker) known(ctx context.Context) error {
	for _, h := range c.opts.Known {
		var l Link
		err := c.d.Read(ctx, func(tx *db.Tx) (err error) { l, err = linkAt(tx, h.Seq); return err })
		switch {
		case errors.Is(err, fault.NotFound):
			c.find(Tail, h.Seq, "", "在外保存的链首到第 %d 环，链上没有：末尾被删除", h.Seq)
		case err != nil:
			return err
		case l.Digest != h.Digest:
			c.find(Edited, h.Seq, l.Entry, "第 %d 环与在外保存的链首不同", h.Seq)
		}
	}
	return nil
}
