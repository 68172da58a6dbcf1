package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"sidian/gm"
	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/pki"
	"sidian/kinds"
)

// Create makes the instance of a configuration: master key, schema, keys,
// documents, authorities, kinds. It refuses what exists already.
func Create(ctx context.Context, c conf.Config, o Options, name string) (*App, error) {
	if err := gm.SelfTest(); err != nil {
		return nil, fmt.Errorf("app: the cryptographic self-test: %w", err)
	}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("app: making the data directory: %w", err)
	}
	target, err := databaseURL(c)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(c.MasterKeyFile); errors.Is(err, fs.ErrNotExist) {
		if err := keys.CreateMaster(c.MasterKeyFile); err != nil {
			return nil, err
		}
	}
	d, err := db.Create(ctx, target)
	if err != nil {
		return nil, err
	}
	a, err := wire(ctx, c, o, d, keys.Create, createBlobs)
	if err == nil {
		err = a.furnish(ctx, name)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return a, nil
}

// furnish puts in what every instance begins with.
func (a *App) furnish(ctx context.Context, name string) (err error) {
	r := pki.SetupRequest{Name: name}
	if a.Conf.Authority.Mode == "files" {
		if r.Issuing, err = given(a.Conf.Authority.CertFile, a.Conf.Authority.KeyFile); err != nil {
			return err
		}
	}
	if a.Conf.Timestamp.Mode == "files" {
		if r.Timestamp, err = given(a.Conf.Timestamp.CertFile, a.Conf.Timestamp.KeyFile); err != nil {
			return err
		}
	}
	if err := a.PKI.Setup(ctx, r); err != nil {
		return fmt.Errorf("app: setting up the authorities: %w", err)
	}
	if err := a.Seal.Setup(ctx, name+"制章"); err != nil {
		return fmt.Errorf("app: setting up the seal maker: %w", err)
	}
	if _, err := a.Catalogue.Import(ctx, kinds.FS); err != nil {
		return fmt.Errorf("app: importing the kinds: %w", err)
	}
	return nil
}

// InitRequest says what an instance begins with beside its configuration.
type InitRequest struct {
	Config string
	Name   string // legal name of the unit that runs the platform
	USCC   string
}

// Init creates the instance of a configuration file and tells, once, how its
// three administrators sign in.
func Init(ctx context.Context, r InitRequest, out io.Writer) error {
	c, err := conf.Load(r.Config, os.Environ())
	if err != nil {
		return err
	}
	a, err := Create(ctx, c, Options{}, r.Name)
	if err != nil {
		return err
	}
	defer a.Close()
	made, err := a.IAM.Bootstrap(ctx, iam.BootstrapRequest{
		Root:     iam.OrgRequest{Name: r.Name, USCC: r.USCC, Region: c.Region, Tier: "county"},
		System:   iam.AccountRequest{Username: "system", Name: "系统管理员"},
		Security: iam.AccountRequest{Username: "security", Name: "安全管理员"},
		Audit:    iam.AccountRequest{Username: "audit", Name: "审计管理员"},
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "三位管理员的初始密码只显示这一次，请分别交给三个人，首次登录后修改：")
	for _, m := range made {
		fmt.Fprintf(out, "  %-10s %s\n", m.Username, m.Password)
	}
	return nil
}
