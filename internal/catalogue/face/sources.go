package face

import (
	"maps"
	"slices"
	"strings"
)

// Sources lists the names that the template prints as "@name", without the @.
func (t *Template) Sources() []string {
	seen := map[string]bool{}
	for _, p := range t.Pages {
		for i := range p.Items {
			for _, key := range []string{p.Items[i].Row, p.Items[i].Field} {
				if name, ok := strings.CutPrefix(key, "@"); ok {
					seen[name] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
