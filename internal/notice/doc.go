// Package notice tells people things inside the platform: their inbox (站内消息).
//
// Words: a notice is for one account, or for everybody who holds a permission at
// an organisation. Who that is, is asked when the inbox is read: a successor
// finds what was told to the post, and who lost the permission sees it no more.
//
// A notice names what happened and where to look, and no person: its words are
// refused if they hold the number of one. It is kept for three years: as long as
// what it tells of is likely to be asked about, and no longer than a record of
// reading habits should be (the acts themselves stand in the audit).
//
// Nothing leaves the platform from here: accounts have no address for mail.
//
// It owns the tables notice_notice and notice_read.
package notice

import (
	"time"

	"sidian/internal/db"
)

// A Notice is one thing that people are told.
type Notice struct {
	// ID is what marks it as read. PutTx makes it, of the occasion that the
	// caller names there.
	ID string `json:"id"`
	// Account is whom it is for, or, when it is empty, everybody who holds
	// Permission at Org.
	Account    string    `json:"-"`
	Org        string    `json:"org,omitempty"`
	Permission string    `json:"-"`
	Topic      string    `json:"topic" doc:"事项代码，如 seal.frozen"`
	Title      string    `json:"title"`
	Text       string    `json:"text,omitempty"`
	Link       string    `json:"link,omitempty" doc:"本平台内的地址，以 / 开头"`
	At         time.Time `json:"at"`
	ReadAt     time.Time `json:"read_at,omitzero" doc:"本人阅读的时间"`
}

// A Service keeps notices and shows them. It is safe for concurrent use.
type Service struct {
	DB *db.DB
}
