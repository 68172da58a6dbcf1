package main

import (
	"errors"
	"fmt"
	"io/fs"

	"sidian/ofd"
	"sidian/ofd/convert"
	"sidian/ofd/sign"
	"sidian/ses"
)

// status is an error whose story is told already: only the exit status is left.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// problem says what went wrong, where, and what to do, in both languages.
type problem struct {
	where          string // file or flag
	zh, en         string
	todoZH, todoEN string
	err            error // the cause, in English
}

func (x *problem) Error() string {
	s := x.en
	if x.where != "" {
		s = x.where + ": " + s
	}
	if x.err != nil {
		s += ": " + x.err.Error()
	}
	return s
}

func (x *problem) Unwrap() error { return x.err }

// report prints an error in the three parts of the contract.
func (p *program) report(err error) {
	x := p.explain(err)
	text := p.lang.pick(x.zh, x.en)
	if x.err != nil {
		text += p.lang.pick("：", ": ") + p.cause(x.err)
	}
	if x.where != "" {
		text = x.where + p.lang.pick("：", ": ") + text
	}
	fmt.Fprintln(p.err, p.lang.pick("ofd：", "ofd: ")+text)
	if todo := p.lang.pick(x.todoZH, x.todoEN); todo != "" {
		fmt.Fprintln(p.err, p.lang.pick("怎么办：", "what to do: ")+todo)
	}
}

func (p *program) explain(err error) *problem {
	var x *problem
	if errors.As(err, &x) {
		return x
	}
	return &problem{zh: "命令没有完成", en: "the command was not carried out", err: err}
}

// cause prefers the sentence made for people where the library has one.
func (p *program) cause(err error) string {
	var refusedOpen *ofd.RefusedError
	var refusedSign *sign.RefusedError
	var refusedConvert *convert.RefusedError
	switch {
	case errors.As(err, &refusedConvert) && p.lang == chinese:
		return refusedConvert.Reason
	case errors.As(err, &refusedSign):
		return refusedSign.Reason + " (" + refusedSign.Code + ")"
	case errors.As(err, &refusedOpen) && p.lang == chinese:
		return refusedOpen.Reason
	case errors.Is(err, fs.ErrNotExist):
		return p.lang.pick("文件不存在", "no such file")
	case errors.Is(err, fs.ErrPermission):
		return p.lang.pick("没有权限", "permission denied")
	}
	return err.Error()
}

// refusal wraps what the libraries say about a document that may not be sealed or signed.
func refusal(where string, err error) error {
	var told *problem
	if errors.As(err, &told) { // the time-stamp service's, which says more
		return told
	}
	x := &problem{where: where, zh: "没有签署", en: "was not signed", err: err,
		todoZH: "按所述规则更换印章、密钥、证书或文件后重试", todoEN: "change the seal, key, digital certificate or document as the rule says, and try again"}
	if errors.Is(err, ses.ErrRefused) {
		x.zh, x.en = "不符合标准", "breaks the standard"
	}
	return x
}
