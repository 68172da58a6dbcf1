package sealapply

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"path"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"sidian/internal/fault"
)

// Limits of what is uploaded for a campaign.
const (
	MaxRows      = 5000
	maxTable     = 5 << 20
	maxZip       = 200 << 20
	maxUnpacked  = 300 << 20
	maxZipFiles  = MaxRows + 10
	maxTableCell = 200 // characters
)

// tableHeads are the columns of a campaign's table, by title.
var tableHeads = []struct {
	key, title string
	must       bool
}{
	{"org", "单位编号", false}, {"uscc", "统一社会信用代码", false}, {"org_name", "单位名称", true}, {"name", "印模名称", false},
	{"custodian", "保管人用户名", true}, {"picture", "印模文件", true}, {"width", "宽（毫米）", true}, {"height", "高（毫米）", true},
}

func errTable(format string, args ...any) *fault.Error {
	return fault.Invalid.New(format, args...).WithCode("sealapply.table").WithHint("请按模板填写，保存为 .xlsx 或 UTF-8 的 .csv")
}

// A bundle is what was uploaded: a table, pictures by name, or both in a ZIP.
type bundle struct {
	lines    []tableLine
	pictures map[string][]byte
}

type tableLine struct {
	line  int64
	cells map[string]string
}

// unpack reads an upload by what is in it.
func unpack(data []byte) (*bundle, error) {
	b := &bundle{pictures: map[string][]byte{}}
	if len(data) == 0 {
		return nil, errTable("文件是空的")
	}
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		lines, err := readCSV(data)
		b.lines = lines
		return b, err
	}
	if len(data) > maxZip {
		return nil, fault.TooLarge.New("文件超过 %d MiB", maxZip>>20).WithCode("sealapply.table").WithHint("请分成几次集中制发")
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, errTable("压缩文件已损坏")
	}
	for _, f := range z.File {
		if f.Name == "[Content_Types].xml" {
			b.lines, err = readXLSX(data)
			return b, err
		}
	}
	return b, b.fromZip(z)
}

// fromZip reads a table and pictures. Folders do not matter, names are unique.
func (b *bundle) fromZip(z *zip.Reader) error {
	if len(z.File) > maxZipFiles {
		return fault.TooLarge.New("压缩文件中的文件过多").WithCode("sealapply.table").WithHint("至多 %d 个印模图像", MaxRows)
	}
	left := int64(maxUnpacked)
	for _, f := range z.File {
		if f.FileInfo().IsDir() || strings.HasPrefix(path.Base(f.Name), ".") || strings.HasPrefix(f.Name, "__MACOSX/") {
			continue
		}
		name := pictureName(zipName(f))
		extension := strings.ToLower(path.Ext(name))
		limit := int64(maxTable)
		if extension == ".png" {
			limit = maxImprint
		}
		data, err := readPart(f, min(limit, left))
		if err != nil {
			return err
		}
		left -= int64(len(data))
		switch extension {
		case ".png":
			if b.pictures[name] != nil {
				return errTable("有两个印模图像都叫“%s”", clip(name, 60))
			}
			b.pictures[name] = data
		case ".csv", ".xlsx":
			if b.lines != nil {
				return errTable("压缩文件中有不止一份清单")
			}
			if extension == ".csv" {
				b.lines, err = readCSV(data)
			} else {
				b.lines, err = readXLSX(data)
			}
			if err != nil {
				return err
			}
		default:
			return errTable("压缩文件中只能有清单（.csv、.xlsx）和印模图像（.png），不能有“%s”", clip(name, 60))
		}
	}
	return nil
}

// zipName is the name of a part: desks here write GB 18030 where the flag of
// UTF-8 is not set.
func zipName(f *zip.File) string {
	if f.NonUTF8 && !utf8.ValidString(f.Name) {
		if s, err := simplifiedchinese.GB18030.NewDecoder().String(f.Name); err == nil {
			return s
		}
	}
	return f.Name
}

// pictureName is by what a row names a picture: without folders.
func pictureName(name string) string { return strings.TrimSpace(cleanName(name)) }

// readPart unpacks no more than a limit, whatever the archive says of its size.
func readPart(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, errTable("压缩文件已损坏或加了密码")
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, errTable("压缩文件已损坏或加了密码")
	}
	if int64(len(data)) > limit {
		return nil, fault.TooLarge.New("“%s”过大", clip(path.Base(zipName(f)), 60)).WithCode("sealapply.table").WithHint("印模图像最大 %d KiB，清单最大 %d MiB", maxImprint>>10, maxTable>>20)
	}
	return data, nil
}

func readCSV(data []byte) ([]tableLine, error) {
	if len(data) > maxTable {
		return nil, fault.TooLarge.New("清单超过 %d MiB", maxTable>>20).WithCode("sealapply.table").WithHint("请分成几次集中制发")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return nil, errTable("认不出清单的编码")
		}
		data = decoded
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return nil, errTable("这不是清单文件")
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	t := &tableReader{}
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t.finish()
		}
		if err != nil {
			return nil, errTable("清单的引号不成对")
		}
		at, _ := r.FieldPos(0)
		if err := t.take(at, record); err != nil {
			return nil, err
		}
	}
}

// readXLSX reads the first sheet, as text. What a sheet computes is what it shows.
func readXLSX(data []byte) ([]tableLine, error) {
	if len(data) > maxTable {
		return nil, fault.TooLarge.New("清单超过 %d MiB", maxTable>>20).WithCode("sealapply.table").WithHint("请分成几次集中制发")
	}
	// Both limits alike: a sheet that is larger would be unpacked to a temporary file.
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: 64 << 20, UnzipXMLSizeLimit: 64 << 20})
	if err != nil {
		return nil, errTable("表格文件已损坏、过大或加了密码")
	}
	defer f.Close()
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return nil, errTable("表格中没有工作表")
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		return nil, errTable("表格文件已损坏")
	}
	defer func() { _ = rows.Close() }() // nothing was written
	t := &tableReader{}
	for at := 1; rows.Next(); at++ {
		cells, err := rows.Columns()
		if err != nil {
			return nil, errTable("表格文件已损坏")
		}
		if err := t.take(at, cells); err != nil {
			return nil, err
		}
	}
	return t.finish()
}

// A tableReader gathers rows under a heading.
type tableReader struct {
	place map[string]int
	lines []tableLine
}

func (t *tableReader) take(at int, cells []string) error {
	empty := true
	for _, c := range cells {
		empty = empty && strings.TrimSpace(c) == ""
	}
	if empty {
		return nil
	}
	if t.place == nil {
		return t.heading(cells)
	}
	if len(t.lines) >= MaxRows {
		return fault.TooLarge.New("超过 %d 行", MaxRows).WithCode("sealapply.table").WithHint("请分成几次集中制发")
	}
	l := tableLine{line: int64(at), cells: map[string]string{}}
	for key, i := range t.place {
		if i < len(cells) {
			l.cells[key] = clip(strings.TrimSpace(cells[i]), maxTableCell)
		}
	}
	t.lines = append(t.lines, l)
	return nil
}

func (t *tableReader) heading(cells []string) error {
	t.place = map[string]int{}
	for i, c := range cells {
		title := strings.TrimRight(strings.TrimSpace(c), "*＊")
		for _, h := range tableHeads {
			if h.title == title {
				t.place[h.key] = i
			}
		}
	}
	bad := errTable("标题行与模板不一致")
	for _, h := range tableHeads {
		if _, ok := t.place[h.key]; !ok && h.must {
			bad = bad.WithField("file", "heading", "缺少列："+h.title)
		}
	}
	_, byID := t.place["org"]
	_, byCode := t.place["uscc"]
	if !byID && !byCode {
		bad = bad.WithField("file", "heading", "须有“单位编号”或“统一社会信用代码”列")
	}
	return bad.OrNil()
}

func (t *tableReader) finish() ([]tableLine, error) {
	if len(t.lines) == 0 {
		return nil, errTable("清单中没有数据")
	}
	return t.lines, nil
}
