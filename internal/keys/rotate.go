package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// rewrapBatch is how many keys are wrapped again in one transaction.
const rewrapBatch = 200

// Rewrap wraps every key a second time, under the wrapping key of next: another
// master key file, or a module. From then on either opens the store. It may be
// called again, to go on after a crash and to take in keys that were made since.
// It returns how many keys it wrapped.
//
// What follows is the operator's: the configuration names next, every process is
// started again, and [Store.FinishRewrap] ends the old one. Until then no root is
// rotated, and processes that run with next make no keys.
func (s *Store) Rewrap(ctx context.Context, next Module) (n int, err error) {
	if why := next.Lacks(Wraps); why != "" {
		return 0, fault.Invalid.New("密码模块 %s 不能保护平台的密钥：%s", next.Name(), why).WithCode("key.module").WithHint("请换用能保存包裹密钥的模块")
	}
	if err := s.announce(ctx, next); err != nil {
		return 0, fmt.Errorf("keys: exchanging the master key: %w", err)
	}
	for {
		done, err := s.rewrapSome(ctx, next)
		n += done
		if err != nil {
			return n, fmt.Errorf("keys: exchanging the master key: %w", err)
		}
		s.step("rewrap")
		if done == 0 {
			return n, nil
		}
	}
}

// announce writes down that next is to come.
func (s *Store) announce(ctx context.Context, next Module) error {
	if next.Wrapper() == s.module().Wrapper() {
		return fault.Conflict.New("新的主密钥就是现在的主密钥").WithCode("key.master").WithHint("请另行生成主密钥文件，或核对模块的配置")
	}
	check, err := next.CheckValue()
	if err != nil {
		return err
	}
	return s.db.Write(ctx, func(tx *db.Tx) error {
		all, err := masters(tx)
		if err != nil {
			return err
		}
		for _, m := range all {
			switch {
			case m.id == s.module().Wrapper() && m.state != stateCurrent:
				return fault.Conflict.New("上一次主密钥更换还没有完成").WithCode("key.master").WithHint("请先完成（sidian rotate --master-finish）")
			case m.id == next.Wrapper():
				return next.CheckWrapper(m.check)
			case m.state == stateNext:
				return fault.Conflict.New("正在换成另一个主密钥（%s）", m.id).WithCode("key.master").WithHint("请用原来选定的主密钥继续，或先放弃那一次更换")
			}
		}
		return insertMaster(tx, masterRow{id: next.Wrapper(), module: next.Name(), check: check, state: stateNext})
	})
}

// rewrapSome wraps a batch, outside of transactions: a module takes its time.
func (s *Store) rewrapSome(ctx context.Context, next Module) (int, error) {
	var some []row
	err := s.db.Read(ctx, func(tx *db.Tx) (err error) {
		some, err = unwrapped(tx, s.module().Wrapper(), rewrapBatch)
		return err
	})
	if err != nil || len(some) == 0 {
		return 0, err
	}
	for i := range some {
		plain, err := s.unwrap(some[i])
		if err != nil {
			return 0, err
		}
		some[i].next, err = next.Wrap(bound(some[i]), plain)
		clear(plain)
		if err != nil {
			return 0, err
		}
	}
	return len(some), s.db.Write(ctx, func(tx *db.Tx) error {
		for _, r := range some {
			if err := insertRewrap(tx, r.id, next.Wrapper(), r.next); err != nil {
				return err
			}
		}
		return nil
	})
}

// FinishRewrap ends the wrapping key of before, in a store that was opened with
// its successor. It may be called again after a crash. Copies of the database
// from before still need the old one.
func (s *Store) FinishRewrap(ctx context.Context) error {
	own := s.module().Wrapper()
	var old []string
	err := s.db.Write(ctx, func(tx *db.Tx) (err error) { old, err = s.takeOver(tx, own); return err })
	for more := err == nil && len(old) > 0; more; {
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			n, err := promote(tx, rewrapBatch)
			more = n > 0
			return err
		})
		more = more && err == nil
		s.step("promote")
	}
	if err == nil && len(old) > 0 {
		err = s.db.Write(ctx, func(tx *db.Tx) error {
			for _, id := range old {
				if err := errors.Join(bury(tx, id, own), deleteMaster(tx, id)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("keys: finishing the exchange of the master key: %w", err)
	}
	return nil
}

// takeOver makes own the current wrapping key, from which moment nothing new is
// wrapped under the one before. It returns those that are to go.
func (s *Store) takeOver(tx *db.Tx, own string) (old []string, err error) {
	all, err := masters(tx)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(m masterRow) bool { return m.id == own })
	if i < 0 {
		return nil, fault.Conflict.New("本程序使用的主密钥已不是数据库的主密钥").WithCode("key.master").WithHint("请以新的配置重新启动")
	}
	for j, m := range all {
		switch {
		case j == i:
		case all[i].state == stateCurrent && m.state == stateNext:
			return nil, fault.Conflict.New("本程序还在使用原来的主密钥").WithCode("key.master").WithHint("请先在配置中换成新的主密钥或模块并重新启动，再完成更换")
		default:
			old = append(old, m.id)
		}
	}
	if all[i].state == stateCurrent {
		return old, nil // nothing to do, or to go on with
	}
	for _, id := range old {
		n, err := countUnwrapped(tx, id)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, fault.Conflict.New("还有 %d 个密钥没有用新的主密钥包裹", n).WithCode("key.master").WithHint("请以原来的配置再执行一次更换（sidian rotate --master），再完成")
		}
		if err := setMasterState(tx, id, stateOld); err != nil {
			return nil, err
		}
	}
	return old, setMasterState(tx, own, stateCurrent)
}

// AbandonRewrap gives up an exchange that was not finished, in a store that was
// opened with the wrapping key of before.
func (s *Store) AbandonRewrap(ctx context.Context) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		all, err := masters(tx)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.id == s.module().Wrapper() && m.state != stateCurrent {
				return fault.Conflict.New("本程序已使用新的主密钥").WithCode("key.master").WithHint("请完成更换；或改回原来的配置后再放弃")
			}
		}
		for _, m := range all {
			if m.state != stateNext {
				continue
			}
			if err := errors.Join(deleteRewraps(tx), deleteMaster(tx, m.id)); err != nil {
				return err
			}
		}
		return nil
	})
}

// A Master is a wrapping key, as operators see it.
type Master struct {
	ID, Module, State string
	Missing           int64 // keys that it does not open yet; of the next one alone
}

// Masters lists the wrapping keys: one, or two while it is exchanged.
func (s *Store) Masters(ctx context.Context) (out []Master, err error) {
	err = s.db.Read(ctx, func(tx *db.Tx) error {
		out = nil
		all, err := masters(tx)
		if err != nil {
			return err
		}
		for _, m := range all {
			x := Master{ID: m.id, Module: m.module, State: m.state}
			if m.state == stateNext {
				if x.Missing, err = countUnwrapped(tx, all[0].id); err != nil {
					return err
				}
			}
			out = append(out, x)
		}
		return nil
	})
	return out, err
}

// RotateMaster exchanges the master key for that in the file next, at once. From
// then on only that file opens the store; s itself goes on with it, and other
// processes must be started again. Where they may not stop meanwhile, use Rewrap.
func (s *Store) RotateMaster(ctx context.Context, next string) error {
	m, err := Soft(next)
	if err != nil {
		return err
	}
	if _, err := s.Rewrap(ctx, m); err != nil {
		return err
	}
	s.wrapper.Store(&m)
	return s.FinishRewrap(ctx)
}

// step tells tests where a process may stop.
func (s *Store) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}
