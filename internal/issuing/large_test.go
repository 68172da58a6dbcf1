package issuing_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"

	"sidian/internal/db"
	"sidian/internal/db/dbtest"
	"sidian/internal/issuing"
	"sidian/internal/issuing/issuingtest"
)

// change is what differs in a field, or nil.
func change(x *issuing.Correction, name string) *issuing.Change {
	i := slices.IndexFunc(x.Changes, func(c issuing.Change) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &x.Changes[i]
}

// A picture is carried over, and where it is exchanged both stand side by side for
// who gives a reason to see them.
func TestCorrectPicture(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d, issuingtest.Personal)
		s := w.Issuing
		old := w.World.Issue(t, issuingtest.Personal)
		x, err := s.Correct(w.Collector, correcting(old, "change"))
		must(t, err)
		given := issuingtest.Content(t, issuingtest.Personal)
		if len(x.Problems) != 0 || len(x.Correction.Changes) != 0 || !samePicture(t, x.Content.Fields["photo"], given.Fields["photo"]) {
			t.Fatalf("begun: %+v, %+v, photo %.60s", x.Problems, x.Correction.Changes, x.Content.Fields["photo"])
		}
		var b bytes.Buffer
		i := image.NewNRGBA(image.Rect(0, 0, 240, 336))
		for at := range 240 * 336 {
			i.Set(at%240, at/240, color.NRGBA{200, 210, 220, 255})
		}
		must(t, png.Encode(&b, i))
		content := *x.Content
		content.Fields["photo"] = raw(t, issuing.Picture{Media: "image/png", Data: b.Bytes()})
		x, err = s.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: content})
		must(t, err)
		x = passed(t, w, x)
		c := change(x.Correction, "fields.photo")
		if c == nil || !c.Masked || c.WasPicture != nil || c.IsPicture != nil || c.Before == c.After {
			t.Fatalf("a photograph of a person: %+v", c)
		}
		seen, err := s.Reveal(w.Reviewer, issuing.RevealRequest{ID: x.ID, Purpose: "issue", Reason: "核对照片"})
		must(t, err)
		if c = change(seen, "fields.photo"); c == nil || c.Masked || c.IsPicture == nil || c.WasPicture == nil || !bytes.Equal(c.IsPicture.Data, b.Bytes()) || bytes.Equal(c.WasPicture.Data, b.Bytes()) {
			t.Errorf("revealed: %+v", c)
		}
		x, err = s.Issue(w.Sealer, issuingtest.Decide(x))
		must(t, err)
		if x.State != issuing.Issued {
			t.Errorf("it is %s", x.State)
		}
	})
}

func samePicture(t *testing.T, a, b json.RawMessage) bool {
	t.Helper()
	var p, q issuing.Picture
	must(t, json.Unmarshal(a, &p))
	must(t, json.Unmarshal(b, &q))
	return len(p.Data) > 0 && p.Media == q.Media && bytes.Equal(p.Data, q.Data)
}

// Rows of a table are told apart as added, removed and changed; those that stay
// are not told.
func TestCorrectTable(t *testing.T) {
	t.Parallel()
	const kind, field = "household", "cy"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := issuingtest.New(t, d, kind)
		s := w.Issuing
		old := w.World.Issue(t, kind)
		x, err := s.Correct(w.Collector, correcting(old, "change"))
		must(t, err)
		var people []map[string]string
		must(t, json.Unmarshal(x.Content.Fields[field], &people))
		if len(people) < 3 || len(x.Correction.Changes) != 0 {
			t.Fatalf("begun: %d people, %+v", len(people), x.Correction.Changes)
		}
		save := func(rows []map[string]string) *issuing.Change {
			t.Helper()
			content := *x.Content
			content.Fields[field] = raw(t, rows)
			x, err = s.Save(w.Collector, issuing.SaveRequest{ID: x.ID, Version: x.Version, Content: content})
			must(t, err)
			masked := change(x.Correction, "fields."+field)
			if b, _ := json.Marshal(masked); strings.Contains(string(b), people[1]["sfzh"]) || strings.Contains(string(b), people[0]["sfzh"]) || masked != nil && !masked.Masked {
				t.Errorf("not masked: %s", b)
			}
			seen, err := s.Reveal(w.Collector, issuing.RevealRequest{ID: x.ID, Purpose: "issue", Reason: "核对家庭成员"})
			must(t, err)
			return change(seen, "fields."+field)
		}
		what := func(c *issuing.Change) (out string) {
			for _, r := range c.Rows {
				out += r.What + " "
				if len(r.Before) > 0 {
					out += r.Before[0]
				}
				if len(r.After) > 0 {
					out += ">" + r.After[0]
				}
				out += ";"
			}
			return out
		}
		copyOf := func(row map[string]string, key, value string) map[string]string {
			out := map[string]string{}
			for k, v := range row {
				out[k] = v
			}
			out[key] = value
			return out
		}
		name := func(i int) string { return people[i]["xm"] }
		edited := slices.Clone(people)
		edited[1] = copyOf(people[1], "whcd", "研究生")
		if got, want := what(save(edited)), "changed "+name(1)+">"+name(1)+";"; got != want {
			t.Errorf("one changed: %s, want %s", got, want)
		}
		if got, want := what(save(slices.Delete(slices.Clone(people), 0, 1))), "removed "+name(0)+";"; got != want {
			t.Errorf("one removed: %s, want %s", got, want)
		}
		if got, want := what(save(append(slices.Clone(people), copyOf(people[2], "xm", "王新增")))), "added >王新增;"; got != want {
			t.Errorf("one added: %s, want %s", got, want)
		}
		if c := save(people); c != nil {
			t.Errorf("nothing differs: %+v", c)
		}
	})
}
