package auth

import (
	"context"
	"time"
)

// An OtherSession is somebody's session as a security administrator sees it.
type OtherSession struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Name    string    `json:"name" doc:"脱敏"`
	Org     string    `json:"org,omitempty"`
	Device  string    `json:"device" doc:"浏览器和系统"`
	Address string    `json:"address" doc:"脱敏"`
	Second  bool      `json:"second"`
	Created time.Time `json:"created_at"`
	Seen    time.Time `json:"seen_at"`
}

// OtherSessions lists live sessions of accounts for which the caller holds
// session.end, newest first, at most limit; cursor is that of the page before.
func (s *Service) OtherSessions(ctx context.Context, cursor string, limit int) (list []OtherSession, next string, err error) {
	return nil, "", errSkeleton
}

// EndOther ends somebody else's session: permission session.end for the
// account's organisation.
func (s *Service) EndOther(ctx context.Context, id, reason string) error { return errSkeleton }
