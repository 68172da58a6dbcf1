package cataloguetest

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"sidian/internal/catalogue"
	"sidian/internal/db"
	"sidian/internal/iam/iamtest"
	"sidian/internal/notice"
	"sidian/kinds"
)

// A World is the county with a catalogue, and people who agree on it.
type World struct {
	*iamtest.County
	Catalogue *catalogue.Service
	Notice    *notice.Service
	// Designer draws up kinds of Market and Land those of Land; Manager is the
	// directory's at Root, above both; Own is one whose post reaches only Market.
	Designer, Land, Manager, Own, Clerk context.Context
}

// NewWorld makes the county in d, with the kinds named in the catalogue.
func NewWorld(t testing.TB, d *db.DB, names ...string) *World {
	t.Helper()
	c := iamtest.New(t, d)
	c.People["landdesigner"] = c.Hire(t, "landdesigner", "designer", iamtest.Land)
	c.People["rootmanager"] = c.Hire(t, "rootmanager", "manager", iamtest.Root)
	w := &World{County: c, Notice: &notice.Service{DB: d}, Catalogue: New(t, d, names...)}
	w.Catalogue.Notices = w.Notice
	w.Designer, w.Land, w.Manager, w.Own, w.Clerk = c.Ctx(t, "designer"), c.Ctx(t, "landdesigner"), c.Ctx(t, "rootmanager"), c.Ctx(t, "manager"), c.Ctx(t, "clerk")
	return w
}

// Folder is the folder of a shipped kind under another name, title and code, with
// what more is to be replaced.
func Folder(t testing.TB, kind, name string, pairs ...string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, f := range []string{"kind.yaml", "template.yaml", "example.json"} {
		data, err := fs.ReadFile(kinds.FS, kind+"/"+f)
		if err != nil {
			t.Fatal(err)
		}
		files[f] = data
	}
	pairs = append([]string{`"kind": "` + kind + `"`, `"kind": "` + name + `"`}, pairs...)
	for i := 0; i < len(pairs); i += 2 {
		found := false
		for f, data := range files {
			if strings.Contains(string(data), pairs[i]) {
				found, files[f] = true, []byte(strings.Replace(string(data), pairs[i], pairs[i+1], 1))
			}
		}
		if !found {
			t.Fatalf("%s holds no %q", kind, pairs[i])
		}
	}
	return files
}

// Other is a kind that does not ship: market approval under a name and code of its own.
func Other(t testing.TB, name string) map[string][]byte {
	t.Helper()
	return Folder(t, "food_operation", name, "name: 食品经营许可证", "name: 样例"+name+"证", "11999999000000000Q001", "11999999000000000Q101")
}
