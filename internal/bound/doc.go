// Package bound issues an electronic seal together with a certificate (同步发放、
// 绑定发放, S4 任务10): a business licence with the enterprise's seal, an identity
// certificate with the person's.
//
// Words: a rule (绑定规则) says that a kind of certificate offers a sort of seal to
// its holder; it is data, with a default that comes with the program, and
// designers put others for their unit and all below it. An offer (同步发放) is
// opened when such a certificate is issued, once for all its versions. Its agent
// (经办人) is whoever staff of the issuing unit saw to act for an enterprise. A wish
// (同步申领) asks for the seal beforehand, while the certificate is drafted. A
// follow (联动) is what became of a seal because its certificate stands no more.
//
// States of an offer:
//
//	open → taken → done                  an application was begun; its seal is filed
//	taken → open                         nothing came of it: the application was withdrawn
//	open → declined | expired | void     void: the certificate is gone for good
//
// What an application says comes from the certificate and nothing is typed twice;
// it goes the ordinary tiers of package sealapply, which holds it against the
// certificate at every step ([Service.Basis]). Nothing is sealed without them.
//
// States of a follow:
//
//	frozen → restore → ended     the certificate stands again: staff may thaw
//	frozen | restore → cancel → ended     it is gone for good: staff cancel the seal
//
// A seal is frozen in the transaction that handles the event, by the platform,
// and never made good but by people. What counts is the status of the certificate
// when an event is handled, so that events may come twice and in any order.
//
// Secrets: whose an offer is stands as a blind index of the number and encrypted;
// names of persons are shown masked. Audit, notices and events hold none.
//
// Tables: bound_rule, bound_wish, bound_offer, bound_follow.
package bound
