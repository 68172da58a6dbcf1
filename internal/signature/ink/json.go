package ink

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
)

// The JSON of a drawing: {"width": 300, "height": 150, "strokes": [[[x, y, t, p],
// …], …]}. t and p may be left out of a point.
type wire struct {
	Width   float64       `json:"width"`
	Height  float64       `json:"height"`
	Strokes [][][]float64 `json:"strokes"`
}

var errForm = &RefusedError{Code: "form", Reason: `笔迹的格式不正确，应为 {"width":…,"height":…,"strokes":[[[x,y,t,p],…],…]}`}

// Parse reads the JSON of a drawing and refuses whatever Check refuses.
func Parse(data []byte) (*Drawing, error) {
	if len(data) > MaxBytes {
		return nil, refuse("large", "笔迹数据超过 %d KiB，请清除后重写", MaxBytes>>10)
	}
	var w wire
	in := json.NewDecoder(bytes.NewReader(data))
	in.DisallowUnknownFields()
	if err := in.Decode(&w); err != nil {
		return nil, errForm
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errForm
	}
	d := &Drawing{Width: w.Width, Height: w.Height, Strokes: make([]Stroke, len(w.Strokes))}
	for i, s := range w.Strokes {
		d.Strokes[i] = make(Stroke, len(s))
		for j, p := range s {
			if len(p) < 2 || len(p) > 4 {
				return nil, errForm
			}
			d.Strokes[i][j] = Point{X: p[0], Y: p[1], T: at(p, 2), P: at(p, 3)}
		}
	}
	return d, d.Check()
}

func at(p []float64, i int) float64 {
	if i < len(p) {
		return p[i]
	}
	return 0
}

// loose is how other pads write a point and a stroke.
type loose struct {
	Width, Height float64
	Strokes, Data []json.RawMessage
}

type loosePoint struct {
	X, Y     *float64
	T, Time  float64
	P        float64
	Pressure float64
}

// ParseLenient reads what pads in the field send: points as objects {x, y, time,
// pressure} or arrays, strokes as arrays or objects {points}, times since 1970,
// times that go back, points beside the pad, empty strokes. It says what it set
// right, in stable codes: "object", "time", "outside", "pressure", "empty".
func ParseLenient(data []byte) (d *Drawing, notes []string, err error) {
	if len(data) > MaxBytes {
		return nil, nil, refuse("large", "笔迹数据超过 %d KiB，请清除后重写", MaxBytes>>10)
	}
	var w loose
	if err := json.Unmarshal(data, &w); err != nil {
		return nil, nil, errForm
	}
	m := &mender{d: &Drawing{Width: w.Width, Height: w.Height}, seen: map[string]bool{}}
	strokes := w.Strokes
	if strokes == nil {
		strokes = w.Data
	}
	if len(strokes) > MaxStrokes {
		return nil, nil, refuse("large", "笔画过多：最多 %d 笔，请清除后重写", MaxStrokes)
	}
	for _, raw := range strokes {
		s, err := m.stroke(raw)
		if err != nil {
			return nil, nil, err
		}
		if len(s) == 0 {
			m.note("empty")
			continue
		}
		m.d.Strokes = append(m.d.Strokes, s)
	}
	m.times()
	m.inside()
	return m.d, m.notes, m.d.Check()
}

// A mender sets right what is wrong in form only.
type mender struct {
	d     *Drawing
	notes []string
	seen  map[string]bool
}

func (m *mender) note(code string) {
	if !m.seen[code] {
		m.seen[code] = true
		m.notes = append(m.notes, code)
	}
}

func (m *mender) stroke(raw json.RawMessage) (s Stroke, err error) {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		var o struct{ Points []json.RawMessage }
		if json.Unmarshal(raw, &o) != nil {
			return nil, errForm
		}
		m.note("object")
		list = o.Points
	}
	for _, raw := range list {
		p, err := m.point(raw)
		if err != nil {
			return nil, err
		}
		s = append(s, p)
	}
	return s, nil
}

func (m *mender) point(raw json.RawMessage) (Point, error) {
	var list []float64
	if json.Unmarshal(raw, &list) == nil {
		if len(list) < 2 || len(list) > 4 {
			return Point{}, errForm
		}
		return Point{X: list[0], Y: list[1], T: at(list, 2), P: at(list, 3)}, nil
	}
	var o loosePoint
	if json.Unmarshal(raw, &o) != nil || o.X == nil || o.Y == nil {
		return Point{}, errForm
	}
	m.note("object")
	p := Point{X: *o.X, Y: *o.Y, T: o.T, P: o.P}
	if p.T == 0 {
		p.T = o.Time
	}
	if p.P == 0 {
		p.P = o.Pressure
	}
	return p, nil
}

// times makes times begin at 0 and go on.
func (m *mender) times() {
	first, last := math.NaN(), 0.
	for _, s := range m.d.Strokes {
		for i := range s {
			if math.IsNaN(first) {
				first = s[i].T
				if first != 0 {
					m.note("time")
				}
			}
			t := s[i].T - first
			if t < last || t > MaxTime {
				m.note("time")
				t = last
			}
			s[i].T, last = t, t
		}
	}
}

// inside brings points to the edge of the pad, and pressure into its bounds.
func (m *mender) inside() {
	for _, s := range m.d.Strokes {
		for i := range s {
			p := s[i]
			x, y, pressure := min(max(p.X, 0), m.d.Width), min(max(p.Y, 0), m.d.Height), min(max(p.P, 0), 1)
			if x != p.X || y != p.Y {
				m.note("outside")
			}
			if pressure != p.P {
				m.note("pressure")
			}
			s[i].X, s[i].Y, s[i].P = x, y, pressure
		}
	}
}

// JSON is the drawing as Parse reads it.
func (d *Drawing) JSON() []byte {
	w := wire{Width: d.Width, Height: d.Height, Strokes: make([][][]float64, len(d.Strokes))}
	for i, s := range d.Strokes {
		w.Strokes[i] = make([][]float64, len(s))
		for j, p := range s {
			w.Strokes[i][j] = []float64{p.X, p.Y, p.T, p.P}
		}
	}
	b, err := json.Marshal(w)
	if err != nil {
		return nil // a drawing that Check passes has finite numbers only
	}
	return b
}
