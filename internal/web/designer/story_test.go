package designer_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sidian/internal/cert"
	"sidian/internal/cert/certtest"
	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/iam/iamtest"
	"sidian/internal/seal/sealtest"
	"sidian/internal/web/page/pagetest"
)

// picture is a PNG of so many pixels.
func picture(t *testing.T, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	pagetest.Must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, w, h))))
	return b.Bytes()
}

// fill gets a form, sets pairs of names and values, sends it, and wants it kept.
func (w *world) fill(t *testing.T, at, path string, pairs ...string) {
	t.Helper()
	for _, f := range forms {
		if f.path != path {
			continue
		}
		form := formIn(t, w.Get("designer", at+path).Is(200).Raw, f.id)
		for i := 0; i < len(pairs); i += 2 {
			form[pairs[i]] = strings.Split(pairs[i+1], "&")
		}
		w.send(t, at, f.post, form).LeadsLike(at + `.*done=(saved|added).*`)
	}
}

// design makes a kind from an empty page with nothing but forms.
func design(t *testing.T, w *world) (id, at string) {
	t.Helper()
	at = w.Post("designer", home+"/new", "org", iamtest.Market, "name", "tea_shop", "title", "茶馆备案凭证", "size", "a5l", "reason", "新办备案").LeadsLike(home + "/[a-z0-9]+")
	id = strings.TrimPrefix(at, home+"/")
	w.Get("designer", at).Is(200, "照面还是空的", "还没有用印位置", "新类型")
	w.Get("designer", at+"/check").Is(200, "还差").Lacks("提交后不能再改")
	w.fill(t, at, "/fields", "f0.key", "chaguan", "f0.label", "茶馆名称", "f0.ways", "required", "f0.max", "40")
	w.fill(t, at, "/fields", "f1.key", "mianji", "f1.label", "面积", "f1.type", "number", "f1.unit", "平方米", "f1.decimals", "1")
	w.fill(t, at, "/fields", "f2.key", "leibie", "f2.label", "类别", "f2.type", "enum", "f2.values", "清茶\r\n餐茶 | 02")
	w.fill(t, at, "", "go", "add", "what", "text")
	w.fill(t, at, "", "i0.text", "茶馆备案凭证", "i0.style", "title", "i0.x", "30", "i0.y", "12", "i0.w", "150", "i0.h", "16", "go", "add", "what", "row:chaguan")
	w.fill(t, at, "", "go", "add", "what", "row:mianji")
	w.fill(t, at, "", "go", "add", "what", "row:leibie")
	w.fill(t, at, "", "go", "add", "what", "qr")
	w.fill(t, at, "", "go", "add", "what", "seal")
	w.fill(t, at, "", "go", "add", "what", "frame:braid")
	w.Upload("designer", at+"/image", pagetest.Form("version", version(t, w, id)), pagetest.Chosen("image", "../../底 图 Ground.PNG", picture(t, 40, 30))).LeadsLike(at + `\?done=added#i0`)
	w.fill(t, at, "/elements", "code", "11999999000000000Q777", "definer.name", "青禾县市场监督管理局", "definer.level", "区县级", "category", "证件", "issuer_levels", "区县级",
		"types", "legal", "id_types", "001", "items", "茶馆备案", "pattern", "本级式样", "basis", "样例条例第一条", "validity.rule", "open")
	w.Get("designer", at+"/sample").Is(200, "茶馆名称", "统一社会信用代码")
	w.fill(t, at, "/sample", "holders[0].type", "legal", "holders[0].id_type", "001", "holders[0].id", "91999999MA000X04X3", "holders[0].name", "青禾县样例茶馆有限公司",
		"fields.chaguan", "清风茶馆", "fields.mianji", "88.5", "fields.leibie", "清茶", "valid_from", "2026-01-05")
	w.fill(t, at, "/elements", "effect.exception", "查验经营场所的除外")
	w.Get("designer", at+"/check").Is(200, "例外的依据：", "/elements#effect-basis", "没有依据则删去")
	w.fill(t, at, "/elements", "effect.basis", "样例条例第二条")
	w.Get("designer", at).Is(200, "照面没有问题").Lacks("还没有用印位置")
	return id, at
}

func version(t *testing.T, w *world, id string) string {
	t.Helper()
	_, n, err := w.Catalogue.DraftFiles(w.Designer, id)
	pagetest.Must(t, err)
	return strconv.Itoa(n)
}

// From an empty page to a certificate: designed, checked, taken along as a folder,
// imported as the command line does, and issued.
func TestFromEmptyPage(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "business_license")
		id, at := design(t, w)
		if found := w.Catalogue.CheckFiles("tea_shop", w.files(t, id)); len(found) > 0 {
			t.Fatalf("not ready: %+v", found)
		}
		dir := unzip(t, w.Get("designer", at+"/folder").Is(200).Raw)
		w.Get("designer", at+"/check").Is(200, "提交会签").Lacks("还差")
		w.Post("designer", at+"/submit", "version", version(t, w, id), "reason", "").Is(422, "必填")
		w.Post("designer", at+"/submit", "version", version(t, w, id), "reason", "编制完毕").Leads(at + "/check?done=submitted")
		w.Get("designer", at).Is(200, "只能看", "会签").Lacks("保存</button></div>", `id="add-go"`)
		issue(t, dir)
	})
}

func unzip(t *testing.T, data []byte) (dir string) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	pagetest.Must(t, err)
	dir = t.TempDir()
	pagetest.Must(t, os.CopyFS(dir, fs.FS(z)))
	return dir
}

// issue imports the folder tea_shop of dir as `sidian kind import` does, and issues
// its sample.
func issue(t *testing.T, dir string) {
	t.Helper()
	w := certtest.New(t, dbtest.New(t, "sqlite"), "business_license")
	made, err := w.Catalogue.Import(t.Context(), os.DirFS(dir), "tea_shop")
	pagetest.Must(t, err)
	pagetest.Must(t, w.Cert.Entrust(t.Context(), made[0].Name, sealtest.Market))
	var q cert.IssueRequest
	data, err := os.ReadFile(filepath.Join(dir, "tea_shop", "example.json"))
	pagetest.Must(t, err)
	pagetest.Must(t, json.Unmarshal(data, &q))
	q.Issuer = sealtest.Market
	c, err := w.Cert.Issue(w.Client, q)
	pagetest.Must(t, err)
	if c.KindName != "茶馆备案凭证" {
		t.Errorf("issued %q", c.KindName)
	}
}

// A renamed field keeps its place and its sample; a removed one leaves none.
func TestFieldsAreFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "business_license")
	id, at := design(t, w)
	w.fill(t, at, "/fields", "f0.key", "mingcheng", "f1.remove", "1", "f2.order", "0")
	files := w.files(t, id)
	all := string(files["kind.yaml"]) + string(files["template.yaml"]) + string(files["example.json"])
	if strings.Contains(all, "chaguan") || strings.Contains(all, "mianji") || strings.Count(all, "mingcheng") != 3 || strings.Index(all, "leibie") > strings.Index(all, "mingcheng") {
		t.Errorf("not followed:\n%s", all)
	}
	w.Get("designer", at+"/check").Is(200, "提交会签")
	w.Post("designer", at+"/drop-image", "version", version(t, w, id), "name", "../kind.yaml").Is(422, "没有这张图片")
	w.Post("designer", at+"/drop-image", "version", version(t, w, id), "name", "ground.png").LeadsLike(at + `\?done=added#pictures`)
	if files = w.files(t, id); files["ground.png"] != nil || strings.Contains(string(files["template.yaml"]), "ground.png") {
		t.Error("the picture is still there")
	}
}

// What two people typed is not lost, and who may not is refused.
func TestRefusals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, "business_license")
		id, at := w.begin(t, "business_license")
		form := formIn(t, w.Get("designer", at).Raw, "face-form")
		w.fill(t, at, "/elements", "pattern", "他人的改动")
		form.Set("i5.x", "33.3")
		late := w.Send("designer", at+"/layout", form).Is(409, "他人刚刚保存过", "以我的为准", `name="i5.x" type="text" value="33.3"`)
		again := formIn(t, late.Raw, "face-form")
		w.Send("designer", at+"/layout", again).Leads(at + "?done=saved")
		if files := w.files(t, id); !strings.Contains(string(files["template.yaml"]), "33.3") || !strings.Contains(string(files["kind.yaml"]), "他人的改动") {
			t.Error("one of the two was lost")
		}
		form.Set("version", version(t, w, id))
		form.Set("i5.x", "左边")
		form.Set("i6.text", "")
		w.Send("designer", at+"/layout", form).Is(422, "左应是数字", `value="左边"`, "固定文字不能为空")
		w.Post("designer", at+"/elements", "version", version(t, w, id), "code", "11100000MB0143028R0").Is(422, "共 21 位")
		w.Post("designer", at+"/fields", "version", version(t, w, id), "f0.key", "Zz!", "f0.label", "").Is(422, "键应为", "名称必填")
		w.Post("designer", at+"/styles", "version", version(t, w, id), "t0.name", "../x", "t1.name", "value", "t1.size", "NaN").Is(422, "样式名用", "字号应是数字")
		w.Post("designer", at+"/layout", "pages", "1").Is(422, "没有传完整")
		w.Post("designer", home+"/new", "org", iamtest.Land, "name", "tea", "title", "茶", "reason", "越权").Is(403)
		w.Post("designer", home+"/new", "org", iamtest.Market, "name", "../tea", "title", "茶", "reason", "名称不对").Is(422, "小写字母")
		w.Post("designer", home+"/new", "org", iamtest.Market, "name", "tea", "reason", "没有名称").Is(422, "请写证照类型名称")

		for _, f := range forms {
			w.Get("land", at+f.path).Is(403)
			w.Get("clerk", at+f.path).Is(403)
			w.Get("designer", home+"/none"+f.path).Is(404)
			w.send(t, home+"/none", f.post, url.Values{"version": {"1"}}).Is(404)
		}
		w.Get("manager", home).Is(403)
		w.Get("", at).LeadsLike("/login.*")
		w.Post("land", at+"/layout", "version", version(t, w, id), "pages", "1").Is(403)
		w.Get("land", at+"/folder").Is(403)
		w.Send("designer", at+"/layout", form, "Sec-Fetch-Site", "cross-site").Is(403)
	})
}

// What is sent to break something is refused by name, and the draft stays.
func TestHostile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "business_license")
	id, at := w.begin(t, "business_license")
	before := version(t, w, id)
	ask := pagetest.Form("version", before)
	svg := []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
	for name, c := range map[string]struct {
		data   []byte
		status int
		word   string
	}{
		"x.svg": {svg, 422, "PNG 或 JPEG"}, "svg.png": {svg, 422, "PNG 或 JPEG"}, "none.png": {nil, 422, "没有选文件"}, "long.png": {make([]byte, 600<<10), 413, "512 KiB"},
		"huge.png": {header(picture(t, 1, 1), 60000, 60000), 422, "PNG 或 JPEG"}, "half.png": {picture(t, 300, 300)[:60], 422, "PNG 或 JPEG"},
	} {
		w.Upload("designer", at+"/image", ask, pagetest.Chosen("image", name, c.data)).Is(c.status, c.word)
	}
	for name, list := range map[string][]string{
		"上级目录": {"../kind.yaml"}, "两层": {"a/b/kind.yaml"}, "绝对": {"/kind.yaml"}, "反斜杠": {`a\..\kind.yaml`}, "重名": {"a/kind.yaml", "b/kind.yaml"}, "别的文件": {"a/run.sh"},
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, n := range list {
			f, err := z.Create(n)
			pagetest.Must(t, err)
			_, err = f.Write([]byte("name: 茶\n"))
			pagetest.Must(t, err)
		}
		pagetest.Must(t, z.Close())
		if got := w.Upload("designer", at+"/folder", ask, pagetest.Chosen("folder", "x.zip", b.Bytes())); got.Status != 422 {
			t.Errorf("%s: %d", name, got.Status)
		}
	}
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	f, err := z.Create("a/kind.yaml")
	pagetest.Must(t, err)
	_, err = f.Write(make([]byte, 8<<20))
	pagetest.Must(t, err)
	pagetest.Must(t, z.Close())
	w.Upload("designer", at+"/folder", ask, pagetest.Chosen("folder", "x.zip", bomb.Bytes())).Is(422, "解开后超过")
	w.Upload("designer", at+"/folder", ask, pagetest.Chosen("folder", "x.zip", svg)).Is(422, "ZIP")

	many := pagetest.Form("version", before)
	for i := range 1000 {
		n := "f" + strconv.Itoa(i) + "."
		many.Set(n+"key", "k"+strconv.Itoa(i))
		many.Set(n+"label", "项")
		many.Set(n+"type", "text")
	}
	w.Send("designer", at+"/fields", many).Is(422, "最多 200 个")
	w.Post("designer", at+"/fields", "version", before, "f0.key", "a", "f0.label", strings.Repeat("长", 400000)).Is(413)
	w.Post("designer", at+"/elements", "version", before, "name", "<script>alert(1)</script>").Leads(at + "/elements?done=saved")
	if raw := string(w.Get("designer", at+"/elements").Is(200).Raw); strings.Contains(raw, "<script>alert") {
		t.Error("what was typed is markup")
	}
}

// header is a PNG that says it is larger than it is.
func header(data []byte, w, h uint32) []byte {
	out := bytes.Clone(data)
	for i := range 4 {
		out[16+i], out[20+i] = byte(w>>(24-8*i)), byte(h>>(24-8*i))
	}
	return out
}

// The live picture is drawn of what is not saved, and says what is wrong with what.
func TestPreview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t, "sqlite"), "business_license")
	id, at := w.begin(t, "business_license")
	before := version(t, w, id)
	for name, c := range map[string]struct {
		pairs []string
		box   string
		word  string
	}{
		"as it is":            {nil, "", ""},
		"outside the page":    {[]string{"i5.x", "290"}, "i5", "版面之内"},
		"does not fit":        {[]string{"i6.w", "9", "i6.h", "5"}, "i6", "放不下"},
		"value does not fit":  {[]string{"i13.h", "6"}, "", "放不下"},
		"rare character":      {[]string{"i6.text", "营业\U0003134A照"}, "i6", "字体里没有"},
		"no seal":             {[]string{"s0.remove", "1"}, "", "还没有用印位置"},
		"seal outside":        {[]string{"s0.x", "280"}, "s0", "印章要整个落在版面内"},
		"field not printed":   {[]string{"i5.remove", "1"}, "", "没有印出"},
		"not a number":        {[]string{"i5.x", "abc"}, "i5", "数字"},
		"page without a size": {[]string{"width", "0"}, "", "20 到 1200"},
	} {
		form := formIn(t, w.Get("designer", at).Raw, "face-form")
		for i := 0; i < len(c.pairs); i += 2 {
			form.Set(c.pairs[i], c.pairs[i+1])
		}
		var got struct {
			Pages []string `json:"pages"`
			Found []struct{ Box, Text string }
		}
		answer := w.Send("designer", at+"/preview", form).Is(200)
		pagetest.Must(t, json.Unmarshal(answer.Raw, &got))
		if len(got.Pages) != 1 || !strings.HasPrefix(got.Pages[0], "data:image/svg+xml;base64,") {
			t.Errorf("%s: no picture, %+v", name, got.Found)
		}
		ok := c.word == "" && len(got.Found) == 0
		for _, f := range got.Found {
			ok = ok || c.word != "" && strings.Contains(f.Text, c.word) && f.Box == c.box
		}
		if !ok {
			t.Errorf("%s: found %+v", name, got.Found)
		}
	}
	if version(t, w, id) != before {
		t.Error("looking saved something")
	}
}
