package keys

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// Create is CreateIn with the master key in a file.
func Create(ctx context.Context, d *db.DB, path string) (*Store, error) {
	m, err := readMaster(path)
	if err != nil {
		return nil, err
	}
	return CreateIn(ctx, d, m)
}

// Open is OpenIn with the master key in a file.
func Open(ctx context.Context, d *db.DB, path string) (*Store, error) {
	m, err := readMaster(path)
	if err != nil {
		return nil, err
	}
	return OpenIn(ctx, d, m)
}

// CreateIn makes the root secrets of a platform that has none, wrapped by m,
// and opens the store. Only the setting-up of a platform calls it.
func CreateIn(ctx context.Context, d *db.DB, m Module) (*Store, error) {
	s, err := newStore(d, m)
	if err != nil {
		return nil, err
	}
	check, err := m.CheckValue()
	if err != nil {
		return nil, err
	}
	err = d.Write(ctx, func(tx *db.Tx) error {
		known, err := masters(tx)
		if err != nil {
			return err
		}
		if len(known) > 0 {
			return fault.Conflict.New("密钥库已经建立").WithCode("keys.exists")
		}
		if err := insertMaster(tx, masterRow{id: m.Wrapper(), module: m.Name(), check: check, state: stateCurrent}); err != nil {
			return err
		}
		for _, p := range Purposes() {
			if p.Signs() {
				continue
			}
			if err := s.addRoot(tx, p); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	_, err = s.loadRoots(ctx)
	return s, err
}

// OpenIn checks that m holds the wrapping key of the keys in d. Others are
// modules that keep signing keys of before. It creates nothing.
func OpenIn(ctx context.Context, d *db.DB, m Module, others ...Module) (*Store, error) {
	var known []masterRow
	err := d.Read(ctx, func(tx *db.Tx) (err error) { known, err = masters(tx); return err })
	if err != nil {
		return nil, err
	}
	if len(known) == 0 {
		return nil, errors.New("keys: the database holds no keys; they are created when the platform is set up")
	}
	i := slices.IndexFunc(known, func(r masterRow) bool { return r.id == m.Wrapper() })
	switch {
	case i < 0:
		return nil, fmt.Errorf("keys: %s is not the master key of this database, which has the id %s in the module %s", m.Wrapper(), known[0].id, known[0].module)
	case known[i].state == stateOld:
		return nil, fmt.Errorf("keys: the master key %s was exchanged; open the database with its successor", m.Wrapper())
	}
	if err := m.CheckWrapper(known[i].check); err != nil {
		return nil, fmt.Errorf("keys: this is not the master key of this database, which has the id %s: %w", known[i].id, err)
	}
	s, err := newStore(d, m, others...)
	if err != nil {
		return nil, err
	}
	_, err = s.loadRoots(ctx)
	return s, err
}

func newStore(d *db.DB, m Module, others ...Module) (*Store, error) {
	if why := m.Lacks(Wraps); why != "" {
		return nil, fault.Invalid.New("密码模块 %s 不能保护平台的密钥：%s", m.Name(), why).WithCode("key.module").WithHint("请换用能保存包裹密钥的模块，或改用主密钥文件")
	}
	s := &Store{db: d, signers: map[string]cached{}, ciphers: map[column]cipher.AEAD{}, holders: map[string]Module{}}
	for _, o := range append(others, m) {
		s.holders[o.Name()] = o
	}
	s.wrapper.Store(&m)
	return s, nil
}

// module is what wraps the keys now.
func (s *Store) module() Module { return *s.wrapper.Load() }

// wrap fills in the wrapped bytes of a new row.
func (s *Store) wrap(r *row, plain []byte) (err error) {
	m := s.module()
	r.master = m.Wrapper()
	r.wrapped, err = m.Wrap(bound(*r), plain)
	return err
}

// unwrap opens a row with the module's key: under it alone, or under it too.
func (s *Store) unwrap(r row) ([]byte, error) {
	m := s.module()
	wrapped := r.wrapped
	switch m.Wrapper() {
	case r.master:
	case r.nextMaster:
		wrapped = r.next
	default:
		return nil, errWrapped(r.id)
	}
	plain, err := m.Unwrap(bound(r), wrapped)
	if errors.Is(err, fault.Unavailable) {
		return nil, err
	}
	if err != nil {
		return nil, errWrapped(r.id)
	}
	return plain, nil
}

func errWrapped(id string) error {
	return fmt.Errorf("keys: key %s does not open under this master key: it was altered, or wrapped under another", id)
}
