package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"sidian/internal/app"
	"sidian/internal/conf"
)

// configured are the commands that work on the instance of a configuration.
type configured struct {
	Config string `required:"" type:"path" placeholder:"FILE" help:"${flag_config}"`
}

// located are the commands that find the instance by themselves where it stands
// in its usual place, or in the demo's.
type located struct {
	Config string `type:"path" placeholder:"FILE" help:"${flag_located}"`
}

// usualConfigs are looked for in this order, in the current directory.
var usualConfigs = []string{"sidian.yaml", filepath.Join("sidian-demo", "sidian.yaml")}

// path is the configuration that is named, or the first usual one.
func (l located) path() (string, error) {
	if l.Config != "" {
		return l.Config, nil
	}
	for _, name := range usualConfigs {
		if _, err := os.Stat(name); err == nil {
			return filepath.Abs(name)
		}
	}
	return "", app.NoInstance(usualConfigs)
}

type initCommand struct {
	configured
	Example bool   `help:"${flag_example}"`
	Name    string `default:"平台运行单位" help:"${flag_name}"`
	USCC    string `name:"uscc" placeholder:"CODE" help:"${flag_uscc}"`
}

func (c *initCommand) Run(e *environment) error {
	private()
	if c.Example {
		if err := writeExample(c.Config); err != nil {
			return err
		}
		return e.answer(map[string]string{"written": c.Config}, func(w io.Writer) {
			fmt.Fprintln(w, e.say("已写出配置，请修改后运行 sidian init --config ", "Written. Edit it, then run sidian init --config ")+c.Config)
		})
	}
	made, err := app.Init(e.ctx, app.InitRequest{Config: c.Config, Name: c.Name, USCC: c.USCC, Log: e.err})
	if err != nil {
		return err
	}
	return e.answer(made, func(w io.Writer) { tellAdministrators(e, w, c.Config, made) })
}

// tellAdministrators shows the links, here and nowhere else.
func tellAdministrators(e *environment, w io.Writer, config string, made *app.Initialised) {
	fmt.Fprintln(w, e.say("实例已建立。三位管理员各用自己的一次性链接设置密码和第二因素，请分别交给三个人；链接只显示这一次，72 小时内有效：",
		"The instance is made. Each administrator sets a password and a second factor by a link of their own: give each to its own person. The links are shown this once and live for 72 hours:"))
	for _, a := range made.Administrators {
		fmt.Fprintf(w, "  %-10s %s  %s\n", a.Username, a.Name, a.Link)
	}
	fmt.Fprintln(w, e.say("链接过期或遗失：sidian rescue 用户名 --reason 事由 --config ", "A link that is lost or over: sidian rescue USERNAME --reason WHY --config ")+config)
	fmt.Fprintln(w, e.say("主密钥在 ", "The master key is ")+made.MasterKey+
		e.say("。请立即另行备份到安全的地方：丢失它，全部密钥和文件都无法恢复。", ". Keep a copy of it in a safe place now: without it every key and document is lost."))
	fmt.Fprintln(w, e.say("运行：sidian serve --config ", "Serve it: sidian serve --config ")+config)
}

// writeExample refuses to overwrite.
func writeExample(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return &app.Trouble{Part: "config", Where: path, What: app.Words{Chinese: "文件已经存在，没有覆盖", English: "the file exists and was not overwritten"},
			Do: app.Words{Chinese: "请用 --config 写一个新文件名", English: "name a new file with --config"}}
	}
	if err == nil {
		_, err = f.WriteString(conf.Example())
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return &app.Trouble{Part: "config", Where: path, Err: err, What: app.Words{Chinese: "配置文件写不了", English: "the configuration cannot be written"}}
	}
	return nil
}

type rescueCommand struct {
	located
	Username string `arg:"" help:"${arg_username}"`
	Reason   string `required:"" placeholder:"TEXT" help:"${flag_reason}"`
}

func (c *rescueCommand) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	made, err := app.Rescue(e.ctx, config, c.Username, c.Reason, e.err)
	if err != nil {
		return err
	}
	return e.answer(made, func(w io.Writer) {
		fmt.Fprintln(w, e.say("请把一次性链接交给本人，只显示这一次：", "Give the one-time link to its person; it is shown this once: ")+made.Link)
		fmt.Fprintln(w, e.say("有效至 ", "It lives until ")+made.Until.Local().Format("2006-01-02 15:04"))
	})
}

type recountCommand struct {
	located
	Reason string `required:"" placeholder:"TEXT" help:"${flag_reason}"`
}

func (c *recountCommand) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	if err := app.Recount(e.ctx, config, c.Reason, e.err); err != nil {
		return err
	}
	return e.answer(map[string]bool{"recounted": true}, func(w io.Writer) {
		fmt.Fprintln(w, e.say("已按现状重新计数；被改动的行仍然无效，见 sidian doctor。", "Counted as the tables stand. Altered rows stay void, see sidian doctor."))
	})
}

type serveCommand struct{ configured }

func (c *serveCommand) Run(e *environment) error {
	private()
	ready := func(base, address string) {
		_ = e.answer(map[string]string{"base": base, "address": address}, func(w io.Writer) {
			fmt.Fprintln(w, e.say("已就绪：", "Ready: ")+base+e.say("（监听 ", " (listening at ")+address+e.say("）", ")"))
		})
	}
	return app.Serve(e.ctx, app.ServeOptions{Config: c.Config, Log: e.err, Ready: ready})
}

type migrateCommand struct {
	located
	Adopt bool `help:"${flag_adopt}"`
}

func (c *migrateCommand) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	applied, err := app.Migrate(e.ctx, config, c.Adopt)
	if err != nil {
		return err
	}
	return e.answer(map[string]any{"applied": append([]string{}, applied...)}, func(w io.Writer) {
		for _, name := range applied {
			fmt.Fprintln(w, name)
		}
		if len(applied) == 0 {
			fmt.Fprintln(w, e.say("数据库结构已是最新。", "The schema is up to date."))
		}
	})
}

type doctorCommand struct{ located }

func (c *doctorCommand) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	findings, err := app.Doctor(e.ctx, config, e.chinese)
	if err != nil {
		return err
	}
	failing := app.Failing(findings)
	err = e.answer(map[string]any{"ok": !failing, "checks": findings}, func(w io.Writer) {
		for _, f := range findings {
			fmt.Fprintf(w, "%-4s %-14s %s\n", f.Result, f.Name, f.Message)
		}
	})
	if err == nil && failing {
		fmt.Fprintln(e.err, e.say("sidian: 有检查未通过，见 fail 各行。", "sidian: a check failed, see the lines with fail."))
		err = errTold
	}
	return err
}
