package session

import (
	"bytes"
	"fmt"
	"os"
	"sync"

	"sidian/gm"
	"sidian/internal/fault"
)

// A Pin is read from its file each time that it is needed, and not kept.
type Pin struct {
	Path string

	mu   sync.Mutex
	good gm.Digest // of the PIN that the module took
	bad  gm.Digest // of the one that it refused
}

// Use calls login with the PIN. One that login reports as refused is not tried
// again before the file says another: modules lock after a few wrong ones. Until
// one was taken, callers try one after the other.
func (p *Pin) Use(login func(pin []byte) (refused bool, err error)) error {
	pin, err := p.read()
	if err != nil {
		return err
	}
	defer clear(pin)
	sum := gm.Sum(pin)
	p.mu.Lock()
	bad, known := sum == p.bad, sum == p.good
	if bad || known {
		p.mu.Unlock()
	} else {
		defer p.mu.Unlock()
	}
	if bad {
		return Refused(p.Path)
	}
	refused, err := login(pin)
	if known {
		p.mu.Lock()
		defer p.mu.Unlock()
	}
	switch {
	case refused:
		p.bad = sum
		return Refused(p.Path)
	case err == nil:
		p.good, p.bad = sum, gm.Digest{}
	}
	return err
}

// Refused says that the module refused the PIN.
func Refused(path string) error {
	return fault.Unavailable.New("密码模块的口令（PIN）不正确").WithCode("key.pin").
		WithHint("请核对 %s 中的口令；为免锁定模块，改正之前不会再试", path)
}

func (p *Pin) read() ([]byte, error) {
	info, err := os.Stat(p.Path)
	if err != nil {
		return nil, fmt.Errorf("keys: looking for the PIN file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("keys: the PIN file %s has mode %04o; it must be 0600", p.Path, info.Mode().Perm())
	}
	b, err := os.ReadFile(p.Path)
	if err != nil {
		return nil, fmt.Errorf("keys: reading the PIN file: %w", err)
	}
	if b = bytes.TrimRight(b, "\r\n"); len(b) == 0 {
		return nil, fmt.Errorf("keys: the PIN file %s is empty", p.Path)
	}
	return b, nil
}
