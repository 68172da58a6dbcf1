package lint

import (
	"errors"
	"sort"

	"sidian/ofd"
)

// readable: every part that is linked as XML can be read as XML without a DTD,
// and its locations stay inside the package.
var readable = &rule{id: "readable", clause: "GB/T 33190-2016 §6, §7.1", severity: Error, in: always, check: func(c *context) {
	seen := map[string]bool{}
	tell := func(part string, err error) {
		if err == nil {
			return
		}
		var refused *ofd.RefusedError
		var malformed *ofd.MalformedError
		message := "无法读取：不是规定的 XML 结构"
		switch {
		case errors.As(err, &refused):
			message = refused.Reason
		case errors.Is(err, ofd.ErrOutside):
			message = "其中的路径指向文件包之外"
		}
		if errors.As(err, &malformed) && malformed.Part != "" {
			part = malformed.Part
		}
		if !seen[part] {
			seen[part] = true
			c.report(part, "%s", message)
		}
	}
	c.gather()
	for i := range c.surfaces {
		tell(c.surfaces[i].part, c.surfaces[i].err)
	}
	c.reach()
	tell("OFD.xml", c.linkErr)
	_, err := c.doc.DataIndex()
	tell("CustomTags.xml", err)
}}

// ids gives the keys of a map in order, so that findings come in a fixed order.
func ids[T any](m map[ofd.ID]T) []ofd.ID {
	list := make([]ofd.ID, 0, len(m))
	for id := range m {
		list = append(list, id)
	}
	sort.Slice(list, func(i, j int) bool { return list[i] < list[j] })
	return list
}
