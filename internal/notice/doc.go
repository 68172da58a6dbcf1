// Package notice tells people things: in their inbox (站内消息), and, where they
// asked for it, by mail, short message and app (接收方式).
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
// # Outside the platform
//
// A channel is a way out; a carrier is what goes it: a mail server (Post), a
// gateway behind HTTP (Gateway). Whoever wants to be told by a channel says where,
// and shows by a code that the address is theirs; it stands encrypted, and is
// shown masked. What leaves is the words of the notice, which name no person, and
// the way to it. For one's posts one is told only on demand.
//
// PutTx writes an event beside the notice. Its consumer makes a delivery for each
// account and channel, once; Work sends those that are due:
//
//	waiting → sent → delivered     the carrier has it; says that it arrived
//	waiting → failed               the carrier will not, and said why
//	waiting → gave-up              tried ten times in two days, or three days old
//	waiting → dropped              the channel, the account or the notice is gone
//	sent → failed                  the carrier told later
//
// The quiet hours of the reader, and so many messages a day by one channel, put a
// delivery off without counting as an attempt. A crash between handing over and
// noting it hands over again under the same id, by which carriers know it.
//
// It owns the tables notice_notice, notice_read, notice_channel and
// notice_delivery.
package notice

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/outbox"
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

	// What follows is for telling outside the platform. Without Outbox or
	// Carriers nothing leaves.
	Outbox   *outbox.Outbox
	IAM      *iam.Service // who holds a post
	Box      *keys.Box    // of addresses
	Index    *keys.Index  // of codes that were sent to addresses
	Carriers map[Channel]Carrier
	BaseURL  string // before a notice's link

	step  func(string) // tests stop here
	mu    sync.Mutex
	paces map[Channel]*rate.Limiter
}
