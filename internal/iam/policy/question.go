package policy

// Kinds of subject.
const (
	Staff  = "staff"  // 工作人员
	Holder = "holder" // 持证人, acts for themselves
	Client = "client" // a program, acts for organisations
)

// Classes of data (数据分级). A question without one is about nothing that is
// classified.
const (
	Public    = "公开"
	Internal  = "内部"
	Sensitive = "敏感"
)

// A Subject is who asks. Slices are read only.
type Subject struct {
	Kind      string   // Staff, Holder or Client; another is refused everything
	ID        string   // of the account or the client
	Org       string   // that the account belongs to; it gives no right
	Roles     []Held   // of an account; a holder has the holders' role without it
	Scopes    []string // of a client: permissions
	ScopeOrgs []string // of a client: organisations it may act for, each with all below
	Second    bool     // the session was opened with a second factor
	Level     int      // assurance level of the identity (实名等级), 0 to 3
	Strict    bool     // the platform demands the second factor for sensitive data
}

// Held is a role for an organisation and all below it. A holder's Org is empty.
type Held struct{ Role, Org string }

// A Question is what the subject wants.
type Question struct {
	Permission string
	Org        string // whose record it is; empty asks whether it is allowed for any
	Purpose    string // code of a purpose (用途), or empty
	Class      string // class of the data, or empty
	Owner      bool   // the record is the subject's own: holders need no organisation for it
	// Gate asks at the door of a route, before the purpose is known: allowed if
	// it is without a purpose or with any that the role may use. What happens
	// behind the door must be asked again, without Gate.
	Gate bool
}

// A Tree is the organisations of now.
type Tree interface {
	// Covers tells whether org is scope or stands below it; false if either is
	// empty or unknown.
	Covers(scope, org string) bool
}

// Codes of refusals that come from no rule. Rules carry their own.
const (
	CodePermission = "auth.permission" // no role grants it
	CodeOrg        = "auth.org"        // granted, but not for this organisation
	CodeScope      = "auth.scope"      // the client's scopes do not contain it
	CodeRule       = "auth.rule"       // a rule without a code of its own
	CodeError      = "policy.error"    // the policy could not be evaluated
)

// A Decision is the answer. The zero Decision refuses.
type Decision struct {
	Allowed bool     `json:"allowed"`
	Version int      `json:"version" doc:"策略版本"`
	By      []string `json:"by,omitempty" doc:"起作用的策略编号"` // role.<code>, client, or ids of rules
	Code    string   `json:"code,omitempty"`              // of a refusal
	Say     string   `json:"say,omitempty" doc:"拒绝的理由"`   // Chinese
	Hint    string   `json:"hint,omitempty" doc:"解决办法"`   // Chinese
	Steps   []Step   `json:"steps,omitempty"`             // from Explain only
}

// A Step is one thing that the decision looked at.
type Step struct {
	ID      string `json:"id" doc:"策略编号"`            // role.<code>, client, or the id of a rule
	Name    string `json:"name" doc:"角色名称或规则内容"`     // Chinese
	Org     string `json:"org,omitempty" doc:"授权单位"` // id of the organisation for which the role is held
	Effect  string `json:"effect" enum:"permit,forbid"`
	Matched bool   `json:"matched" doc:"是否适用"`
	Why     string `json:"why" doc:"说明"` // Chinese
}
