package catalogue

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"sidian/internal/catalogue/face"
	"sidian/internal/fault"
)

// The files of a kind's folder.
const (
	kindFile     = "kind.yaml"
	templateFile = "template.yaml"
	exampleFile  = "example.json"
	goldenFile   = "golden.txt"
	maxFile      = 256 << 10
	maxEntries   = 64 // more would not be read: a folder has a handful
)

var nameRule = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

func load(name string, folder fs.FS) (*Kind, error) {
	files, err := readFiles(folder)
	if err != nil {
		return nil, err
	}
	k, err := parse(name, files)
	if err != nil {
		return nil, err
	}
	p := problems{}
	k.checkUse(&p)
	if err := p.err("证照类型“" + k.Title + "”不合规"); err != nil {
		return nil, err
	}
	return k, nil
}

// readFiles reads the folder. A file that does not belong there is refused: it
// would be lost on the way through the catalogue.
func readFiles(folder fs.FS) (map[string][]byte, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, fault.NotFound.Wrap(err, "读不到证照类型目录").WithHint("请给出含 %s 的目录", kindFile)
	}
	files := map[string][]byte{}
	p := problems{}
	for i, e := range entries {
		if i == maxEntries {
			p.add("目录", "file.count", "文件太多")
			break
		}
		if !known(e.Name()) || e.IsDir() {
			files[e.Name()] = nil // checkFolder says what is wrong with it
			continue
		}
		data, err := readFile(folder, e.Name())
		if err != nil {
			p.add(e.Name(), "file.read", "读不出文件，或超过 %d KiB", mostOf(e.Name())>>10)
			continue
		}
		files[e.Name()] = data
	}
	checkFolder(&p, files)
	missing(&p, files)
	return files, p.err("证照类型目录不完整")
}

func readFile(folder fs.FS, name string) ([]byte, error) {
	f, err := folder.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	most := mostOf(name)
	data, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err == nil && len(data) > most {
		err = errors.New("too long")
	}
	return data, err
}

// parse makes a kind of its files and checks every rule that needs no fonts.
func parse(name string, files map[string][]byte) (*Kind, error) {
	k := &Kind{Name: name, Template: &face.Template{}, Example: files[exampleFile], Golden: files[goldenFile], source: files}
	p := problems{}
	p.decode(kindFile, files[kindFile], k)
	p.decode(templateFile, files[templateFile], k.Template)
	k.Template.Images = imagesOf(files)
	if err := p.err("证照类型的文件读不懂"); err != nil {
		return nil, err
	}
	if !nameRule.MatchString(name) {
		p.add("目录名", "name.charset", "目录名只能用小写字母、数字和下划线，最长 64 位")
	}
	k.index()
	k.check(&p)
	if err := p.err("证照类型“" + k.Title + "”不合规"); err != nil {
		return nil, err
	}
	return k, nil
}

// imagesOf are the pictures of a folder.
func imagesOf(files map[string][]byte) map[string][]byte {
	images := map[string][]byte{}
	for name, data := range files {
		if imageRule.MatchString(name) {
			images[name] = data
		}
	}
	return images
}

func (k *Kind) index() {
	k.byKey = make(map[string]*Field, len(k.Fields))
	for i := range k.Fields {
		k.byKey[k.Fields[i].Key] = &k.Fields[i]
	}
	k.sources = k.Template.Sources()
}

// problems gathers what is wrong with a kind or a request.
type problems []fault.Field

func (p *problems) add(name, code, format string, args ...any) {
	*p = append(*p, fault.Field{Name: name, Code: code, Message: fmt.Sprintf(format, args...)})
}

// err is what was gathered as one refusal, or nil.
func (p problems) err(msg string) error {
	if len(p) == 0 {
		return nil
	}
	e := fault.Invalid.New("%s", msg).WithCode("catalogue.invalid").WithHint("请按每一项的说明更正后重试")
	e.Fields = p
	return e
}

// decode reads one YAML document and refuses keys that nobody knows, so that a
// mistyped rule cannot be lost in silence.
func (p *problems) decode(file string, data []byte, into any) {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		p.add(file, "yaml", "第 %s 行附近读不懂：%s", yamlLine(err), yamlReason(err))
		return
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		p.add(file, "yaml", "文件里只能有一份 YAML")
	}
}

var linePattern = regexp.MustCompile(`line (\d+)`)

func yamlLine(err error) string {
	if m := linePattern.FindStringSubmatch(err.Error()); m != nil {
		return m[1]
	}
	return "1"
}

var unknownKey = regexp.MustCompile(`field (\S+) not found`)

func yamlReason(err error) string {
	if m := unknownKey.FindStringSubmatch(err.Error()); m != nil {
		return "没有名为 " + m[1] + " 的配置项"
	}
	_, reason, ok := strings.Cut(err.Error(), ": ")
	if !ok {
		reason = err.Error()
	}
	return "YAML 写法或值的类型不对（" + strings.Join(strings.Fields(reason), " ") + "）"
}
