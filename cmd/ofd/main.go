// Command ofd reads, checks, verifies, renders, stamps, signs and makes OFD documents offline, with this module's libraries only.
//
// Exit status: 0 done, or valid; 1 invalid, or a rule of the standard is broken; 2 the command could not be carried out, or
// a file was refused or cannot be read; 3 undetermined or unsigned. Of several files the worst counts: 2, then 1, then 3.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// Exit statuses.
const (
	statusOK           = 0
	statusInvalid      = 1
	statusRefused      = 2
	statusUndetermined = 3
)

// program is what every command works with.
type program struct {
	ctx      context.Context
	out, err io.Writer
	lang     language
	now      time.Time
}

type cli struct {
	Info    infoCommand    `cmd:"" help:"${help_info}"`
	Lint    lintCommand    `cmd:"" help:"${help_lint}"`
	Verify  verifyCommand  `cmd:"" help:"${help_verify}"`
	Render  renderCommand  `cmd:"" help:"${help_render}"`
	Seal    sealCommand    `cmd:"" help:"${help_seal}"`
	Sign    signCommand    `cmd:"" help:"${help_sign}"`
	Convert convertCommand `cmd:"" help:"${help_convert}"`
}

// run carries one command line out and gives the exit status.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	p := &program{ctx: ctx, out: out, err: errOut, lang: languageOf(os.Getenv), now: time.Now()}
	var c cli
	parser, err := kong.New(&c, kong.Name("ofd"), kong.Description(p.lang.pick("OFD 文件工具：查看、检查、验证、绘制、盖章、签名、转换", "Tool for OFD documents: inspect, lint, verify, render, stamp, sign, convert")),
		kong.Writers(out, errOut), helpTexts(p.lang), kong.Bind(p), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return p.fail(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return p.fail(&problem{err: err, zh: "命令行有误", en: "the command line is wrong",
			todoZH: "用 ofd --help 或 ofd 命令 --help 查看用法", todoEN: "see ofd --help or ofd COMMAND --help"})
	}
	return p.fail(parsed.Run())
}

// fail reports an error and gives its status; nil is success. A status alone was reported already.
func (p *program) fail(err error) int {
	var st status
	switch {
	case err == nil:
		return statusOK
	case errors.As(err, &st):
		return int(st)
	}
	p.report(err)
	return statusRefused
}
