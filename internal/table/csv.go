package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"

	"sidian/internal/fault"
)

// utf8Text is the text of a file in UTF-8, with or without its mark, or in
// GB 18030, in which spreadsheets of a Chinese desk write.
func (r Reader) utf8Text(data []byte) (string, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return "", fault.Invalid.New("认不出文本的编码").WithCode(r.code("encoding")).WithHint("请另存为 .xlsx，或 UTF-8、GB 18030 编码的 CSV")
		}
		data = decoded
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return "", fault.Invalid.New("这不是表格文件").WithCode(r.code("format")).WithHint("请使用 .xlsx 或 .csv 文件")
	}
	return string(data), nil
}

// separator is what stands between the cells: the one of the heading.
func separator(text string) rune {
	head, _, _ := strings.Cut(text, "\n")
	for _, sep := range []rune{'\t', ';'} {
		if !strings.ContainsRune(head, ',') && strings.ContainsRune(head, sep) {
			return sep
		}
	}
	return ','
}

// readCSV reads RFC 4180. A cell that a spreadsheet would take for a formula is
// one here.
func (r Reader) readCSV(data []byte, each take) error {
	text, err := r.utf8Text(data)
	if err != nil {
		return err
	}
	in := csv.NewReader(strings.NewReader(text))
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = separator(text), -1, true
	for {
		record, err := in.Read()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			return fault.Invalid.New("第 %d 行的引号不成对", bad.Line).WithCode(r.code("format")).WithHint("请用表格软件打开后另存为 .xlsx")
		case err != nil:
			return err
		}
		at, _ := in.FieldPos(0)
		cells := make([]Cell, len(record))
		for i, v := range record {
			cells[i] = Cell{Text: strings.Clone(v), Formula: strings.HasPrefix(Trim(v), "=")}
		}
		if err := each(at, cells); err != nil {
			return err
		}
	}
}
