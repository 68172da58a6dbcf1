package httpx

import "testing"

func TestTwice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{}`: false, `[]`: false, `"a"`: false, `1`: false, `{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}`: false, `{"a":"a","b":"a"}`: false,
		`{"a":1,"a":1}`: true, `[{"a":{"b":1,"b":2}}]`: true, `{"x":[],"y":{},"x":null}`: true, `{"a":1,"\u0061":2}`: true, `{"a":{"a":{"a":1}},"b":["a","a"]}`: false,
		`{"证":1,"照":2,"证":3}`: true, `["a","a",{"k":"k"},"a"]`: false,
	} {
		if got := twice([]byte(text)); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
