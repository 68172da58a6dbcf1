// Command sidian is the platform: it makes, serves and looks after one
// instance.
//
// Exit status: 0 done; 1 the command was not carried out, or a check did not
// pass; 2 the command line is wrong, or the file to check cannot be read; 64 the
// command is promised and not built yet. Answers go to the standard output,
// errors to the standard error: what went wrong, where, what to do.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"sidian/internal/app"
)

// Exit statuses.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitUnbuilt = 64
)

type cli struct {
	Version kong.VersionFlag `help:"${flag_version}"`
	JSON    bool             `name:"json" help:"${flag_json}"`

	Demo    demoCommand    `cmd:"" help:"${demo}"`
	Init    initCommand    `cmd:"" help:"${init}"`
	Serve   serveCommand   `cmd:"" help:"${serve}"`
	Migrate migrateCommand `cmd:"" help:"${migrate}"`
	Doctor  doctorCommand  `cmd:"" help:"${doctor}"`
	Kind    kindCommand    `cmd:"" help:"${kind}"`
	Rescue  rescueCommand  `cmd:"" help:"${rescue}"`
	Recount recountCommand `cmd:"" help:"${recount}"`
	Rotate  rotateCommand  `cmd:"" help:"${rotate}"`
	Answer  answerCommand  `cmd:"" help:"${answer}"`
	Ferry   ferryCommand   `cmd:"" help:"${ferry}"`
	Backup  unbuilt        `cmd:"" passthrough:"" help:"${unbuilt}"`
	Restore unbuilt        `cmd:"" passthrough:"" help:"${unbuilt}"`
	Import  unbuilt        `cmd:"" passthrough:"" help:"${unbuilt}"`
	Archive archiveCommand `cmd:"" help:"${archive}"`
}

func main() {
	app.TuneMemory()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv)
	stop()
	os.Exit(code)
}

// An environment is what a command runs in.
type environment struct {
	ctx      context.Context
	out, err io.Writer
	chinese  bool
	json     bool
}

// say picks the reader's language.
func (e *environment) say(chinese, english string) string {
	return app.Words{Chinese: chinese, English: english}.In(e.chinese)
}

// answer writes one JSON object, or what people read.
func (e *environment) answer(object any, people func(io.Writer)) error {
	if e.json {
		return json.NewEncoder(e.out).Encode(object)
	}
	people(e.out)
	return nil
}

func run(ctx context.Context, args []string, out, errOut io.Writer, getenv func(string) string) int {
	e := &environment{ctx: ctx, out: out, err: errOut, chinese: readsChinese(getenv)}
	c, code := &cli{}, -1
	parser, err := kong.New(c, kong.Name("sidian"), kong.Writers(out, errOut), kong.Bind(e), texts(e), kong.Help(e.help),
		kong.Description(e.say("四电：电子证照、电子印章、电子签名、电子材料的平台。", "Sidian, the platform for electronic certificates, seals, signatures and materials.")),
		kong.Exit(func(status int) { code = status }))
	if err != nil {
		return e.report(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	switch {
	case code >= 0: // help or version was asked for, and shown
		return code
	case err != nil:
		fmt.Fprintf(errOut, "sidian: %s%v\n  %s\n", e.say("命令行有误：", "the command line is wrong: "), err,
			e.say("用 sidian --help 或 sidian 命令 --help 查看用法", "see sidian --help or sidian COMMAND --help"))
		return exitUsage
	}
	e.json = c.JSON
	return e.report(command.Run(e))
}

// errTold is an error of which the reader knows already.
var errTold = errors.New("told")

func (e *environment) report(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errUnbuilt):
		fmt.Fprintln(e.err, e.say("sidian: 这个命令还没有建成，见 CHANGELOG.md。", "sidian: this command is not built yet, see CHANGELOG.md."))
		return exitUnbuilt
	case errors.Is(err, errTold):
		return exitFailed
	case errors.As(err, &unreadable{}):
		fmt.Fprintln(e.err, "sidian:", app.Explain(err, e.chinese))
		return exitUsage
	case errors.Is(err, context.Canceled) && e.ctx.Err() != nil:
		fmt.Fprintln(e.err, e.say("sidian: 已中断。", "sidian: interrupted."))
		return exitFailed
	}
	fmt.Fprintln(e.err, "sidian:", app.Explain(err, e.chinese))
	return exitFailed
}
