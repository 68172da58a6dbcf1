// Package arch holds the rules of the repository's architecture, as tests: what
// may import what, where SQL, clocks and crypto stand, and who owns a table. The
// tables of rules stand in rules_test.go; docs/architecture.md tells the story.
package arch
