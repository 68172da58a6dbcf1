package pki

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// whole lets those through who hold the permission for the whole platform: whom
// everybody here trusts, no administrator of a part decides.
func (s *Service) whole(ctx context.Context, permission string) error {
	if err := iam.Allow(ctx, permission, ""); err != nil {
		return err
	}
	for _, id := range iam.ScopeRoots(ctx, permission) {
		var o iam.Org
		if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { o, err = iam.OrgTx(tx, id); return err }); err != nil {
			return err
		}
		if o.Parent == "" {
			return nil
		}
	}
	return fault.Forbidden.New("签发机构名单对整个平台有效，只能由平台级管理员处理").WithCode("pki.issuer.whole").WithHint("请联系平台的系统管理员或安全管理员")
}
