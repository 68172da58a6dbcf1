package feedback

import (
	"context"
	"errors"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// locate finds the certificate that is named, by what anyone may hold in hand: the
// code, the identifier, or what is printed on it, its kind and number. What is printed
// can be guessed: whatever the reason is why nothing is found, the answer is the same,
// it is recorded, and who guesses often is stopped.
func (s *Service) locate(ctx context.Context, f *Filing) (*cert.Certificate, error) {
	if f.Certificate == "" {
		return s.byNumber(ctx, f)
	}
	c, err := s.Cert.Public(ctx, f.Certificate)
	switch {
	case errors.Is(err, fault.NotFound):
		return nil, errNone("certificate", "没有这份证照", "请扫描证照上的二维码，或填写查验码、电子证照标识")
	case err == nil && f.Number != "" && f.Number != c.Number:
		return nil, errNone("number", "编号不是这份证照的", "请核对编号；已扫码或填写标识的，编号可以留空")
	}
	return c, err
}

func (s *Service) byNumber(ctx context.Context, f *Filing) (*cert.Certificate, error) {
	who, now := audit.ActorFrom(ctx), s.DB.Now()
	key := who.Account + "\x00" + who.App
	if !s.misses.take(key, now) {
		return nil, fault.TooMany.New("一小时内按编号没有找到证照已有 %d 次，暂时不能再按编号查找", mostMisses).WithCode("feedback.misses").
			WithHint("请扫描证照上的二维码，或填写查验码、电子证照标识；也可以过一小时再按编号查找")
	}
	all, err := s.Cert.ByNumber(ctx, f.Kind, f.Number)
	if err != nil {
		return nil, err
	}
	var found []cert.Numbered
	for _, c := range all {
		if is, err := s.issuedBy(ctx, c, f.Unit); err != nil {
			return nil, err
		} else if is {
			found = append(found, c)
		}
	}
	if len(found) == 1 {
		s.misses.give(key)
		return s.Cert.Copied(ctx, found[0].ID)
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "feedback.find", Object: "feedback/new", Result: audit.Refused, Rule: "feedback.certificate"})
	})
	if err != nil {
		return nil, err
	}
	return nil, errNone("number", "按类型和编号没有找到唯一的一份证照", "请核对证照类型和编号，并写明签发单位；或者扫描证照上的二维码，填写查验码、电子证照标识")
}

// issuedBy tells whether a certificate is one of the unit that is named, if one is: as
// who issued it or who answers for it now, by its name, credit code or id.
func (s *Service) issuedBy(ctx context.Context, c cert.Numbered, unit string) (bool, error) {
	if unit == "" || unit == c.Issuer || unit == c.Unit {
		return true, nil
	}
	for _, id := range []string{c.Issuer, c.Unit} {
		o, err := s.IAM.Org(ctx, id)
		if err != nil {
			return false, err
		}
		if unit == o.Name || unit == o.USCC {
			return true, nil
		}
	}
	return false, nil
}

// misses are the numbers that somebody named and that are none, in the last hour.
type misses struct {
	mu sync.Mutex
	by map[string][]time.Time
}

// Somebody may miss so often in an hour; so many people are remembered.
const (
	mostMisses  = 20
	mostMissing = 10_000
)

// take counts one more, before it is known to be one; false where there were enough.
func (m *misses) take(key string, now time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil || len(m.by) >= mostMissing {
		m.by = map[string][]time.Time{}
	}
	all := m.by[key]
	for len(all) > 0 && now.Sub(all[0]) >= time.Hour {
		all = all[1:]
	}
	if len(all) >= mostMisses {
		m.by[key] = all
		return false
	}
	m.by[key] = append(all, now)
	return true
}

// give takes the last one back: it was none.
func (m *misses) give(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if all := m.by[key]; len(all) > 1 {
		m.by[key] = all[:len(all)-1]
	} else {
		delete(m.by, key)
	}
}
