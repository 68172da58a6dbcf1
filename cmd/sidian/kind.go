package main

import (
	"fmt"
	"io"
	"strings"

	"sidian/internal/app"
)

type kindCommand struct {
	Check  kindCheck  `cmd:"" help:"${kind_check}"`
	Import kindImport `cmd:"" help:"${kind_import}"`
}

type kindCheck struct {
	Dir string `arg:"" type:"existingdir" help:"${arg_kind}"`
	Out string `short:"o" type:"path" placeholder:"SVG" help:"${flag_out}"`
}

func (c *kindCheck) Run(e *environment) error {
	r, err := app.CheckKind(c.Dir, c.Out)
	if err != nil {
		return err
	}
	err = e.answer(r, func(w io.Writer) {
		for _, f := range r.Findings {
			fmt.Fprintf(w, "%s/%s: %s [%s]\n", f.Kind, f.Where, f.Message, f.Code)
		}
		if r.OK {
			fmt.Fprintf(w, "%s  %s  %s  %s\n", r.Name, r.Code, r.Title, e.say("可以使用", "can be used"))
		}
	})
	if err == nil && !r.OK {
		fmt.Fprintln(e.err, e.say("sidian: 这个证照种类还不能使用，请按上面各行改正。", "sidian: this kind cannot be used yet; correct what the lines above name."))
		err = errTold
	}
	return err
}

type kindImport struct {
	located
	Dir    string   `arg:"" type:"existingdir" help:"${arg_kind}"`
	Issuer []string `placeholder:"ORG" help:"${flag_issuer}"`
}

func (c *kindImport) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	k, err := app.ImportKind(e.ctx, config, c.Dir, c.Issuer...)
	if err != nil {
		return err
	}
	return e.answer(k, func(w io.Writer) {
		state := e.say("已发布", "published")
		if !k.Changed {
			state = e.say("没有变化", "unchanged")
		}
		fmt.Fprintf(w, "%s  %s  %s %d  %s\n", k.Name, k.Title, e.say("版本", "version"), k.Version, state)
		if len(k.Issuers) == 0 {
			fmt.Fprintln(w, e.say("还没有签发单位：再次运行并用 --issuer 指明。", "Nobody issues it yet: run this again with --issuer."))
			return
		}
		fmt.Fprintln(w, e.say("签发单位：", "Issued by: ")+strings.Join(k.Issuers, " "))
	})
}
