package draw

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/klauspost/compress/flate"

	"sidian/ofd"
)

// licenceFields are the variable texts of a business licence.
var licenceFields = []struct {
	name string
	text string
	box  ofd.Box
	size float64
}{
	{"uniscid", "91330100MA01ABCD2X", ofd.Box{X: 30, Y: 60, W: 60, H: 6}, 4},
	{"entname", "杭州西溪湿地智慧云图科技股份有限公司", ofd.Box{X: 40, Y: 80, W: 90, H: 6}, 4.2},
	{"type", "股份有限公司(非上市、自然人投资或控股)", ofd.Box{X: 40, Y: 90, W: 90, H: 6}, 4.2},
	{"name", "欧阳翊翀", ofd.Box{X: 40, Y: 100, W: 90, H: 6}, 4.2},
	{"scope", "一般项目：技术服务、技术开发、技术咨询、技术交流、技术转让、技术推广；软件开发；人工智能应用软件开发；信息系统集成服务；数据处理和存储支持服务；计算机软硬件及辅助设备零售；广告设计、代理(除依法须经批准的项目外，凭营业执照依法自主开展经营活动)。", ofd.Box{X: 40, Y: 110, W: 90, H: 40}, 4},
	{"capital", "壹亿贰仟叁佰万元整", ofd.Box{X: 170, Y: 80, W: 70, H: 6}, 4.2},
	{"founded", "2019年08月23日", ofd.Box{X: 170, Y: 90, W: 70, H: 6}, 4.2},
	{"term", "2019年08月23日至长期", ofd.Box{X: 170, Y: 100, W: 70, H: 6}, 4.2},
	{"address", "浙江省杭州市余杭区五常街道文一西路969号3幢5层599室", ofd.Box{X: 170, Y: 110, W: 70, H: 14}, 4.2},
	{"office", "杭州市余杭区市场监督管理局", ofd.Box{X: 170, Y: 150, W: 70, H: 6}, 4.2},
	{"issued", "2026年11月22日", ofd.Box{X: 170, Y: 160, W: 70, H: 6}, 4.2},
	{"number", "编号 330110000123456", ofd.Box{X: 200, Y: 20, W: 60, H: 6}, 3.5},
}

func drawLicence(tb testing.TB, d *Drawing, page *ofd.PageBuilder, family *Family) {
	c := d.Page(page)
	for _, f := range licenceFields {
		_, err := c.Text(f.box, f.text, Style{Font: family, Size: f.size, MinSize: f.size * 0.7, Align: Justify})
		if err != nil {
			tb.Fatalf("%s: %v", f.name, err)
		}
	}
}

func licenceRunes() (all []rune) {
	for _, f := range licenceFields {
		all = append(all, []rune(f.text)...)
	}
	return all
}

// What a document costs: layout and subset, without the builder's part.
func BenchmarkLicenceLayout(b *testing.B) {
	fonts := testFonts(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, f := range licenceFields {
			set, err := layout(f.box, f.text, &Style{Font: fonts.Serif, Size: f.size, MinSize: f.size * 0.7, Align: Justify})
			if err != nil || len(set.lines) == 0 {
				b.Fatal(err)
			}
		}
	}
}

// How the subset of a document is best stored: time against bytes.
func BenchmarkSubsetLevel(b *testing.B) {
	fonts := testFonts(b)
	runes := licenceRunes()
	for _, family := range []*Family{fonts.Serif, fonts.Sans} {
		data, err := family.fonts[0].Subset(runes)
		if err != nil {
			b.Fatal(err)
		}
		distinct := map[rune]bool{}
		for _, r := range runes {
			distinct[r] = true
		}
		for _, level := range []int{0, flate.HuffmanOnly, 1, 2, 3, 5, 6} {
			b.Run(fmt.Sprintf("%s/level %d", family.Name(), level), func(b *testing.B) {
				var out bytes.Buffer
				w, err := flate.NewWriter(&out, level)
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					out.Reset()
					w.Reset(&out)
					if _, err := w.Write(data); err != nil {
						b.Fatal(err)
					}
					if err := w.Close(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(len(data))/float64(len(distinct)), "raw-bytes/glyph")
				b.ReportMetric(float64(out.Len())/float64(len(distinct)), "bytes/glyph")
				b.ReportMetric(float64(out.Len()), "bytes")
			})
		}
	}
}
