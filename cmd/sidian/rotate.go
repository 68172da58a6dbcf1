package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sidian/internal/app"
	"sidian/internal/keys"
)

type rotateCommand struct {
	located
	Status bool `xor:"what" help:"${flag_status}"`
	Pause  bool `xor:"what" help:"${flag_pause}"`
	Resume bool `xor:"what" help:"${flag_resume}"`

	Master        string `xor:"what" type:"path" placeholder:"FILE" help:"${flag_master}"`
	MasterConfig  string `xor:"what" type:"existingfile" placeholder:"FILE" help:"${flag_master_config}"`
	MasterFinish  bool   `xor:"what" help:"${flag_master_finish}"`
	MasterAbandon bool   `xor:"what" help:"${flag_master_abandon}"`
}

// A rotated is how far one part of the platform is, for programs.
type rotated struct {
	Name     string  `json:"name"`
	Done     int64   `json:"done"`
	Total    int64   `json:"total"`
	Rate     float64 `json:"rate"`
	Left     float64 `json:"left_seconds"`
	Paused   bool    `json:"paused"`
	Finished bool    `json:"finished"`
	Trouble  string  `json:"trouble,omitempty"`
}

func (c *rotateCommand) Run(e *environment) error {
	private()
	config, err := c.path()
	if err != nil {
		return err
	}
	if c.Master != "" || c.MasterConfig != "" || c.MasterFinish || c.MasterAbandon {
		return c.rewrap(e, config)
	}
	r := app.RotateRequest{Config: config, Status: c.Status, Pause: c.Pause, Resume: c.Resume, Log: e.err}
	if !e.json {
		r.Progress = func(all []keys.Progress) { fmt.Fprintf(e.err, "\r%s\033[K", e.progressLine(all)) }
	}
	all, err := app.Rotate(e.ctx, r)
	if err != nil {
		return err
	}
	list := []rotated{}
	for _, p := range all {
		list = append(list, rotated{p.Name, p.Done, p.Total, p.Rate, p.Left.Seconds(), p.Paused, !p.Finished.IsZero(), p.Trouble})
	}
	return e.answer(map[string]any{"columns": list}, func(w io.Writer) {
		if len(all) == 0 {
			fmt.Fprintln(w, e.say("还没有更换过数据加密密钥。", "The keys of columns were never replaced."))
		}
		for _, p := range all {
			fmt.Fprintf(w, "%-6s %s\n", p.Name, e.progressOf(p))
		}
	})
}

func (c *rotateCommand) rewrap(e *environment, config string) error {
	all, err := app.Rewrap(e.ctx, app.RewrapRequest{
		Config: config, File: c.Master, NextConfig: c.MasterConfig, Finish: c.MasterFinish, Abandon: c.MasterAbandon, Log: e.err,
	})
	if err != nil {
		return err
	}
	return e.answer(map[string]any{"masters": all}, func(w io.Writer) {
		for _, m := range all {
			line := fmt.Sprintf("%s  %s  %s", m.ID, m.Module, m.State)
			if m.Missing > 0 {
				line += fmt.Sprintf(e.say("，还有 %d 把密钥没有由它保护", ", %d keys are not under it yet"), m.Missing)
			}
			fmt.Fprintln(w, line)
		}
	})
}

func (e *environment) progressLine(all []keys.Progress) string {
	var parts []string
	for _, p := range all {
		parts = append(parts, p.Name+" "+e.progressOf(p))
	}
	return strings.Join(parts, "  ")
}

// progressOf says how far, how fast and how long still.
func (e *environment) progressOf(p keys.Progress) string {
	text := fmt.Sprintf("%d/%d", p.Done, p.Total)
	switch {
	case !p.Finished.IsZero():
		return text + e.say(" 完成", " done")
	case p.Paused:
		text += e.say(" 已暂停", " paused")
	case p.Pass > 1:
		text += e.say(" 待最后核对（由运行中的程序完成）", " waits for the last look, by the serving program")
	case p.Rate > 0:
		text += fmt.Sprintf(e.say(" 每秒 %.0f 行，约剩 %s", " %.0f rows a second, about %s left"), p.Rate, p.Left.Round(time.Second))
	}
	if p.Trouble != "" {
		text += " " + p.Trouble
	}
	return text
}
