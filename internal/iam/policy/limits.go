package policy

// Limits of what is read. A policy is read from the database and from
// proposals, so nobody may make reading it expensive.
const (
	maxText        = 32 << 10 // octets of each text
	maxRoles       = 64
	maxPermissions = 256
	maxPurposes    = 32
	maxRules       = 64
	maxNodes       = 200 // of the conditions of one rule
	maxDepth       = 16  // of brackets
	maxVersion     = 1_000_000
	maxSay         = 200 // characters of a sentence shown to people
)

// An Error is why a policy is refused. Its text is Chinese: whoever wrote the
// policy reads it.
type Error struct {
	File string // roles.yaml or rules.cedar; empty for both together
	Say  string
}

func (e *Error) Error() string {
	if e.File == "" {
		return e.Say
	}
	return e.File + "：" + e.Say
}
