package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sidian/gm"
	"sidian/ofd"
)

// Limits of what is read into memory, in bytes.
const (
	maxDocument = 96 << 20
	maxSmall    = 16 << 20 // certificates, keys, lists, pictures
)

var errTooLarge = errors.New("larger than the limit")

// readFile reads a regular file of at most max bytes.
func readFile(name string, max int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.IsDir() {
		return nil, errors.New("is a directory")
	}
	data, err := io.ReadAll(io.LimitReader(f, max+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > max {
		return nil, fmt.Errorf("%w of %d MiB", errTooLarge, max>>20)
	}
	return data, nil
}

func need(name string, max int64) ([]byte, error) {
	data, err := readFile(name, max)
	if err != nil {
		return nil, &problem{where: name, zh: "无法读取", en: "cannot be read", err: err,
			todoZH: "检查路径、权限与大小", todoEN: "check path, permission and size"}
	}
	return data, nil
}

// openDocument reads and opens an OFD file.
func openDocument(name string) (*ofd.Document, error) {
	data, err := need(name, maxDocument)
	if err != nil {
		return nil, err
	}
	doc, err := ofd.Open(data)
	if err != nil {
		return nil, &problem{where: name, zh: "不是可以打开的 OFD 文件", en: "is not an OFD document that can be opened", err: err,
			todoZH: "确认文件完整、未被改动，或向出具单位重新索取", todoEN: "make sure the file is whole, or ask its issuer for it again"}
	}
	return doc, nil
}

// certificate reads a file that holds one digital certificate; of several the first counts.
func certificate(name string) (*gm.Certificate, error) {
	list, err := certificateFile(name)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func certificateFile(name string) ([]*gm.Certificate, error) {
	data, err := need(name, maxSmall)
	if err != nil {
		return nil, err
	}
	list, err := gm.ParseCertificates(data)
	if err == nil && len(list) == 0 {
		err = errors.New("no certificate inside")
	}
	if err != nil {
		return nil, &problem{where: name, zh: "不是数字证书", en: "is not a digital certificate", err: err,
			todoZH: "给出 PEM 或 DER 格式的 X.509 证书", todoEN: "give an X.509 certificate in PEM or DER"}
	}
	return list, nil
}

// certificateEndings are what a directory of certificates is searched for.
var certificateEndings = []string{".pem", ".crt", ".cer", ".der", ".cert"}

// certificates reads files, and of directories the files with a certificate's ending.
func certificates(names []string) ([]*gm.Certificate, error) {
	var all []*gm.Certificate
	for _, name := range names {
		st, err := os.Stat(name)
		if err != nil {
			return nil, &problem{where: name, zh: "无法读取", en: "cannot be read", err: err, todoZH: "检查路径与权限", todoEN: "check path and permission"}
		}
		files := []string{name}
		if st.IsDir() {
			if files, err = certificatesIn(name); err != nil {
				return nil, err
			}
		}
		for _, f := range files {
			list, err := certificateFile(f)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
	}
	return all, nil
}

func certificatesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, &problem{where: dir, zh: "无法读取", en: "cannot be read", err: err, todoZH: "检查路径与权限", todoEN: "check path and permission"}
	}
	var files []string
	for _, e := range entries {
		if !e.IsDir() && slices.Contains(certificateEndings, strings.ToLower(filepath.Ext(e.Name()))) {
			files = append(files, filepath.Join(dir, e.Name()))
		}
	}
	if len(files) == 0 {
		return nil, &problem{where: dir, zh: "目录中没有证书文件", en: "holds no certificate file",
			todoZH: "文件名须以 .pem .crt .cer .der 结尾", todoEN: "files must end in .pem .crt .cer .der"}
	}
	return files, nil
}

// keyFlags are the flags of commands that use a private key.
type keyFlags struct {
	PassphraseFile string `help:"${flag_passphrase}" placeholder:"FILE"`
}

// key reads a private key. The passphrase comes from a file or the environment, never from the command line, which other
// people of the machine can see.
func (k *keyFlags) key(name string) (*gm.PrivateKey, error) {
	data, err := need(name, maxSmall)
	if err != nil {
		return nil, err
	}
	pass := []byte(os.Getenv("OFD_PASSPHRASE"))
	if k.PassphraseFile != "" {
		if pass, err = need(k.PassphraseFile, 4096); err != nil {
			return nil, err
		}
		pass = bytes.TrimRight(pass, "\r\n")
	}
	if len(pass) == 0 {
		pass = nil
	}
	key, err := gm.ParsePrivateKey(data, pass)
	if err != nil {
		return nil, &problem{where: name, zh: "私钥无法使用", en: "the private key cannot be used", err: err,
			todoZH: "给出 PKCS#8 格式的 SM2 私钥；已加密的用 OFD_PASSPHRASE 或 --passphrase-file 给出口令", todoEN: "give an SM2 key as PKCS#8; for an encrypted one set OFD_PASSPHRASE or --passphrase-file"}
	}
	return key, nil
}

// beijing is the zone of dates without one: China has a single zone and no summer time.
var beijing = time.FixedZone("Asia/Shanghai", 8*3600)

// parseTime reads RFC 3339, or a date with or without a time of day in Beijing. end takes a bare date as its last second.
func parseTime(flag, s string, end bool) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	for _, layout := range []string{time.DateTime, "2006-01-02T15:04:05"} {
		if t, err := time.ParseInLocation(layout, s, beijing); err == nil {
			return t, nil
		}
	}
	t, err := time.ParseInLocation(time.DateOnly, s, beijing)
	if err != nil {
		return time.Time{}, &problem{where: flag, zh: fmt.Sprintf("时间 %q 无法识别", s), en: fmt.Sprintf("cannot read the time %q", s),
			todoZH: "写作 2026-01-31、2026-01-31 08:00:00 或 2026-01-31T08:00:00+08:00", todoEN: "write 2026-01-31, 2026-01-31 08:00:00 or 2026-01-31T08:00:00+08:00"}
	}
	if end {
		t = t.AddDate(0, 0, 1).Add(-time.Second)
	}
	return t, nil
}
