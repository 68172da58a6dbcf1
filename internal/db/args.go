package db

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/internal/fault"
)

// bind checks the arguments of a statement, so that each engine is given what
// all of them store alike.
func bind(args []any) ([]any, error) {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			if strings.IndexByte(v, 0) >= 0 || !utf8.ValidString(v) {
				// PostgreSQL refuses both, SQLite neither.
				return nil, fault.Invalid.New("文本含有无法保存的字符").WithCode("text.encoding").WithHint("请使用 UTF-8 编码，并去掉不可见字符")
			}
		case [32]byte:
			args[i] = v[:]
		case time.Time:
			return nil, fmt.Errorf("db: argument $%d is a time.Time; times are bigint milliseconds", i+1)
		}
	}
	return args, nil
}
