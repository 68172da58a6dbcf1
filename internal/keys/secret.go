package keys

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A root is what the secrets of one purpose are derived from. A purpose has
// one current root, the newest, and keeps the older ones to open what they
// sealed.
type root struct {
	id      string
	purpose Purpose
	secret  []byte // nil: destroyed
	created time.Time
	retired bool // nothing opens under it any more
}

const rootLen = 32

func (r root) derive(label string, n int) []byte {
	return gm.DeriveKey(r.secret, "sidian keys "+string(r.purpose)+" "+label, n)
}

// rootSet is every root, as read at one time. It is not changed once made.
type rootSet struct {
	byID        map[string]root
	first, last map[Purpose]root
	at          time.Time
}

// SecretLen is the length of a derived secret, in bytes.
const SecretLen = 32

// Secret derives a 32-byte secret of purpose p for label from the purpose's
// current root: the same for the same pair until that is rotated.
func (s *Store) Secret(ctx context.Context, p Purpose, label string) ([]byte, error) {
	r, err := s.current(ctx, p)
	if err != nil {
		return nil, err
	}
	return r.derive("secret "+label, SecretLen), nil
}

// StableSecret derives from the purpose's first root: it outlives rotation. It
// serves where a changed secret would lose what was stored under it, such as a
// password's pepper or the names of documents.
func (s *Store) StableSecret(ctx context.Context, p Purpose, label string) ([]byte, error) {
	set, err := s.rootSet(ctx, "")
	if err != nil {
		return nil, err
	}
	r, ok := set.first[p]
	if !ok {
		return nil, errNoRoot(p)
	}
	return r.derive("stable "+label, SecretLen), nil
}

func errNoRoot(p Purpose) error {
	return fault.Invalid.New("用途 %s 没有根密钥", p).WithCode("key.purpose")
}

// Rotate gives purpose p a new current root. What was sealed before still
// opens; derived secrets change. Other processes follow within half a minute.
func (s *Store) Rotate(ctx context.Context, p Purpose) error {
	if purposes[p] != kindSecret {
		return errNoRoot(p)
	}
	err := s.db.Write(ctx, func(tx *db.Tx) error { return s.RotateTx(tx, p) })
	if err != nil {
		return err
	}
	_, err = s.loadRoots(ctx)
	return err
}

// RotateTx is Rotate in a caller's transaction, which may audit it. This
// process follows within half a minute, too.
func (s *Store) RotateTx(tx *db.Tx, p Purpose) error {
	if purposes[p] != kindSecret {
		return errNoRoot(p)
	}
	return s.addRoot(tx, p)
}

// addRoot makes a root that is newer than all others of its purpose, also when
// the clock was set back meanwhile.
func (s *Store) addRoot(tx *db.Tx, p Purpose) error {
	switch exchanging, err := hasNext(tx); {
	case err != nil:
		return err
	case exchanging:
		return fault.Conflict.New("主密钥正在更换，暂不能更换数据加密密钥").WithCode("key.master").WithHint("请先完成主密钥的更换，再轮换")
	}
	secret := randomBytes(rootLen)
	defer clear(secret)
	r := newRow(tx, p, kindSecret)
	last, err := newestRoot(tx, p)
	if err != nil {
		return err
	}
	if !r.created.After(last) {
		r.created = last.Add(time.Millisecond)
	}
	if err := s.wrap(&r, secret); err != nil {
		return err
	}
	return insertKey(tx, r)
}

func (s *Store) current(ctx context.Context, p Purpose) (root, error) {
	set, err := s.rootSet(ctx, "")
	if err != nil {
		return root{}, err
	}
	if r, ok := set.last[p]; ok {
		return r, nil
	}
	return root{}, errNoRoot(p)
}

func (s *Store) rootByID(ctx context.Context, id string) (root, error) {
	set, err := s.rootSet(ctx, id)
	if err != nil {
		return root{}, err
	}
	r, ok := set.byID[id]
	switch {
	case !ok:
		return root{}, errors.New("sealed under a root that is not here")
	case r.retired:
		return root{}, errors.New("sealed under a root that was retired")
	}
	return r, nil
}

// rootSet returns the roots, read again when they are old (another process may
// have rotated one) or when one that is needed is not among them.
//
// Columns are sealed and opened inside transactions, where no other may begin,
// so the reading is done on a goroutine of its own. It happens once in half a
// minute at most, and never waits for the transaction: readers see the state
// before it.
func (s *Store) rootSet(ctx context.Context, need string) (*rootSet, error) {
	set := s.roots.Load()
	if set != nil {
		_, has := set.byID[need]
		if (need == "" || has) && s.db.Now().Sub(set.at) < fresh {
			return set, nil
		}
		if has {
			return set, nil
		}
	}
	ctx, stop := context.WithTimeout(ctx, reading)
	defer stop()
	type answer struct {
		set *rootSet
		err error
	}
	c := make(chan answer, 1)
	go func() {
		fresh, err := s.loadRoots(ctx)
		c <- answer{fresh, err}
	}()
	a := <-c
	if a.err != nil && set != nil && need == "" {
		return set, nil // known roots serve on while the database does not answer
	}
	return a.set, a.err
}

// reading bounds the reading of the roots.
const reading = 5 * time.Second

func (s *Store) loadRoots(ctx context.Context) (*rootSet, error) {
	set := &rootSet{byID: map[string]root{}, first: map[Purpose]root{}, last: map[Purpose]root{}, at: s.db.Now()}
	var rows []row
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) { rows, err = rootKeys(tx); return err })
	if err != nil {
		return nil, fmt.Errorf("keys: reading the root secrets: %w", err)
	}
	for _, r := range rows { // oldest first
		k := root{id: r.id, purpose: r.purpose, created: r.created, retired: !r.retired.IsZero()}
		if !r.destroyed() {
			if k.secret, err = s.unwrap(r); err != nil {
				return nil, err
			}
		}
		set.byID[k.id] = k
		set.last[k.purpose] = k
		if _, ok := set.first[k.purpose]; !ok {
			set.first[k.purpose] = k
		}
	}
	s.keepRoots(set)
	return set, nil
}

// keepRoots keeps what was read unless it was overtaken by a later reading:
// values would be sealed under a root that has a successor.
func (s *Store) keepRoots(set *rootSet) {
	for {
		old := s.roots.Load()
		if old != nil && (old.at.After(set.at) && len(old.byID) >= len(set.byID) || len(old.byID) > len(set.byID)) {
			return
		}
		if s.roots.CompareAndSwap(old, set) {
			return
		}
	}
}
