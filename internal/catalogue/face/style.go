package face

import (
	"strconv"
	"strings"

	"sidian/ofd"
	"sidian/ofd/draw"
)

var (
	aligns  = map[string]draw.Align{"": draw.Left, "left": draw.Left, "center": draw.Center, "right": draw.Right, "justify": draw.Justify, "distribute": draw.Distribute}
	valigns = map[string]draw.VAlign{"": draw.Middle, "top": draw.Top, "middle": draw.Middle, "bottom": draw.Bottom}
)

// resolve follows the bases of a style.
func (c *compiler) resolve(where, name string) draw.Style {
	s, err := merged(c.t.Styles, name, 0)
	if err != "" {
		c.problems.add(where, "style", "%s", err)
	}
	family, ok := c.fonts.Family(s.Font)
	if !ok {
		c.problems.add(where, "style", "没有字体 %s，只有 serif、sans", s.Font)
		family = c.fonts.Serif
	}
	align, ok1 := aligns[s.Align]
	valign, ok2 := valigns[s.VAlign]
	if !ok1 || !ok2 {
		c.problems.add(where, "style", "align 可为 left、center、right、justify、distribute，valign 可为 top、middle、bottom")
	}
	if !within(s.Size, 4, 120) || !within(s.Min, 0, s.Size) || !within(s.Line, 0, 5) || !within(s.Spacing, -0.3, 10) || !within(s.Indent, 0, 20) || s.Lines < 0 {
		c.problems.add(where, "style", "字号应在 4 到 120 磅之间，min 不大于字号，line 至多 5，spacing 在 -0.3 到 10 之间，indent 至多 20")
		s = Style{Size: 10}
	}
	return draw.Style{
		Font: family, Size: draw.Points(s.Size), MinSize: draw.Points(s.Min), LineHeight: s.Line, LetterSpacing: s.Spacing,
		Indent: s.Indent, Align: align, VAlign: valign, Color: c.color(where, s.Color, 0), Vertical: s.Vertical, Bold: s.Bold, MaxLines: s.Lines,
	}
}

const deepest = 8

func merged(styles map[string]Style, name string, depth int) (Style, string) {
	if name == "" {
		name = "value"
	}
	s, ok := styles[name]
	if !ok {
		return Style{}, "没有名为 " + name + " 的样式"
	}
	if s.Base == "" {
		return s, ""
	}
	if depth == deepest {
		return s, "样式 " + name + " 的 base 绕成了圈"
	}
	base, err := merged(styles, s.Base, depth+1)
	return s.over(base), err
}

// over is s with what it leaves out taken from base.
func (s Style) over(base Style) Style {
	set(&s.Font, base.Font)
	set(&s.Size, base.Size)
	set(&s.Min, base.Min)
	set(&s.Align, base.Align)
	set(&s.VAlign, base.VAlign)
	set(&s.Color, base.Color)
	set(&s.Bold, base.Bold)
	set(&s.Spacing, base.Spacing)
	set(&s.Line, base.Line)
	set(&s.Indent, base.Indent)
	set(&s.Lines, base.Lines)
	set(&s.Vertical, base.Vertical)
	return s
}

func set[T comparable](v *T, other T) {
	var zero T
	if *v == zero {
		*v = other
	}
}

// color reads #rrggbb; empty is black. An alpha of 0 means opaque.
func (c *compiler) color(where, s string, alpha float64) *ofd.Color {
	if s == "" {
		s = "#1a1a1a"
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "#"), 16, 32)
	if err != nil || len(s) != 7 || s[0] != '#' {
		c.problems.add(where, "color", "颜色应形如 #8c1d18")
	}
	color := ofd.RGB(uint8(n>>16), uint8(n>>8), uint8(n))
	if alpha > 0 && alpha < 1 {
		color.Alpha = ofd.Alpha(uint8(alpha * 255))
	}
	return color
}
