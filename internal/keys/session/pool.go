// Package session shares out the sessions of a cryptographic module: no more
// than it bears at once, each used by one caller at a time, and begun anew after
// the module was reset or unplugged.
package session

import (
	"sync"
	"time"

	"sidian/internal/fault"
)

// Wait is how long a caller waits for a session before it is told that the
// module is busy.
const Wait = 10 * time.Second

// A Driver is what a pool needs of a module.
type Driver[S any] interface {
	// Begin opens a session in which keys may be used; End closes it.
	Begin() (S, error)
	End(S)
	// Lost tells whether an error means that the session, or the whole module,
	// is gone, so that beginning anew may help. A wrong PIN is no such error:
	// trying again would lock the module.
	Lost(error) bool
	// Restart brings the module back after it was lost. No session is in use
	// meanwhile.
	Restart() error
}

// A Pool shares out sessions. It is safe for concurrent use.
type Pool[S any] struct {
	driver Driver[S]
	slots  chan struct{}

	using sync.RWMutex // read: a session is in use; written: the module restarts
	mu    sync.Mutex
	idle  []S
	age   int // how often the module was restarted
	ended bool
}

// New returns a pool of at most limit sessions.
func New[S any](driver Driver[S], limit int) *Pool[S] {
	return &Pool[S]{driver: driver, slots: make(chan struct{}, max(limit, 1))}
}

// Do runs fn in a session. If the session proves lost, the module is restarted
// and fn runs once more, in a new one.
func (p *Pool[S]) Do(fn func(S) error) error {
	select {
	case p.slots <- struct{}{}:
	case <-time.After(Wait):
		return fault.Unavailable.New("密码模块的会话都在使用中").WithCode("key.module").WithHint("请稍后重试；常出现时请调大会话数（keys 配置的 sessions）")
	}
	defer func() { <-p.slots }()
	age, err := p.once(fn)
	if err == nil || !p.driver.Lost(err) {
		return err
	}
	if err := p.restart(age); err != nil {
		return err
	}
	_, err = p.once(fn)
	return err
}

// once runs fn, and tells the age of the module that it ran with.
func (p *Pool[S]) once(fn func(S) error) (age int, err error) {
	p.using.RLock()
	defer p.using.RUnlock()
	s, age, err := p.take()
	if err != nil {
		return age, err
	}
	err = fn(s)
	if err != nil && p.driver.Lost(err) || !p.put(s, age) {
		p.driver.End(s)
	}
	return age, err
}

func (p *Pool[S]) take() (s S, age int, err error) {
	p.mu.Lock()
	age = p.age
	if p.ended {
		p.mu.Unlock()
		return s, age, fault.Unavailable.New("密码模块已关闭").WithCode("key.module").WithHint("请重新启动本程序")
	}
	if n := len(p.idle); n > 0 {
		s, p.idle = p.idle[n-1], p.idle[:n-1]
		p.mu.Unlock()
		return s, age, nil
	}
	p.mu.Unlock()
	s, err = p.driver.Begin()
	return s, age, err
}

// put keeps a session for the next caller, unless the pool ended.
func (p *Pool[S]) put(s S, age int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || age != p.age {
		return false
	}
	p.idle = append(p.idle, s)
	return true
}

// restart restarts the module, unless another caller did since.
func (p *Pool[S]) restart(age int) error {
	p.using.Lock()
	defer p.using.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	if age != p.age || p.ended {
		return nil
	}
	p.drop()
	if err := p.driver.Restart(); err != nil {
		return err
	}
	p.age++
	return nil
}

// Close ends every session; callers that come later are refused.
func (p *Pool[S]) Close() {
	p.using.Lock()
	defer p.using.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop()
	p.ended = true
}

func (p *Pool[S]) drop() {
	for _, s := range p.idle {
		p.driver.End(s)
	}
	p.idle = nil
}
