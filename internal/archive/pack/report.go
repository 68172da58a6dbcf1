package pack

import "slices"

// Property is one of the four.
type Property string

// The four properties (DA/T 70-2018).
const (
	Authenticity Property = "真实性"
	Integrity    Property = "完整性"
	Usability    Property = "可用性"
	Security     Property = "安全性"
)

// Result is the outcome of a check.
type Result string

// Results. Skip says that the package, or the caller, has not what the check
// needs: it is never a pass.
const (
	Pass Result = "pass"
	Fail Result = "fail"
	Warn Result = "warn"
	Skip Result = "skip"
)

// A Row is one check and what it found. Name and Evidence are Chinese; Evidence
// holds names of files and metadata, not their values.
type Row struct {
	ID       string   `json:"id"`
	Property Property `json:"property"`
	Name     string   `json:"name"`
	Result   Result   `json:"result"`
	Evidence string   `json:"evidence"`
}

// A Report is what Check found.
type Report struct {
	Number string `json:"number"` // 电子文件号, "" when unknown
	Digest string `json:"digest"` // SM3 of the package, hex
	Size   int64  `json:"size"`   // its bytes
	Files  int    `json:"files"`  // electronic files in it, without those that describe or check them
	Result Result `json:"result"` // Fail when a row fails, else Warn when one warns, else Pass
	Signer string `json:"signer"` // subject of the package's signer, "" when unknown
	Checks []Row  `json:"checks"` // every check, in order of their ids

	Meta *Meta `json:"-"` // nil when it could not be read
}

// Row finds a check by its id.
func (r *Report) Row(id string) Row {
	if i := slices.IndexFunc(r.Checks, func(c Row) bool { return c.ID == id }); i >= 0 {
		return r.Checks[i]
	}
	return Row{ID: id}
}

// Blocks tells that the package must not be taken into the archive: it fails in
// authenticity or integrity. Anything else is for the archivist to weigh.
func (r *Report) Blocks() bool {
	return slices.ContainsFunc(r.Checks, func(c Row) bool {
		return c.Result == Fail && (c.Property == Authenticity || c.Property == Integrity)
	})
}
