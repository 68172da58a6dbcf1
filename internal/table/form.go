package table

import (
	"io"
	"mime/multipart"

	"sidian/internal/fault"
)

// FormFile reads the file of a form: its one field file.
func (r Reader) FormFile(form *multipart.Form) ([]byte, error) {
	if form == nil || len(form.File["file"]) != 1 {
		return nil, fault.Invalid.New("请上传一个文件").WithCode(r.code("file")).WithHint("以 multipart/form-data 上传，字段名 file").WithField("file", "required", "请选择填写好的表格")
	}
	h := form.File["file"][0]
	if h.Size > MaxFile {
		return nil, r.TooLarge()
	}
	in, err := h.Open()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, h.Size))
	if err != nil {
		return nil, fault.Invalid.Wrap(err, "文件没有传完").WithCode(r.code("file")).WithHint("请重新上传").WithField("file", "file", "请重新选择文件")
	}
	return data, nil
}

// FormValue is a value of a form that has it once, or "".
func FormValue(form *multipart.Form, name string) string {
	if form != nil {
		if v := form.Value[name]; len(v) == 1 {
			return v[0]
		}
	}
	return ""
}
