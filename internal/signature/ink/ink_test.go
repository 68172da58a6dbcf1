package ink_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sidian/internal/signature/ink"
	"sidian/internal/signature/ink/inktest"
)

var update = flag.Bool("update", false, "write the golden files")

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The picture of a name stands in testdata, for people to look at.
func TestPicture(t *testing.T) {
	t.Parallel()
	w, err := ink.Draw(inktest.Drawing(1))
	must(t, err)
	got, err := w.PNG(40, 0, ink.Black)
	must(t, err)
	golden := filepath.Join("testdata", "name.png")
	if *update {
		must(t, os.WriteFile(golden, got, 0o644))
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Error("the same drawing gives another picture than before: look at it, then -update")
	}
	if len(got) > 48<<10 {
		t.Errorf("the picture has %d bytes", len(got))
	}
}

// What was written is in the picture, what was not is transparent, and the frame
// is tight.
func TestInkWhereWritten(t *testing.T) {
	t.Parallel()
	d := inktest.Drawing(3)
	w, err := ink.Draw(d)
	must(t, err)
	b, err := w.PNG(50, 300, ink.Blue)
	must(t, err)
	img, err := png.Decode(bytes.NewReader(b))
	must(t, err)
	size := img.Bounds().Size()
	if ratio := float64(size.X) / float64(size.Y); math.Abs(ratio-w.Ratio()) > 0.02 {
		t.Errorf("the proportions are %v, not %v", ratio, w.Ratio())
	}
	if want := 50 / 25.4 * 300; math.Abs(float64(size.X)-want) > 1 {
		t.Errorf("%d pixels wide, want %v", size.X, want)
	}
	minX, minY := math.Inf(1), math.Inf(1)
	for _, s := range d.Strokes {
		for _, p := range s {
			minX, minY = min(minX, p.X), min(minY, p.Y)
		}
	}
	k := float64(size.X) / w.Width
	margin := 0.
	for _, s := range d.Strokes {
		for _, p := range s[3 : len(s)-3] {
			margin = max(margin, 4) // the frame begins half a pen before the first point
			if !inked(img, int((p.X-minX)*k), int((p.Y-minY)*k), int(margin*k)) {
				t.Errorf("no ink near %v", p)
			}
		}
	}
	for side, empty := range map[string]bool{
		"left": blank(img, image.Rect(0, 0, 3, size.Y)), "top": blank(img, image.Rect(0, 0, size.X, 3)),
		"right": blank(img, image.Rect(size.X-3, 0, size.X, size.Y)), "foot": blank(img, image.Rect(0, size.Y-3, size.X, size.Y)),
	} {
		if empty {
			t.Errorf("the frame is loose at the %s", side)
		}
	}
	if share := coverage(img); share < 0.03 || share > 0.35 {
		t.Errorf("ink covers %.2f of the frame: no handwriting looks so", share)
	}
}

func inked(img image.Image, x, y, around int) bool {
	return !blank(img, image.Rect(x-around, y-around, x+around, y+around))
}

func blank(img image.Image, r image.Rectangle) bool {
	r = r.Intersect(img.Bounds())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if _, _, _, a := img.At(x, y).RGBA(); a > 0 {
				return false
			}
		}
	}
	return true
}

func coverage(img image.Image) float64 {
	n, b := 0, img.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			if _, _, _, a := img.At(x, y).RGBA(); a > 0x8000 {
				n++
			}
		}
	}
	return float64(n) / float64(b.Dx()*b.Dy())
}

// Pressure, where known, makes the stroke broader.
func TestPressure(t *testing.T) {
	t.Parallel()
	share := func(p float64) float64 {
		d := inktest.Drawing(1)
		for _, s := range d.Strokes {
			for i := range s {
				s[i].P = p
			}
		}
		w, err := ink.Draw(d)
		must(t, err)
		b, err := w.PNG(40, 200, ink.Black)
		must(t, err)
		img, err := png.Decode(bytes.NewReader(b))
		must(t, err)
		return coverage(img)
	}
	if light, heavy := share(0.15), share(0.95); heavy < 1.5*light {
		t.Errorf("a heavy hand covers %v, a light one %v", heavy, light)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	w, err := ink.Draw(inktest.Drawing(1))
	must(t, err)
	p := w.Path(400)
	if !strings.HasPrefix(p, "M") || !strings.HasSuffix(p, "Z") || strings.ContainsAny(p, "NIae<>\"") {
		t.Errorf("the path is %.60s…", p)
	}
	if len(p) > 200<<10 {
		t.Errorf("the path has %d bytes", len(p))
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	w, err := ink.Draw(inktest.Drawing(1))
	must(t, err)
	for name, box := range map[string][2]float64{"wide": {80, 10}, "high": {20, 60}, "like it": {40, 16}} {
		x, y := w.Fit(box[0], box[1])
		if x > box[0]+1e-9 || y > box[1]+1e-9 || math.Abs(x/y-w.Ratio()) > 1e-9 || (x < box[0]-1e-9 && y < box[1]-1e-9) {
			t.Errorf("%s: %v × %v in %v", name, x, y, box)
		}
	}
}

// refusedCode is the code of a refusal, or "" for nil.
func refusedCode(t testing.TB, err error) string {
	t.Helper()
	var e *ink.RefusedError
	if err == nil {
		return ""
	}
	if !errors.As(err, &e) || e.Reason == "" {
		t.Fatalf("no refusal: %v", err)
	}
	return e.Code
}

var stroke = `[[10,10,0],[20,30,10],[30,20,20],[60,50,30],[70,20,40],[90,50,50],[120,30,60],[150,60,70]]`

var parseCases = map[string]struct {
	data, strict, lenient string
	notes                 []string
}{
	"good":             {data: `{"width":200,"height":100,"strokes":[` + stroke + `]}`},
	"no times":         {data: `{"width":200,"height":100,"strokes":[[[1,1],[20,30],[30,20],[60,50],[70,20],[90,50],[120,30],[150,60]]]}`},
	"empty":            {data: `{"width":200,"height":100,"strokes":[]}`, strict: "empty", lenient: "empty"},
	"no pad":           {data: `{"strokes":[` + stroke + `]}`, strict: "pad", lenient: "pad"},
	"negative pad":     {data: `{"width":-200,"height":100,"strokes":[` + stroke + `]}`, strict: "pad", lenient: "pad"},
	"huge pad":         {data: `{"width":2e9,"height":100,"strokes":[` + stroke + `]}`, strict: "pad", lenient: "pad"},
	"a dot":            {data: `{"width":200,"height":100,"strokes":[[[1,1],[1,1],[1,2],[1,1],[1,1],[1,1],[1,1],[1,1],[1,1]]]}`, strict: "dot", lenient: "dot"},
	"few points":       {data: `{"width":200,"height":100,"strokes":[[[1,1],[100,90]]]}`, strict: "dot", lenient: "dot"},
	"a dash":           {data: `{"width":200,"height":100,"strokes":[[[1,1],[2,2],[3,3],[5,5],[7,7],[9,9],[10,10],[11,11],[12,12]]]}`, strict: "short", lenient: "short"},
	"outside":          {data: `{"width":100,"height":100,"strokes":[` + stroke + `]}`, strict: "outside", notes: []string{"outside"}},
	"negative time":    {data: `{"width":200,"height":100,"strokes":[` + strings.Replace(stroke, "[10,10,0]", "[10,10,-5]", 1) + `]}`, strict: "time", notes: []string{"time"}},
	"time goes back":   {data: `{"width":200,"height":100,"strokes":[` + strings.Replace(stroke, ",40]", ",4]", 1) + `]}`, strict: "time", notes: []string{"time"}},
	"time since 1970":  {data: `{"width":200,"height":100,"strokes":[` + strings.NewReplacer("0,0]", "0,1.7e12]", "0]", "0]").Replace(stroke) + `]}`, strict: "time", notes: []string{"time"}},
	"pressure":         {data: `{"width":200,"height":100,"strokes":[` + strings.Replace(stroke, "[10,10,0]", "[10,10,0,1.5]", 1) + `]}`, strict: "pressure", notes: []string{"pressure"}},
	"not a number":     {data: `{"width":200,"height":100,"strokes":[[[NaN,1]]]}`, strict: "form", lenient: "form"},
	"beyond numbers":   {data: `{"width":200,"height":100,"strokes":[[[1e999,1]]]}`, strict: "form", lenient: "form"},
	"one number":       {data: `{"width":200,"height":100,"strokes":[[[1]]]}`, strict: "form", lenient: "form"},
	"five numbers":     {data: `{"width":200,"height":100,"strokes":[[[1,2,3,0,5]]]}`, strict: "form", lenient: "form"},
	"unknown member":   {data: `{"width":200,"height":100,"dpr":2,"strokes":[` + stroke + `]}`, strict: "form"},
	"more behind":      {data: `{"width":200,"height":100,"strokes":[` + stroke + `]} {}`, strict: "form", lenient: "form"},
	"no JSON":          {data: `M 1 2`, strict: "form", lenient: "form"},
	"nothing":          {data: ``, strict: "form", lenient: "form"},
	"null":             {data: `null`, strict: "pad", lenient: "pad"},
	"null stroke":      {data: `{"width":200,"height":100,"strokes":[null,` + stroke + `]}`, strict: "stroke", notes: []string{"empty"}},
	"too many strokes": {data: `{"width":200,"height":100,"strokes":[` + strings.Repeat(`[[1,1]],`, ink.MaxStrokes) + stroke + `]}`, strict: "large", lenient: "large"},
	"too many points":  {data: `{"width":200,"height":100,"strokes":[[` + strings.Repeat(`[1,1],`, ink.MaxPoints) + `[1,1]]]}`, strict: "large", lenient: "large"},
	"too many bytes":   {data: `{"width":200,"height":100,"strokes":[` + stroke + `]}` + strings.Repeat(" ", ink.MaxBytes), strict: "large", lenient: "large"},
	"scribble":         {data: `{"width":200,"height":100,"strokes":[[` + strings.Repeat(`[1,1],[199,99],`, 100) + `[1,1]]]}`, strict: "large", lenient: "large"},
	"objects": {data: `{"width":200,"height":100,"data":[{"color":"black","points":[{"x":1,"y":1,"time":5,"pressure":0.5},{"x":20,"y":30,"t":7},
		{"x":30,"y":20},{"x":60,"y":50},{"x":70,"y":20},{"x":90,"y":50},{"x":120,"y":30},{"x":150,"y":60}]}]}`, strict: "form", notes: []string{"object", "time"}},
	"point without y": {data: `{"width":200,"height":100,"strokes":[[{"x":1}]]}`, strict: "form", lenient: "form"},
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tc := range parseCases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, err := ink.Parse([]byte(tc.data))
			if got := refusedCode(t, err); got != tc.strict {
				t.Errorf("strictly %q, want %q", got, tc.strict)
			}
			if err == nil {
				again, err := ink.Parse(d.JSON())
				must(t, err)
				if !slices.EqualFunc(again.Strokes, d.Strokes, slices.Equal) {
					t.Error("its JSON is another drawing")
				}
			}
			l, notes, err := ink.ParseLenient([]byte(tc.data))
			if got := refusedCode(t, err); got != tc.lenient || err == nil && !slices.Equal(notes, tc.notes) {
				t.Errorf("leniently %q %q, want %q %q", got, notes, tc.lenient, tc.notes)
			}
			if err == nil {
				must(t, l.Check())
			}
		})
	}
}

// A drawing that no JSON could hold is refused like any other.
func TestCheckRefusesNumbers(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]float64{"NaN": math.NaN(), "infinity": math.Inf(1), "minus infinity": math.Inf(-1)} {
		for field, set := range map[string]func(*ink.Drawing){
			"x": func(d *ink.Drawing) { d.Strokes[2][3].X = v }, "y": func(d *ink.Drawing) { d.Strokes[2][3].Y = v },
			"t": func(d *ink.Drawing) { d.Strokes[2][3].T = v }, "p": func(d *ink.Drawing) { d.Strokes[2][3].P = v },
			"width": func(d *ink.Drawing) { d.Width = v },
		} {
			d := inktest.Drawing(1)
			set(d)
			if _, err := ink.Draw(d); err == nil {
				t.Errorf("%s as %s was drawn", name, field)
			}
		}
	}
}

// Whatever is parsed can be drawn, within limits.
func FuzzParse(f *testing.F) {
	for _, tc := range parseCases {
		if len(tc.data) < 4096 {
			f.Add([]byte(tc.data))
		}
	}
	b, err := json.Marshal(json.RawMessage(inktest.Drawing(1).JSON()))
	must(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, parse := range []func([]byte) (*ink.Drawing, error){ink.Parse, func(b []byte) (*ink.Drawing, error) {
			d, _, err := ink.ParseLenient(b)
			return d, err
		}} {
			d, err := parse(data)
			if err != nil {
				refusedCode(t, err)
				continue
			}
			w, err := ink.Draw(d)
			must(t, err)
			if !(w.Width > 0 && w.Height > 0) {
				t.Fatalf("the frame is %v × %v", w.Width, w.Height)
			}
			if p := w.Path(100); strings.Contains(p, "N") || strings.Contains(p, "Inf") {
				t.Fatal("the path has no number")
			}
			_, err = w.PNG(40, 100, ink.Black)
			must(t, err)
		}
	})
}
