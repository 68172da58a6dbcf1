package notice

import (
	"time"

	"sidian/internal/db"
)

// Key is the id that a notice with an occasion has once it was told: whoever told it
// may ask later what became of it.
func (n Notice) Key() string { return idOf(n) }

// A Sending is how telling a notice outside the platform stands, by one channel.
type Sending struct {
	Channel Channel
	State   string
	Closed  time.Time // zero: it is not over
}

// SendingsTx are those of a notice to an account; none where the account chose no
// channel, or after three months. It asks nothing about who acts: that is the
// caller's matter, who told the notice.
func (s *Service) SendingsTx(tx *db.Tx, notice, account string) ([]Sending, error) {
	return sendingsOf(tx, notice, account)
}
