package httpx

import (
	"bytes"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"sidian/internal/fault"
)

// readTree reads a JSON body. encoding/json takes two members of one name, and
// text that is not UTF-8; of the first another reader may see the other one, and
// the second is stored as something that nobody sent. Both are refused.
func readTree(data []byte) (tree any, err error) {
	if !utf8.Valid(data) {
		return nil, &httpError{http.StatusBadRequest, "请求无法读取", fault.Invalid.New("请求正文不是 UTF-8 编码").WithCode("json.encoding").WithHint("请以 UTF-8 编码发送")}
	}
	if err := json.Unmarshal(data, &tree); err != nil {
		return nil, notJSON(err)
	}
	if twice(data) {
		return nil, &httpError{http.StatusBadRequest, "请求无法读取", fault.Invalid.New("请求正文里有重名的成员").WithCode("json.duplicate").WithHint("每个成员只写一次")}
	}
	return tree, nil
}

// twice tells whether an object of data, which is JSON, has two members of one
// name.
func twice(data []byte) bool {
	type level struct {
		names map[string]bool // of an object; nil in an array
		key   bool            // a name comes next
	}
	var open []level
	for d := json.NewDecoder(bytes.NewReader(data)); ; {
		t, err := d.Token()
		if err != nil {
			return false // the end
		}
		top := len(open) - 1
		switch v := t.(type) {
		case json.Delim:
			switch v {
			case '{':
				open = append(open, level{names: map[string]bool{}, key: true})
				continue
			case '[':
				open = append(open, level{})
				continue
			}
			open, top = open[:top], top-1
		case string:
			if top >= 0 && open[top].key {
				if open[top].names[v] {
					return true
				}
				open[top].names[v], open[top].key = true, false
				continue
			}
		}
		if top >= 0 && open[top].names != nil {
			open[top].key = true // a value has ended
		}
	}
}
