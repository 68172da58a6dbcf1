package db_test

import "runtime"

func continueScheduling() { runtime.Gosched() }
func goexit()             { runtime.Goexit() }
