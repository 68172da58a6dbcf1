// Package lasting keeps proof that outlasts the signer: that a certificate's
// document existed, and was validly signed, at a time after which keys, digital
// certificates and authorities may end.
//
// The signed document carries a time stamp of its own. Beside it stands an
// evidence record in the sense of RFC 4998: a first time stamp over the document's
// digest and the validation material of that day (digital certificates and
// revocation lists), and then, before the newest time stamp's evidence runs out,
// another over that time stamp and the material of its day. A chain without a gap
// proves the first time for ever.
//
// Where a digest itself ends, a further chain begins by another: a time stamp over the
// document and all that proved it before (hash-tree renewal, RFC 4998 §5.3), which is
// made while the old digest still is believed. It needs the document's bytes, and a
// time stamp authority of another suite ([Stamper]).
//
// Words: a batch is what one time stamp is over: up to some thousand documents, or
// as many time stamps, by one hash tree (RFC 4998 §4). Documents are renewed with
// the batch they are in, so that a million of them cost a time stamp now and then.
// A time stamp ends when the first of its digital certificates or algorithms does;
// it is due for renewal a lead before. Algorithms end by dated data: see Sunset. A
// chain is the time stamps by one digest; a sequence is all chains.
//
// A batch is chosen in one transaction and stamped outside; what a crash left open
// is taken over when its lease is over. [Verify] needs no database, and no clock
// but the one it is told.
//
// Tables: lasting_document, lasting_stamp, lasting_material, lasting_anchor,
// lasting_leaf, lasting_backfill.
package lasting
