package notice

import (
	"context"
	"errors"

	"sidian/internal/db"
)

var errAbsent = errors.New("notice: not built")

// A Page is one page of an inbox, newest first.
type Page struct {
	Items []Notice `json:"items"`
	Next  string   `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// PutTx tells n. ID may be chosen by the caller: the same again tells nothing
// twice; without one it gets its own. What breaks a rule of notices is refused
// with a fault.Invalid.
func (s *Service) PutTx(tx *db.Tx, n Notice) error { return errAbsent }

// Inbox lists what whoever acts was told, newest first.
func (s *Service) Inbox(ctx context.Context, limit int, cursor string) (*Page, error) {
	return nil, errAbsent
}

// Unread counts what whoever acts has not read, to 1,000 at most.
func (s *Service) Unread(ctx context.Context) (int, error) { return 0, errAbsent }

// Read marks one notice as read by whoever acts. Another's is a fault.NotFound.
func (s *Service) Read(ctx context.Context, id string) error { return errAbsent }

// ReadAll marks all that whoever acts was told as read.
func (s *Service) ReadAll(ctx context.Context) error { return errAbsent }
