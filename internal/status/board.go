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
	// transaction has the time of its beginning and is seen from its end on.
	overlap = time.Minute
	// reloadEvery is after how long a page is read anew as a whole: what a
	// transaction did that took longer than overlap is in it.
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
	at      time.Time // of the snapshot
	seen    int64
	last    int64
	updated int64
	marks   []mark           // changes since the look before
	pages   map[int64][]mark // pages that are read as a whole
}

// look asks the rows for what has changed, and for page as a whole if it is not
// in memory (page < 0: for none). The caller has its turn.
func (b *board) look(ctx context.Context, d *db.DB, page int64) error {
	b.mu.RLock()
	since, wanted := b.looked.Add(-overlap), b.wanted(page, d.Now())
	b.mu.RUnlock()
	l := look{seen: b.commits.Load()} // before the snapshot: what comes between is looked for again
	err := d.Read(ctx, func(tx *db.Tx) error { return b.read(tx, &l, since, page, wanted) })
	if err == nil {
		b.apply(&l)
	}
	return err
}

// wanted tells whether page must be read as a whole. Callers hold mu.
func (b *board) wanted(page int64, now time.Time) bool {
	s := b.sheets[page]
	return page >= 0 && (s == nil || now.Sub(s.loaded).Abs() > reloadEvery)
}

func (b *board) read(tx *db.Tx, l *look, since time.Time, page int64, whole bool) (err error) {
	l.at, l.pages = tx.Now(), map[int64][]mark{}
	if l.last, err = lastPage(tx, b.list); err != nil {
		return err
	}
	if l.updated, err = lastChange(tx, b.list); err != nil {
		return err
	}
	if b.follows(l.at) && l.updated >= since.UnixMilli() {
		if l.marks, err = marksSince(tx, b.list, since.UnixMilli()); err != nil {
			return err
		}
	}
	if whole && page <= l.last {
		l.pages[page], err = marksOf(tx, b.list, page)
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
	if !follows {
		b.sheets = map[int64]*sheet{}
	}
	for _, m := range l.marks {
		if s := b.sheets[m.page]; s != nil {
			s.put(m)
		}
	}
	for page, marks := range l.pages {
		b.keep(page, newSheet(l.at, marks))
	}
	b.seen, b.looked, b.last, b.updated = l.seen, l.at, l.last, l.updated
	if b.hint.Load() < l.last {
		b.hint.Store(l.last)
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
