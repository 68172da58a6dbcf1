package issuing

import (
	"io"
	"net/http"

	"sidian/internal/fault"
	"sidian/internal/table"
)

// fileOf is the file that a form gave.
func fileOf(r *http.Request) ([]byte, error) {
	none := fault.Invalid.New("没有选择文件").WithCode("issuing.file").WithHint("请选择填好的表格").WithField("file", "required", "请选择文件")
	if err := r.ParseMultipartForm(table.MaxFile + 1<<20); err != nil {
		return nil, none
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // temporary files
	f, _, err := r.FormFile("file")
	if err != nil {
		return nil, none
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, table.MaxFile+1))
}
