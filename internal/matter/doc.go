// Package matter owns cases (办件): one person's or organisation's business with a
// unit by a service item, from its opening to its close. It is as small as a case
// can be that is not finished without its certificate (ISS-05): the business
// system has the rest.
//
// Words: a case has a number that is unique for its unit, and an applicant, who is
// encrypted and only ever shown masked. Its results are the kinds of certificates
// that its item makes, as they were when it was opened. A certificate counts for a
// case when it was issued by the case's unit, is of one of these kinds, is about
// the applicant, stands, and carries the case's number, or was issued without a
// number while the case was open and is named for it. One certificate counts for
// one case at most.
//
//	open → closed   issued (every result is there), done (the item makes none),
//	                withdrawn or refused (with a reason, and no certificate)
//
// A case may not ask for what its item exempts (免提交, CAT-12): neither original
// nor copy.
//
// Topics: event.Opened, event.Result, event.Closed; certificates link themselves
// by [Service.Consumer]. Tables: matter_matter, matter_link,
// matter_told.
package matter
