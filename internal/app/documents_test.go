package app

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"sidian/internal/blob"
)

// Every context that stores documents is asked which of them it needs, before
// those that nobody needs are removed.
func TestDocumentsOfEachContextAreKept(t *testing.T) {
	t.Parallel()
	a, store := reflect.TypeFor[App](), reflect.TypeFor[*blob.Store]()
	var asked []reflect.Type
	for _, k := range (&App{}).documented() {
		asked = append(asked, reflect.TypeOf(k))
	}
	keeps := 0
	for i := range a.NumField() {
		f := a.Field(i)
		if f.Type.Kind() != reflect.Pointer || f.Type.Elem().Kind() != reflect.Struct || f.Type == store {
			continue
		}
		for j := range f.Type.Elem().NumField() {
			if f.Type.Elem().Field(j).Type != store {
				continue
			}
			keeps++
			if !slices.Contains(asked, f.Type) && !strings.HasPrefix(f.Type.Elem().PkgPath(), "sidian/internal/web") {
				t.Errorf("%s stores documents and is not asked which of them it needs", f.Type)
			}
		}
	}
	if keeps < 5 {
		t.Errorf("%d contexts store documents: they are found wrongly", keeps)
	}
}
