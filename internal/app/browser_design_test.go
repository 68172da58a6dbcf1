package app_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// place is where a thing of the face stands, as its controls have it: millimetres
// from the left and from the top.
func (tb *tab) place(id string) (at [2]float64) {
	tb.t.Helper()
	copy(at[:], eval[[]float64](tb, fmt.Sprintf(`["x", "y"].map(k => Number(document.getElementsByName(%q + "." + k)[0].value))`, id)))
	return at
}

// TestBrowserDesign: a department draws up the next version of a kind: it moves a
// thing over the millimetre grid with the mouse and by the keys, the authority
// agrees, and who issues then finds the new version.
func TestBrowserDesign(t *testing.T) {
	w := enterOwn(t) // the kind is everybody's
	axe := axeSource(t)
	const kind, title = "food_operation", "食品经营许可证"
	designer := w.open(t, view{width: 1440, user: "designer"})
	designer.visit("/console/designer/new")
	designer.looks(axe, "design-new")
	designer.fill(map[string]string{"org": "market", "from": kind, "reason": "版式标准更新"})
	press(designer, "#new button.first")
	designer.wait("#board .thing")
	designer.says("main", "已用这一类型制发", "照面没有问题")
	at := eval[string](designer, `location.pathname`)
	thing := eval[string](designer, `[...document.querySelectorAll("#sheet-1 .thing")].find(t => !t.matches(".line, .seal, .image, .frame, .bad") && Number(document.getElementsByName(t.dataset.box + ".w")[0].value) < 80).dataset.box`)
	css := fmt.Sprintf(`#board .thing[data-box=%q]`, thing)
	was := designer.place(thing)
	scale := eval[float64](designer, `document.getElementById("sheet-1").getScreenCTM().a`) // pixels of a millimetre
	designer.drags(css+" .hit", 5*scale, 0)
	dragged := designer.place(thing)
	if dx, dy := dragged[0]-was[0], dragged[1]-was[1]; dx < 4 || dx > 6 || dy < -1 || dy > 1 || dragged[0] != float64(int(dragged[0])) {
		t.Errorf("dragged 5 mm to the right, on the grid, it went from %v to %v", was, dragged)
	}
	eval[bool](designer, fmt.Sprintf(`document.querySelector(%q).focus(), true`, css))
	designer.do(chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowLeft), chromedp.KeyEvent(kb.ArrowDown))
	if now := designer.place(thing); now != [2]float64{dragged[0] - 2, dragged[1] + 1} {
		t.Errorf("by the keys it went from %v to %v", dragged, now)
	}
	designer.says("#told", "毫米")
	designer.looks(axe, "design-face")
	kept := designer.place(thing)
	press(designer, "#face-form .savebar button.first")
	if now := designer.place(thing); now != kept {
		t.Errorf("kept is %v, not %v", now, kept)
	}
	phone := w.open(t, view{width: 360, user: "designer", elder: true})
	phone.visit(at)
	phone.fits()
	phone.picture("design-face")
	designer.visit(at + "/check")
	designer.says("main", "改了什么", "提交会签")
	designer.looks(axe, "design-check")
	designer.fill(map[string]string{"reason": "版式标准更新，已核对样例"})
	press(designer, `form[action$="/submit"] button.first`)
	entry := "/console/kinds/" + kind + "/entries/" + at[strings.LastIndexByte(at, '/')+1:]
	for i, user := range []string{"designer", "provdirector"} { // the issuing unit, and the authority
		tb := w.open(t, view{width: []int64{1440, 360}[i], user: user})
		tb.visit(entry)
		tb.says("main", title, "会签")
		tb.looks(axe, "design-entry-"+user)
		press(tb, "#agree")
		tb.fill(map[string]string{"reason": "与标准一致，同意"})
		press(tb, "main form button.first")
		tb.says("main", "已同意")
	}
	designer.visit(entry)
	designer.says("main", "已发布")
	designer.looks(axe, "design-published")
	designer.visit("/open/kinds/" + kind)
	designer.says("main", title)

	issuer := w.open(t, view{width: 1440, user: "issuer"})
	issuer.visit("/console/new?kind=" + kind)
	issuer.says("main", title)
	issuer.wait("#issue")
}
