package iam

import (
	"context"

	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam/policy"
)

// ExplainRequest asks why somebody may or may not do something. Empty Account
// and Client ask about oneself, as one is signed in now.
type ExplainRequest struct {
	Account    string `json:"account,omitempty" maxLength:"64" doc:"工作人员或持证人；与 client 都不填则为本人"`
	Client     string `json:"client,omitempty" maxLength:"64" doc:"接入应用"`
	Permission string `json:"permission" minLength:"1" maxLength:"80"`
	Org        string `json:"org,omitempty" maxLength:"64" doc:"单位；不填则问任一单位"`
	Purpose    string `json:"purpose,omitempty" maxLength:"40" doc:"用途"`
	Class      string `json:"class,omitempty" maxLength:"12" doc:"数据分级：公开、内部、敏感"`
	Owner      bool   `json:"owner,omitempty" doc:"本人的记录"`
	Second     bool   `json:"second,omitempty" doc:"假定以双因素登录；问本人时以当前会话为准"`
	Level      int    `json:"level,omitempty" minimum:"0" maximum:"3" doc:"假定的实名等级；问本人时以当前会话为准"`
}

// Explain tells why somebody may or may not do something: to themselves, and to
// who may read the policy for their organisation.
func (s *Service) Explain(ctx context.Context, r ExplainRequest) (policy.Decision, error) {
	who, ok := From(ctx)
	if !ok {
		return policy.Decision{}, errAnonymous()
	}
	if other := r.Account != "" && r.Account != who.Account || r.Client != "" && r.Client != who.Client; other {
		var err error
		if who, err = s.someone(ctx, r); err != nil {
			return policy.Decision{}, err
		}
	}
	set := who.set()
	if set == nil {
		return who.decide(Question{}), nil
	}
	if !set.Known(r.Permission) {
		return policy.Decision{}, fault.NotFound.New("没有这个权限").WithCode("permission.unknown").WithHint("请从列出的权限中选择")
	}
	q := Question{Permission: r.Permission, Org: r.Org, Purpose: r.Purpose, Class: r.Class, Owner: r.Owner}
	return set.Explain(who.subject(), q, who.tree()), nil
}

// someone is another account or client, as it would act in the session that the
// request supposes. Whose it is decides who may ask; that it does not exist is
// told to nobody else.
func (s *Service) someone(ctx context.Context, r ExplainRequest) (*Principal, error) {
	if r.Account != "" && r.Client != "" {
		return nil, fault.Invalid.New("账号和应用只能填一个").WithCode("explain.who").WithField("client", "both", "与 account 只能填一个")
	}
	if err := Allow(ctx, "policy.read", ""); err != nil {
		return nil, err
	}
	if r.Client != "" {
		c, err := s.clientOf(ctx, r.Client)
		if err != nil {
			return nil, err
		}
		if err := Allow(ctx, "policy.read", c.Org); err != nil {
			return nil, err
		}
		return s.clientPrincipal(ctx, &c.Client, c.Scopes)
	}
	row, roles, err := s.load(ctx, r.Account)
	if err != nil {
		return nil, err
	}
	if err := Allow(ctx, "policy.read", row.org); err != nil {
		return nil, err
	}
	if row.closed() {
		roles = nil
	}
	p, err := s.principal(ctx, row, roles)
	if err != nil {
		return nil, err
	}
	p.Second, p.Level = r.Second, r.Level
	return p, nil
}

func (s *Service) clientOf(ctx context.Context, id string) (c *clientRow, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { c, err = clientTx(tx, id); return err })
	return c, err
}
