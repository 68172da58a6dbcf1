package main

import "errors"

// unbuilt is a command that the contract names and that is not there yet. It
// takes whatever it will take one day.
type unbuilt struct {
	Rest []string `arg:"" optional:""`
}

var errUnbuilt = errors.New("unbuilt")

func (unbuilt) Run() error { return errUnbuilt }
