package app

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/iam"
)

// InitRequest says what an instance begins with beside its configuration.
type InitRequest struct {
	Config string
	Name   string // legal name of the unit that runs the platform
	USCC   string
	Log    io.Writer
}

// An Initialised instance and where its three administrators begin. The links
// are told once: each is for one person, who chooses a password and registers a
// second factor there. There is no default password.
type Initialised struct {
	Base           string          `json:"base"`
	Data           string          `json:"data"`
	MasterKey      string          `json:"master_key_file"`
	Administrators []Administrator `json:"administrators"`
}

// An Administrator is one of the three, with the link that is told once.
type Administrator struct {
	Username string    `json:"username"`
	Name     string    `json:"name"`
	Link     string    `json:"link"`
	Until    time.Time `json:"until"`
}

// Init creates the instance of a configuration file.
func Init(ctx context.Context, r InitRequest) (*Initialised, error) {
	c, err := loadConfig(r.Config)
	if err != nil {
		return nil, err
	}
	root := iam.OrgRequest{Name: r.Name, USCC: r.USCC, Region: c.Region, Tier: "county"}
	if err := root.Validate(); err != nil { // before anything is made
		return nil, err
	}
	if err := refuseInitialised(ctx, c); err != nil {
		return nil, err
	}
	a, err := Create(ctx, c, Options{Log: r.Log}, r.Name)
	if err != nil {
		return nil, err
	}
	out := &Initialised{Base: c.BaseURL, Data: c.DataDir, MasterKey: c.MasterKeyFile}
	err = a.begin(ctx, root, out)
	if err = errors.Join(err, a.Close()); err != nil {
		return nil, errors.Join(err, a.making.undo())
	}
	return out, nil
}

// begin makes the three administrators, and a link for each. They are what is
// made last but for the links; one that is lost is made again by Rescue.
func (a *App) begin(ctx context.Context, root iam.OrgRequest, out *Initialised) error {
	made, err := a.IAM.Bootstrap(ctx, iam.BootstrapRequest{
		Root:     root,
		System:   iam.AccountRequest{Username: "system", Name: "系统管理员"},
		Security: iam.AccountRequest{Username: "security", Name: "安全管理员"},
		Audit:    iam.AccountRequest{Username: "audit", Name: "审计管理员"},
	})
	if err != nil {
		return err
	}
	for _, m := range made {
		link, err := a.Auth.Rescue(ctx, m.Username, "初始化")
		if err != nil {
			return err
		}
		out.Administrators = append(out.Administrators, Administrator{m.Username, m.Name, a.address(link.Path), link.Until})
	}
	return nil
}

// address is where a path stands for people.
func (a *App) address(path string) string { return strings.TrimSuffix(a.Conf.BaseURL, "/") + path }

// Rescue makes a new one-time link for one of the three administrators of an
// instance, who lost theirs or what they sign in with.
func Rescue(ctx context.Context, config, username, reason string, log io.Writer) (*Administrator, error) {
	c, err := loadConfig(config)
	if err != nil {
		return nil, err
	}
	a, err := openInstance(ctx, c, log)
	if err != nil {
		return nil, err
	}
	link, err := a.Auth.Rescue(ctx, username, reason)
	if err = errors.Join(err, a.Close()); err != nil {
		return nil, err
	}
	return &Administrator{Username: username, Link: a.address(link.Path), Until: link.Until}, nil
}

// refuseInitialised tells a second init what the first one left. Whether an
// instance is complete is asked of the database alone: a missing disk or master
// key must never make a complete one look like one that may be removed.
func refuseInitialised(ctx context.Context, c conf.Config) error {
	d, err := openDatabase(ctx, c, db.Open)
	switch {
	case errors.Is(err, db.ErrAbsent):
		return refuseFile(c)
	case errors.Is(err, db.ErrOlder), errors.Is(err, db.ErrNewer), errors.Is(err, db.ErrAltered):
		return troubledDatabase(c, db.ErrExists)
	case err != nil:
		return err
	}
	if err = finished(ctx, d, c); err == nil {
		err = troubledDatabase(c, db.ErrExists)
	}
	return errors.Join(err, d.Close())
}

// refuseFile refuses a file in the place of the database that has no schema of
// ours: an init that was killed at its very beginning leaves one, but so may
// any other program.
func refuseFile(c conf.Config) error {
	path, ok := strings.CutPrefix(c.Database.URL, "sqlite:")
	if !ok {
		return nil
	}
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return &Trouble{Part: "database", Where: path, What: Words{"数据库的位置上已有一个文件，但不是本程序的数据库", "a file stands in the place of the database, and it is no database of this program"},
		Do: Words{
			"若是上次 init 被中断留下的，请删除它以及 " + c.Blob.Dir + " 和 " + c.MasterKeyFile + " 后再试；若属于别的程序，请改 database.url",
			"if an interrupted init left it, remove it, " + c.Blob.Dir + " and " + c.MasterKeyFile + ", and try again; if it belongs to another program, change database.url",
		}}
}

// loadConfig reads a configuration file and the environment.
func loadConfig(path string) (conf.Config, error) {
	c, err := conf.Load(path, os.Environ())
	if errors.Is(err, fs.ErrNotExist) {
		return c, &Trouble{Part: "config", Where: path, What: Words{"没有这个配置文件", "there is no such configuration file"},
			Do: Words{"用 sidian init --config " + filepath.Base(path) + " --example 写出一份带说明的配置", "sidian init --config " + filepath.Base(path) + " --example writes one with explanations"}}
	}
	if err != nil {
		return c, troubledConfig(path, err)
	}
	return c, nil
}
