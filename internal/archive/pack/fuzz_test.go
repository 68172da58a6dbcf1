package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// FuzzCheck: whatever is handed in gives a whole report, or the error that says
// there is nothing to report on; and the same each time.
func FuzzCheck(f *testing.F) {
	w := newWorld(f)
	f.Add(w.write(w.dossier()))
	for _, c := range broken {
		f.Add(w.by(func(m *parcelling) { c.change(w, m) }))
	}
	o := w.options()
	o.Limits = Limits{Package: 1 << 20, Entries: 100, File: 1 << 20, Total: 4 << 20, Meta: 1 << 20}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Check(bytes.NewReader(data), int64(len(data)), o)
		if err != nil {
			if r != nil || !errors.Is(err, ErrUnreadable) {
				t.Fatalf("%+v %v", r, err)
			}
			return
		}
		if len(r.Checks) != len(checks) {
			t.Fatalf("%d rows", len(r.Checks))
		}
		for _, c := range r.Checks {
			if c.Evidence == "" || c.Result != Pass && c.Result != Fail && c.Result != Warn && c.Result != Skip {
				t.Fatalf("%+v", c)
			}
		}
		again, err := Check(bytes.NewReader(data), int64(len(data)), o)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := json.Marshal(r)
		b, _ := json.Marshal(again)
		if !bytes.Equal(a, b) {
			t.Fatalf("two reports:\n%s\n%s", a, b)
		}
	})
}

// FuzzRecord: metadata that were read are written and read alike.
func FuzzRecord(f *testing.F) {
	w := newWorld(f)
	parts, err := w.dossier().parts()
	w.must(err)
	f.Add(parts[0].data)
	f.Add([]byte(`<x:base_info xmlns:x="urn:x"><x:task_code>1</x:task_code><fileset><folder title="结果文件"><file/></folder></fileset></x:base_info>`))
	f.Add([]byte(`<base_info><archive_time>2026-03-02T01:02:03-05:00</archive_time><remarks> &#13;a&#9;</remarks></base_info>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decodeRecord(data)
		if err != nil {
			return
		}
		again, err := decodeRecord(r.encode())
		if err != nil {
			t.Fatal(err)
		}
		if *again.meta() != *r.meta() {
			t.Errorf("%+v\n%+v", again.meta(), r.meta())
		}
	})
}
