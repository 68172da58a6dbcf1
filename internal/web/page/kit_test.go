package page

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sidian/internal/fault"
	"sidian/internal/httpx"
)

func newKit(t *testing.T) *Kit {
	t.Helper()
	k, err := New(Options{Mark: "样例"})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func load(t *testing.T, k *Kit, body string) *Set {
	t.Helper()
	s, err := k.Load(fstest.MapFS{
		"pages/p.html":      {Data: []byte(`{{define "body"}}` + body + `{{end}}`)},
		"pages/_parts.html": {Data: []byte(`{{define "mine"}}MINE{{end}}`)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type testPage struct {
	Frame
	X any
}

func rendered(t *testing.T, body string, x any) string {
	t.Helper()
	k := newKit(t)
	w := httptest.NewRecorder()
	if err := load(t, k, body).Show(w, http.StatusOK, "p", testPage{k.Frame(httptest.NewRequest("GET", "/p?done=1", nil), "题", "", ""), x}); err != nil {
		t.Fatal(err)
	}
	_, main, _ := strings.Cut(w.Body.String(), `<main`)
	main, _, _ = strings.Cut(main, "</main>")
	return main
}

// Every part renders what it is given, as text and never as markup.
func TestParts(t *testing.T) {
	t.Parallel()
	evil := `<script>alert(1)</script>`
	at := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	for name, c := range map[string]struct {
		x    any
		want []string
	}{
		"table": {Table{Caption: "人员", Head: []string{"姓名", "状态", ""}, Rows: []Row{{Cells: []Cell{
			{Text: evil, Href: "/people/1"}, {Chips: []Chip{{Good, "有效"}}}, {Actions: []Action{{Label: "停用", Of: "李某", Href: "/x", Post: true, Hidden: []Hidden{{"v", evil}}}}},
		}}}, Pager: Pager{Next: "/p?cursor=2"}},
			[]string{"<caption>人员", `scope="row"`, `data-label="状态"`, `class="badge good">有效`, `method="post" action="/x"`, "停用<span class=\"sr\">：李某", `rel="next"`}},
		"table/empty":  {Table{Caption: "人员", Empty: Empty{Title: "还没有人员", Text: "先登记一名", Href: "/new", Action: "登记人员"}}, []string{"还没有人员", "先登记一名", `href="/new"`}},
		"facts":        {[]Fact{{Label: "单位", Text: evil}, {Label: "时间", At: at}, {Label: "空"}}, []string{"<dt>单位", "2026-05-06 15:08:09", `datetime="2026-05-06T07:08:09Z"`, "<dd>—</dd>"}},
		"tabs":         {Tabs{Label: "查看", Items: []Tab{{Label: "待批", Href: "/a", Current: true, Count: 3}}}, []string{`aria-current="page">待批`, `>3<`}},
		"field":        {Field{ID: "f", Name: "n", Label: "角色", Required: true, Error: evil, Hint: "提示", Options: []Option{{"a", "甲"}, {"b", "乙"}}, Value: "b"}, []string{"请选择", `value="b" selected`, `aria-invalid="true"`, `aria-describedby="f-hint f-error"`, " required"}},
		"field/lines":  {Field{ID: "f", Name: "n", Label: "说明", Lines: 3, Value: evil}, []string{"<textarea"}},
		"form":         {Form{Action: "/f", Title: "登记", Button: "保存", Cancel: "/back", Fields: []Field{{ID: "f", Name: "n", Label: "名", Value: evil}}}, []string{"data-once", "登记", "保存", `href="/back"`}},
		"lines":        {Lines{Name: "parts", Legend: "许可", Each: "许可", Most: 2, Rows: [][]Field{{{ID: "f-parts-0-kind", Name: "parts[0].kind", Label: "证照", Value: evil}}}}, []string{`aria-label="许可 1"`, `name="add" value="parts" formnovalidate`, "添加一项"}},
		"confirm":      {Confirm{Action: "/c", Title: "批准", Text: evil, Button: "批准", Grave: true}, []string{`name="reason"`, "记入审计", "danger"}},
		"confirm/none": {Confirm{Action: "/c", Title: "签收", Button: "签收", NoReason: true}, []string{"签收"}},
		"steps":        {[]Step{{Title: "起草", Who: evil, At: at, State: "done"}, {Title: "批准", State: "now", Code: "abc"}}, []string{`class="done"`, `aria-current="step"`, "证据摘要", "（已完成）"}},
		"search":       {Search{Action: "/s", Post: true, Fields: []Field{{ID: "q", Name: "q", Label: "姓名", Value: evil}}, Clear: "/s"}, []string{`method="post"`, `role="search"`, "清除条件"}},
		"notice":       {Notice{Class: Good, Title: "已批准", Text: evil}, []string{`role="status"`, "✓", "已批准"}},
		"notice/plain": {Notice{Text: evil, Href: "/x", Action: "去办"}, []string{`class="note"`, "去办"}},
		"copy":         {Copy{ID: "secret", Label: "密钥", Text: evil}, []string{`data-copy="secret" hidden`, "密钥"}},
		"masked": {Masked{Shown: "张*", Of: "姓名", Action: "/reveal", ID: "m1", Purposes: []Option{{"issue", "办理证照"}, {"window", "窗口服务"}}, Hidden: []Hidden{{"v", evil}}},
			[]string{"张*", "显示，因为…", `name="purpose" required`, `name="reason" required`, "办理证照"}},
		"masked/final": {Masked{Shown: "张某"}, []string{"张某"}},
		"problem":      {Problem{Msg: evil, Hint: "怎么办", Fields: []FieldProblem{{ID: "q", Label: "姓名", Message: "必填"}}}, []string{`role="alert"`, `href="#q">姓名：必填`}},
		"mine":         {nil, []string{"MINE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			part, _, _ := strings.Cut(name, "/")
			got := rendered(t, `{{template "`+part+`" .X}}`, c.x)
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("lacks %s:\n%s", want, got)
				}
			}
			if strings.Contains(got, evil) {
				t.Errorf("a text became markup:\n%s", got)
			}
			if name == "masked/final" && strings.Contains(got, "<form") {
				t.Error("there is a form where nothing more is to be seen")
			}
			// The policy of the platform lets no inline script or style run.
			for _, inline := range []string{" style=", " onclick=", "javascript:"} {
				if strings.Contains(got, inline) {
					t.Errorf("has %s:\n%s", inline, got)
				}
			}
		})
	}
}

// A page may call its own things what it likes.
func TestFrameIsNotShadowed(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.Add(Item{Key: "verify", Label: "核验", Href: "/verify", For: httpx.Public()})
	data := struct {
		Frame
		Main, More, Scripts, Path, Mark, User, Width string
	}{Frame: k.Frame(httptest.NewRequest("GET", "/", nil), "题", "verify", Narrow), Main: "X", More: "X", Scripts: "X", Path: "X", Mark: "X", User: "X", Width: "X"}
	w := httptest.NewRecorder()
	if err := load(t, k, "").Show(w, 200, "p", data); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`href="/verify" aria-current="page"`, `class="narrow"`, "样例", `href="/login"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("lacks %s:\n%s", want, w.Body)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, pages := range map[string]fstest.MapFS{
		"no body":       {"pages/p.html": {Data: []byte(`{{define "other"}}{{end}}`)}},
		"does not end":  {"pages/p.html": {Data: []byte(`{{define "body"}}`)}},
		"unknown words": {"pages/p.html": {Data: []byte(`{{define "body"}}{{what .}}{{end}}`)}},
		"broken parts":  {"pages/_a.html": {Data: []byte(`{{if}}`)}},
	} {
		if _, err := newKit(t).Load(pages); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	k := newKit(t)
	for name, files := range map[string]fstest.MapFS{
		"same name":    {"assets/app.css": {}},
		"unknown kind": {"assets/a.exe": {}},
		"no kind":      {"assets/a": {}},
	} {
		if err := k.AddAssets(files); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	w := httptest.NewRecorder()
	if err := load(t, k, `{{.Missing}}`).Show(w, 200, "p", testPage{}); err == nil || w.Body.Len() > 0 {
		t.Error("half a page was written")
	}
	if err := load(t, k, ``).Show(w, 200, "q", testPage{}); err == nil {
		t.Error("a page that is not there was shown")
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	if err := k.AddAssets(fstest.MapFS{"assets/passkey.js": {Data: []byte("1")}}); err != nil {
		t.Fatal(err)
	}
	for name, media := range map[string]string{"app.css": "text/css", "app.js": "text/javascript", "icon.svg": "image/svg", "passkey.js": "text/javascript"} {
		r := httptest.NewRequest("GET", k.Asset(name), nil)
		r.SetPathValue("name", strings.TrimPrefix(k.Asset(name), "/assets/"))
		w := httptest.NewRecorder()
		if err := k.GetAsset(w, r); err != nil || w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), media) {
			t.Errorf("%s: %d %v %v", name, w.Code, w.Header(), err)
		}
	}
	r := httptest.NewRequest("GET", "/assets/app.css", nil)
	r.SetPathValue("name", "app.css") // without its digest it would be cached for ever
	w := httptest.NewRecorder()
	if err := k.GetAsset(w, r); err != nil || w.Code != 404 {
		t.Errorf("%d %v", w.Code, err)
	}
	if got := rendered(t, "", nil); strings.Contains(got, "passkey") {
		t.Error("a script stands on a page that did not ask for it")
	}
	w = httptest.NewRecorder()
	if err := load(t, k, "").Show(w, 200, "p", testPage{Frame: k.Frame(httptest.NewRequest("GET", "/", nil), "", "", "").WithScript("passkey.js")}); err != nil || !strings.Contains(w.Body.String(), k.Asset("passkey.js")) {
		t.Errorf("the page lacks its script: %v", err)
	}
}

func TestNav(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.Add(
		Item{Key: "audit", Label: "审计", Href: "/audit", Group: Administration, Order: 20, For: httpx.Needs("audit.read", "audit.export")},
		Item{Key: "orgs", Label: "单位", Href: "/orgs", Group: Administration, Order: 10, For: httpx.Needs("org.read")},
		Item{Key: "me", Label: "我的安全", Href: "/me", Group: Account, Order: 30, For: httpx.SignedIn()},
		Item{Key: "console", Label: "工作台", Href: "/console", Order: 20, For: httpx.SignedIn(), Stranger: true},
		Item{Key: "verify", Label: "核验", Href: "/verify", Order: 10, For: httpx.Public()},
		Item{Key: "due", Label: "待办", Href: "/due", Order: 25, For: httpx.Public(), Known: true},
	)
	with := func(permissions ...string) audience {
		return audience{signedIn: true, may: func(p string) bool { return strings.Contains(strings.Join(permissions, " "), p) }}
	}
	for name, c := range map[string]struct {
		who             audience
		main, more, own string
	}{
		"stranger": {audience{}, "verify console*", "", ""},
		"clerk":    {with("cert.issue"), "verify console* due", "", "me"},
		"auditor":  {with("audit.export"), "verify console* due", "管理:audit", "me"},
		"system":   {with("org.read"), "verify console* due", "管理:orgs", "me"},
		"both":     {with("org.read", "audit.read"), "verify console* due", "管理:orgs audit", "me"},
	} {
		main, more, own := k.nav.links("console", c.who)
		if linkWords(main) != c.main || sectionWords(more) != c.more || linkWords(own) != c.own {
			t.Errorf("%s: %s | %s | %s", name, linkWords(main), sectionWords(more), linkWords(own))
		}
	}
}

func linkWords(links []Link) string {
	var out []string
	for _, l := range links {
		if l.Current {
			l.Key += "*"
		}
		out = append(out, l.Key)
	}
	return strings.Join(out, " ")
}

func sectionWords(all []Section) string {
	var out []string
	for _, x := range all {
		word := x.Label
		if x.Folded {
			word = "[" + word + "]"
		}
		if x.Current {
			word += "*"
		}
		out = append(out, word+":"+linkWords(x.Links))
	}
	return strings.Join(out, " ")
}

// Who has much sees groups, which open without a script; a group of one stays a
// link, and who has little sees all of it.
func TestGroups(t *testing.T) {
	t.Parallel()
	k := newKit(t)
	k.Add(Item{Key: "me", Label: "我的安全", Href: "/me", Group: Account, For: httpx.SignedIn()}, Item{Key: "one", Label: "清单", Href: "/one", Group: Catalogue, For: httpx.SignedIn()})
	for i := range 5 {
		k.Add(Item{Key: fmt.Sprint("work", i), Label: "工作", Href: fmt.Sprint("/daily/", i), Order: i, For: httpx.SignedIn()})
		k.Add(Item{Key: fmt.Sprint("cert", i), Label: "证", Href: fmt.Sprint("/cert/", i), Group: Certificates, Order: i, For: httpx.Needs("cert.read")})
	}
	clerk := audience{signedIn: true, may: func(string) bool { return true }}
	if _, more, _ := k.nav.links("cert3", clerk); sectionWords(more) != "[证照]*:cert0 cert1 cert2 cert3* cert4 目录:one" {
		t.Error(sectionWords(more))
	}
	holder := audience{signedIn: true, may: func(string) bool { return false }}
	if main, more, own := k.nav.links("work1", holder); linkWords(main) != "work0 work1* work2 work3 work4" || sectionWords(more) != "目录:one" || linkWords(own) != "me" {
		t.Error(linkWords(main), sectionWords(more), linkWords(own))
	}
	f := k.Frame(httptest.NewRequest("GET", "/", nil), "题", "cert3", "")
	f.Main, f.More, f.Account = k.nav.links("cert3", clerk)
	f.User = "张某"
	w := httptest.NewRecorder()
	if err := load(t, k, "").Show(w, 200, "p", testPage{Frame: f}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<details class="group current" name="bar"><summary aria-current="true">证照</summary>`, `<summary>张某</summary>`, `<nav aria-label="证照">`, `href="/cert/3" aria-current="page"`, `<a href="/one">清单</a>`, `action="/logout"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("lacks %s:\n%s", want, w.Body)
		}
	}
}

// A door that is shown opens for whom it is shown.
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		routes []httpx.Route
		want   string
	}{
		"fits":         {[]httpx.Route{{Method: "GET", Pattern: "/orgs", Need: "org.read"}}, ""},
		"other need":   {[]httpx.Route{{Method: "GET", Pattern: "/orgs", Need: "org.manage"}}, "org.manage"},
		"no page":      {[]httpx.Route{{Method: "GET", Pattern: "/org", Need: "org.read"}}, "no page"},
		"other method": {[]httpx.Route{{Method: "POST", Pattern: "/orgs", Need: "org.read"}}, "no page"},
	} {
		k := newKit(t)
		k.Add(Item{Key: "orgs", Href: "/orgs", For: httpx.Needs("org.read")})
		err := k.Check(c.routes)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), strings.TrimPrefix(c.want, "no ")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProblemOf(t *testing.T) {
	t.Parallel()
	p, ok := ProblemOf(fault.Invalid.New("不行").WithField("name", "required", "必填"), map[string]string{"name": "f-name"})
	if !ok || p.At("f-name") != "必填" || p.At("other") != "" || (*Problem)(nil).At("x") != "" {
		t.Errorf("%+v", p)
	}
	if _, ok := ProblemOf(http.ErrBodyNotAllowed, nil); ok {
		t.Error("an internal error was shown")
	}
}
