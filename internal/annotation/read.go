package annotation

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/cert"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// States of a copy. Made ones are good until they expire.
const (
	Sealing   = "sealing"
	Made      = "made"
	Withdrawn = "withdrawn"
	Expired   = "expired"
	Ended     = "ended" // by the holder who made it
)

// A Copy is the record of an annotated copy.
type Copy struct {
	ID          string            `json:"id"`
	Number      string            `json:"number" doc:"加注编号"`
	Certificate string            `json:"certificate" doc:"原件证照的编号（id）"`
	Kind        string            `json:"kind"`
	Issuer      string            `json:"issuer"`
	Status      string            `json:"status" enum:"made,expired,ended" doc:"有效、到期、持证人已撤回；原件的状态见证照记录"`
	Own         bool              `json:"own,omitempty" doc:"持证人本人制作；用途和接收方只有本人看得到"`
	Purpose     string            `json:"purpose,omitempty"`
	Recipient   string            `json:"recipient,omitempty"`
	Item        string            `json:"item,omitempty"`
	CaseNo      string            `json:"case_no,omitempty"`
	Maker       string            `json:"maker" doc:"制作单位或应用"`
	MadeAt      time.Time         `json:"made_at"`
	ExpiresAt   time.Time         `json:"expires_at"`
	EndedAt     time.Time         `json:"ended_at,omitzero" doc:"持证人撤回的时间"`
	Document    string            `json:"document" doc:"加注件的 SM3 摘要"`
	Original    string            `json:"original" doc:"原件的 SM3 摘要"`
	Size        int64             `json:"size"`
	File        string            `json:"file" doc:"取文件的地址"`
	Metadata    map[string]string `json:"metadata" doc:"加注件元数据 GB/T 36903：JZJZZSJ JZJZZZ JZJZZSY JZJYXQJZSJ"`
}

// Location is the address of the record.
func (c *Copy) Location() string {
	if c.Own {
		return OwnLocation + c.ID
	}
	return "/api/v1/annotations/" + c.ID
}

func (s *Service) copyOf(r *row, p *plan) *Copy {
	c := &Copy{
		ID: r.id, Number: r.number, Certificate: r.certificate, Kind: r.kind, Issuer: r.issuer, Status: Made,
		Purpose: p.Purpose, Recipient: p.Recipient, Item: p.Item, CaseNo: p.CaseNo, Maker: p.Maker,
		MadeAt: p.At, ExpiresAt: timeOf(r.expires), Document: hexOf(r.sealed), Original: hexOf(r.original), Size: r.size,
		Metadata: map[string]string{},
	}
	for _, m := range p.metadata(r.number, r.original) {
		if strings.HasPrefix(m.Name, "JZJ") {
			c.Metadata[m.Name] = m.Value
		}
	}
	if !s.DB.Now().Before(c.ExpiresAt) {
		c.Status = Expired
	}
	if c.Own = r.own; r.endedAt != nil {
		c.Status, c.EndedAt = Ended, timeOf(*r.endedAt)
	}
	c.File = c.Location() + "/file"
	return c
}

// guarded is what others than its maker see of a copy that a holder made: that it is
// there, until when, and neither for whom nor what for.
func guarded(c *Copy) *Copy {
	if c.Own {
		c.Purpose, c.Recipient, c.Item, c.CaseNo, c.File = "", "", "", "", ""
		delete(c.Metadata, "JZJZZSY")
	}
	return c
}

// A Page is a page of a list, newest first. Next is the cursor of the page after
// it, or empty.
type Page struct {
	Items []*Copy `json:"items"`
	Next  string  `json:"next,omitempty"`

	Original *cert.Certificate `json:"-"` // of the copies of one certificate
}

// needs are the permissions of which one is enough to see records of copies.
var needs = []string{"cert.read", "cert.annotate"}

// maySee asks whether whoever acts may see the copies of an issuer's certificates.
func (s *Service) maySee(ctx context.Context, issuer, object string) error {
	var err error
	for _, p := range needs {
		if err = iam.Allow(ctx, p, issuer); err == nil {
			return nil
		}
	}
	return audit.Refuse(ctx, s.DB, audit.Entry{Action: "annotation.view", Object: object}, err)
}

// looked records that copies were shown, before they are.
func (s *Service) looked(ctx context.Context, e audit.Entry) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error { return audit.Put(tx, e) })
}

// Of lists the copies of a certificate.
func (s *Service) Of(ctx context.Context, id string, limit int, cursor string) (*Page, error) {
	c, err := s.Cert.Get(ctx, id) // says who may see it, and records that
	if err != nil {
		return nil, err
	}
	p, err := s.page(ctx, limit, cursor, guarded, func(tx *db.Tx, at int64, after string, n int) ([]*row, error) {
		return ofCertificate(tx, c.ID, at, after, n)
	})
	if err == nil {
		p.Original = c
	}
	return p, err
}

// For lists the copies that were made for a recipient, as far as the caller may
// see those of their issuers.
func (s *Service) For(ctx context.Context, recipient string, limit int, cursor string) (*Page, error) {
	issuers := map[string]bool{}
	for _, p := range needs {
		for _, o := range iam.Orgs(ctx, p) {
			issuers[o] = true
		}
	}
	orgs := make([]string, 0, len(issuers))
	for o := range issuers {
		orgs = append(orgs, o)
	}
	d := s.recipient.Of(strings.TrimSpace(recipient))
	p, err := s.page(ctx, limit, cursor, guarded, func(tx *db.Tx, at int64, after string, n int) ([]*row, error) {
		return ofRecipient(tx, d, orgs, at, after, n)
	})
	if err != nil {
		return nil, err
	}
	return p, s.looked(ctx, audit.Entry{Action: "annotation.list", Object: "annotation", Reason: fmt.Sprintf("按接收方查询，列出 %d 份", len(p.Items))})
}

const maxLimit = 100

func (s *Service) page(ctx context.Context, limit int, cursor string, show func(*Copy) *Copy, list func(tx *db.Tx, at int64, after string, n int) ([]*row, error)) (*Page, error) {
	if limit <= 0 || limit > maxLimit {
		limit = 20
	}
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	var rows []*row
	if err = s.DB.Read(ctx, func(tx *db.Tx) error { rows, err = list(tx, before, id, limit); return err }); err != nil {
		return nil, err
	}
	p := &Page{Items: []*Copy{}}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		p.Next = db.Cursor(last.created, last.id)
	}
	for _, r := range rows {
		plan, err := s.openPlan(r)
		if err != nil {
			return nil, err
		}
		p.Items = append(p.Items, show(s.copyOf(r, plan)))
	}
	return p, nil
}

// find reads a copy that was made.
func (s *Service) find(ctx context.Context, id string) (r *row, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { r, err = byID(tx, id); return err })
	if err == nil && r.status != Made {
		err = unknown()
	}
	return r, err
}

// Get returns the record of a copy. That somebody saw it is recorded.
func (s *Service) Get(ctx context.Context, id string) (*Copy, error) {
	r, err := s.find(ctx, id)
	if err != nil {
		return nil, err
	}
	if err := s.maySee(ctx, r.issuer, cert.Object(r.certificate)); err != nil {
		return nil, err
	}
	if err := s.looked(ctx, audit.Entry{Action: "annotation.view", Object: cert.Object(r.certificate), Reason: "加注件 " + r.number}); err != nil {
		return nil, err
	}
	c, err := s.shown(r)
	if err != nil {
		return nil, err
	}
	return guarded(c), nil
}

// Read returns a copy's document, to who may make one: while it is good and its
// original stands; what a holder made is the holder's to give. That somebody read it is
// recorded before they get it.
func (s *Service) Read(ctx context.Context, id string, rd cert.Reading) ([]byte, *Copy, error) {
	r, err := s.find(ctx, id)
	if err == nil && r.own {
		err = fault.Forbidden.New("这份加注件由持证人本人制作，只有本人可以取用").WithCode("annotation.own").WithHint("请由持证人提供；或者为您办理的业务另行制作")
		err = audit.Refuse(ctx, s.DB, audit.Entry{Action: "annotation.read", Object: cert.Object(r.certificate)}, err)
	}
	if err != nil {
		return nil, nil, err
	}
	ctx, err = s.Cert.MayAnnotate(ctx, r.certificate, rd)
	if err != nil {
		return nil, nil, err
	}
	return s.read(ctx, r, rd.Purpose)
}

// read is Read for who may.
func (s *Service) read(ctx context.Context, r *row, code string) ([]byte, *Copy, error) {
	c, err := s.shown(r)
	if err != nil {
		return nil, nil, err
	}
	switch c.Status {
	case Ended:
		return nil, nil, fault.Conflict.New("加注件已于 %s 撤回，不再提供", c.EndedAt.In(beijing).Format(clock)).WithCode("annotation.ended").WithHint("仍需使用的，请重新制作")
	case Expired:
		return nil, nil, fault.Conflict.New("加注件已于 %s 到期，不再提供", c.ExpiresAt.In(beijing).Format(clock)).WithCode("annotation.expired").WithHint("仍需使用的，请重新制作")
	}
	if err := s.DB.Read(ctx, func(tx *db.Tx) error { return s.Cert.AnnotableTx(tx, r.certificate, tx.Now()) }); err != nil {
		return nil, nil, err
	}
	data, err := s.Blob.Get(ctx, r.sealed)
	if errors.Is(err, fault.NotFound) {
		// The register names it: it is lost, which is not the asker's mistake.
		err = fmt.Errorf("annotation: the document of %s is not in the store", r.id)
	}
	if err != nil {
		return nil, nil, err
	}
	return data, c, s.looked(ctx, audit.Entry{Action: "annotation.read", Object: cert.Object(r.certificate), Purpose: code, Reason: "加注件 " + r.number, After: r.sealed})
}

// A Found is what the register says of a document that is an annotated copy, to
// whoever has it in hand.
type Found struct {
	Number      string
	Certificate string // id of the original
	MadeAt      time.Time
	ExpiresAt   time.Time
	EndedAt     time.Time // taken back by the holder who made it; zero: not
}

// Lookup finds the copy that a document is, or fault.NotFound. Nothing is asked
// and nothing recorded: it is for verification.
func (s *Service) Lookup(ctx context.Context, document gm.Digest) (*Found, error) {
	var r *row
	err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { r, err = byDocument(tx, document); return err })
	if err != nil {
		return nil, err
	}
	f := &Found{Number: r.number, Certificate: r.certificate, MadeAt: timeOf(*r.madeAt), ExpiresAt: timeOf(r.expires)}
	if r.endedAt != nil {
		f.EndedAt = timeOf(*r.endedAt)
	}
	return f, nil
}

// Named tells the sweeper of documents which of them a copy names.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (named map[gm.Digest]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { named, err = documentsNamed(tx, digests); return err })
	return named, err
}
