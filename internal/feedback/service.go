package feedback

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/blob"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/due"
	"sidian/internal/fault"
	"sidian/internal/iam"
	"sidian/internal/keys"
	"sidian/internal/notice"
	"sidian/internal/outbox"
)

// Permissions: of who tells, of who decides, and of who oversees.
const (
	permTell    = "inspect.record"
	permDecide  = "cert.status"
	permOversee = "supervise.read"
)

// Parts are what a Service works with. Due and Notices may be nil: then there are
// no deadlines and nobody is told.
type Parts struct {
	DB      *db.DB
	Keys    *keys.Store
	IAM     *iam.Service
	Cert    *cert.Service
	Blobs   *blob.Store
	Notices *notice.Service
	Due     *due.Service
	Outbox  *outbox.Outbox
}

// A Service takes feedback and brings it to an end. It is safe for concurrent use.
type Service struct {
	Parts
	// Step is called after each step of confirming, by its name; nil but in tests
	// of crashes.
	Step func(name string)
	// Lease is how long one attempt may take before Resume takes it over; zero: 30 s.
	Lease time.Duration

	box     *keys.Box
	same    *keys.Index
	rows    *keys.Rows
	numbers *db.Numbers
	misses  misses
}

// New returns a Service, with its secrets from p.Keys.
func New(ctx context.Context, p Parts) (*Service, error) {
	s := &Service{Parts: p, numbers: p.DB.Numbers("feedback.number", 20)}
	var err error
	if s.box, err = p.Keys.Box(ctx); err != nil {
		return nil, fmt.Errorf("feedback: opening the box of columns: %w", err)
	}
	if s.same, err = p.Keys.Index(ctx, "feedback.same"); err != nil {
		return nil, fmt.Errorf("feedback: opening the index of what is the same: %w", err)
	}
	if s.rows, err = p.Keys.Rows(ctx, "feedback_feedback"); err != nil {
		return nil, fmt.Errorf("feedback: opening the guard of rows: %w", err)
	}
	return s, nil
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
	return 30 * time.Second
}

// Named tells the sweeper of documents which of them a feedback names.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (named map[gm.Digest]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { named, err = documentsNamed(tx, digests); return err })
	return named, err
}

// content is what the officer wrote, and what the unit answered.
type content struct {
	Basis      string `json:"basis"`
	DocumentNo string `json:"document_no"`
	Note       string `json:"note,omitempty"`
	Answer     string `json:"answer,omitempty"`
}

func cellOf(id string) keys.Cell {
	return keys.Cell{Table: "feedback_feedback", Column: "content", Row: id}
}

func (s *Service) seal(id string, c *content) ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("feedback: writing what was told: %w", err)
	}
	return s.box.Seal(cellOf(id), b)
}

func (s *Service) open(r *row) (*content, error) {
	b, err := s.box.Open(cellOf(r.id), r.content)
	if err != nil {
		return nil, fmt.Errorf("feedback: opening what was told in %s: %w", r.id, err)
	}
	c := &content{}
	if err := json.Unmarshal(b, c); err != nil {
		return nil, fmt.Errorf("feedback: reading what was told in %s: %w", r.id, err)
	}
	return c, nil
}

// mac guards what the platform would act upon.
func (s *Service) mac(r *row) []byte {
	return s.rows.Mac(r.id, r.number, r.org, r.certificate, r.unit, r.action, r.on, r.until, r.same, string(r.state), r.decider, r.deciderApp, r.seen, r.act)
}

// intact refuses a row that was edited in the database.
func (s *Service) intact(r *row) error {
	err := s.rows.Check(r.mac, r.id, r.number, r.org, r.certificate, r.unit, r.action, r.on, r.until, r.same, string(r.state), r.decider, r.deciderApp, r.seen, r.act)
	if err != nil {
		return fault.Conflict.Wrap(err, "这件反馈的登记数据异常，已停止办理").WithCode("feedback.altered").WithHint("请联系平台管理员核查")
	}
	return nil
}

// newID is 130 random bits in letters that can be read aloud.
func newID() string { return strings.ToLower(rand.Text()) }

func objectOf(id string) string { return "feedback/" + id }

var beijing = time.FixedZone("UTC+8", 8*60*60)

func dayOf(t time.Time) string { return t.In(beijing).Format(time.DateOnly) }
