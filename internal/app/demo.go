package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	Chinese, JSON             bool
}

// Mark is what stands across every document and page of a demo.
const Mark = "样例"

// Demo serves a small county out of one directory, which it makes when absent.
func Demo(ctx context.Context, o DemoOptions) (err error) {
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return troubledListen(o.Listen, byFlag("--listen"), err)
	}
	a, err := openDemo(ctx, o, l)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	return errors.Join(a.Run(ctx, l), a.Close())
}

// openDemo makes the demo where it is absent, opens it, and tells how to sign in.
func openDemo(ctx context.Context, o DemoOptions, l net.Listener) (*App, error) {
	d, err := holdDemo(o.Data)
	if err != nil {
		return nil, err
	}
	base := "http://localhost:" + port(l)
	if !d.whole() {
		if err := makeDemo(ctx, o, d, base); err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	a, creds, err := reopenDemo(ctx, o, d, base)
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	a.held = d
	if o.Credentials != "" {
		if err = writeCredentials(o.Credentials, creds); err != nil {
			err = &Trouble{Part: "credentials", Where: o.Credentials, Err: err, What: Words{"登录方法写不进这个文件", "how to sign in cannot be written to this file"},
				Do: Words{"请用 --credentials 换一个可以写的地方", "name another place with --credentials"}}
		}
	}
	if err == nil {
		err = greet(o, creds)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func port(l net.Listener) string {
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}

func reopenDemo(ctx context.Context, o DemoOptions, d *demoDir, base string) (*App, *Credentials, error) {
	creds, err := readCredentials(d.at(credentialsFile))
	if err != nil {
		return nil, nil, troubledData(d.path, Words{"这个目录里的样例县已经损坏", "the demo in this directory is damaged"}, err)
	}
	a, err := Open(ctx, demoConf(d.path, base), Options{Mark: Mark, People: true, Log: o.Log})
	if err != nil {
		return nil, nil, troubledData(d.path, Words{"这个目录里的样例县打不开", "the demo in this directory cannot be opened"}, err)
	}
	if creds.Base != base && !o.JSON {
		tell(o, "提示：此前签发的证照上，二维码仍指向 "+creds.Base+"\n", "Note: the codes on what was issued before still lead to "+creds.Base+"\n")
	}
	creds.Base = base
	a.identity.users.Store(&creds.Users)
	return a, creds, nil
}

// demoConf is the embedded default: everything in one directory.
func demoConf(data, base string) conf.Config {
	c := conf.Default()
	c.DataDir, c.BaseURL, c.Region = data, base, "999999"
	c.MasterKeyFile = filepath.Join(data, "master.key")
	c.Blob.Dir = filepath.Join(data, "blob")
	c.Database.URL = "sqlite:" + filepath.Join(data, "sidian.db")
	c.Log.Level = "warn"
	c.Session.SecondStep = false                       // who looks around has a password; a code is taken where it is given
	c.Session.PasswordDays = 0                         // the passwords of a demo stay
	c.Limits.AddressRate, c.Limits.AddressBurst = 0, 0 // one machine is the whole county
	here := []string{"localhost", "127.0.0.1"}         // and whatever programs it calls
	c.Outgoing.Hosts, c.Outgoing.Private = here, here
	return c
}

// makeDemo makes and seeds the county. Until it has come to its end the
// directory says so, and the next start makes the county anew.
func makeDemo(ctx context.Context, o DemoOptions, d *demoDir, base string) error {
	if err := d.begin(); err != nil {
		return err
	}
	if !o.JSON {
		tell(o, "正在建立样例县…\n", "Setting up the sample county…\n")
	}
	a, creds, err := CreateCounty(ctx, demoConf(d.path, base), Options{Log: o.Log})
	if err != nil {
		return err
	}
	if err := errors.Join(a.Close(), writeDemoConfig(d.at(demoConfigFile), base)); err != nil {
		return err
	}
	return d.finish(creds)
}

// writeDemoConfig lets doctor, kind import and the other commands that take
// --config work on the demo.
func writeDemoConfig(path, base string) error {
	text := "# 样例县的配置，供 sidian doctor、kind import、serve 等带 --config 的命令使用；sidian demo 自己不读它。\n" +
		"listen: " + strings.TrimPrefix(base, "http://") + "\nbase_url: " + base + "\nregion: \"999999\"\nsession: {second_step: false, password_days: 0}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("app: writing the demo's configuration: %w", err)
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
	creds.Base = c.BaseURL
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

func tell(o DemoOptions, chinese, english string) {
	fmt.Fprint(o.Out, Words{chinese, english}.In(o.Chinese))
}

// greet prints where to open each page and how to sign in.
func greet(o DemoOptions, c *Credentials) error {
	if o.JSON {
		return json.NewEncoder(o.Out).Encode(c)
	}
	tell(o, "\n四电样例县已就绪（全部数据为虚构，在 "+o.Data+"）\n\n", "\nThe sample county is ready (all of it invented, in "+o.Data+")\n\n")
	for _, p := range []struct {
		path string
		Words
	}{
		{"/", Words{"首页", "home"}}, {"/verify", Words{"核验，不用登录", "verify, no sign-in"}},
		{"/console", Words{"工作台", "console for staff"}}, {"/docs", Words{"接口文档", "the API"}},
	} {
		fmt.Fprintf(o.Out, "  %s%-10s %s\n", c.Base, p.path, p.In(o.Chinese))
	}
	tell(o, "\n登录（用户名、密码、姓名、角色）：\n", "\nSign in (user, password, name, roles):\n")
	for _, u := range c.Users {
		fmt.Fprintf(o.Out, "  %-10s %-26s %s  %s\n", u.Username, u.Password, u.Name, strings.Join(u.Roles, " "))
	}
	tell(o, "\n接口应用（client_id、client_secret）：\n", "\nAPI client (client_id, client_secret):\n")
	for _, p := range c.Apps {
		fmt.Fprintf(o.Out, "  %s  %s  %s\n", p.ClientID, p.ClientSecret, p.Name)
	}
	tell(o, "\n按 Ctrl-C 结束；再次运行会用同样的密码。\n", "\nCtrl-C ends it; the next run has the same passwords.\n")
	return nil
}
