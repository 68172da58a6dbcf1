package catalogue

import (
	"bytes"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/render"
)

// What a folder may hold. A certificate carries its kind's pictures, so they are
// small.
const (
	maxImage  = 512 << 10
	maxImages = 6
	maxFolder = 1536 << 10
)

// imageRule is the name of a picture in a folder: no path, no dot before the last.
var imageRule = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,39}\.(png|jpg)$`)

func known(name string) bool {
	return slices.Contains([]string{kindFile, templateFile, exampleFile, goldenFile}, name) || imageRule.MatchString(name)
}

func mostOf(name string) int {
	if imageRule.MatchString(name) {
		return maxImage
	}
	return maxFile
}

// checkFolder refuses files that do not belong into a folder, or are too much.
func checkFolder(p *problems, files map[string][]byte) {
	pictures, total := 0, 0
	for _, name := range slices.Sorted(maps.Keys(files)) {
		shown := clip(strings.ToValidUTF8(name, "?"), 60)
		if total += len(files[name]); imageRule.MatchString(name) {
			pictures++
		}
		switch {
		case !known(name):
			p.add(shown, "file.unknown", "证照类型目录里不应有这个文件；只能有 %s、%s、%s、%s，和名称为小写字母、数字的 .png、.jpg 图片", kindFile, templateFile, exampleFile, goldenFile)
		case len(files[name]) > mostOf(name):
			p.add(shown, "file.size", "文件超过 %d KiB", mostOf(name)>>10)
		case !imageRule.MatchString(name) && !utf8.Valid(files[name]):
			p.add(shown, "file.encoding", "应是 UTF-8 文字")
		case !imageRule.MatchString(name) && SecretMarked(string(files[name])):
			p.add(shown, "secret", secretMarked, shown)
		}
	}
	if pictures > maxImages {
		p.add("图片", "file.count", "一个类型最多 %d 张图片", maxImages)
	}
	if total > maxFolder {
		p.add("目录", "file.size", "全部文件合计不得超过 %d KiB", maxFolder>>10)
	}
}

// A glimpse is what a draft says of itself, whatever else is wrong with it.
type glimpse struct {
	Title  string `yaml:"name"`
	Code   string `yaml:"code"`
	Secret bool   `yaml:"state_secret"`
}

func glimpseOf(files map[string][]byte) (g glimpse) {
	if yaml.NewDecoder(bytes.NewReader(files[kindFile])).Decode(&g) != nil {
		return glimpse{}
	}
	g.Title, g.Code = clip(strings.ToValidUTF8(strings.ReplaceAll(g.Title, "\x00", ""), "?"), 128), clip(strings.ToValidUTF8(strings.ReplaceAll(g.Code, "\x00", ""), "?"), 40)
	return g
}

// checkDraft refuses what may not even be kept as a draft.
func checkDraft(name string, files map[string][]byte) error {
	p := problems{}
	if !nameRule.MatchString(name) {
		p.add("name", "name.charset", "目录名只能用小写字母、数字和下划线，最长 64 位")
	}
	checkFolder(&p, files)
	if glimpseOf(files).Secret {
		p.add("state_secret", "secret", "涉及国家秘密的证照不得在本平台建立类型、制发电子证照；请按保密规定在涉密系统办理")
	}
	return p.err("证照类型的文件不能保存")
}

func parseFiles(name string, files map[string][]byte) (*Kind, error) {
	p := problems{}
	checkFolder(&p, files)
	missing(&p, files)
	if err := p.err("证照类型目录不完整"); err != nil {
		return nil, err
	}
	k, err := parse(name, files)
	if err != nil {
		return nil, err
	}
	k.checkUse(&p)
	return k, p.err("证照类型“" + k.Title + "”不合规")
}

func missing(p *problems, files map[string][]byte) {
	for _, n := range []string{kindFile, templateFile, exampleFile} {
		if _, ok := files[n]; !ok {
			p.add(n, "file.missing", "缺少这个文件；三个文件（%s、%s、%s）都要有", kindFile, templateFile, exampleFile)
		}
	}
}

// prepareFiles does with a folder all that issuing will do, and asks for what an
// entry of the directory needs beyond that.
func (s *Service) prepareFiles(name string, files map[string][]byte) (*Kind, error) {
	k, err := parseFiles(name, files)
	if err != nil {
		return nil, err
	}
	p := problems{}
	k.checkEntry(&p)
	if err := p.err("证照类型“" + k.Title + "”的目录条目不完整"); err != nil {
		return nil, err
	}
	compiled, err := Compile(k, s.Fonts)
	if err != nil {
		return nil, err
	}
	_, err = k.sample(compiled)
	return k, err
}

// checkEntry asks for what the operator's import does not (第六条: 签批和颁发信息,
// 印章图样).
func (k *Kind) checkEntry(p *problems) {
	if len(k.Levels) == 0 {
		p.add("issuer_levels", "missing", "应写明证照颁发机构级别，至少一级（GB/T 36902）")
	}
	if len(k.Items) == 0 {
		p.add("items", "missing", "应写明产生证照的关联事项，至少一项（GB/T 36902）")
	}
	for i, it := range k.Items {
		filled(p, at("items", i)+".name", it.Name, 256)
	}
	if !slices.ContainsFunc(k.Seals, func(s SealSlot) bool { return s.Role == "issuer" }) {
		p.add("seals", "issuer", "要有一个颁发机构（role: issuer）的用印位置")
	}
}

func (s *Service) checkFiles(name string, files map[string][]byte) []Finding {
	_, err := s.prepareFiles(name, files)
	return findings(name, err)
}

// partNames are the six parts in their order.
var partNames = []string{"证照基本要素", "照面模板", "证照样例", "数据项标准", "印章图样", "签批和颁发信息"}

// partOf says to which part a problem belongs.
func partOf(where string) int {
	for _, b := range []struct {
		prefix string
		part   int
	}{{templateFile, 1}, {"图片", 1}, {exampleFile, 2}, {"fields", 3}, {"metadata", 3}, {"seals", 4},
		{"issuer_levels", 5}, {"items", 5}, {"number", 5}, {"validity", 5}} {
		if strings.HasPrefix(where, b.prefix) {
			return b.part
		}
	}
	if imageRule.MatchString(where) {
		return 1
	}
	return 0
}

// maxParts is how many folders' parts are remembered: those that people look at now.
const maxParts = 64

// remembered are the parts of the folders that were looked at last.
type remembered struct {
	mu sync.Mutex
	m  map[string][]Part
}

// partsOf draws the sample, which takes a while; people look at one draft often.
func (s *Service) partsOf(name string, files map[string][]byte) []Part {
	digest := digestOf(files)
	key := name + " " + string(digest[:])
	s.parts.mu.Lock()
	parts, ok := s.parts.m[key]
	s.parts.mu.Unlock()
	if ok {
		return parts
	}
	parts = s.lookedAt(name, files)
	s.parts.mu.Lock()
	defer s.parts.mu.Unlock()
	if s.parts.m == nil || len(s.parts.m) >= maxParts {
		s.parts.m = map[string][]Part{}
	}
	s.parts.m[key] = parts
	return parts
}

func (s *Service) lookedAt(name string, files map[string][]byte) []Part {
	parts := make([]Part, len(partNames))
	for i, n := range partNames {
		parts[i] = Part{Name: n, Complete: true}
	}
	found := s.checkFiles(name, files)
	for _, f := range found {
		p := &parts[partOf(f.Where)]
		p.Complete, p.Problems = false, append(p.Problems, f)
	}
	// The folder is checked in the order of its files: what comes after the first
	// that cannot be read was not looked at.
	if unread := slices.ContainsFunc(found, func(f Finding) bool { return f.Code == "yaml" || f.Where == kindFile }); unread {
		for i := range parts {
			parts[i].Complete = false
		}
	}
	if !parts[0].Complete || !parts[1].Complete || !parts[3].Complete {
		parts[2].Complete = false // nothing was drawn
	}
	return parts
}

func (s *Service) sampleDocument(k *Kind) (*ofd.Document, error) {
	d, err := k.Sample()
	if err != nil {
		return nil, err
	}
	f, err := s.Face(k)
	if err != nil {
		return nil, err
	}
	doc, err := f.Fill(d.Face)
	return doc, within(exampleFile, Refusal(err))
}

func (s *Service) sampleSVG(name string, files map[string][]byte, page int) ([]byte, error) {
	k, err := parseFiles(name, files)
	if err != nil {
		return nil, err
	}
	return s.svgOf(k, page)
}

func (s *Service) svgOf(k *Kind, page int) ([]byte, error) {
	doc, err := s.sampleDocument(k)
	if err != nil {
		return nil, err
	}
	if page < 0 || page >= len(doc.Pages()) {
		return nil, fault.NotFound.New("样例没有这一页").WithCode("catalogue.page").WithHint("样例共 %d 页", len(doc.Pages()))
	}
	var b bytes.Buffer
	if _, err := render.SVG(doc, page, &b, render.Options{}); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
