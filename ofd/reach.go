package ofd

// A Role says what a part is to the document.
type Role string

// Roles of parts that OFD.xml leads to.
const (
	RoleRoot        Role = "root"     // OFD.xml
	RoleDocument    Role = "document" // Document.xml
	RolePage        Role = "page"
	RoleTemplate    Role = "template"
	RoleResource    Role = "resource" // PublicRes.xml, DocumentRes.xml, PageRes.xml
	RoleFont        Role = "font"
	RoleMedia       Role = "media"
	RoleProfile     Role = "profile"
	RoleAnnotation  Role = "annotation" // the list and the pages' files
	RoleAttachments Role = "attachments"
	RoleAttachment  Role = "attachment"
	RoleTag         Role = "tag"
	RoleExtension   Role = "extension"
	RoleVersion     Role = "version"
	RoleCover       Role = "cover"
	RoleSignatures  Role = "signatures" // Signatures.xml
	RoleSignature   Role = "signature"  // Signature.xml
	RoleSeal        Role = "seal"
	RoleSignedValue Role = "signed_value"
	RoleIntegrity   Role = "integrity" // GM/T 0099: fixed names in the root
)

// A Link is a location written in one part that leads to another.
type Link struct {
	From    string // part name
	Loc     string // as written
	To      string // part name, "" when the location leaves the package
	Role    Role   // of To
	Missing bool   // there is no such part
}

// Reachable gives the parts that OFD.xml leads to, with the role of each.
// A part that is broken leads nowhere: its own error is in Links.
func (d *Document) Reachable() map[string]Role {
	roles, _, _ := d.reach()
	return roles
}

// Links gives every link of the document in a fixed order. The error is the
// first broken part's; the links found are given all the same.
func (d *Document) Links() ([]Link, error) {
	_, links, err := d.reach()
	return links, err
}

// Reach gives Links and Reachable at the price of one of them.
func (d *Document) Reach() ([]Link, map[string]Role, error) {
	roles, links, err := d.reach()
	return links, roles, err
}

// Unreferenced gives the names of parts that nothing leads to, in order.
func (d *Document) Unreferenced() []string {
	roles := d.Reachable()
	var names []string
	for _, p := range d.parts {
		if _, ok := roles[p.Name]; !ok {
			names = append(names, p.Name)
		}
	}
	return names
}
