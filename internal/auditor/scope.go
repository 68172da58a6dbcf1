package auditor

import (
	"context"
	"errors"
	"slices"

	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// scope lists the organisations whose entries the caller may see, of those that
// are wanted if any are: nil is every entry there is. Another organisation's is
// a refusal, and refusals are audited.
func (s *Service) scope(ctx context.Context, permission string, wanted []string) ([]string, error) {
	orgs, err := s.allowed(ctx, permission, wanted)
	if err == nil {
		return orgs, nil
	}
	if errors.Is(err, fault.Forbidden) {
		if noted := s.note(ctx, audit.Entry{Action: permission, Object: "audit/entries", Result: audit.Refused}); noted != nil {
			return nil, noted
		}
	}
	return nil, err
}

func (s *Service) allowed(ctx context.Context, permission string, wanted []string) ([]string, error) {
	if err := iam.Allow(ctx, permission, ""); err != nil {
		return nil, err
	}
	all, err := s.everything(ctx, permission)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, o := range wanted {
		if o == Platform {
			if !all {
				return nil, fault.Forbidden.New("平台自身的审计记录只由最上级单位的审计管理员查阅").WithCode("auth.org").WithHint("请联系最上级单位的审计管理员")
			}
			o = ""
		} else if err := iam.Allow(ctx, permission, o); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	switch {
	case len(out) > 0:
		return out, nil
	case all:
		return nil, nil
	}
	orgs := iam.Orgs(ctx, permission)
	if orgs == nil {
		orgs = []string{} // nil would be everything
	}
	return orgs, nil
}

// everything tells whether the caller holds the permission for the root
// organisation.
func (s *Service) everything(ctx context.Context, permission string) (bool, error) {
	orgs := iam.Orgs(ctx, permission)
	if len(orgs) == 0 {
		return false, nil
	}
	root := orgs[0]
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		for range 100 { // a loop in the data must not loop here
			o, err := iam.OrgTx(tx, root)
			if err != nil || o.Parent == "" {
				return err
			}
			root = o.Parent
		}
		return nil
	})
	return err == nil && iam.Allow(ctx, permission, root) == nil, err
}

// sees tells whether an entry, or an alarm, of an organisation is in scope.
func sees(scope []string, org string) bool {
	return scope == nil || org != "" && slices.Contains(scope, org)
}

// note audits what the auditor does.
func (s *Service) note(ctx context.Context, e audit.Entry) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error { return audit.Put(tx, e) })
}
