package page

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/fault"
)

func TestStatusOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"nothing":                   {nil, 0},
		"nobody's to see":           {errors.New("disk full"), 0},
		"who signs in":              {fault.Unauthorized.New("请先登录"), 0},
		"a mistake":                 {fault.Invalid.New("不正确").WithField("name", "required", "必填"), 422},
		"something that is not":     {fault.NotFound.New("没有这个单位"), 422},
		"a second factor missing":   {fault.Forbidden.New("须再次证明是本人").WithField("code", "confirm.needed", "必填"), 403},
		"what they may not":         {fault.Forbidden.New("没有权限"), 0},
		"another was faster":        {fault.Conflict.New("已办结"), 409},
		"too large":                 {fault.TooLarge.New("文件太大"), 413},
		"too often":                 {fault.TooMany.New("请稍后"), 429},
		"something does not answer": {fault.Unavailable.New("请稍后"), 503},
		"a wrapped mistake":         {fault.Invalid.Wrap(errors.New("eof"), "没有传完"), 422},
	} {
		if got := StatusOf(c.err); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestMark(t *testing.T) {
	t.Parallel()
	first := []Field{{ID: "a-title", Name: "title", Label: "标题"}, {ID: "a-kind", Name: "kind", Label: "种类"}}
	second := []Field{{ID: "b-file", Name: "file", Label: "文件"}}
	err := fault.Invalid.New("不正确").WithHint("请更正").WithField("file", "required", "请选择文件").WithField("title", "required", "必填").WithField("other", "x", "别处不对")
	p := Mark(err, first, second)
	if first[0].Error != "必填" || first[1].Error != "" || second[0].Error != "请选择文件" {
		t.Errorf("at the controls: %+v %+v", first, second)
	}
	want := []FieldProblem{{"b-file", "文件", "请选择文件"}, {"a-title", "标题", "必填"}, {"", "", "别处不对"}}
	if p.Msg != "不正确" || p.Hint != "请更正" || len(p.Fields) != len(want) {
		t.Fatalf("the summary: %+v", p)
	}
	for i, f := range p.Fields {
		if f != want[i] {
			t.Errorf("line %d of the summary: %+v, want %+v", i, f, want[i])
		}
	}
	if got := p.Fields[0].Text(); got != "请选择文件" {
		t.Errorf("a message that names its control reads %q", got)
	}
}

func TestSee(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	if err := See(w, httptest.NewRequest(http.MethodPost, "/console/x", nil), "/console/x/1?done=new"); err != nil || w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/console/x/1?done=new" {
		t.Errorf("%v, %d to %q", err, w.Code, w.Header().Get("Location"))
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file File
		want string
	}{
		"to keep":          {File{Name: "a b.ofd", Media: "application/ofd"}, `attachment; filename="a b.ofd"`},
		"a Chinese name":   {File{Name: "通知.ofd", Media: "application/ofd"}, "attachment; filename*=utf-8''%E9%80%9A%E7%9F%A5.ofd"},
		"to look at":       {File{Name: "imprint.png", Media: "image/png", Inline: true}, "inline; filename=imprint.png"},
		"a line break":     {File{Name: "a\r\nSet-Cookie: x.ofd", Media: "application/ofd"}, "attachment; filename*=utf-8''a%0D%0ASet-Cookie%3A%20x.ofd"},
		"part of the page": {File{Media: "image/svg+xml"}, ""},
	} {
		c.file.Data = []byte("12345")
		w := httptest.NewRecorder()
		if err := Send(w, c.file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		h := w.Header()
		if got := h.Get("Content-Disposition"); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		if h.Get("Cache-Control") != "no-store" || h.Get("Content-Type") != c.file.Media || h.Get("Content-Length") != "5" || w.Body.String() != "12345" {
			t.Errorf("%s: %v %q", name, h, w.Body)
		}
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	for title, want := range map[string]string{
		"关于公布办事指南的通知": "关于公布办事指南的通知.ofd", `a/b\c:d*e?f"g<h>i|j`: "a-b-c-d-e-f-g-h-i-j.ofd", "两\r\n行\x00": "两--行-.ofd", "../../etc/passwd": "..-..-etc-passwd.ofd",
		strings.Repeat("长", 200): strings.Repeat("长", 80) + ".ofd",
	} {
		if got := FileName(title, ".ofd"); got != want {
			t.Errorf("%q is called %q", title, got)
		}
	}
}
