package main

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"mime/multipart"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"sidian/internal/signature/ink/inktest"
	"sidian/ofd"
	"sidian/ofd/draw/imprint"
)

// enter signs people of a demo in with what its credentials file says: enter
// BASE CREDENTIALS USER…
func enter(ts *testscript.TestScript, _ bool, args []string) {
	all := readCredentials(ts, args[1])
	for _, name := range args[2:] {
		p := personOf(ts, name)
		for _, u := range all.Users {
			if u.Username != name {
				continue
			}
			var err error
			p.secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(u.TOTP)
			ts.Check(err)
			p.password = u.Password
		}
		if p.password == "" {
			ts.Fatalf("%s holds no user %s", args[1], name)
		}
		p.signIn(ts, args[0], name, "200", "")
	}
}

// formOf is a form with fields and one file, as {"fields": {…}, "file": "NAME"}
// describes it.
func formOf(ts *testscript.TestScript, text []byte) ([]byte, string) {
	var f struct {
		Fields map[string]string
		File   string
	}
	ts.Check(json.Unmarshal(text, &f))
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range f.Fields {
		ts.Check(m.WriteField(k, v))
	}
	part, err := m.CreateFormFile("file", filepath.Base(f.File))
	ts.Check(err)
	_, err = part.Write([]byte(ts.ReadFile(f.File)))
	ts.Check(err)
	ts.Check(m.Close())
	return b.Bytes(), m.FormDataContentType()
}

// picture makes FILE by the end of its name: .png the imprint of NAME, .ofd a
// document of one page, .json a handwriting as a pad sends it.
func picture(ts *testscript.TestScript, _ bool, args []string) {
	var data []byte
	var err error
	switch filepath.Ext(args[0]) {
	case ".png":
		data, err = imprint.PNG(imprint.Spec{Name: args[1], Code: "999900001", Width: 42, Height: 42})
	case ".ofd":
		b := ofd.New(ofd.DocInfo{Title: "样例"})
		b.AddPage(210, 297)
		d, e := b.Build()
		ts.Check(e)
		data, err = d.Bytes()
	case ".json":
		data = inktest.Drawing(1).JSON()
	}
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o644))
}
