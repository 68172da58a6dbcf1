package keys

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"time"

	"sidian/gm"
	"sidian/internal/db"
)

// Rows guards the rows of one table that say who may do what: a row that was
// edited in the database does not carry its MAC, and a row that was deleted, or
// brought back from an old copy, does not add up with the table's census
// (GB/T 39786-2021, integrity of access-control information).
//
// The owner of the table keeps the MAC of a row in a column of it and tells of
// every change in the transaction that makes it:
//
//	mac := g.Mac(id, account, role, org)
//	… insert or update the row with mac …
//	err := g.Insert(tx, mac)          // or g.Update(tx, before, mac), g.Delete(tx, before)
//
// and, before it trusts a row: g.Check(mac, id, account, role, org).
//
// Only what grants something belongs among the fields: a time of last use that
// changes with every sign-in would make the census a row that all wait for.
// Changes of a guarded table are rare administrative acts, so that one census
// row a table, locked by each change, costs nobody anything; tables that
// business writes to are never guarded this way (design.md §4).
//
// What it cannot see is a database put back as a whole to an earlier day, table
// and census together: that is seen by whoever wrote a [Census] down elsewhere.
//
// Rows is safe for concurrent use.
type Rows struct {
	table    string
	key      []byte // of the MACs of rows
	elements []byte // of what rows add to the census
	seal     []byte // of the census itself
	names    *Rows  // guards which tables have a census; nil in itself
}

// ErrAltered is what Check returns for a row that is not what was written.
var ErrAltered = errors.New("keys: a guarded row was altered")

// Rows returns the guard of a table, by its name. Its keys outlive rotation.
func (s *Store) Rows(ctx context.Context, table string) (*Rows, error) {
	names, err := s.rows(ctx, "")
	if err != nil {
		return nil, err
	}
	r, err := s.rows(ctx, table)
	if err == nil {
		r.names = names
	}
	return r, err
}

func (s *Store) rows(ctx context.Context, table string) (*Rows, error) {
	r := &Rows{table: table}
	for label, key := range map[string]*[]byte{"rows ": &r.key, "rows element ": &r.elements, "rows census ": &r.seal} {
		secret, err := s.StableSecret(ctx, Field, label+table)
		if err != nil {
			return nil, err
		}
		*key = secret
	}
	return r, nil
}

// Mac is the MAC (32 bytes) of the row id with these fields, in a fixed order.
//
// A field is a text, bytes, an integer, a boolean, a time (in milliseconds, as
// columns hold it; the zero time is null), nil, a pointer to one of these (a
// nullable column), or a slice of texts. Named types count as what they are
// made of, and all integers are alike. Empty bytes equal absent ones, which
// SQLite does not tell apart. A field of any other type gives no MAC: nil,
// which Check refuses and a column that is not null, too.
func (r *Rows) Mac(id string, fields ...any) []byte {
	b := appendText(nil, "sidian-row-1")
	b = appendText(b, r.table)
	b = appendText(b, id)
	b = binary.BigEndian.AppendUint64(b, uint64(len(fields)))
	for _, f := range fields {
		var ok bool
		if b, ok = appendField(b, f); !ok {
			return nil
		}
	}
	mac := gm.HMAC(r.key, b)
	return mac[:]
}

// Check returns ErrAltered unless mac is that of the row.
func (r *Rows) Check(mac []byte, id string, fields ...any) error {
	want := r.Mac(id, fields...)
	if want == nil || !sameMac(want, mac) {
		return fmt.Errorf("%w: %s", ErrAltered, r.table)
	}
	return nil
}

// Insert counts a new row of the table in, by its MAC.
func (r *Rows) Insert(tx *db.Tx, mac []byte) error { return r.change(tx, nil, mac) }

// Update counts a changed row: before is the MAC that it had.
func (r *Rows) Update(tx *db.Tx, before, after []byte) error { return r.change(tx, before, after) }

// Delete counts a row out, by the MAC that it had.
func (r *Rows) Delete(tx *db.Tx, before []byte) error { return r.change(tx, before, nil) }

func appendText(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(len(s))), s...)
}

// appendField writes a field as a tag, a length and its bytes, so that no two
// rows have the same encoding.
func appendField(b []byte, f any) ([]byte, bool) {
	switch v := f.(type) {
	case nil:
		return append(b, 'n'), true
	case time.Time:
		if v.IsZero() {
			return append(b, 'n'), true
		}
		return appendInt(b, v.UnixMilli()), true
	case []string:
		b = binary.BigEndian.AppendUint64(append(b, 'l'), uint64(len(v)))
		for _, s := range v {
			b = appendText(b, s)
		}
		return b, true
	}
	return appendValue(b, reflect.ValueOf(f))
}

func appendValue(b []byte, v reflect.Value) ([]byte, bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return append(b, 'n'), true
		}
		return appendField(b, v.Elem().Interface())
	case reflect.String:
		return appendText(append(b, 's'), v.String()), true
	case reflect.Bool:
		if v.Bool() {
			return append(b, 't'), true
		}
		return append(b, 'f'), true
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return appendInt(b, v.Int()), true
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return appendText(append(b, 'b'), string(v.Bytes())), true
		}
	case reflect.Array: // a digest
		if v.Type().Elem().Kind() == reflect.Uint8 {
			b = binary.BigEndian.AppendUint64(append(b, 'b'), uint64(v.Len()))
			for i := range v.Len() {
				b = append(b, byte(v.Index(i).Uint()))
			}
			return b, true
		}
	}
	return nil, false
}

func appendInt(b []byte, n int64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 'i'), uint64(n))
}
