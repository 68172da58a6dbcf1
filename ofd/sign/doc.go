// Package sign puts seals and signatures on OFD documents and verifies those
// it finds (GB/T 33190-2016 §18).
//
// Written are seal signatures of GB/T 38540-2020 ([Stamp], Type="Seal") and
// digital signatures of GB/T 35275 ([Sign], Type="Sign"). A signature is added
// without changing a part that an earlier one covers, so that earlier ones stay
// valid. What would break one is refused.
//
// Verified are these and, reading leniently, GM/T 0031-2014, the shape of
// GM/T 0031-2025, and the encodings that products in the field write. A
// [Report] holds every check of every signature, not only the first failure,
// and names each leniency as a warning. Verification is offline: trust
// anchors, revocation lists and the time come from the caller.
//
// Not covered: GM/T 0099 encryption and its OFDEntries.xml integrity list.
package sign
