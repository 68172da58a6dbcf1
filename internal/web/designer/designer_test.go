package designer_test

import (
	"context"
	"html"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sidian/internal/catalogue/cataloguetest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/web/designer"
	"sidian/internal/web/page/pagetest"
)

const home = designer.Home

type world struct {
	*cataloguetest.World
	*pagetest.Site
}

func newWorld(t *testing.T, d *db.DB, kinds ...string) *world {
	t.Helper()
	w := cataloguetest.NewWorld(t, d, kinds...)
	s := &designer.Service{Kit: pagetest.Kit(t), IAM: w.Service, Catalogue: w.Catalogue}
	people := map[string]context.Context{"designer": w.Designer, "land": w.Land, "manager": w.Manager, "clerk": w.Clerk, "auditor": w.Ctx(t, "audit")}
	return &world{w, pagetest.Serve(t, s.Kit, pagetest.People{Service: w.Service, By: people}, s)}
}

// begin is a draft of the next version of a kind, and where its pages are.
func (w *world) begin(t *testing.T, kind string) (id, at string) {
	t.Helper()
	to := w.Post("designer", home+"/new", "org", iamtest.Market, "from", kind, "reason", "换新式样").LeadsLike(home + "/[a-z0-9]+")
	return strings.TrimPrefix(to, home+"/"), to
}

func (w *world) files(t *testing.T, id string) map[string][]byte {
	t.Helper()
	files, _, err := w.Catalogue.DraftFiles(w.Designer, id)
	pagetest.Must(t, err)
	return files
}

var (
	controls = regexp.MustCompile(`(?s)<input ([^>]*)>|<select ([^>]*)>(.*?)</select>|<textarea ([^>]*)>(.*?)</textarea>`)
	options  = regexp.MustCompile(`<option value="([^"]*)"(?: data-for="[^"]*")?( selected)?>`)
)

func attr(tag, name string) (string, bool) {
	m := regexp.MustCompile(`(?:^|\s)` + name + `="([^"]*)"`).FindStringSubmatch(tag)
	if m == nil {
		return "", strings.Contains(" "+tag+" ", " "+name+" ")
	}
	return html.UnescapeString(m[1]), true
}

// formIn is what a browser would send of a form that nobody touched.
func formIn(t *testing.T, raw []byte, id string) url.Values {
	t.Helper()
	_, rest, ok := strings.Cut(string(raw), `id="`+id+`"`)
	body, _, end := strings.Cut(rest, "</form>")
	if !ok || !end {
		t.Fatalf("there is no form %s", id)
	}
	v := url.Values{}
	for _, m := range controls.FindAllStringSubmatch(body, -1) {
		tag, value := m[1]+m[2]+m[4], ""
		name, named := attr(tag, "name")
		if !named {
			continue
		}
		switch {
		case m[1] != "":
			kind, _ := attr(tag, "type")
			_, checked := attr(tag, "checked")
			if kind == "file" || kind == "checkbox" && !checked {
				continue
			}
			value, _ = attr(tag, "value")
		case m[2] != "":
			for i, o := range options.FindAllStringSubmatch(m[3], -1) {
				if i == 0 || o[2] != "" {
					value = html.UnescapeString(o[1])
				}
			}
		default:
			value = strings.ReplaceAll(html.UnescapeString(m[5]), "\n", "\r\n") // as browsers send it
		}
		v.Add(name, value)
	}
	return v
}

// forms are the pages of a design that change its folder.
var forms = []struct{ path, id, post string }{
	{"", "face-form", "/layout"}, {"/styles", "list-form", "/styles"}, {"/fields", "list-form", "/fields"}, {"/elements", "elements-form", "/elements"}, {"/sample", "sample-form", "/sample"},
}

func (w *world) send(t *testing.T, at, post string, form url.Values) pagetest.Answer {
	t.Helper()
	if post == "/sample" {
		return w.Upload("designer", at+post, form)
	}
	return w.Send("designer", at+post, form)
}

// Every form of every shipped kind, saved as it was shown, leaves the folder as it
// was, byte for byte.
func TestFormsLoseNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"))
	kinds, err := w.Catalogue.Published(t.Context())
	pagetest.Must(t, err)
	if len(kinds) < 10 {
		t.Fatalf("%d kinds", len(kinds))
	}
	for _, k := range kinds {
		id, at := w.begin(t, k.Name)
		before := w.files(t, id)
		for _, f := range forms {
			shown := w.Get("designer", at+f.path).Is(200)
			w.send(t, at, f.post, formIn(t, shown.Raw, f.id)).Leads(at + map[bool]string{true: f.path}[f.path != ""] + "?done=saved")
			if after := w.files(t, id); !maps.EqualFunc(before, after, slices.Equal[[]byte]) {
				for name := range before {
					if string(before[name]) != string(after[name]) {
						t.Fatalf("%s%s changed %s:\n%s", k.Name, f.path, name, after[name])
					}
				}
				t.Fatalf("%s%s changed which files there are", k.Name, f.path)
			}
		}
		w.Get("designer", at+"/check").Is(200, "六个部分", "和第 1 版一样").Lacks("还差")
	}
}

// Boxes moved, added and taken away; the rest of the folder stays.
func TestLayout(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "business_license")
		id, at := w.begin(t, "business_license")
		w.Get("designer", home).Is(200, "营业执照", "青禾县市场监督管理局", "草稿")
		form := formIn(t, w.Get("designer", at).Is(200, "统一社会信用代码", "印章：颁发机构").Raw, "face-form")
		old := form.Get("i9.x")
		form.Set("i9.x", "31.5")
		form.Set("s0.x", "200")
		form.Set("i5.remove", "1")
		form.Set("i6.text", "营业执照\r\n副本")
		w.Send("designer", at+"/layout", form).Leads(at + "?done=saved")
		template := string(w.files(t, id)["template.yaml"])
		for _, want := range []string{"31.5", `"营业执照\n副本"`, "# "} {
			if !strings.Contains(template+string(w.files(t, id)["kind.yaml"]), want) {
				t.Errorf("no %s in\n%s", want, template)
			}
		}
		again := formIn(t, w.Get("designer", at).Is(200).Raw, "face-form")
		if again.Get("i8.x") != "31.5" || again.Get("s0.x") != "200" || old == "31.5" || again.Get("i8.what") != form.Get("i9.what") {
			t.Errorf("not where it was put: %v", again)
		}
		w.Get("designer", at+"/check").Is(200, "没有印出")
	})
}
