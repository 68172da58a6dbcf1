// Package composite owns composite permits (行业综合许可证, ISS-19): the many permits
// of one enterprise for one industry, folded into one certificate (一证准营), whose
// status is a function of theirs (一证监管) and whose code shows them all.
//
// Words: a scheme (方案) says which kinds of permits of an industry fold in, each
// required or optional; a designer of the managing unit defines a version of it,
// and a catalogue manager who does not design that unit's kinds agrees to it. A
// composite is proposed by who drafts in the leading unit and issued by another
// person who issues there. Its members are certificates of one and the same
// holder, one for each kind at most; nobody types who that is.
//
//	scheme     draft → submitted → published → superseded | withdrawn
//	composite  proposed → issuing → issued → ended
//	           proposed → refused | withdrawn
//
// The composite's certificate is an ordinary one of package cert: it is issued,
// suspended, resumed and ended by its acts, so that the public list, the verdict
// and the trace agree. What the platform does to it follows from [Standing], which
// is pure: a member that stops to stand suspends it, and resumes it when it stands
// again. A suspension that a person decided is not the platform's to lift. A
// member whose place a next version took is followed to that version.
//
// How it follows: [Service.Consumer] notes in the transaction of an event of cert
// that a composite is due, [Service.Work] looks at what is due, acts, and looks
// again; [Service.Reconcile] finds what no event told of. An act carries how many
// acts the composite had when its members were looked at, so that of two who look
// at once one looks again. A composite is issued between two such looks: its
// members are checked when issuing begins and again right after, so that what was
// revoked meanwhile suspends it.
//
// The platform acts by the right of people: cert asks each act for who may, so
// that it acts in the right of who issued the composite, or of another who holds
// cert.status for its unit; the record names the platform. When nobody holds it,
// the unit is told and it is tried again.
//
// Tables: composite_scheme, composite_composite, composite_member, composite_step.
package composite
