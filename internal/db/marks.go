package db

import (
	"fmt"
	"strings"
)

// Marks appends values to the arguments of a statement and returns the marks
// that stand for them, to be put between the brackets of in (…): "$4, $5".
// There must be at least one value: in () is no SQL.
func Marks[T any](args []any, values []T) (marks string, all []any) {
	list := make([]string, len(values))
	for i, v := range values {
		args = append(args, v)
		list[i] = fmt.Sprintf("$%d", len(args))
	}
	return strings.Join(list, ", "), args
}
