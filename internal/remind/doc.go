// Package remind tells in time that a certificate is about to end (到期提醒).
//
// Words: the end is the last day of validity; a lead time (提前天数) is how many
// days before it somebody is told; a rule gives the lead times of a kind in a
// region from a day, and says whether the holder is told, the unit that issued
// it, or both. The rule in force on the day of the reminder counts: one that is
// put today holds for certificates of ten years ago.
//
// An issued certificate that has an end is watched until it is told to have ended
// ([Service.End]) or a later version of it is issued. What is watched is ordered
// by the day of its end, so that a day's work reads the certificates that end so
// many days later and no others. A cursor for each lead time says how far the
// work is; it moves in the transaction that tells: a crash loses nothing, any
// number of processes may tick, and no certificate is told of twice for the same
// end and lead time.
//
// After a long stop the days that were missed are gone through: of several lead
// times that have come meanwhile the shortest is told of, and what is over is not.
//
// Nothing personal is kept here: whose a certificate is, is read from its document
// (GB/T 36903) when it is time, and only to find the account of the holder. Who has
// none is counted in the report, so that the unit can tell them in another way.
//
// It owns the tables remind_watch, remind_cursor, remind_reminder, remind_told and
// remind_rule.
package remind

import (
	"context"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/notice"
)

// A Service watches and reminds. It is safe for concurrent use.
type Service struct {
	DB     *db.DB
	IAM    *iam.Service
	Notice *notice.Service
	// Document gives the sealed document of a certificate: blob.Store's Get.
	Document func(ctx context.Context, digest gm.Digest) ([]byte, error)

	step func(string) // tests stop here
}

// Permission is what the staff of the issuing unit hold who are told.
const Permission = "cert.draft"

func (s *Service) at(step string) {
	if s.step != nil {
		s.step(step)
	}
}
