package httpx

import "strings"

// A Need says who may call a route. The zero Need is refused at mounting.
type Need struct {
	kind        needKind
	permissions []string
}

type needKind int

const (
	needUnsaid needKind = iota
	needPublic
	needSignedIn
	needPermission
)

// Public lets strangers call a route; SignedIn anyone whom the platform knows.
// They are functions so that no one can reassign them.
func Public() Need   { return Need{kind: needPublic} }
func SignedIn() Need { return Need{kind: needSignedIn} }

// Needs lets those call a route who hold one of the permissions for at least
// one organisation. Which organisation is asked for, the use case checks.
func Needs(permission ...string) Need {
	if len(permission) == 0 {
		return Need{}
	}
	return Need{kind: needPermission, permissions: permission}
}

// Permissions are those of which one is needed; empty for the other needs.
func (n Need) Permissions() []string { return n.permissions }

// IsPublic tells whether strangers may call.
func (n Need) IsPublic() bool { return n.kind == needPublic }

// String is how the list of routes shows n.
func (n Need) String() string {
	switch n.kind {
	case needPublic:
		return "public"
	case needSignedIn:
		return "signed-in"
	case needPermission:
		return strings.Join(n.permissions, "|")
	default:
		return "unsaid"
	}
}
