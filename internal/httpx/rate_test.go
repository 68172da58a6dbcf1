package httpx

import (
	"fmt"
	"net/netip"
	"testing"
)

// Many addresses cannot make the limiter hold more than its share of memory,
// nor make it forget its rule for those that are still busy.
func TestLimiterIsBounded(t *testing.T) {
	t.Parallel()
	l := newLimiter(Rate{PerSecond: 0.001, Burst: 1})
	for i := range limiterKeys + limiterKeys/2 {
		if err := l.allow(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)); err != nil {
			t.Fatalf("a new address is refused: %v", err)
		}
	}
	l.keys.CleanUp()
	if n := l.keys.EstimatedSize(); n > limiterKeys {
		t.Errorf("holds %d keys", n)
	}
	if err := l.allow("busy"); err != nil {
		t.Error(err)
	}
	if err := l.allow("busy"); err == nil {
		t.Error("no limit any more")
	}
}

func TestNeighbourhood(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64", "::ffff:192.0.2.1": "192.0.2.1",
	} {
		if got := neighbourhood(netip.MustParseAddr(address).Unmap()); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
	if neighbourhood(netip.Addr{}) == "" {
		t.Error("whoever has no address shares nothing")
	}
}
