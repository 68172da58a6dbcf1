package status

import (
	"errors"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Book is one list, for a context that says the states of its own objects in it
// and knows nothing else of lists.
type Book struct {
	s    *Service
	list string
}

// Book returns a list by its name.
func (s *Service) Book(list string) *Book { return &Book{s, list} }

// SayTx sets what the list says of an object, giving it a place if it has none,
// and returns the place: the address of the page and the index in it. What was
// said to be invalid stays so: a fault.Conflict.
func (b *Book) SayTx(tx *db.Tx, object string, v uint8) (uri string, index int64, err error) {
	e, err := b.s.AllotTx(tx, b.list, object, Value(v))
	if err == nil && e.Value != Value(v) {
		err = b.s.SetTx(tx, b.list, object, Value(v))
	}
	return b.s.URI(e), e.Index, err
}

// PlaceTx returns the place of an object; false where it has none.
func (b *Book) PlaceTx(tx *db.Tx, object string) (uri string, index int64, ok bool, err error) {
	e, err := EntryTx(tx, b.list, object)
	if errors.Is(err, fault.NotFound) {
		return "", 0, false, nil
	}
	return b.s.URI(e), e.Index, err == nil, err
}
