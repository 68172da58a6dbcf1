// Package sealapply owns applications for electronic seals (印章申请): everything
// between a unit's wish and an effective, filed seal, and between the unit's end
// and a cancelled one.
//
// Words: an application asks for a seal, or about one, on a form (申请表) that a
// region has, by version; a step (审核层级) is its review by the authority
// (印章管理单位) of one tier; a round is its way through the tiers, of which there
// is another when a refused one is corrected; a check (自动核验) is what the
// platform looks at by itself, blocking, at submission, at each review and before
// the seal is made; the statement (真实性声明) is what the applicant signs about
// the imprint; a campaign (集中制发) makes many seals under one approval; a bond
// (经办登记) says that a holder acts for an enterprise.
//
// States of an application:
//
//	draft → submitted → approved → making → made → filing → filed
//	draft → submitted → approved → cancelling → done            cancelling a seal
//	submitted|approved → refused → submitted                    corrected, in a new round
//	draft|submitted|approved|refused → withdrawn
//
// and of a campaign: draft → submitted → approved → running ⇄ paused → finished,
// refused and withdrawn as above, and over for one that was given up.
//
// Who may do what stands in one table (rules): the unit applies (seal.apply), or
// a holder for themselves (seal.apply.own); the authority of each tier reviews
// (seal.review), county first; who makes, files and cancels holds that for the
// unit. Nobody decides on what they had a hand in, and nobody on two tiers.
//
// Making, filing and cancelling are package seal's, outside any transaction: the
// application says beforehand what is about to be done, by whom and with which
// ids, so that [Service.Resume] finishes what a crash left, and nothing is made
// twice.
//
// Secrets: what a form holds, the seal's name and the names of files are
// encrypted in their columns, and personal fields are shown masked. Attachments
// and imprints stand in package blob. Notices, promises, events and the audit
// hold none of them.
//
// Tables: sealapply_form, sealapply_application, sealapply_step,
// sealapply_history, sealapply_attachment, sealapply_campaign, sealapply_row,
// sealapply_picture, sealapply_bond.
package sealapply
