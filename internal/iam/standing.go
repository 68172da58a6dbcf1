package iam

import (
	"context"
	"fmt"
	"time"

	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

// standing is the policy in force as it was read; never changed.
type standing struct {
	at  time.Time
	set *policy.Set // nil: what stands in the database cannot be trusted or read, so nothing is allowed
}

// InForce is the policy in force. When what stands in the database cannot be
// trusted it is an empty one, that allows nothing.
func (s *Service) InForce() *policy.Set {
	if st := s.live.policy.Load(); st != nil && st.set != nil {
		return st.set
	}
	return &policy.Set{}
}

// loadPolicy reads the policy in force.
func (s *Service) loadPolicy(context.Context) error {
	set, err := policy.Shipped()
	if err != nil {
		return fmt.Errorf("iam: reading the shipped policy: %w", err)
	}
	s.live.policy.Store(&standing{at: s.DB.Now(), set: set})
	return nil
}

// refresh reads again what principals ask, unless it is fresh.
func (s *Service) refresh(ctx context.Context) error {
	return s.refreshTree(ctx)
}

// role returns a role of the policy in force, or a refusal.
func (s *Service) role(code string) (policy.Role, error) {
	r, ok := s.InForce().Role(code)
	if !ok {
		return r, fault.NotFound.New("没有这个角色").WithCode("role.unknown")
	}
	return r, nil
}
