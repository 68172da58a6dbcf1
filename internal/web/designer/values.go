package designer

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"sidian/internal/fault"
)

// values are what a form gave.
type values struct {
	url.Values
	wrong *wrongs
}

// maxForm bounds the body of a form: a face of 400 items, each with its controls.
const maxForm = 1 << 20

func formOf(r *http.Request) (values, error) {
	if err := r.ParseForm(); err != nil {
		if big := (*http.MaxBytesError)(nil); errors.As(err, &big) {
			return values{}, fault.TooLarge.New("填写的内容太多").WithHint("请按“返回”，删减后再保存；一份表单不超过 %d KiB", maxForm>>10)
		}
		return values{}, fault.Invalid.Wrap(err, "表单没有传完整").WithHint("请按“返回”重新提交")
	}
	return values{r.PostForm, &wrongs{}}, nil
}

// str is what a control gave, with the line ends that files have.
func (v values) str(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(v.Get(name), "\r\n", "\n"))
}

// raw is str with the spaces around it: a prefix may end with one.
func (v values) raw(name string) string { return strings.ReplaceAll(v.Get(name), "\r\n", "\n") }

func (v values) on(name string) bool { return v.Get(name) != "" }

// num reads a number; empty is 0.
func (v values) num(name, label string) float64 {
	s := v.str(name)
	if s == "" {
		return 0
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 10000 || strings.ContainsAny(s, "xXpP_") {
		v.wrong.add(name, "%s应是数字，如 12.5", label)
		return 0
	}
	return f
}

func (v values) int(name, label string) int {
	f := v.num(name, label)
	if f != math.Trunc(f) || f < 0 {
		v.wrong.add(name, "%s应是整数", label)
		return 0
	}
	return int(f)
}

// lines are the lines of a text that are not empty.
func (v values) lines(name string) (out []string) {
	for l := range strings.SplitSeq(v.str(name), "\n") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// cells are the parts of a line between bars.
func cells(line string, n int) []string {
	out := make([]string, n)
	for i, c := range strings.SplitN(strings.ReplaceAll(line, "｜", "|"), "|", n) {
		out[i] = strings.TrimSpace(c)
	}
	return out
}

// chosen are the values of boxes that are ticked, in the order of the list.
func (v values) chosen(name string) []string {
	var out []string
	for _, s := range v.Values[name] {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}

// listed counts the entries of a list that a form has: n0.key, n1.key …
func (v values) listed(prefix, key string, most int) int {
	n := 0
	for n < most && v.Has(prefix+strconv.Itoa(n)+"."+key) {
		n++
	}
	return n
}

var notID = regexp.MustCompile(`[^A-Za-z0-9]+`)

// idOf is the id of the control of a name.
func idOf(name string) string { return strings.Trim(notID.ReplaceAllString(name, "-"), "-") }
