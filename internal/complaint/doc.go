// Package complaint owns complaints about units that refuse documents with an
// electronic seal, or ask for paper again (拒收投诉, SEAL-23; 电子印章管理暂行办法
// 第十一条).
//
// Words: the complainant (投诉人) is a holder whose identity is verified; the unit
// is whom they complain about; the authority (处理单位) is the seal authority of the
// unit's tier, and of the tier above where that one is complained about: nobody
// decides about their own unit.
//
//	filed → explained → upheld → rectified → closed
//	        explained → dismissed, exempt
//	filed → upheld, dismissed, exempt    once the time to explain is over
//	rectified → upheld                   the authority was not content
//	filed, explained → withdrawn
//
// Who may do what stands in one table (rules). The deadlines are package due's:
// to explain, to decide, to make good, to confirm that.
//
// The unit does not learn who complained, unless they allow it: neither the name,
// nor the document nor its number, and of the text what is left when names and
// numbers of persons are out. What people wrote is encrypted in its columns;
// events, notices, promises and the audit hold none of it.
//
// Two complaints of one person about the same unit, sort, day and matter are one
// while it is open: the second is answered with the first.
//
// Tables: complaint_complaint, complaint_history.
package complaint
