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
