package main

import (
	"fmt"
	"io"

	"sidian/internal/app"
	"sidian/internal/ferry"
)

type ferryCommand struct {
	Out         ferryOutCommand         `cmd:"" help:"${ferry_out}"`
	In          ferryInCommand          `cmd:"" help:"${ferry_in}"`
	Certificate ferryCertificateCommand `cmd:"" help:"${ferry_certificate}"`
}

type ferryOutCommand struct {
	located
	Dir   string `arg:"" type:"existingdir" help:"${arg_ferry_dir}"`
	All   bool   `xor:"what" help:"${flag_ferry_all}"`
	Again int64  `xor:"what" placeholder:"N" help:"${flag_ferry_again}"`
}

func (c *ferryOutCommand) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	made := []ferry.Made{}
	if c.Again > 0 {
		m, err := app.FerryAgain(e.ctx, config, c.Dir, c.Again, e.err)
		if err != nil {
			return err
		}
		made = append(made, m)
	} else if all, err := app.FerryOut(e.ctx, config, c.Dir, c.All, e.err); err != nil {
		return err
	} else if all != nil {
		made = all
	}
	return e.answer(map[string]any{"files": made}, func(w io.Writer) {
		if len(made) == 0 {
			fmt.Fprintln(w, e.say("没有要摆渡的。", "Nothing waits to be ferried."))
		}
		for _, m := range made {
			fmt.Fprintf(w, e.say("%s  %d 条记录\n", "%s  %d records\n"), m.File, m.Records)
		}
	})
}

type ferryInCommand struct {
	located
	Dir string `arg:"" type:"existingdir" help:"${arg_ferry_dir}"`
}

func (c *ferryInCommand) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	taken, err := app.FerryIn(e.ctx, config, c.Dir, e.err)
	if err != nil {
		return err
	}
	if taken == nil {
		taken = []ferry.Taken{}
	}
	return e.answer(map[string]any{"files": taken}, func(w io.Writer) {
		for _, t := range taken {
			word := e.say("已导入", "taken in")
			if t.Before {
				word = e.say("此前已导入", "taken in before")
			}
			fmt.Fprintf(w, e.say("第 %d 号  %d 条记录  %s\n", "file %d  %d records  %s\n"), t.Seq, t.Records, word)
		}
	})
}

type ferryCertificateCommand struct {
	located
	File string `arg:"" type:"path" help:"${arg_ferry_certificate}"`
}

func (c *ferryCertificateCommand) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	return app.FerryCertificate(e.ctx, config, c.File, e.err)
}
