package policy

import (
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"
)

// The types of entities. A Unit is an organisation; it stands in the one Reach
// when the grant that the subject acts under covers it, so that ancestry is
// asked of the Tree once and never copied.
const (
	typeStaff  types.EntityType = "Staff"
	typeHolder types.EntityType = "Holder"
	typeClient types.EntityType = "Client"
	typeRole   types.EntityType = "Role"
	typeAction types.EntityType = "Action"
	typeUnit   types.EntityType = "Unit"
	typeReach  types.EntityType = "Reach"
)

// The attributes of a question.
const (
	attrPurposes types.String = "purposes" // of the principal: those of the role it acts in
	attrSecond   types.String = "second"
	attrStrict   types.String = "strict"
	attrLevel    types.String = "level"
	attrOwner    types.String = "owner"
	attrPurpose  types.String = "purpose" // only where stated
	attrClass    types.String = "class"   // only where stated
)

const schemaForm = `entity Role enum [%s];
entity Reach enum ["held"];
entity Unit in Reach;
entity Staff, Holder in Role { purposes: Set<String> };
entity Client { purposes: Set<String> };
action %s appliesTo {
  principal: [Staff, Holder, Client],
  resource: Unit,
  context: { second: Bool, strict: Bool, level: Long, owner: Bool, purpose?: String, class?: String }
};
`

// validator checks policies against what questions look like: an unknown name,
// a wrong type, an optional attribute used before it was asked for.
func (f *file) validator() (*validate.Validator, error) {
	var roles, actions []string
	for _, r := range f.Roles {
		roles = append(roles, quoted(r.Code))
	}
	for _, p := range f.Permissions {
		actions = append(actions, quoted(p.Name))
	}
	var s schema.Schema
	if err := s.UnmarshalCedar(fmt.Appendf(nil, schemaForm, strings.Join(roles, ", "), strings.Join(actions, ", "))); err != nil {
		return nil, fmt.Errorf("policy: reading the schema of questions: %w", err)
	}
	resolved, err := s.Resolve()
	if err != nil {
		return nil, fmt.Errorf("policy: resolving the schema of questions: %w", err)
	}
	return validate.New(resolved), nil
}

// quoted is a Cedar string; the codes have been checked to need no escapes.
func quoted(code string) string { return `"` + code + `"` }

func valid(v *validate.Validator, p *cedar.Policy) error {
	return v.Policy("", (*ast.Policy)(p.AST()))
}
