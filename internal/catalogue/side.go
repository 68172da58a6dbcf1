package catalogue

import (
	"context"
	"strings"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// The two sides that agree on an entry.
const (
	sideIssuer  = "issuer"
	sideManager = "manager"
)

// person is whoever acts, who must be one: programs agree on nothing.
func person(ctx context.Context) (*iam.Principal, error) {
	p, ok := iam.From(ctx)
	if !ok || p.Account == "" {
		return nil, fault.Forbidden.New("目录条目须由工作人员本人办理").WithCode("catalogue.person").WithHint("请以工作人员账号登录后办理")
	}
	return p, nil
}

// sideTx says for which side whoever acts may agree. The issuing unit is spoken for
// by its own people who design kinds; the managing unit by whoever holds
// catalogue.agree for it, is not of the issuing unit, and does not design its kinds:
// so that two people of two units agree, and nobody on what they drew up
// (《河南省政务服务电子证照管理办法》第六条: 共同编制).
func (s *Service) sideTx(ctx context.Context, tx *db.Tx, r *entryRow) (side string, p *iam.Principal, err error) {
	if p, err = person(ctx); err != nil {
		return "", nil, err
	}
	own, err := withinTx(tx, p.Org, r.path)
	if err != nil {
		return "", nil, err
	}
	designs := iam.May(ctx, permManage, r.org)
	switch {
	case designs && own:
		return sideIssuer, p, iam.Allow(ctx, permAgree, r.org)
	case designs:
		return "", p, fault.Forbidden.New("您可以设计这个单位的证照类型，又不是它的人员，不能代表任何一方同意").WithCode("catalogue.side").
			WithHint("请由签发单位本单位的模板设计员，和管理单位的目录管理员分别同意")
	case own:
		return "", p, fault.Forbidden.New("您是签发单位的人员，不能代表管理单位同意").WithCode("catalogue.own-unit").
			WithHint("请由签发单位之上的管理单位的目录管理员同意")
	}
	if iam.May(ctx, permAgree, r.manager) {
		return sideManager, p, nil
	}
	if err := iam.Allow(ctx, permAgree, r.org); err != nil {
		return "", p, err
	}
	return "", p, fault.Forbidden.New("您的授权不及于管理单位").WithCode("catalogue.side").WithHint("请由管理单位的目录管理员同意")
}

// withinTx tells whether a unit is one with the path, or below it. Where the path is
// the root's, everything is below it, and only the root itself counts.
func withinTx(tx *db.Tx, org, path string) (bool, error) {
	if org == "" {
		return false, nil
	}
	o, err := iam.OrgTx(tx, org)
	if err != nil {
		return false, err
	}
	if strings.Count(path, "/") == 2 {
		return o.Path() == path, nil
	}
	return strings.HasPrefix(o.Path(), path), nil
}

// agreedTwice refuses who already stands on the other side.
func (r *entryRow) agreedTwice(side string, p *iam.Principal) error {
	switch {
	case side == sideIssuer && r.issuerBy != "" || side == sideManager && r.managerBy != "":
		return fault.Conflict.New("这一方已经同意").WithCode("catalogue.agreed").WithHint("等待另一方同意；要改主意可退回条目")
	case p.Account == r.issuerBy || p.Account == r.managerBy, side == sideManager && p.Account == r.account:
		return fault.Forbidden.New("同一人不能代表两方同意").WithCode("catalogue.same-person").WithHint("签发单位和管理单位须各由一人同意，起草人不能代表管理单位")
	case side == sideManager && p.Org == r.issuerOrg, side == sideIssuer && p.Org == r.managerOrg:
		return fault.Forbidden.New("同意的两人须属于两个单位").WithCode("catalogue.same-unit").WithHint("请由另一单位的目录管理员同意")
	}
	return nil
}

// maySee refuses who has nothing to do with an entry.
func maySee(ctx context.Context, r *entryRow) error {
	if iam.MayAny(ctx, r.org, permRead, permManage, permAgree) || iam.May(ctx, permAgree, r.manager) {
		return nil
	}
	return iam.Allow(ctx, permRead, r.org)
}
