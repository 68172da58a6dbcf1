package catalogue

import (
	"bytes"
	"encoding/json"
	"fmt"

	"sidian/internal/catalogue/face"
)

// MarshalJSON writes a value in the form that requests give it.
func (v Value) MarshalJSON() ([]byte, error) {
	switch {
	case v.Picture != nil:
		return json.Marshal(v.Picture)
	case v.Rows != nil:
		return json.Marshal(v.Rows)
	}
	return json.Marshal(v.Text)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (v *Value) UnmarshalJSON(data []byte) error {
	*v = Value{}
	switch first := bytes.TrimLeft(data, " \t\r\n"); {
	case len(first) == 0:
		return fmt.Errorf("catalogue: empty value")
	case first[0] == '{':
		v.Picture = &face.Picture{}
		return json.Unmarshal(data, v.Picture)
	case first[0] == '[':
		v.Rows = []map[string]string{}
		return json.Unmarshal(data, &v.Rows)
	}
	return json.Unmarshal(data, &v.Text)
}

// IsZero tells whether there is no value.
func (v Value) IsZero() bool { return v.Text == "" && v.Picture == nil && len(v.Rows) == 0 }
