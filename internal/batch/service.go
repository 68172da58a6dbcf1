package batch

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"sidian/internal/catalogue"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
	"sidian/internal/table"
)

// The permissions of the three who act, in the unit that issues.
const (
	permUpload  = "cert.draft"
	permApprove = "cert.review"
	permStart   = "cert.issue"
)

// Parts are what a Service works with. Notices and Outbox may be nil: then nobody
// is told.
type Parts struct {
	DB        *db.DB
	Keys      *keys.Store
	IAM       *iam.Service
	Catalogue *catalogue.Service
	Cert      *cert.Service
	Notices   *notice.Service
	Outbox    *outbox.Outbox
}

// A Service brings batches to certificates. It is safe for concurrent use.
type Service struct {
	Parts
	// Size is how many rows are done between two looks at whether to go on; 40
	// when zero.
	Size int
	// Parallel is how many rows are issued at a time; 4 when zero.
	Parallel int
	// Step is called after each step, by its name; nil but in tests of crashes.
	Step func(name string)

	box  *keys.Box
	said *keys.Index // of what rows say
}

// New returns a Service, with its secrets from p.Keys.
func New(ctx context.Context, p Parts) (*Service, error) {
	s := &Service{Parts: p}
	var err error
	if s.box, err = p.Keys.Box(ctx); err != nil {
		return nil, fmt.Errorf("batch: opening the box of columns: %w", err)
	}
	if s.said, err = p.Keys.Index(ctx, "batch.row"); err != nil {
		return nil, fmt.Errorf("batch: opening the index of rows: %w", err)
	}
	return s, nil
}

func (s *Service) step(name string) {
	if s.Step != nil {
		s.Step(name)
	}
}

// Reader reads tables of batches.
var Reader = table.Reader{Code: "batch", Columns: 60, Cell: 2000}

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

func objectOf(id string) string { return "batch/" + id }

// Link is the page of a batch.
func Link(id string) string { return "/console/batch/" + id }

var beijing = time.FixedZone("", 8*60*60)

// States of a batch.
const (
	Reading   = "reading"
	Checked   = "checked"
	Submitted = "submitted"
	Approved  = "approved"
	Running   = "running"
	Paused    = "paused"
	Done      = "done"
	Over      = "over"
)

// A Batch is a table on its way to certificates.
type Batch struct {
	ID       string `json:"id"`
	Unit     string `json:"unit" doc:"签发单位"`
	UnitName string `json:"unit_name"`
	Kind     string `json:"kind"`
	Title    string `json:"title" doc:"证照种类名称"`
	State    string `json:"state" enum:"reading,checked,submitted,approved,running,paused,done,over"`
	Corrects string `json:"corrects,omitempty" doc:"更正哪一批中没有签发的行"`
	Uploader string `json:"uploader" doc:"上传人账号"`
	Approver string `json:"approver,omitempty" doc:"审核人账号"`
	Starter  string `json:"starter,omitempty" doc:"签发人账号"`
	Note     string `json:"note,omitempty" doc:"最近一次办理的理由"`
	Trouble  string `json:"trouble,omitempty" doc:"为什么停下"`
	Digest   string `json:"digest" doc:"文件的 SM3 摘要"`

	Total     int `json:"total" doc:"数据行数"`
	Pending   int `json:"pending" doc:"待签发"`
	Issued    int `json:"issued" doc:"已签发"`
	Refused   int `json:"refused" doc:"检查未通过"`
	Failed    int `json:"failed" doc:"签发时未通过"`
	Repeated  int `json:"repeated" doc:"内容相同的已签发过"`
	Cancelled int `json:"cancelled" doc:"已取消"`

	Created   time.Time `json:"created_at"`
	Submitted time.Time `json:"submitted_at,omitzero"`
	Decided   time.Time `json:"decided_at,omitzero"`
	Started   time.Time `json:"started_at,omitzero"`
	Ended     time.Time `json:"ended_at,omitzero"`
	Rate      float64   `json:"rate,omitempty" doc:"每秒行数"`
	Left      int       `json:"left,omitempty" doc:"估计还要多少秒"`

	May []string `json:"may" doc:"现在可由本人办理的：submit,discard,approve,return,start,pause,resume,cancel"`
}

// Percent is how much of what was to do is done.
func (b *Batch) Percent() int {
	if b.Total == 0 {
		return 100
	}
	return (b.Total - b.Pending) * 100 / b.Total
}

// Wrong is how many rows got no certificate for a reason of their own.
func (b *Batch) Wrong() int { return b.Refused + b.Failed }

// A Page is a page of batches, newest first.
type Page struct {
	Items []Batch `json:"items"`
	Next  string  `json:"cursor,omitempty" doc:"还有下一页时返回"`
}
