package status

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"sidian/internal/db"
	"sidian/internal/fault"
)

// PageSize is how many entries a page has: 64 KiB of states, of which a list with
// one entry in thirty changed is 20 KiB packed. It never changes: it is in what
// was issued.
const PageSize = 1 << 17

// bits of an entry.
const bits = 4

// A new entry takes a place at random, of the last page: indices must say nothing
// of the order in which objects were made (draft-ietf-oauth-status-list §12.5.1),
// and no counter is needed that all transactions would wait for. After tries
// places that were taken the page counts as full: at that time it is, on the
// average, to four fifths.
const tries = 32

const maxObject = 200

// AllotTx gives object its place in a list, with a first value, or returns the
// place and value that it has already: it may be repeated.
func (s *Service) AllotTx(tx *db.Tx, list, object string, v Value) (Entry, error) {
	b, err := s.board(list)
	if err != nil {
		return Entry{}, err
	}
	if object == "" || len(object) > maxObject || v >= 1<<bits {
		return Entry{}, fmt.Errorf("status: no entry can be made for an object of %d bytes as %d", len(object), v)
	}
	e := Entry{List: list, Value: v, At: tx.Now()}
	if e.Page, err = b.lastPage(tx); err != nil {
		return Entry{}, err
	}
	for try := 1; ; try++ {
		e.Index = randomIndex()
		ok, err := insertEntry(tx, object, e)
		if err != nil {
			return Entry{}, err
		}
		if ok {
			tx.AfterCommit(func() { b.allotted(e) })
			return e, nil
		}
		if try == 1 { // the object has a place, or the place an object
			had, err := entryOf(tx, list, object)
			if err == nil || !errors.Is(err, fault.NotFound) {
				return had, err
			}
		}
		if try%tries == 0 {
			e.Page++
		}
	}
}

func randomIndex() int64 {
	var b [4]byte
	rand.Read(b[:]) // never fails: crypto/rand
	return int64(binary.LittleEndian.Uint32(b[:]) % PageSize)
}

// SetTx changes the value of an object's entry. It is seen in the signed list at
// once in this process and within a second in others. An invalid entry stays
// invalid: a fault.Conflict. An object without an entry is a fault.NotFound.
func (s *Service) SetTx(tx *db.Tx, list, object string, v Value) error {
	b, err := s.board(list)
	if err != nil {
		return err
	}
	if v >= 1<<bits {
		return fmt.Errorf("status: no entry can be %d", v)
	}
	ok, err := changeEntry(tx, list, object, v)
	if err != nil {
		return err
	}
	if ok {
		tx.AfterCommit(b.touch)
		return nil
	}
	e, err := EntryTx(tx, list, object)
	if err == nil && e.Value != v {
		err = fault.Conflict.New("已公布为注销或撤销的状态不能再改变").WithCode("status.final").WithHint("请重新制作或签发")
	}
	return err
}

// EntryTx returns the entry of an object, or fault.NotFound.
func EntryTx(tx *db.Tx, list, object string) (Entry, error) {
	e, err := entryOf(tx, list, object)
	if errors.Is(err, fault.NotFound) {
		err = fault.NotFound.New("没有公布过它的状态").WithCode("status.unknown")
	}
	return e, err
}

// URI is the address of the page that an entry stands in: the subject of the
// signed list.
func (s *Service) URI(e Entry) string { return s.pageURI(e.List, e.Page) }

func (s *Service) pageURI(list string, page int64) string {
	return s.listURI(list) + "/" + strconv.FormatInt(page, 10)
}

func (s *Service) listURI(list string) string { return s.BaseURL + "/status/v1/" + list }

var usual = []string{Seals, Certificates}

// board returns what this process keeps of a list.
func (s *Service) board(list string) (*board, error) {
	if b, ok := s.boards.Load(list); ok {
		return b.(*board), nil
	}
	names := s.Lists
	if names == nil {
		names = usual
	}
	if !slices.Contains(names, list) {
		return nil, fault.NotFound.New("没有这个状态列表").WithCode("status.list").WithHint("可查询 seals（电子印章）和 certificates（电子证照）")
	}
	b, _ := s.boards.LoadOrStore(list, newBoard(list))
	return b.(*board), nil
}
