package status

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"sidian/internal/db"
)

const (
	// lookEvery is how long a change by another process may go unnoticed here.
	lookEvery = 500 * time.Millisecond
	// overlap is how much further back each look goes than the one before: a
	// transaction has the time of its beginning and is seen from its end on. Every
	// wideEvery a look goes further back, for transactions that take long.
	overlap   = 5 * time.Second
	wide      = time.Minute
	wideEvery = 10 * time.Second
	// reloadEvery is after how long a page is read anew as a whole: what a
	// transaction did that took even longer is in it.
	reloadEvery = time.Minute
	// maxSheets bounds the pages of a list in memory: 32 MiB, 67 million entries.
	maxSheets = 512
)

// A board is what this process keeps of one list. The rows are the truth: a board
// only knows what they said when it looked.
type board struct {
	list string
	// commits counts what this process committed. A look that began at another
	// count than now is no longer good enough.
	commits atomic.Int64
	// hint is the page that new entries go to, as far as known; -1: not known.
	hint atomic.Int64

	turn chan struct{} // held by the one who looks and signs

	mu      sync.RWMutex
	seen    int64     // commits when the last look began
	looked  time.Time // zero: never
	widely  time.Time // when a look went further back
	last    int64     // highest page
	updated int64     // last change, milliseconds; 0: none
	sheets  map[int64]*sheet
}

// A sheet is one page in memory.
type sheet struct {
	list    *List
	changed int64 // last change on it, milliseconds; 0: none
	loaded  time.Time
	signed  *signedPage // nil: changed since it was signed
}

func newBoard(list string) *board {
	b := &board{list: list, turn: make(chan struct{}, 1), sheets: map[int64]*sheet{}}
	b.hint.Store(-1)
	return b
}

// touch says that this process has committed a change.
func (b *board) touch() { b.commits.Add(1) }

// allotted says that this process has committed a new entry. A valid one changes
// nothing that is signed, unless it begins a page.
func (b *board) allotted(e Entry) {
	for {
		was := b.hint.Load()
		if was >= e.Page && e.Value == Valid {
			return
		}
		if was >= e.Page || b.hint.CompareAndSwap(was, e.Page) {
			break
		}
	}
	b.touch()
}

// lastPage is where a new entry is tried first.
func (b *board) lastPage(tx *db.Tx) (int64, error) {
	if p := b.hint.Load(); p >= 0 {
		return p, nil
	}
	return lastPage(tx, b.list)
}

// fresh tells whether what is known is good enough for whoever asks at now.
// Callers hold mu.
func (b *board) fresh(now time.Time) bool {
	age := now.Sub(b.looked)
	return b.seen == b.commits.Load() && age >= 0 && age < lookEvery
}

// lock waits for its turn to look; unlock ends it.
func (b *board) lock(ctx context.Context) error {
	select {
	case b.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *board) unlock() { <-b.turn }

// A look is what the rows say, in one snapshot.
type look struct {
	since time.Time // from when on changes are asked for
	wide  bool
	page  int64 // that is read as a whole; < 0: none
	only  bool  // the page alone: all else is known well enough

	at      time.Time // of the snapshot
	seen    int64
	last    int64
	updated int64
	marks   []mark // changes
	whole   []mark // of the page
}

// look asks the rows for what has changed, and for page as a whole if it is not
// in memory (page < 0: for none). The caller has its turn.
func (b *board) look(ctx context.Context, d *db.DB, page int64) error {
	l := b.begin(d.Now(), page)
	err := d.Read(ctx, func(tx *db.Tx) error { return b.read(tx, l) })
	if err == nil {
		b.apply(l)
	}
	return err
}

// begin says what to look for.
func (b *board) begin(now time.Time, page int64) *look {
	b.mu.RLock()
	defer b.mu.RUnlock()
	l := &look{seen: b.commits.Load(), page: -1, only: b.fresh(now)} // before the snapshot: what comes between is looked for again
	if b.wanted(page, now) {
		l.page = page
	}
	l.since, l.wide = b.looked, now.Sub(b.widely).Abs() >= wideEvery
	if now.Before(l.since) { // the clock was put back
		l.since = now
	}
	if l.wide {
		l.since = l.since.Add(-wide)
	} else {
		l.since = l.since.Add(-overlap)
	}
	return l
}

// wanted tells whether page must be read as a whole. Callers hold mu.
func (b *board) wanted(page int64, now time.Time) bool {
	s := b.sheets[page]
	return page >= 0 && (s == nil || now.Sub(s.loaded).Abs() > reloadEvery)
}

func (b *board) read(tx *db.Tx, l *look) (err error) {
	l.at = tx.Now()
	if l.last, err = lastPage(tx, b.list); err != nil {
		return err
	}
	if l.page >= 0 && l.page <= l.last {
		if l.whole, err = marksOf(tx, b.list, l.page); err != nil {
			return err
		}
	}
	if l.only {
		return nil
	}
	if l.updated, err = lastChange(tx, b.list); err != nil {
		return err
	}
	l.marks = nil
	if b.follows(l.at) && l.updated >= l.since.UnixMilli() {
		l.marks, err = marksSince(tx, b.list, l.since.UnixMilli())
	}
	return err
}

// follows tells whether the pages in memory are brought up to date by changes. If
// nobody has asked for long they are forgotten instead.
func (b *board) follows(at time.Time) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.sheets) > 0 && at.Sub(b.looked) < 2*reloadEvery
}

func (b *board) apply(l *look) {
	follows := b.follows(l.at)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !l.only {
		b.follow(l, follows)
	}
	if l.page >= 0 && l.page <= l.last {
		b.keep(l.page, newSheet(l.at, l.whole))
	}
	b.last = l.last
	if b.hint.Load() < l.last {
		b.hint.Store(l.last)
	}
}

// follow brings the pages in memory up to date. Callers hold mu.
func (b *board) follow(l *look, follows bool) {
	if !follows {
		b.sheets = map[int64]*sheet{}
	}
	for _, m := range l.marks {
		if s := b.sheets[m.page]; s != nil {
			s.put(m)
		}
	}
	b.seen, b.looked, b.updated = l.seen, l.at, l.updated
	if l.wide {
		b.widely = l.at
	}
}

// keep puts a page into memory, in place of the one that was read the longest ago
// if there are too many. One that says the same keeps its signature.
func (b *board) keep(page int64, s *sheet) {
	if old := b.sheets[page]; old != nil && old.changed == s.changed && slices.Equal(old.list.data, s.list.data) {
		s.signed = old.signed
	}
	if b.sheets[page] == nil && len(b.sheets) >= maxSheets {
		oldest := slices.MinFunc(slices.Collect(maps.Keys(b.sheets)), func(x, y int64) int { return b.sheets[x].loaded.Compare(b.sheets[y].loaded) })
		delete(b.sheets, oldest)
	}
	b.sheets[page] = s
}

func newSheet(at time.Time, marks []mark) *sheet {
	s := &sheet{list: &List{bits: bits, data: make([]byte, PageSize*bits/8)}, loaded: at}
	for _, m := range marks {
		s.put(m)
	}
	return s
}

// put brings one entry up to date. A value that does not fit stands in no row:
// the table says so.
func (s *sheet) put(m mark) {
	changed, err := s.list.Set(m.index, Value(m.value))
	if err == nil && changed || m.at > s.changed {
		s.signed = nil
	}
	s.changed = max(s.changed, m.at)
}
