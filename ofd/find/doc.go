// Package find looks for words on the pages of OFD documents, so that a seal
// can be put where the document says it belongs ("（盖章）").
//
// Text counts as a reader sees it: characters are put in lines by where they
// stand on the page, through CTM, blocks, composites and templates (GB/T
// 33190-2016 §7.7, §11), whatever text codes and objects they come from.
// Between the document and the word sought, full and half width are the same,
// and blanks do not count. Text that is written but not visible (Alpha 0) is
// found: converted documents carry their text so. Objects that are hidden are
// not, nor are annotations and the pictures of seals.
package find
