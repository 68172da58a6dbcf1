package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"sidian/internal/auth"
	"sidian/internal/iam"
)

// seeder fills a demo by the real use cases, each as whoever may do it.
type seeder struct {
	*App
	*county
	creds            *Credentials
	system, security context.Context
	client           context.Context
	clientID         string
	accounts         map[string]string // by user name
	codes            []string          // of the firms, given by their licences
	licences         []string          // the identifiers of these
	imprints         imprints
}

func (a *App) seed(ctx context.Context) (*Credentials, error) {
	c, err := loadCounty()
	if err != nil {
		return nil, err
	}
	s := &seeder{App: a, county: c, accounts: map[string]string{}, creds: &Credentials{}, imprints: newImprints(c)}
	drawn := make(chan struct{})
	go func() { defer close(drawn); s.imprints.drawAll(ctx) }()
	defer func() { <-drawn }()
	for _, step := range []struct {
		name string
		do   func(context.Context) error
	}{
		{"administrators", s.administrators}, {"units", s.units}, {"staff", s.staff}, {"posts", s.posts}, {"holders", s.holders},
		{"client", s.clients}, {"seals", s.seals}, {"certificates", s.certificates}, {"items", s.items}, {"composites", s.composed}, {"work", s.work}, {"drafts", s.drafts}, {"archive", s.archive},
	} {
		if err := step.do(ctx); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return s.creds, nil
}

func (s *seeder) administrators(ctx context.Context) error {
	root := s.Units[0]
	code, err := s.unitCode(0)
	if err != nil {
		return err
	}
	made, err := s.Auth.Bootstrap(ctx, iam.BootstrapRequest{
		Root:     iam.OrgRequest{ID: root.ID, Name: root.Name, USCC: code, Region: s.County.Region, Tier: root.Tier, Type: unitTypes[root.Sort]},
		System:   iam.AccountRequest{Username: "system", Name: "样例·系统管理员"},
		Security: iam.AccountRequest{Username: "security", Name: "样例·安全管理员"},
		Audit:    iam.AccountRequest{Username: "audit", Name: "样例·审计管理员"},
	})
	if err != nil {
		return err
	}
	for i, role := range []string{"system", "security", "audit"} {
		s.remember(made[i], []string{role}, root.Name)
	}
	if s.system, err = s.IAM.As(ctx, made[0].ID); err != nil {
		return err
	}
	s.security, err = s.IAM.As(ctx, made[1].ID)
	return err
}

func (s *seeder) remember(n auth.Equipped, roles []string, org string) {
	s.creds.Users = append(s.creds.Users, DemoUser{
		Username: n.Username, Password: n.Password, TOTP: n.TOTP, Kind: string(n.Kind), Name: n.Name, Roles: roles, Org: org,
	})
}

func (s *seeder) units(context.Context) error {
	for i, u := range s.Units[1:] {
		code, err := s.unitCode(i + 1)
		if err != nil {
			return err
		}
		tier := u.Tier
		if tier == "" {
			tier = s.County.Tier
		}
		_, err = s.IAM.CreateOrg(s.system, iam.OrgRequest{
			ID: u.ID, Parent: u.Parent, Name: u.Name, USCC: code, Region: s.County.Region, Tier: tier, Type: unitTypes[u.Sort], Sort: int64(i + 1),
		})
		if err != nil {
			return fmt.Errorf("%s: %w", u.Name, err)
		}
	}
	return nil
}

func (s *seeder) unitName(id string) string {
	i := slices.IndexFunc(s.Units, func(u unit) bool { return u.ID == id })
	return s.Units[max(i, 0)].Name
}

func (s *seeder) staff(ctx context.Context) error {
	for _, m := range s.Staff {
		n, err := s.account(iam.AccountRequest{Username: m.Username, Kind: iam.Staff, Name: m.Name, Org: m.Org})
		if err != nil {
			return fmt.Errorf("%s: %w", m.Username, err)
		}
		s.accounts[m.Username] = n.ID
		for _, role := range m.Roles {
			if err := s.grant(n.ID, role, cmp.Or(m.For, m.Org)); err != nil {
				return fmt.Errorf("%s: %w", m.Username, err)
			}
		}
		s.remember(n, m.Roles, s.unitName(m.Org))
	}
	return nil
}

// account opens an account and gives it its credentials. Everybody in the county
// is known by their real name.
func (s *seeder) account(r iam.AccountRequest) (auth.Equipped, error) {
	a, err := s.IAM.CreateAccount(s.system, r)
	if err != nil {
		return auth.Equipped{}, err
	}
	return s.Auth.Equip(s.system, a.ID, auth.EquipRequest{Level: 2})
}

// posts appoints who answers for certificates, and leaves a grant waiting.
func (s *seeder) posts(context.Context) error {
	for _, p := range s.Posts {
		for post, username := range map[string]string{"contact": p.Contact, "custodian": p.Custodian, "reviewer": p.Reviewer} {
			if username == "" {
				continue
			}
			if _, err := s.IAM.Appoint(s.system, iam.PostRequest{Org: p.Unit, Post: post, Account: s.accounts[username], Reason: "样例县初始任命"}); err != nil {
				return fmt.Errorf("%s: %w", p.Unit, err)
			}
		}
	}
	for _, w := range s.Waiting {
		if _, err := s.IAM.ProposeGrant(s.system, iam.GrantRequest{Account: s.accounts[w.Username], Role: w.Role, Org: w.Org, Reason: w.Reason}); err != nil {
			return fmt.Errorf("%s: %w", w.Username, err)
		}
	}
	return nil
}

// grant is proposed by one administrator and approved by another.
func (s *seeder) grant(account, role, org string) error {
	g, err := s.IAM.ProposeGrant(s.system, iam.GrantRequest{Account: account, Role: role, Org: org, Reason: "样例县初始授权"})
	if err != nil {
		return err
	}
	return s.IAM.DecideGrant(s.security, g.ID, true, "样例县初始授权")
}

func (s *seeder) holders(context.Context) error {
	for _, p := range s.People {
		if !p.SignIn {
			continue
		}
		id, err := p.citizen(s.County.Region)
		if err != nil {
			return err
		}
		n, err := s.account(iam.AccountRequest{Username: p.Username, Kind: iam.Holder, Name: p.Name, Citizen: id})
		if err != nil {
			return fmt.Errorf("%s: %w", p.Username, err)
		}
		s.accounts[p.Username] = n.ID
		s.remember(n, []string{"holder"}, "")
	}
	return nil
}

// clients registers the business system that may issue and read every kind on
// behalf of its issuer.
func (s *seeder) clients(ctx context.Context) error {
	scopes := []string{"cert.issue", "cert.read", "cert.annotate", "kind.read", "seal.read", "seal.ask", "signature.ask", "signature.read", "webhook.manage"}
	n, err := s.IAM.CreateClient(s.security, iam.ClientRequest{Name: "样例政务服务业务系统", Org: s.County.ID, Scopes: scopes})
	if err != nil {
		return err
	}
	s.clientID = n.ID
	s.creds.Apps = append(s.creds.Apps, DemoApp{Name: n.Name, ClientID: n.ID, ClientSecret: n.Secret, Scopes: scopes})
	s.client, err = s.IAM.AsClient(ctx, n.ID)
	return err
}
