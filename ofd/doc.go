// Package ofd reads and writes OFD documents, GB/T 33190-2016.
//
// It has three layers. The container is a ZIP whose rules stand in zipread.go:
// every part keeps its bytes as stored, is inflated when asked for, and is
// never marshalled again unless it was replaced. The parts are read by one
// file per schema. The document ties them together: pages, resources,
// attachments, custom tags, annotations and the records of signatures.
//
// Reading is lenient (any element order, either of the two namespaces in use
// or none, any spelling of a location that stays inside the package) and
// answers *MalformedError; what could hurt the reader is a *RefusedError.
// Writing is strict: XSD order, the prefix "ofd:", namespace
// http://www.ofdspec.org/2016, and the same input gives the same bytes.
//
// Not covered: encryption (GM/T 0099), outlines' and annotations' actions,
// multimedia other than pictures. Verification of signatures is in ofd/sign,
// rendering in ofd/render, the rules of the standard in ofd/lint.
package ofd
