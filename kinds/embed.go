// Package kinds holds the certificate kinds that ship with the platform: data,
// a folder each (docs/howto/add-a-kind.md).
package kinds

import "embed"

// FS holds the folders of the kinds.
//
//go:embed */*.yaml */*.json */*.txt
var FS embed.FS
