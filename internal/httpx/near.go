package httpx

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"sidian/internal/conf"
)

// nearMember finds the member that a sender may have meant by an unknown one at path.
func nearMember(schema *huma.Schema, reg huma.Registry, path string) string {
	s, parts := schema, strings.Split(path, ".")
	for i, part := range parts {
		if s = resolve(s, reg); s == nil {
			return ""
		}
		if i == len(parts)-1 {
			break
		}
		name, index, isItem := strings.Cut(part, "[")
		s = s.Properties[name]
		for range strings.Count(index, "]") {
			if s = resolve(s, reg); s != nil {
				s = s.Items
			}
		}
		if isItem && s == nil {
			return ""
		}
	}
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	return conf.Nearest(parts[len(parts)-1], names)
}

func resolve(s *huma.Schema, reg huma.Registry) *huma.Schema {
	for s != nil && s.Ref != "" {
		s = reg.SchemaFromRef(s.Ref)
	}
	return s
}
