package catalogue

import (
	"sidian/ofd"
)

// CheckFiles says all that is wrong with the folder of a kind, given as files by
// name; nothing means that it can be submitted. It needs no database.
func (s *Service) CheckFiles(name string, files map[string][]byte) []Finding {
	return s.checkFiles(name, files)
}

// PartsOf says which parts of an entry are complete and what each lacks.
func (s *Service) PartsOf(name string, files map[string][]byte) []Part { return s.partsOf(name, files) }

// ParseFiles makes a kind of files; what is wrong is a *fault.Error as of [Load].
func ParseFiles(name string, files map[string][]byte) (*Kind, error) { return parseFiles(name, files) }

// SampleDocument is the example of a kind on its face, marked 样例; for drafts
// (Version 0) as for versions. What does not fit is a *fault.Error that names the
// field.
func (s *Service) SampleDocument(k *Kind) (*ofd.Document, error) { return s.sampleDocument(k) }

// SampleSVG is one page (from 0) of [Service.SampleDocument] of a folder's files as
// SVG: what a designer sees while they work.
func (s *Service) SampleSVG(name string, files map[string][]byte, page int) ([]byte, error) {
	return s.sampleSVG(name, files, page)
}
