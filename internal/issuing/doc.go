// Package issuing owns the way on which a certificate comes about
// (信息采集 → 信息审核 → 制作签发, ISS-04): drafts, who collected, reviewed and sealed
// them, and what could not be done in time.
//
// Words: a draft (经办件) is what is collected (采集) for one certificate of a unit;
// it is reviewed (审核) by another person and sealed (制作签发) by a third, whatever
// roles they hold: who collected never reviews, and who collected or reviewed
// never seals. A version counts what was saved; who decides names the version
// that they saw.
//
//	draft → submitted → passed → issuing → issued
//	submitted, passed → draft    sent back, with a reason for each field
//	issuing → passed             the certificate could not be made
//	issuing → draft              a unit does not seal it, with its reason
//	draft → dropped              nothing comes of it
//
// Issuing is asked of package cert under a key that the draft has for ever, so
// that a crash anywhere never makes two certificates; Service.Resume goes on with
// what a crash left. A draft that is made offline (离线生成, ISS-08) says when the
// matter was finished, and counts as late if it comes more than the time of
// cert.offline.push afterwards. An application (网上申领, ISS-16) is a draft that the
// holder began.
//
// A kind of several seals (跨层级签章、多部门签章, ISS-12) leaves the units to be named
// that are neither the issuer nor the one above it: who collects names them, each
// another, with a seal that may stamp; package sealing asks their custodians.
//
// The next version of a certificate (更正、变更、换证, ISS-17) begins with all that the
// one in force says, pictures and tables too; what differs is shown beside it.
//
// A draft and each step of it carry a MAC: rows that were edited in the database
// are refused at the next step, with an alarm. What waits is sorted by when it is
// due.
//
// An incident (突发情况, ISS-09) is declared by a unit and reported to the managing
// unit; while it lasts, what cannot be done is written down as owed. When it is
// over the clock of cert.outage.makeup runs until all of it is made up for.
//
//	open → cleared → closed
//
// What is collected is encrypted, bound to its version, and dropped when the
// draft ends. The steps have deadlines of package due. Notices, promises and the
// audit name no person that a draft is about.
//
// Tables: issuing_draft, issuing_step, issuing_correction, issuing_batch,
// issuing_incident, issuing_owed.
package issuing
