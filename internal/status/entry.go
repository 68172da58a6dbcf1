package status

import (
	"errors"

	"sidian/internal/db"
)

var errAbsent = errors.New("status: not built")

// AllotTx gives object its place in a list, with a first value, or returns the
// place and value that it has already: it may be repeated.
func (s *Service) AllotTx(tx *db.Tx, list, object string, v Value) (Entry, error) {
	return Entry{}, errAbsent
}

// SetTx changes the value of an object's entry. It is seen in the signed list at
// once in this process and within two seconds in others. An invalid entry stays
// invalid: a fault.Conflict. An object without an entry is a fault.NotFound.
func (s *Service) SetTx(tx *db.Tx, list, object string, v Value) error { return errAbsent }

// EntryTx returns the entry of an object, or fault.NotFound.
func EntryTx(tx *db.Tx, list, object string) (Entry, error) { return Entry{}, errAbsent }

// URI is the address of the page that an entry stands in.
func (s *Service) URI(e Entry) string { return "" }
