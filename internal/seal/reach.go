package seal

import (
	"context"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// authority is the sort of unit that manages the seals of its tier (管理单位): it
// stands below the government whose units' seals it manages, beside them.
const authority = "authority"

// manage marks whose permissions at an authority reach the seals it manages.
const manage = "seal.manage"

// allow refuses who may not do something with seals of the organisation that
// stands at path: they hold the permission for it or above it, or at the
// authority that manages its seals.
func allow(ctx context.Context, tx *db.Tx, permission, org, path string) error {
	denied := iam.Allow(ctx, permission, org)
	if denied == nil || fault.As(denied) == nil {
		return denied
	}
	for _, root := range iam.ScopeRoots(ctx, permission) {
		o, err := iam.OrgTx(tx, root)
		if err != nil {
			return err
		}
		if manages(o, path) && iam.Allow(ctx, permission, root) == nil && iam.Allow(ctx, manage, root) == nil {
			return nil
		}
	}
	return denied
}

// manages tells whether o is an authority, and stands below an organisation of
// the path.
func manages(o iam.Org, path string) bool {
	return o.Type == authority && !o.Closed && o.Parent != "" && strings.Contains(path, "/"+o.Parent+"/")
}

func (s *Seal) allow(ctx context.Context, tx *db.Tx, permission string) error {
	return allow(ctx, tx, permission, s.Org, s.path)
}

// reach are the paths of the organisations whose seals the caller may do
// something with: those of a list.
func reach(ctx context.Context, tx *db.Tx, permission string) (paths []string, err error) {
	for _, root := range iam.ScopeRoots(ctx, permission) {
		o, err := iam.OrgTx(tx, root)
		if err != nil {
			return nil, err
		}
		if o.Type == authority && o.Parent != "" && iam.Allow(ctx, manage, root) == nil {
			root = o.Parent
		}
		path, err := iam.PathTx(tx, root)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
