// Package ferry carries records between two zones of one platform that no wire
// joins: the government extranet (政务外网) and the Internet. A file is made on
// one side, carried by whatever the rules allow (a one-way gate, a disc), and
// taken in on the other.
//
// Words: a record is what one side may know of an object of the other, as it is
// now: the public record of a seal, a revocation list. A file holds records, a
// number one higher than the file before, that file's digest, and who it is from
// and for; it is signed data (GB/T 35275) by the platform of its zone.
//
// Promises: a file is taken in once, whole, in order. A file that is missing is
// named; one that comes again changes nothing; two files of one number, or a
// signer other than the one that is pinned, are refused and audited. What is in
// a file is decided in a transaction before it is written, so that a crash
// leaves the same file to be written again.
//
// Tables: ferry_key, ferry_waiting, ferry_out, ferry_in, ferry_record.
package ferry

import (
	"context"
	"encoding/json"
	"sync"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/keys"
)

// Zones of the platform (S2 二(二)).
const (
	Extranet = "extranet" // 政务外网: departments
	Internet = "internet" // enterprises, social organisations, people
)

// A Source tells what the other zone may know of an object. Gone means that
// there is nothing any more to be told.
type Source struct {
	Kind   string
	Topics []string // of the events after which it is to be told again; their key names the object
	Tell   func(ctx context.Context, object string) (r Record, gone bool, err error)
}

// A Record is what is told. Name is what people look for.
type Record struct {
	Kind   string          `json:"kind"`
	Object string          `json:"object"`
	Name   string          `json:"name"`
	Body   json.RawMessage `json:"body"`
}

// A Service makes and takes files. It is safe for concurrent use.
type Service struct {
	DB         *db.DB
	Zone, Peer string // this zone, and the one that files go to and come from
	Sources    []Source
	// Box seals the key by which this zone's files are signed, and Issue gives a
	// digital certificate for it.
	Box   *keys.Box
	Issue func(ctx context.Context, public *gm.PublicKey) (*gm.Certificate, error)
	// Trust are the digital certificates by which the peer signs: these, and no
	// others of the same authority.
	Trust []*gm.Certificate
	// Taken is told of what came in, in the transaction; nil: nobody.
	Taken func(tx *db.Tx, r Record) error

	making sync.Mutex   // held while a key is made
	step   func(string) // tests stop here
}
