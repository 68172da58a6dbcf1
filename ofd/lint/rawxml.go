package lint

import (
	"bytes"

	"sidian/ofd"
	"sidian/ofd/internal/xmlx"
)

// rawParts calls f for every linked part that is one of the standard's XML
// files, with a reader at its root element.
func (c *context) rawParts(f func(part string, role ofd.Role, r *xmlx.Reader)) {
	c.reach()
	for _, p := range c.doc.Parts() {
		role, ok := c.roles[p.Name]
		if !ok {
			continue
		}
		switch role {
		case ofd.RoleFont, ofd.RoleMedia, ofd.RoleProfile, ofd.RoleAttachment, ofd.RoleTag, ofd.RoleSeal, ofd.RoleSignedValue, ofd.RoleCover, ofd.RoleIntegrity, ofd.RoleExtension, ofd.RoleVersion:
			continue
		}
		data, err := p.Data()
		if err != nil || !bytes.Contains(data, []byte("<")) {
			continue
		}
		if r := xmlx.New(data, c.doc.Limits().XML); r.Root() {
			f(p.Name, role, r)
		}
	}
}
