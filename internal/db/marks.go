package db

import (
	"fmt"
	"slices"
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

// Below appends paths of units to the arguments of a statement and returns the
// condition that a column lies at or below one of them, in brackets. Of no path at
// all it is never true.
func Below(args []any, column string, paths []string) (condition string, all []any) {
	if len(paths) == 0 {
		return "(1 = 0)", args
	}
	list := make([]string, len(paths))
	for i, p := range paths {
		args = append(args, p+"%")
		list[i] = fmt.Sprintf("%s like $%d", column, len(args))
	}
	return "(" + strings.Join(list, " or ") + ")", args
}

// Padded repeats the last of values until there are 1, 2, 4, 8 … of them: in (…)
// means the same, and a statement comes in few shapes, which stay prepared.
func Padded[T any](values []T) []T {
	out := slices.Clone(values)
	for n := 1; ; n *= 2 {
		if len(out) <= n {
			return append(out, slices.Repeat(out[len(out)-1:], n-len(out))...)
		}
	}
}
