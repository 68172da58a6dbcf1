package provider

import (
	"slices"
	"sync"
	"time"
)

// How a provider that does not answer is spared, and we with it.
const (
	trips    = 5                // failures in a row after which it is left alone
	rest     = 30 * time.Second // for this long; then one question is tried
	atOnce   = 8                // questions to one provider at a time
	remember = 64               // times of answers for the median
)

// calls are the calls to each provider, by id, in this process.
type calls struct {
	mu  sync.Mutex
	all map[string]*line
}

func newCalls() *calls { return &calls{all: map[string]*line{}} }

// of returns the line to a provider. There are as many as were ever registered.
func (c *calls) of(id string) *line {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.all[id]
	if l == nil {
		l = &line{}
		c.all[id] = l
	}
	return l
}

// A line is what this process knows of one provider's answering.
type line struct {
	mu      sync.Mutex
	busy    int
	row     int // failures in a row
	until   time.Time
	probing bool

	asked, failed int64
	last          time.Time // of an answer
	trouble       string    // result of the last question that failed
	troubleAt     time.Time
	took          []time.Duration
	next          int
}

// enter asks for a place; what comes back says why there is none.
func (l *line) enter(now time.Time) (probe bool, refusal string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.busy >= atOnce:
		return false, "正忙，已有多个请求在等待其答复"
	case now.Before(l.until) || !l.until.IsZero() && l.probing:
		return false, "连续多次没有答复，暂不再问，稍后自动重试"
	}
	l.busy++
	probe = !l.until.IsZero()
	l.probing = l.probing || probe
	return probe, ""
}

// leave gives the place back: a result that is no trouble closes the breaker, an
// empty one (nobody waited for it) says nothing.
func (l *line) leave(probe bool, result Result, now time.Time, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy--
	if probe {
		l.probing = false
	}
	if result == "" {
		return
	}
	l.asked++
	if result != Down && result != Slow {
		l.row, l.until, l.last = 0, time.Time{}, now
		l.note(took)
		if result != Answered {
			l.trouble, l.troubleAt = string(result), now
		}
		return
	}
	l.failed++
	l.row++
	l.trouble, l.troubleAt = string(result), now
	if l.row >= trips {
		l.until = now.Add(rest)
	}
}

func (l *line) note(took time.Duration) {
	if len(l.took) < remember {
		l.took = append(l.took, took)
		return
	}
	l.took[l.next] = took
	l.next = (l.next + 1) % remember
}

// Health is how a provider has answered this process.
type Health struct {
	Asked       int64     `json:"asked" doc:"本进程启动以来询问次数"`
	Failed      int64     `json:"failed" doc:"其中没有答复的次数"`
	Row         int       `json:"failures_in_a_row"`
	LastAnswer  time.Time `json:"last_answer,omitzero"`
	LastTrouble string    `json:"last_trouble,omitempty"`
	TroubleAt   time.Time `json:"trouble_at,omitzero"`
	P50         int64     `json:"p50_millis,omitempty" doc:"最近答复用时的中位数，毫秒"`
	Resting     bool      `json:"resting,omitempty" doc:"连续没有答复，暂不询问"`
}

func (l *line) health(now time.Time) Health {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := Health{Asked: l.asked, Failed: l.failed, Row: l.row, LastAnswer: l.last, LastTrouble: l.trouble, TroubleAt: l.troubleAt, Resting: now.Before(l.until)}
	if len(l.took) > 0 {
		sorted := slices.Sorted(slices.Values(l.took))
		h.P50 = sorted[len(sorted)/2].Milliseconds()
	}
	return h
}
