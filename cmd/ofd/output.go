package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// writeFile puts data in place at once or not at all: a half-written document would look like a broken seal.
func writeFile(name string, data []byte) error {
	if err := writeWhole(name, data); err != nil {
		return &problem{where: name, zh: "无法写入", en: "cannot be written", err: err, todoZH: "检查目录、权限与磁盘空间", todoEN: "check directory, permission and disk space"}
	}
	return nil
}

func writeWhole(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".ofd-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing left to remove
	if _, err = f.Write(data); err == nil {
		err = f.Chmod(0o644)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

// different refuses to write over the input: the unsigned original would be lost.
func different(in, out string) error {
	a, errA := os.Stat(in)
	b, errB := os.Stat(out)
	if errA == nil && errB == nil && os.SameFile(a, b) {
		return &problem{where: out, zh: "输出就是输入文件", en: "is the input file", todoZH: "换一个输出文件名", todoEN: "name another output file"}
	}
	return nil
}

func (p *program) printJSON(v any) error {
	return encodeJSON(p.out, v)
}

func encodeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	return nil
}

func (p *program) printf(format string, args ...any) { fmt.Fprintf(p.out, format, args...) }

// tell prints a line in the user's language.
func (p *program) tell(zh, en string, args ...any) {
	fmt.Fprintf(p.out, p.lang.pick(zh, en)+"\n", args...)
}
