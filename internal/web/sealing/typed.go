package sealing

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sidian/internal/fault"
	"sidian/internal/sealing"
)

// name is the name of a control of the n-th seal.
func name(n int, what string) string { return fmt.Sprintf("s%d-%s", n, what) }

// places reads how the n-th seal is placed, as package sealing takes it. What is
// wrong is told at the controls.
func (c *chosen) places(n, pages int) ([]sealing.Place, error) {
	f := fault.Invalid.New("盖章位置还不正确").WithCode("sealing.place").WithHint("请按每一项的说明更正后重试")
	var out []sealing.Place
	length := func(what, typed, label string) float64 {
		v, err := strconv.ParseFloat(typed, 64)
		if err != nil || math.IsNaN(v) || v < 0 || v > 2000 {
			f = f.WithField(name(n, what), "number", label+"应为毫米数，如 120 或 120.5")
		}
		return v
	}
	switch c.Way {
	case onPages:
		list, err := pageList(c.On, pages)
		if err != nil {
			f = f.WithField(name(n, "on"), "page", err.Error())
		}
		p := sealing.Place{X: length("x", c.X, "距左边"), Y: length("y", c.Y, "距上边")}
		if len(list) == 1 {
			p.Page = list[0]
		} else {
			p.Pages = list
		}
		out = append(out, p)
	case onAll:
		out = append(out, sealing.Place{All: true, X: length("x", c.X, "距左边"), Y: length("y", c.Y, "距上边")})
	case onWord:
		if strings.TrimSpace(c.Word) == "" {
			f = f.WithField(name(n, "word"), "required", "请填写文件中的文字，如（盖章）")
		}
		out = append(out, sealing.Place{Keyword: c.Word, Each: c.Each, Right: c.Right})
	case onEdge:
	default:
		f = f.WithField(name(n, "way"), "required", "请选择怎样盖")
	}
	if c.straddles() {
		from, to, err := pageRange(c.From, c.To, pages)
		if err != nil {
			f = f.WithField(name(n, "from"), "page", err.Error())
		}
		y := length("edge-y", c.EdgeY, "骑缝章距上边")
		for _, r := range runsOf(from, to, int(c.W)) {
			out = append(out, sealing.Place{Y: y, Straddle: &sealing.Straddle{From: r[0], To: r[1]}})
		}
	}
	return out, f.OrNil()
}

func (c *chosen) straddles() bool { return c.Edge || c.Way == onEdge }

// runsOf divides pages into runs over which one imprint may be spread: each page
// shows a millimetre of it at least.
func runsOf(from, to, most int) (out [][2]int) {
	n := to - from + 1
	if n < 2 || most < 2 {
		return [][2]int{{from, to}}
	}
	runs := (n + most - 1) / most
	for i := range runs {
		out = append(out, [2]int{from + i*n/runs, from + (i+1)*n/runs - 1})
	}
	return out
}

// pageList reads "3" or "1,3,5-7".
func pageList(typed string, pages int) (out []int, err error) {
	wrong := fmt.Errorf("应为页码，如 3 或 1,3,5-7，共 %d 页", pages)
	clean := strings.NewReplacer("，", ",", "、", ",", "－", "-", "—", "-", " ", "").Replace(typed)
	for _, part := range strings.Split(clean, ",") {
		from, to, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		if err != nil {
			return nil, wrong
		}
		b := a
		if ranged {
			if b, err = strconv.Atoi(to); err != nil {
				return nil, wrong
			}
		}
		if a < 1 || b > pages || a > b {
			return nil, fmt.Errorf("文件共 %d 页，没有第 %s 页", pages, part)
		}
		for n := a; n <= b; n++ {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// pageRange reads the first and the last page of a straddle; empty: all.
func pageRange(first, last string, pages int) (from, to int, err error) {
	from, to = 1, pages
	for _, v := range []struct {
		typed string
		into  *int
	}{{first, &from}, {last, &to}} {
		if v.typed == "" {
			continue
		}
		if *v.into, err = strconv.Atoi(v.typed); err != nil {
			return 1, pages, fmt.Errorf("应为页码，共 %d 页", pages)
		}
	}
	switch {
	case from < 1 || to > pages || from > to:
		return 1, pages, fmt.Errorf("骑缝的页码须在第 1 到 %d 页之间", pages)
	case from == to:
		return 1, pages, fmt.Errorf("骑缝章至少跨 2 页")
	}
	return from, to, nil
}
