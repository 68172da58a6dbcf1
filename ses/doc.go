// Package ses reads and writes electronic seals and seal signatures:
// the seal (SESeal) that a maker issues over a picture and a list of
// signers, and the seal signature (SES_Signature) that a signer puts on a
// document with it.
//
// Written is GB/T 38540-2020 ("V4"), as strict DER. Read are V4, the older
// GM/T 0031-2014 ("V1") and the shape of GM/T 0031-2025 ("V5"). The three are
// told apart by their shape, not by the number they state, because products
// in the field state other numbers than they write.
//
// Reading is lenient where the field is known to differ from the text; every
// leniency is reported as a [gm.Note] with a stable code. The octets that were
// signed are kept as stored, and signatures are checked over those, never over
// a re-encoding.
//
// Not covered: certificate chains, revocation and time stamps' own validity,
// which are questions of package gm and of the caller's trust anchors.
package ses
