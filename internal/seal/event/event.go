// Package event holds the topics and bodies of what happens to electronic
// seals. It imports nothing, so that any context may know them.
package event

// Topics.
const (
	Made      = "seal.made"      // the seal exists, and may not be used yet
	Filed     = "seal.filed"     // it is filed (备案) and in force
	Frozen    = "seal.frozen"    //
	Thawed    = "seal.thawed"    //
	Cancelled = "seal.cancelled" // for ever
	Replaced  = "seal.replaced"  // for ever: another took its place
	Granted   = "seal.granted"   // somebody allowed a use: once, or by a standing policy
	Stamped   = "seal.stamped"   // a stamped document exists
)

// Topics lists them all.
func Topics() []string {
	return []string{Made, Filed, Frozen, Thawed, Cancelled, Replaced, Granted, Stamped}
}

// Seal is the body of what happens to a seal: identifiers and digests, no
// personal data.
type Seal struct {
	ID         string `json:"id"`
	Org        string `json:"org"`
	Kind       string `json:"kind"`
	State      string `json:"state"`
	Imprint    string `json:"imprint"`               // SM3 of the picture, hex
	Number     string `json:"number,omitempty"`      // of its filing
	ReplacedBy string `json:"replaced_by,omitempty"` // seal.replaced
	Lost       bool   `json:"lost,omitempty"`        // seal.frozen: its key was lost
	At         int64  `json:"at"`                    // milliseconds
}

// Use is the body of seal.granted and seal.stamped.
type Use struct {
	ID       string `json:"id"` // of the use, approval or policy
	Seal     string `json:"seal"`
	Object   string `json:"object,omitempty"`   // what is stamped
	Purpose  string `json:"purpose,omitempty"`  // of a policy
	Content  string `json:"content,omitempty"`  // digest of what was to be stamped, hex
	Document string `json:"document,omitempty"` // SM3 of the stamped document, hex
	Approval string `json:"approval,omitempty"`
	Policy   string `json:"policy,omitempty"`
	At       int64  `json:"at"` // milliseconds
}
