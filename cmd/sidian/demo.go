package main

import "sidian/internal/app"

type demoCommand struct {
	Listen      string `default:"localhost:8080" help:"${flag_listen}"`
	Data        string `default:"sidian-demo" type:"path" help:"${flag_data}"`
	Credentials string `type:"path" help:"${flag_credentials}"`
}

func (c *demoCommand) Run(e *environment) error {
	private()
	return app.Demo(e.ctx, app.DemoOptions{
		Listen: c.Listen, Data: c.Data, Credentials: c.Credentials,
		Out: e.out, Log: e.err, Chinese: e.chinese, JSON: e.json,
	})
}
