package webhook

import (
	"time"

	"sidian/internal/db"
)

// A Called is how telling one program of one event stands. It names no program and
// no address.
type Called struct {
	State    string
	Attempts int
	Created  time.Time
	Closed   time.Time // zero: it is not over
}

// CalledTx is how telling programs of an event of a topic stands. It asks nothing
// about who acts: that is the caller's matter, who shows it with what the event is
// about.
func (s *Service) CalledTx(tx *db.Tx, topic, event string) ([]Called, error) {
	return calledOf(tx, topic, event)
}
