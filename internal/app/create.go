package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"sidian/internal/conf"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/pki"
	"sidian/kinds"
)

// Create makes the instance of a configuration: master key, schema, keys,
// documents, authorities, kinds; the administrators come after it. It refuses
// what exists already. When it fails, the files that it made are gone again.
func Create(ctx context.Context, c conf.Config, o Options, name string) (*App, error) {
	if err := selfTest(); err != nil {
		return nil, err
	}
	m, err := newMaking(c)
	if err != nil {
		return nil, err
	}
	a, err := create(ctx, c, o, name)
	if err != nil {
		return nil, errors.Join(err, m.undo())
	}
	a.making = m
	return a, nil
}

func create(ctx context.Context, c conf.Config, o Options, name string) (*App, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, troubledPart("data", Words{"数据目录建不了", "the data directory cannot be made"}, err)
	}
	if _, err := os.Stat(c.MasterKeyFile); errors.Is(err, fs.ErrNotExist) {
		if err := keys.CreateMaster(c.MasterKeyFile); err != nil {
			return nil, troubledKeys(c, err)
		}
	}
	d, err := openDatabase(ctx, c, db.Create)
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

// making remembers which files of an instance were absent before it was
// created: those, and no others, go when the creation fails.
type making struct{ absent []string }

// newMaking refuses places in which something stands already.
func newMaking(c conf.Config) (*making, error) {
	m := &making{}
	places := []string{c.MasterKeyFile}
	if path, ok := strings.CutPrefix(c.Database.URL, "sqlite:"); ok {
		if _, err := os.Stat(path); err == nil {
			return nil, troubledDatabase(c, db.ErrExists)
		}
		places = append(places, path, path+"-wal", path+"-shm")
	}
	if c.Blob.S3.Endpoint == "" {
		there, err := os.ReadDir(c.Blob.Dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || len(there) > 0 {
			return nil, &Trouble{Part: "documents", Where: c.Blob.Dir, Err: err, What: Words{"文件目录不是空的", "the directory of documents is not empty"},
				Do: Words{"请用 blob.dir 指定一个空目录；已有实例请用 sidian serve", "name an empty directory with blob.dir; serve an existing instance with sidian serve"}}
		}
		places = append(places, c.Blob.Dir)
	}
	for _, p := range places {
		if _, err := os.Lstat(p); errors.Is(err, fs.ErrNotExist) {
			m.absent = append(m.absent, p)
		}
	}
	return m, nil
}

// undo removes what was made. A database server keeps its schema, which is said.
func (m *making) undo() (err error) {
	for _, p := range m.absent {
		err = errors.Join(err, os.RemoveAll(p))
	}
	return err
}

// InitRequest says what an instance begins with beside its configuration.
type InitRequest struct {
	Config string
	Name   string // legal name of the unit that runs the platform
	USCC   string
	Log    io.Writer
}

// An Initialised instance and how its three administrators sign in. It is told
// once and kept nowhere.
type Initialised struct {
	Base           string          `json:"base"`
	Data           string          `json:"data"`
	MasterKey      string          `json:"master_key_file"`
	Administrators []Administrator `json:"administrators"`
	SecondStep     bool            `json:"second_step"` // whether signing in takes the one-time code
}

// An Administrator is one of the three, with the secrets that are told once.
type Administrator struct {
	Username string `json:"username"`
	Name     string `json:"name"`
	Password string `json:"password"`
	TOTP     string `json:"totp"`
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
	made, err := a.IAM.Bootstrap(ctx, iam.BootstrapRequest{
		Root:     root,
		System:   iam.AccountRequest{Username: "system", Name: "系统管理员"},
		Security: iam.AccountRequest{Username: "security", Name: "安全管理员"},
		Audit:    iam.AccountRequest{Username: "audit", Name: "审计管理员"},
	})
	if err = errors.Join(err, a.Close()); err != nil {
		return nil, errors.Join(err, a.making.undo())
	}
	out := &Initialised{Base: c.BaseURL, Data: c.DataDir, MasterKey: c.MasterKeyFile, SecondStep: c.Session.SecondStep}
	for _, m := range made {
		out.Administrators = append(out.Administrators, Administrator{m.Username, m.Name, m.Password, m.TOTP})
	}
	return out, nil
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
