package designer

import (
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"sidian/kinds"
)

func folder(t *testing.T, name string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	entries, err := fs.ReadDir(kinds.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = fs.ReadFile(kinds.FS, name+"/"+e.Name()); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func shipped(t *testing.T) (names []string) {
	t.Helper()
	entries, err := fs.ReadDir(kinds.FS, ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// One box moved: all else says what it said, comments stand where they stood.
func TestRewriteKeepsTheRest(t *testing.T) {
	t.Parallel()
	for _, name := range shipped(t) {
		before, err := read(name, folder(t, name))
		if err != nil {
			t.Fatal(err)
		}
		next, _ := before.again()
		next.template.Pages[0].Items[3].At[0] = 31.5
		next.kind.Title = "改名"
		next.kind.Fields[0].Hint = "新的提示: # 一行"
		files, err := before.written(next)
		if err != nil {
			t.Fatal(err)
		}
		after, err := read(name, files)
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, files[templateFile])
		}
		if !reflect.DeepEqual(after.template, next.template) || !reflect.DeepEqual(after.kind, next.kind) {
			t.Errorf("%s: something was lost:\n%s", name, files[kindFile])
		}
		if was, is := strings.Count(string(before.files[kindFile]), "#"), strings.Count(string(files[kindFile]), "#"); is < was {
			t.Errorf("%s: comments were lost:\n%s", name, files[kindFile])
		}
	}
}
