package provider

import (
	"sync"
	"time"

	"sidian/gm"
)

// maxKept bounds what is kept, whatever is asked.
const maxKept = 512

// kept are positive answers, for a short time: the same document is often
// verified twice within a minute. Nothing else is kept, so that what turns bad is
// seen by the next question after it ends.
type kept struct {
	life time.Duration
	mu   sync.Mutex
	all  map[keptKey]keptAnswer
}

// keptKey names the version of the provider: another one is asked anew.
type keptKey struct {
	entry    string
	document gm.Digest
}

type keptAnswer struct {
	answer *Answer
	at     time.Time
}

func newKept(life time.Duration) *kept { return &kept{life: life, all: map[keptKey]keptAnswer{}} }

func (k *kept) get(key keptKey, now time.Time) *Answer {
	k.mu.Lock()
	defer k.mu.Unlock()
	a, ok := k.all[key]
	if !ok || now.Sub(a.at) >= k.life || now.Before(a.at) {
		return nil
	}
	return a.answer
}

func (k *kept) put(key keptKey, a *Answer, now time.Time) {
	if k.life <= 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.all) >= maxKept {
		clear(k.all)
	}
	k.all[key] = keptAnswer{a, now}
}

func (k *kept) clear() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.all)
}
