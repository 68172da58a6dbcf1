package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/app"
	"sidian/internal/archive/pack"
)

type archiveCommand struct {
	Check archiveCheck `cmd:"" help:"${archive_check}"`
}

type archiveCheck struct {
	Package string   `arg:"" type:"path" help:"${arg_package}"`
	Trust   []string `type:"path" placeholder:"CERT_OR_DIR" sep:"none" help:"${flag_trust}"`
	Require []string `placeholder:"CODE" help:"${flag_require}"`
	Signed  bool     `help:"${flag_signed}"`
	Files   int      `placeholder:"N" help:"${flag_files}"`
	Bytes   int64    `placeholder:"N" help:"${flag_bytes}"`
	SM3     string   `name:"sm3" placeholder:"HEX" help:"${flag_sm3}"`
}

// unreadable is an error about a file of which nothing can be told.
type unreadable struct{ error }

func (u unreadable) Unwrap() error { return u.error }

// Run checks one package, offline: it asks no instance.
func (c *archiveCheck) Run(e *environment) error {
	roots, err := trusted(c.Trust)
	if err != nil {
		return err
	}
	r, err := c.check(pack.Options{Now: time.Now(), Roots: roots, Name: filepath.Base(c.Package), Required: c.Require, Signed: c.Signed,
		Expected: &pack.Expected{Files: c.Files, Bytes: c.Bytes, SM3: c.SM3}})
	if err != nil {
		return unreadable{&app.Trouble{Part: "package", Where: c.Package, Err: err,
			What: app.Words{Chinese: "归档信息包不能读取", English: "the package cannot be read"},
			Do:   app.Words{Chinese: "确认是完整的归档信息包（ZIP），或请移交单位重新提供", English: "make sure it is a whole package (ZIP), or ask for it again"}}}
	}
	err = e.answer(struct {
		File string `json:"file"`
		*pack.Report
	}{c.Package, r}, func(w io.Writer) { e.rows(w, r) })
	if err == nil && r.Result == pack.Fail {
		fmt.Fprintln(e.err, e.say("sidian: 这个归档信息包没有通过四性检测，见上面标“不合格”的各行。", "sidian: this package does not pass the four-property check; see the rows that fail."))
		err = errTold
	}
	return err
}

func (c *archiveCheck) check(o pack.Options) (*pack.Report, error) {
	f, err := os.Open(c.Package)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return pack.Check(f, info.Size(), o)
}

// rows writes a row a check, and what they come to.
func (e *environment) rows(w io.Writer, r *pack.Report) {
	words := map[pack.Result]string{
		pack.Pass: e.say("合格  ", "pass"), pack.Warn: e.say("提示  ", "warn"), pack.Skip: e.say("未检测", "skip"), pack.Fail: e.say("不合格", "fail"),
	}
	for _, c := range r.Checks {
		fmt.Fprintf(w, "%s  %s  %s  %s：%s\n", words[c.Result], c.ID, c.Property, c.Name, c.Evidence)
	}
	fmt.Fprintf(w, "%s  %s  SM3 %s\n", strings.TrimSpace(words[r.Result]), r.Number, r.Digest)
}

// maxCertificates is far more than a file of digital certificates has.
const maxCertificates = 16 << 20

// trusted reads digital certificates from files, and from the files of
// directories that have an ending of theirs.
func trusted(names []string) (all []*gm.Certificate, err error) {
	for _, name := range names {
		files := []string{name}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			if files, err = certificateFiles(name); err != nil {
				return nil, troubledTrust(name, err)
			}
		}
		for _, file := range files {
			list, err := certificatesOf(file)
			if err != nil {
				return nil, troubledTrust(file, err)
			}
			all = append(all, list...)
		}
	}
	return all, nil
}

func certificateFiles(dir string) ([]string, error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, f := range found {
		if slices.Contains([]string{".pem", ".crt", ".cer", ".der", ".cert"}, strings.ToLower(filepath.Ext(f.Name()))) && !f.IsDir() {
			files = append(files, filepath.Join(dir, f.Name()))
		}
	}
	if len(files) == 0 {
		return nil, errors.New("no digital certificate inside")
	}
	return files, nil
}

func certificatesOf(name string) ([]*gm.Certificate, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxCertificates))
	if err != nil {
		return nil, err
	}
	list, err := gm.ParseCertificates(data)
	if err == nil && len(list) == 0 {
		err = errors.New("no digital certificate inside")
	}
	return list, err
}

func troubledTrust(name string, err error) error {
	return unreadable{&app.Trouble{Part: "trust", Where: name, Err: err,
		What: app.Words{Chinese: "不是可以使用的数字证书", English: "not a digital certificate that can be used"},
		Do:   app.Words{Chinese: "用 --trust 给出 PEM 或 DER 格式的根证书，或放有它们的目录", English: "name with --trust a root certificate in PEM or DER, or a directory of such"}}}
}
