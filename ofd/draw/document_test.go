package draw

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"sidian/ofd"
	"sidian/ofd/internal/font"
)

var update = flag.Bool("update", false, "write the golden files again")

var testInfo = ofd.DocInfo{DocID: "0123456789abcdef0123456789abcdef", Title: "营业执照"}

// face is the static part of a licence.
type face struct {
	skeleton *ofd.Skeleton
	shared   *Shared
	template ofd.ID
}

func newFace(t testing.TB, fonts *Fonts) *face {
	t.Helper()
	b := ofd.New(testInfo)
	template := b.AddTemplate("face", "Background", 297, 210)
	d := New(b)
	d.Level = ofd.Best
	c := d.Page(template)
	c.Border(ofd.Box{X: 8, Y: 8, W: 281, H: 194}, Border{})
	labels := []struct {
		text string
		box  ofd.Box
		size float64
	}{
		{"营业执照", ofd.Box{X: 60, Y: 24, W: 177, H: 20}, 16}, {"统一社会信用代码", ofd.Box{X: 30, Y: 52, W: 60, H: 6}, 4},
		{"名称", ofd.Box{X: 20, Y: 80, W: 18, H: 6}, 4}, {"类型", ofd.Box{X: 20, Y: 90, W: 18, H: 6}, 4},
		{"法定代表人", ofd.Box{X: 16, Y: 100, W: 22, H: 6}, 4}, {"经营范围", ofd.Box{X: 20, Y: 110, W: 18, H: 6}, 4},
		{"注册资本", ofd.Box{X: 145, Y: 80, W: 22, H: 6}, 4}, {"成立日期", ofd.Box{X: 145, Y: 90, W: 22, H: 6}, 4},
		{"营业期限", ofd.Box{X: 145, Y: 100, W: 22, H: 6}, 4}, {"住所", ofd.Box{X: 145, Y: 110, W: 22, H: 6}, 4},
		{"登记机关", ofd.Box{X: 145, Y: 150, W: 22, H: 6}, 4},
		{"国家企业信用信息公示系统网址：http://www.gsxt.gov.cn　市场主体应当于每年1月1日至6月30日通过该系统报送公示年度报告", ofd.Box{X: 20, Y: 192, W: 257, H: 5}, 2.8},
	}
	for _, l := range labels {
		if _, err := c.Text(l.box, l.text, Style{Font: fonts.Serif, Size: l.size, MinSize: l.size / 2, Align: Distribute}); err != nil {
			t.Fatalf("%s: %v", l.text, err)
		}
	}
	if err := d.Reserve(fonts.Serif, "0123456789年月日"); err != nil {
		t.Fatal(err)
	}
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	skeleton, err := b.Skeleton()
	if err != nil {
		t.Fatal(err)
	}
	return &face{skeleton, d.Shared(), template.ID()}
}

// fill makes a licence from the face.
func (f *face) fill(t testing.TB, family *Family) *ofd.Document {
	t.Helper()
	b := f.skeleton.New(testInfo)
	page := b.AddPage(297, 210)
	page.Template(f.template, "Background")
	d := NewShared(b, f.shared)
	drawLicence(t, d, page, family)
	if _, err := d.pages[0].QR(ofd.Box{X: 240, Y: 20, W: 28, H: 28}, "https://zz.example.gov.cn/v/91330100MA01ABCD2X", nil); err != nil {
		t.Fatal(err)
	}
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	doc, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestLicence(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	f := newFace(t, fonts)
	data, err := f.fill(t, fonts.Serif).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	// All of it in serif, the glyphs stored: what verifies fastest.
	if len(data) > 72<<10 {
		t.Errorf("%d bytes before the seal", len(data))
	}
	again, err := f.fill(t, fonts.Serif).Bytes()
	if err != nil || !bytes.Equal(data, again) {
		t.Error("the same licence gave other bytes")
	}
	doc, err := ofd.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	embedded := map[string]*font.Font{}
	for _, part := range doc.Parts() {
		if !strings.HasSuffix(part.Name, ".ttf") {
			continue
		}
		raw, err := part.Data()
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := font.Parse(raw)
		if err != nil {
			t.Fatalf("%s: %v", part.Name, err)
		}
		embedded[part.Name] = parsed
	}
	names := map[string]bool{}
	for _, f := range embedded {
		names[f.Name()] = true
	}
	if len(embedded) != 2 || !names["Noto Serif SC"] || !names["Noto Serif SC 2"] {
		t.Fatalf("%d fonts are embedded as %v", len(embedded), names)
	}
	checkGlyphs(t, doc, embedded)
}

// checkGlyphs demands of each text of the page that its font shows it.
func checkGlyphs(t *testing.T, doc *ofd.Document, embedded map[string]*font.Font) {
	t.Helper()
	res, err := doc.Bodies()[0].Resources()
	if err != nil {
		t.Fatal(err)
	}
	page, err := doc.Pages()[0].Content()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	seen := map[string]bool{}
	for _, layer := range page.Layers {
		for _, o := range layer.Objects {
			text, ok := o.(*ofd.TextObject)
			if !ok {
				continue
			}
			file := res.Fonts[text.Font].File
			seen[file] = true
			all.WriteString(text.Text())
			for _, r := range text.Text() {
				if _, ok := embedded[file].GID(r); !ok {
					t.Errorf("%s lacks %q", file, r)
				}
			}
		}
	}
	for _, f := range licenceFields {
		if !strings.Contains(all.String(), f.text) {
			t.Errorf("the page does not say %s", f.name)
		}
	}
	if len(seen) != 2 {
		t.Errorf("texts use %d fonts; dates should use the skeleton's", len(seen))
	}
}

func TestGoldenPage(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	doc := newFace(t, fonts).fill(t, fonts.Serif)
	for _, part := range doc.Parts() {
		if !regexp.MustCompile(`(Pages|Tpls)/.*\.xml$|PublicRes.xml$|DocumentRes.xml$`).MatchString(part.Name) {
			continue
		}
		got, err := part.Data()
		if err != nil {
			t.Fatal(err)
		}
		got = bytes.ReplaceAll(got, []byte("><"), []byte(">\n<"))
		name := filepath.Join("testdata", "licence", strings.ReplaceAll(part.Name, "/", "_"))
		if *update {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s; see -update", part.Name, name)
		}
	}
}

func TestFinishTwice(t *testing.T) {
	t.Parallel()
	d, _ := canvas(t)
	if err := d.Finish(); err != nil {
		t.Fatal(err)
	}
	if err := d.Finish(); err == nil {
		t.Error("a second Finish would write all objects again")
	}
}

func TestReserveRefuses(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	d, _ := canvas(t)
	var missing *MissingGlyphError
	if err := d.Reserve(fonts.Serif, "年\U00020000"); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}

// Fonts and faces are shared by all who issue at the same time.
func TestConcurrentFill(t *testing.T) {
	t.Parallel()
	fonts := testFonts(t)
	f := newFace(t, fonts)
	want, err := f.fill(t, fonts.Serif).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			b := f.skeleton.New(testInfo)
			page := b.AddPage(297, 210)
			page.Template(f.template, "Background")
			d := NewShared(b, f.shared)
			c := d.Page(page)
			for _, field := range licenceFields {
				if _, err := c.Text(field.box, field.text, Style{Font: fonts.Serif, Size: field.size, MinSize: field.size * 0.7, Align: Justify}); err != nil {
					t.Error(err)
				}
			}
			if _, err := c.QR(ofd.Box{X: 240, Y: 20, W: 28, H: 28}, "https://zz.example.gov.cn/v/91330100MA01ABCD2X", nil); err != nil {
				t.Error(err)
			}
			if err := d.Finish(); err != nil {
				t.Error(err)
			}
			doc, err := b.Build()
			if err != nil {
				t.Error(err)
				return
			}
			if got, err := doc.Bytes(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("other bytes: %v", err)
			}
		})
	}
	wait.Wait()
}

func TestLoad(t *testing.T) {
	t.Parallel()
	embedded := testFonts(t)
	for name, dir := range map[string]string{"no directory": "", "empty directory": t.TempDir()} {
		got, err := Load(dir)
		if err != nil || !reflect.DeepEqual(got.Serif.Missing("证\U00020000"), []rune{0x20000}) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	// A "full" font with one character that the serif family then falls back to.
	data, err := embedded.Serif.fonts[0].Subset([]rune("证"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "NotoSerifSC-Full.ttf"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := Load(dir)
	if err != nil || len(got.Serif.fonts) != 3 || len(got.Sans.fonts) != 3 {
		t.Fatalf("%v, %d fonts", err, len(got.Serif.fonts))
	}
	if err := os.WriteFile(filepath.Join(dir, "NotoSansSC-Full.ttf"), []byte("not a font"), 0o600); err != nil {
		t.Fatal(err)
	}
	var unsupported *font.UnsupportedError
	if _, err := Load(dir); !errors.As(err, &unsupported) {
		t.Errorf("a damaged font gave %v", err)
	}
}

// One document on one core, without digests and seal: draw's part of the
// budget, the builder's included.
func BenchmarkLicence(b *testing.B) {
	fonts := testFonts(b)
	f := newFace(b, fonts)
	for _, tc := range []struct {
		name   string
		family *Family
	}{{"serif", fonts.Serif}, {"sans", fonts.Sans}} {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			var data []byte
			for b.Loop() {
				var err error
				if data, err = f.fill(b, tc.family).Bytes(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(data)), "bytes")
		})
	}
}
