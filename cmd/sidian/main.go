// Command sidian is the platform: it makes, serves and looks after one
// instance.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit statuses.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitUnbuilt = 64 // the command is in the contract and not built yet
)

type cli struct {
	Demo    demoCommand    `cmd:"" help:"${demo}"`
	Init    initCommand    `cmd:"" help:"${init}"`
	Serve   serveCommand   `cmd:"" help:"${serve}"`
	Migrate migrateCommand `cmd:"" help:"${migrate}"`
	Doctor  doctorCommand  `cmd:"" help:"${doctor}"`
	Kind    kindCommand    `cmd:"" help:"${kind}"`
	Backup  unbuilt        `cmd:"" help:"${unbuilt}"`
	Restore unbuilt        `cmd:"" help:"${unbuilt}"`
	Import  unbuilt        `cmd:"" help:"${unbuilt}"`
	Archive unbuilt        `cmd:"" help:"${unbuilt}"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// An environment is what a command runs in.
type environment struct {
	ctx      context.Context
	out, err io.Writer
	chinese  bool
}

// say picks the reader's language.
func (e *environment) say(chinese, english string) string {
	if e.chinese {
		return chinese
	}
	return english
}

var errUnbuilt = errors.New("unbuilt")

func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	e := &environment{ctx: ctx, out: out, err: errOut, chinese: chineseReader()}
	code := -1
	parser, err := kong.New(&cli{}, kong.Name("sidian"), kong.Writers(out, errOut), helpTexts(e), kong.Bind(e),
		kong.Description(e.say("四电：电子证照、电子印章、电子签名、电子材料的平台。", "Sidian, the platform for electronic certificates, seals, signatures and materials.")),
		kong.Exit(func(c int) { code = c }))
	if err != nil {
		fmt.Fprintln(errOut, "sidian:", err)
		return exitFailed
	}
	command, err := parser.Parse(args)
	switch {
	case code >= 0: // kong has shown help
		return code
	case err != nil:
		fmt.Fprintf(errOut, "sidian: %v\n%s\n", err, e.say("用 sidian --help 查看用法。", "See sidian --help."))
		return exitUsage
	}
	return report(e, command.Run(e))
}

func report(e *environment, err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errUnbuilt):
		fmt.Fprintln(e.err, e.say("sidian: 此命令尚未建成，见 CHANGELOG。", "sidian: this command is not built yet, see CHANGELOG."))
		return exitUnbuilt
	}
	fmt.Fprintln(e.err, "sidian:", explain(err))
	return exitFailed
}

type unbuilt struct {
	Rest []string `arg:"" optional:"" passthrough:""`
}

func (unbuilt) Run() error { return errUnbuilt }

// chineseReader follows the locale, as other programs do.
func chineseReader() bool {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := os.Getenv(name); v != "" {
			return strings.HasPrefix(v, "zh")
		}
	}
	return false
}

func helpTexts(e *environment) kong.Vars {
	return kong.Vars{
		"demo":    e.say("一个样例县，全部数据在一个目录里", "A sample county, all of it in one directory."),
		"init":    e.say("按配置建立一个实例", "Create an instance by its configuration."),
		"serve":   e.say("运行实例", "Run the instance."),
		"migrate": e.say("升级数据库结构", "Bring the database's schema up to this program's."),
		"doctor":  e.say("逐项检查实例", "Check everything that the instance depends on."),
		"kind":    e.say("证照种类：检查和导入", "Kinds of certificate: check and import."),
		"unbuilt": e.say("尚未建成", "Not built yet."),
	}
}
