package page

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sidian/internal/fault"
)

// What is wrong stands at each kind of control, and what is nobody's to see is not
// shown.
func TestShowAgain(t *testing.T) {
	t.Parallel()
	k, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/x?done=made", nil)
	sheet := func() *Sheet {
		return k.Sheet(r, "", "标题<b>", "说明", Middle).Said(r, map[string]Notice{"made": {Class: Good, Title: "已办"}}).Under("上一级", "/up").Add(
			Part{ID: "one", Form: &Form{Action: "/x", Button: "提交", Fields: []Field{{ID: "name", Name: "name", Label: "名称"}}}},
			Part{Tick: &Tick{Name: "kinds", Label: "种类", Form: Form{Action: "/x", Button: "提交"}, Boxes: []Box{{ID: "k-1", Value: "a", Label: "甲", On: true}}, Also: []Button{{"look", "预览"}}}},
			Part{Upload: &Upload{Label: "文件", Form: Form{Action: "/x", Button: "上传"}}},
			Part{Confirm: &Confirm{Title: "确认", Action: "/x", Button: "确认"}},
			Part{Blocks: []Block{{Heading: "标题二"}, {Items: []string{"<i>项"}}}})
	}
	w := httptest.NewRecorder()
	if err := k.ShowSheet(w, sheet()); err != nil || !strings.Contains(w.Body.String(), "已办") || strings.Contains(w.Body.String(), "<i>项") || strings.Contains(w.Body.String(), "标题<b>") {
		t.Fatal(err, w.Body.String())
	}
	bad := fault.Conflict.New("不行").WithHint("改正")
	for _, name := range []string{"name", "kinds", "file", "reason"} {
		bad = bad.WithField(name, "x", "错在"+name)
	}
	w = httptest.NewRecorder()
	if err := k.ShowAgain(w, sheet(), bad); err != nil || w.Code != http.StatusConflict {
		t.Fatal(err, w.Code)
	}
	for _, want := range []string{`href="#name"`, `href="#kinds"`, `href="#file"`, `href="#reason"`, `id="file-error">错在file`, `id="reason-error">错在reason`, `<p class="error">错在kinds`, `id="name-error">错在name`, `name="as" value="look"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("lacks %s", want)
		}
	}
	if strings.Contains(w.Body.String(), "已办") {
		t.Error("says that it was done")
	}
	if err := k.ShowAgain(httptest.NewRecorder(), sheet(), fault.Forbidden.New("不得")); fault.As(err) == nil {
		t.Error("shows a refusal that the router shows")
	}
}

// An action that looks like text stands first in its row, where the stylesheet lets it
// begin at the edge of the text above it; only what has a border stands off.
func TestLoneLinks(t *testing.T) {
	t.Parallel()
	k, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	p := k.Sheet(httptest.NewRequest(http.MethodGet, "/x", nil), "", "标题", "说明", Middle).Add(Part{Button: &Link{Label: "其余全部通过", Href: "/x/accept"}})
	if err := k.ShowSheet(w, p); err != nil || !strings.Contains(w.Body.String(), `class="actions" data-once><button class="button plainly">其余全部通过`) {
		t.Error(err, w.Body.String())
	}
	r := httptest.NewRequest(http.MethodGet, k.Asset("app.css"), nil)
	r.SetPathValue("name", strings.TrimPrefix(k.Asset("app.css"), "/assets/"))
	w = httptest.NewRecorder()
	if err := k.GetAsset(w, r); err != nil || !strings.Contains(w.Body.String(), ".actions > .plainly:first-child { padding-left: 0; }") {
		t.Error("a lone link is indented by the padding of a button:", err)
	}
}
