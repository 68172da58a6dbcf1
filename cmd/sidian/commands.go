package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"sidian/internal/app"
	"sidian/internal/conf"
	"sidian/internal/fault"
)

type demoCommand struct {
	Listen      string `default:"localhost:8080" help:"Address to listen at."`
	Data        string `default:"sidian-demo" type:"path" help:"Directory of everything; created when absent."`
	Credentials string `type:"path" help:"Write how to sign in to this file, as JSON."`
}

func (c *demoCommand) Run(e *environment) error {
	return app.Demo(e.ctx, app.DemoOptions{Listen: c.Listen, Data: c.Data, Credentials: c.Credentials, Out: e.out, Log: e.err, Chinese: e.chinese})
}

type configured struct {
	Config string `required:"" type:"path" help:"The configuration file (YAML)."`
}

type initCommand struct {
	configured
	Example bool   `help:"Write a commented configuration to the file instead, if it does not exist."`
	Name    string `default:"平台运行单位" help:"Legal name of the unit that runs the platform."`
	USCC    string `name:"uscc" help:"Its credit code (GB 32100)."`
}

func (c *initCommand) Run(e *environment) error {
	if c.Example {
		return writeExample(c.Config)
	}
	return app.Init(e.ctx, app.InitRequest{Config: c.Config, Name: c.Name, USCC: c.USCC}, e.out)
}

// writeExample refuses to overwrite.
func writeExample(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(conf.Example())
	return errors.Join(err, f.Close())
}

type serveCommand struct{ configured }

func (c *serveCommand) Run(e *environment) error { return app.Serve(e.ctx, c.Config, e.err) }

type migrateCommand struct{ configured }

func (c *migrateCommand) Run(e *environment) error {
	applied, err := app.Migrate(e.ctx, c.Config)
	for _, name := range applied {
		fmt.Fprintln(e.out, name)
	}
	if err == nil && len(applied) == 0 {
		fmt.Fprintln(e.out, e.say("数据库结构已是最新。", "The schema is up to date."))
	}
	return err
}

type doctorCommand struct {
	configured
	JSON bool `name:"json" help:"One JSON object."`
}

func (c *doctorCommand) Run(e *environment) error {
	findings, err := app.Doctor(e.ctx, c.Config)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(e.out).Encode(map[string]any{"ok": !app.Failing(findings), "checks": findings}); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintf(e.out, "%-4s %-12s %s\n", f.Result, f.Name, f.Message)
		}
	}
	if app.Failing(findings) {
		return errors.New(e.say("有检查未通过，见上。", "a check failed, see above"))
	}
	return nil
}

type kindCommand struct {
	Check  kindCheck  `cmd:"" help:"Lint and render the kind in a folder."`
	Import kindImport `cmd:"" help:"Put the kind in a folder into the catalogue."`
}

type kindCheck struct {
	Dir  string `arg:"" type:"existingdir" help:"The kind's folder."`
	Out  string `short:"o" type:"path" help:"Write the picture of its example here (SVG)."`
	JSON bool   `name:"json" help:"One JSON object."`
}

func (c *kindCheck) Run(e *environment) error {
	r, err := app.CheckKind(c.Dir, c.Out)
	if err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(e.out).Encode(r); err != nil {
			return err
		}
	} else {
		writeFindings(e.out, r)
	}
	if !r.OK {
		return errors.New(e.say("这个证照种类还不能使用，见上。", "this kind cannot be used yet, see above"))
	}
	return nil
}

func writeFindings(w io.Writer, r *app.KindReport) {
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s: %s\n", f.Where, f.Message)
	}
	if r.OK {
		fmt.Fprintf(w, "%s  %s  %s\n", r.Name, r.Code, r.Title)
	}
}

type kindImport struct {
	configured
	Dir string `arg:"" type:"existingdir" help:"The kind's folder."`
}

func (c *kindImport) Run(e *environment) error {
	name, version, err := app.ImportKind(e.ctx, c.Config, c.Dir)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.out, "%s %d\n", name, version)
	return nil
}

// explain says what went wrong, where, and what to do.
func explain(err error) string {
	f := fault.As(err)
	if f == nil {
		return err.Error()
	}
	var b strings.Builder
	b.WriteString(f.Msg)
	for _, x := range f.Fields {
		fmt.Fprintf(&b, "\n  %s: %s", x.Name, x.Message)
	}
	if f.Hint != "" {
		b.WriteString("\n  " + f.Hint)
	}
	return b.String()
}
