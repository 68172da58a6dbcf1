// Package feedback owns what enforcement tells the units that issued certificates
// (执法结果反馈; STA-03, PRE-07): that one was held back, taken in, revoked or is to be
// cancelled, by a decision. The unit that answers for the certificate confirms it,
// and the state of the certificate is that from the same use case on, for everybody
// who asks; or refuses with a reason.
//
//	filed → confirming → done    the unit agreed; the act stands on the certificate
//	filed → moot                 it was so already: nothing had to be done
//	filed → refused, withdrawn
//
// Confirming is three steps: the unit's word, the act ([cert.Service.Act], in a
// transaction of its own), what became of it. The word names how many acts the
// certificate had, and the act is done on that or not at all; so that whatever
// crashes, [Service.Resume] finishes with one act and never with two. When somebody
// else changed the certificate meanwhile the feedback is open again, and the unit is
// told.
//
// The same document of the same body about the same certificate is taken once. A
// feedback goes on with the certificate when the authority to issue is transferred
// ([Service.Tick]). The unit answers in time by package due, feedback.decide.
//
// What people wrote, and the number of the document, is encrypted; neither events,
// notices nor the audit hold it, but for what becomes the basis of the act, which is
// public by its nature. Rows are guarded: one that was edited is not acted upon.
//
// Topics: event.Made, event.Decided. Table: feedback_feedback.
package feedback
