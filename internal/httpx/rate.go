package httpx

import (
	"math"
	"net/netip"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"sidian/internal/fault"
)

// A Rate is how often something may happen, and how often at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// A limiter gives each key a Rate of its own. It forgets keys that have been
// quiet for long enough to have their full burst again.
type limiter struct {
	rate Rate
	keys *otter.Cache[string, *rate.Limiter]
}

// limiterKeys bounds the memory that strangers can make a limiter use.
const limiterKeys = 100_000

// neighbourhood is what counts as one address: one customer has a /64 of IPv6
// and may send each request from another address of it.
func neighbourhood(a netip.Addr) string {
	if a.Is6() && !a.Is4In6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

func newLimiter(r Rate) *limiter {
	if r.PerSecond <= 0 {
		return nil
	}
	r.Burst = max(r.Burst, 1)
	full := time.Duration(float64(r.Burst)/r.PerSecond*float64(time.Second)) + time.Second
	return &limiter{rate: r, keys: otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize: limiterKeys, ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](full),
	})}
}

// tooSoon is the refusal with how long to wait.
type tooSoon struct {
	cause   *fault.Error
	seconds int
}

func (e *tooSoon) Error() string      { return e.cause.Error() }
func (e *tooSoon) RetryAfter() string { return strconv.Itoa(e.seconds) }
func (e *tooSoon) Unwrap() error      { return e.cause }

func (l *limiter) allow(key string) error {
	if l == nil {
		return nil
	}
	bucket, ok := l.keys.GetIfPresent(key)
	if !ok {
		bucket, _ = l.keys.SetIfAbsent(key, rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst))
	}
	if bucket.Allow() {
		return nil
	}
	wait := int(math.Ceil(1 / l.rate.PerSecond))
	return &tooSoon{fault.TooMany.New("请求过于频繁").WithCode("rate").WithHint("请在 %d 秒后重试", wait), wait}
}
