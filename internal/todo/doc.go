// Package todo shows people what is due (待办): to them, to their unit, and to
// all units whose deadlines they may see. Package due keeps the promises and
// knows nobody; here it is decided who sees which.
//
// What is due to oneself is for everybody who signs in, the administrators
// included: what names one's account, and what waits for anyone who holds its
// permission for its organisation. What is due to an organisation, whoever is to
// do it, needs due.read for it.
//
// The values of deadlines are public, as the documents are that they stand in.
// Who manages parameters (param.manage) registers values for the regions of
// their organisations; every value that is put or ended is audited.
//
// It owns no table.
package todo

import (
	"sidian/internal/db"
	"sidian/internal/due"
)

// Permissions.
const (
	Read   = "due.read"
	Manage = "param.manage"
)

// A Service answers who works. It is safe for concurrent use.
type Service struct {
	DB  *db.DB
	Due *due.Service
}
