package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"

	"sidian/internal/conf"
)

// DemoOptions are what the command line says of the demo.
type DemoOptions struct {
	Listen, Data, Credentials string
	Out, Log                  io.Writer
	Chinese                   bool
}

// Mark is what stands across every document and page of a demo.
const Mark = "样例"

// Credentials are how to sign in to a demo: random for its data directory, and
// kept there so that a restart tells them again.
type Credentials struct {
	Base  string     `json:"base"`
	Users []DemoUser `json:"users"`
	Apps  []DemoApp  `json:"apps"`
}

// A DemoUser signs in to pages.
type DemoUser struct {
	Username string   `json:"username"`
	Password string   `json:"password"`
	TOTP     string   `json:"totp"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Roles    []string `json:"roles"`
	Org      string   `json:"org"`
}

// A DemoApp calls the API.
type DemoApp struct {
	Name         string   `json:"name"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	Scopes       []string `json:"scopes"`
}

const credentialsFile = "credentials.json"

// Demo serves a small county out of one directory, which it makes when absent.
func Demo(ctx context.Context, o DemoOptions) error {
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return fmt.Errorf("app: listening at %s (another demo may be running; choose another with --listen): %w", o.Listen, err)
	}
	base := "http://localhost:" + port(l)
	if _, err := os.Stat(o.Data); errors.Is(err, fs.ErrNotExist) {
		if err := makeDemo(ctx, o, base); err != nil {
			return errors.Join(err, l.Close())
		}
	}
	creds, err := readCredentials(o.Data)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	creds.Base = base
	a, err := Open(ctx, demoConf(o.Data, base), Options{Mark: Mark, Log: o.Log})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	if o.Credentials != "" {
		if err := writeCredentials(o.Credentials, creds); err != nil {
			return errors.Join(err, a.Close(), l.Close())
		}
	}
	greet(o, creds)
	return errors.Join(a.Run(ctx, l), a.Close())
}

func port(l net.Listener) string {
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}

// demoConf is the embedded default: everything in one directory.
func demoConf(data, base string) conf.Config {
	c := conf.Default()
	c.DataDir, c.BaseURL, c.Region = data, base, "999999"
	c.MasterKeyFile = filepath.Join(data, "master.key")
	c.Blob.Dir = filepath.Join(data, "blob")
	c.Database.URL = "sqlite:" + filepath.Join(data, "sidian.db")
	c.Log.Level = "warn"
	c.Limits.AddressRate, c.Limits.AddressBurst = 0, 0 // one machine is the whole county
	return c
}

// makeDemo seeds in a directory beside and renames it, so that a demo is whole
// or absent.
func makeDemo(ctx context.Context, o DemoOptions, base string) error {
	partial := o.Data + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return fmt.Errorf("app: removing what an interrupted start left: %w", err)
	}
	tell(o, "正在建立样例县…\n", "Setting up the sample county…\n")
	a, creds, err := CreateCounty(ctx, demoConf(partial, base), Options{Log: o.Log})
	if err != nil {
		return err
	}
	if err := a.Close(); err != nil {
		return err
	}
	if err := writeCredentials(filepath.Join(partial, credentialsFile), creds); err != nil {
		return err
	}
	if err := os.Rename(partial, o.Data); err != nil {
		return fmt.Errorf("app: putting the demo in place: %w", err)
	}
	return nil
}

// CreateCounty makes an instance and seeds the sample county in it.
func CreateCounty(ctx context.Context, c conf.Config, o Options) (*App, *Credentials, error) {
	o.Mark = Mark
	a, err := Create(ctx, c, o, "青禾县样例")
	if err != nil {
		return nil, nil, err
	}
	creds, err := a.seed(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("app: seeding the county: %w", errors.Join(err, a.Close()))
	}
	return a, creds, nil
}

// CountyConf is the configuration of a county in one directory, with the
// database there unless another is named.
func CountyConf(data, base, database string) conf.Config {
	c := demoConf(data, base)
	if database != "" {
		c.Database.URL = database
	}
	return c
}

func readCredentials(data string) (*Credentials, error) {
	b, err := os.ReadFile(filepath.Join(data, credentialsFile))
	if err != nil {
		return nil, fmt.Errorf("app: %s is not the directory of a demo (choose another with --data): %w", data, err)
	}
	c := &Credentials{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("app: reading the demo's credentials: %w", err)
	}
	return c, nil
}

// writeCredentials replaces the file at once: a reader sees it whole.
func writeCredentials(path string, c *Credentials) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".credentials-*") // mode 0600
	if err != nil {
		return fmt.Errorf("app: writing the credentials: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("app: writing the credentials: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

func tell(o DemoOptions, chinese, english string) {
	if o.Chinese {
		fmt.Fprint(o.Out, chinese)
		return
	}
	fmt.Fprint(o.Out, english)
}

// greet prints where to open each page and how to sign in.
func greet(o DemoOptions, c *Credentials) {
	tell(o, "\n四电样例县已就绪（全部数据为虚构，在 "+o.Data+"）\n\n", "\nThe sample county is ready (all of it invented, in "+o.Data+")\n\n")
	for _, p := range []struct{ path, chinese, english string }{
		{"/", "首页", "home"}, {"/verify", "核验（不用登录）", "verify, no sign-in"}, {"/console", "工作台", "console for staff"}, {"/docs", "接口文档", "API"},
	} {
		word := p.english
		if o.Chinese {
			word = p.chinese
		}
		fmt.Fprintf(o.Out, "  %s%-10s %s\n", c.Base, p.path, word)
	}
	tell(o, "\n登录：\n", "\nSign in:\n")
	for _, u := range c.Users {
		fmt.Fprintf(o.Out, "  %-10s %-20s %s %s\n", u.Username, u.Password, u.Name, strings.Join(u.Roles, " "))
	}
	tell(o, "\n接口应用：\n", "\nAPI client:\n")
	for _, p := range c.Apps {
		fmt.Fprintf(o.Out, "  %s %s  %s\n", p.ClientID, p.ClientSecret, p.Name)
	}
	tell(o, "\n按 Ctrl-C 结束。\n", "\nCtrl-C ends it.\n")
}
