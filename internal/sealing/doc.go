// Package sealing puts seals on documents under approval (用印), as a custodian
// does with the physical one: somebody asks, the custodian looks at the document
// and at where the seal will stand, approves, and only then is it sealed (《电子印章
// 管理暂行办法》第十二条).
//
// Words: a request (用印申请) is one document and the steps on it; a step is one
// seal with its places; steps of one order are an order group: they run in
// parallel, and a group begins when every step before it is stamped. An approval
// is one person's, on one level (custodian, leader) of the rule (用印审批规则) by which
// the asker may ask. A batch (批量用印) is many documents under a standing policy of
// one seal. A spot is a place that was resolved: a box on a page.
//
// States of a step: draft → waiting → approved → stamping → stamped, from
// waiting, approved and draft → dropped, from approved and stamping → waiting
// again when what was approved came to nothing. States of a request: open →
// done, refused, withdrawn. A batch: ready ⇄ running ⇄ paused → finished,
// cancelled; an item: waiting → stamping → done, failed, dropped.
//
// # What an approval is bound to
//
// An approval binds the digest of all parts of the document (seal.Content), the
// seal, the step with its places, and who asked; it is good for one use. Steps
// of a later order see the document that the earlier ones made, because their
// group begins only then. Steps in parallel all see the same document, the
// group's base, and each approver approves just that, whoever else has approved
// or stamped meanwhile. If stamps were put one on the other, the second would be
// over a document that its approver never saw: its approval would have to be
// given again, or bind less than the document.
//
// So each step of a group stamps the base, in a slot of its own: slot n has its
// own folder and its own numbers (slot.go), which are part of what is approved.
// The stamps are then put together into one document. A stamp covers every part
// of the base and nothing of the others, as a first stamp does not cover the
// second: each verifies alone, and none is the condition of another. No stamp
// is made twice to put documents together; only the list of signatures, which
// no stamp covers, is written again.
//
// # Crashes
//
// Stamping is two short transactions around one signature, as issuing is
// (docs/issuance.md): the first moves the step from approved to stamping and
// spends the approval, the second moves it to stamped and closes the use.
// [Service.Resume] finishes what stands between, or loses it: then the step waits
// for a new approval. A document that is named by a row is in the blob store
// before the row is written.
//
// # Who sees
//
// A document may hold anything, so it is shown to whoever asked, to those of the
// asking unit who may see its seals, and to those who approve the use of a seal
// in it. Titles and reasons stand in lists and in the audit: numbers of persons
// are refused in them.
//
// Topics: event.Asked, event.Done, event.Refused, event.Withdrawn, event.Batched.
// Each stamp is told by package seal.
//
// It owns the tables sealing_request, sealing_step, sealing_approval,
// sealing_batch and sealing_item.
package sealing
