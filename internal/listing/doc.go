// Package listing owns the lists that departments compile and publish about
// certificates.
//
// # Lists in three stages
//
// The issuing list (电子证照发证清单) and the catalogue of electronic materials
// (政务部门核发电子材料目录) come about in a Round, which the compiling unit opens
// for itself and units below it. Each unit owes the round a Part of rows:
//
//	梳理       the unit reports its rows, prefilled from what its items make
//	审核汇总   the authority of the same level, which is the unit above, accepts each row or returns it with a reason
//	统一编制   the compiling unit settles what stands twice by name or code, and publishes an Edition
//
// The three are three people: nobody reviews what they reported or what their own
// unit did, nobody publishes what they reported or reviewed. No stage is skipped: a
// unit that does not report is excused by name and with a reason, or the round waits.
// A review belongs to its tier: whoever compiles does not review in place of the
// authority between. An Edition is numbered, whole, and never changed.
//
//	part: open → submitted ⇄ returned, submitted → accepted; open, returned → excused
//	row:  draft → submitted → accepted; submitted → returned → draft; draft, returned → dropped
//
// # Other lists
//
// A use list (用证清单) says which kinds, and which of their fields, a unit may use for
// which item and purpose. The unit proposes it whole, the manager above agrees, and it
// holds from then on: see [Service.MayUse], which other contexts ask.
//
// A Scene (应用场景) with its guide is published by the using unit from a day on, and
// withdrawn when it is over. A Norm (技术和使用规范) is published per kind. A kind is
// marked mature, and mature kinds are published in batches (成熟一批、推广一批) by
// somebody else than who marked them. [Service.Stale] tells what was left lying, by
// dated periods.
//
// Permissions: list.report for a unit's own, list.review for the authority. All texts
// are public sooner or later: none holds the number of a person.
//
// Tables: listing_round, listing_part, listing_row, listing_edition, listing_use,
// listing_scene, listing_norm, listing_maturity, listing_batch, listing_launch,
// listing_period.
package listing
