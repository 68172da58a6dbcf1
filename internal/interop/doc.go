// Package interop asks software that is not ours what it says of the documents
// that the platform issues. It holds tests alone.
package interop
