// Package archive keeps the pre-archive queue (预归档): every document that was
// sealed comes into it by itself, an archivist says under which title, year and
// retention it is filed, it is packed (归档信息包, package pack) and checked by the
// four properties (四性检测), and handed over to the archives (《电子印章管理暂行办法》
// 第十三条).
//
// Words: an item (归档文件) is one sealed document in the queue; filing (整理) gives it
// what the archives ask for; a unit's settings (立档单位) are its fonds number (全宗号),
// category, archives and the pattern of its archival codes (档号); a series is
// fonds, category, year, retention and agency: within one the numbers have
// neither gap nor double.
//
// States: waiting → ready → packed → handed; ready → failed where a check
// fails, whichever property it is of; ready, failed → ready again by filing; packed
// → waiting when the archives refuse it; waiting, ready, failed → excluded (不归档)
// and back. What is not in the table of state.go is refused.
//
// # Nothing is missed
//
// The events sealing.done and sealing.batched put a document into the queue
// ([Service.Consumer]). Events may come twice, a row is made once. And what no
// event told of, because it was sealed before this context existed, or a batch
// was stopped half way, is found by [Service.Sweep], which follows the times at
// which documents were sealed, and once a day looks a week back.
//
// # Packing
//
// Packing is two short transactions around the work, as stamping is: the first
// takes the item under a lease and allots its archival code, the second keeps
// the package's digest and the rows of its checks. Between them the sealed
// document is read byte for byte: the blob store refuses one that is not what
// its digest says, and a row that no longer names what package sealing names is
// refused as well. A crash leaves a lease that runs out, and at most a package
// that no row names. Who packs twice at once is refused once.
//
// A seal that was frozen or cancelled afterwards keeps nothing from being filed,
// also where no time stamp proves which was first: the verification at the time
// of packing stands in the package and says so, and the checks warn.
//
// # Personal data
//
// Titles stand in lists, codes and the audit: numbers of persons are masked when
// a document comes in, and refused in what the archivist writes. What the
// document holds goes into the package and nowhere else.
//
// It owns the tables archive_unit, archive_item, archive_check, archive_act,
// archive_series, archive_free, archive_key, archive_sweep and archive_count.
package archive

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"time"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/sealing"
	"sidian/ofd/sign"
)

// A Service keeps the queue. It is safe for concurrent use, and is not copied.
type Service struct {
	DB      *db.DB
	Keys    *keys.Store
	Blob    *blob.Store
	Sealing *sealing.Service
	Due     *due.Service    // nil: no deadline is promised
	Notice  *notice.Service // nil: nobody is told

	// Name is who signs packages.
	Name string
	// Issue gives the digital certificate for the key that signs packages.
	Issue func(ctx context.Context, name string, key string, public *gm.PublicKey) (*gm.Certificate, error)
	// Trust is by what a document is verified, and goes into the package with it.
	Trust func(ctx context.Context) (sign.Options, error)
	// TimeStamp stamps the signature of a package; nil: it has none.
	TimeStamp func(ctx context.Context, value []byte) ([]byte, error)
	// Verify gives the verdict on a document as it is today: its report, and the
	// record (JSON) that goes into the package. Nil: what the document says of
	// itself.
	Verify func(ctx context.Context, data []byte) (report *sign.Report, record []byte, err error)

	// Step is called after each step of packing, by its name. It is nil but in
	// the tests that stop there.
	Step func(name string)
	// Lease is how long one attempt at packing may take; zero: 3 minutes.
	Lease time.Duration

	numbering sync.Mutex // who gives an archival code
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

func (s *Service) lease() time.Duration {
	if s.Lease > 0 {
		return s.Lease
	}
	return 3 * time.Minute
}

// newID returns an identifier that tells nothing.
func newID() string { return strings.ToLower(rand.Text()[:20]) }

// Link is the page of an item.
func Link(id string) string { return "/console/archive/" + id }

func object(id string) string { return "archive/" + id }

// beijing is the zone in which documents have their year.
var beijing = time.FixedZone("CST", 8*60*60)
