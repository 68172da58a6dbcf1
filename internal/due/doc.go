// Package due keeps deadlines as promises: that something will be done about a
// record in time is written in the transaction that makes it true, and what
// becomes of it is announced as events.
//
// # Words
//
// A [Rule] is one dated value of one deadline ([Code]) in one region: an amount
// in a unit, when to remind, when to escalate, and its basis, a document and a
// clause. Its [Origin] is legal (法定), local (本地规定, put by administrators) or
// platform (平台默认). Of the rules in force on a day that of the smallest region
// counts: county before city before province before the country; of one region
// the one that began last. Values are never changed or deleted: a new one begins
// on a later day.
//
// A [Promise] is made under the rule in force on the day its clock began and
// keeps its values, whatever is put later. At most one is open for a topic and
// an object.
//
//	Put → open ⇄ paused        Pause, Resume
//	      open, paused → kept     Keep: in time or late
//	      open, paused → dropped  Drop: nothing is left to do
//
// Every change is idempotent, and refuses what makes no sense.
//
// # How time is counted
//
// By the Civil Code (民法典), in Beijing time, whatever the machine's:
//
//   - the day on which the clock began does not count (art. 201); hours count
//     from the moment;
//   - months and years end on the corresponding day, or the last of the month
//     (art. 202);
//   - the last day ends at 24:00, or at the close of business where a rule says
//     so; one that is a day off moves to the next working day where a rule
//     says so, as periods of the law do (art. 203);
//   - working days follow the notices of the State Council through package
//     workday, weekends worked in exchange included;
//   - while the clock stands, the days after the one on which it stopped, up to
//     the one on which it ran again, do not count.
//
// Half working days are told ([Left]) but are no unit of a rule: no document
// gives a deadline in them.
//
// A year without a notice is counted provisionally, and says so. When the
// notice becomes known, with a new program or by PutYear, the next tick counts
// anew: the end moves, due.moved is announced, and what was kept meanwhile is in
// time or late by its true end.
//
// # What is announced
//
// [Service.Tick] puts due.remind, due.overdue, due.escalate and due.moved into
// the outbox, each moment once for each end; the body is an [Announcement].
// How far a promise was announced is a number in its row that only grows, moved
// in the transaction of the event: a crash loses nothing, a clock that is set
// back repeats nothing, and any number of processes may tick.
//
// # What is counted
//
// How promises ended stands in tallies by rule, organisation and month, added up
// by the tick. Business transactions write their own rows alone.
//
// # How it is used
//
// The transaction that proposes a grant promises that it is decided, and the one
// that decides keeps the promise:
//
//	p, err := s.Due.Put(tx, due.Promise{
//		Topic: "grant.decide", Object: grant.ID, Region: org.Region, Org: org.ID,
//		Permission: "grant.approve", Title: "审批角色授权", Link: "/console/admin/grants/" + grant.ID,
//	})
//	…
//	_, err = s.Due.Keep(tx, "grant.decide", grant.ID)
//
// A page of what is due asks [Service.Mine] and [Service.Counts] with what its
// viewer may; supervision asks [Service.History]; who edits values asks [Codes]
// and [Service.Rules], and puts with [Service.PutRule] and [Service.EndRule].
// Keep of what was never promised is a fault.NotFound, which callers with
// records older than this package let pass.
//
// The package is floor: it knows no context, and is passed ids. Who may do, see
// or put what is decided by its callers, and so is what they audit.
//
// Tables: due_rule, due_year, due_promise, due_tally.
package due
