package state

import (
	"fmt"
	"strings"
)

// Document is the table as it stands in docs/certificate-states.md: a diagram in
// Mermaid, the statuses, the marks and the actions.
func Document() string {
	var b strings.Builder
	b.WriteString("# States of a certificate\n\nMade from `internal/cert/state` by `go test ./internal/cert/state -update`; what stands there holds.\n\n```mermaid\nstateDiagram-v2\n")
	for _, i := range Statuses() {
		fmt.Fprintf(&b, "  %s: %s\n", i.Status, i.Name)
	}
	b.WriteString("  [*] --> effective: 制发\n")
	for _, a := range Actions() {
		for _, from := range a.From {
			if a.To != "" && a.To != from {
				fmt.Fprintf(&b, "  %s --> %s: %s\n", from, a.To, a.Name)
			}
		}
	}
	for _, i := range Statuses() {
		if Final(i.Status) {
			fmt.Fprintf(&b, "  %s --> [*]\n", i.Status)
		}
	}
	b.WriteString("```\n\n| status | 状态 | list | stands | words of the verdict |\n|---|---|---|---|---|\n")
	for _, i := range Statuses() {
		fmt.Fprintf(&b, "| `%s` | %s | 0x%02X | %s | %s |\n", i.Status, i.Name, i.List, yes(i.Stands), i.Say)
	}
	b.WriteString("\n| mark | 标记 | words beside the verdict |\n|---|---|---|\n")
	for _, i := range Marks() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", i.Mark, i.Name, i.Say)
	}
	b.WriteString("\n| action | 事项 | in | becomes | sets | clears | barred by | basis | date | new version | taken back by | who |\n|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	for _, a := range Actions() {
		who := "`" + a.Permission + "`"
		if a.Permission == "" {
			who = "time"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", a.Code, a.Name, join(a.From), a.To, join(a.Sets), join(a.Clears), join(a.Bars),
			yes(a.Basis), []string{"", "may", "must"}[a.Until], yes(a.Next), a.Undo, who)
	}
	return b.String()
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

func join[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = string(s)
	}
	return strings.Join(out, " ")
}
