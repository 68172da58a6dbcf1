package signature

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"sidian/gm"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/ofd"
	"sidian/ofd/sign"
)

// A Record is what the register says of one signature. Names are masked.
type Record struct {
	Task      string    `json:"task"`
	Number    int       `json:"number" doc:"第几位签署人"`
	Signature string    `json:"signature,omitempty" doc:"文件中的签名编号"`
	Name      string    `json:"name" doc:"签署人，脱敏"`
	Role      string    `json:"role,omitempty"`
	At        time.Time `json:"at"`
	Factor    string    `json:"factor" doc:"确认签署意愿所用的验证方式"`
	Intent    string    `json:"intent" doc:"签署意愿文字的版本"`
	Serial    string    `json:"serial" doc:"数字证书序列号"`
	Issuer    string    `json:"issuer" doc:"数字证书签发机构"`
	Way       string    `json:"way" enum:"seal,sign"`
	Document  string    `json:"document" doc:"签署后文件的 SM3 摘要"`
}

// A DocumentRecord is what the register says of a document by its digest.
type DocumentRecord struct {
	Task    string    `json:"task"`
	State   string    `json:"state" enum:"open,done,refused,withdrawn,expired" doc:"签署任务的状态"`
	By      string    `json:"by" doc:"发起方；个人脱敏"`
	Current bool      `json:"current" doc:"是该任务最新的文件"`
	Signed  []Record  `json:"signed" doc:"此文件上的签署"`
	Until   time.Time `json:"until"`
}

// RecordOf says what the register knows of a document, by the SM3 digest of its
// bytes. One that no task knows is a fault.NotFound. It is for anyone who holds
// the document.
func (s *Service) RecordOf(ctx context.Context, document gm.Digest) (*DocumentRecord, error) {
	var t *seen
	err := s.DB.Read(ctx, func(tx *db.Tx) error {
		t = nil
		list, err := tasksOf(tx, document)
		if err != nil || len(list) == 0 {
			return err
		}
		signers, err := signersOf(tx, list[0].id)
		t = &seen{taskRow: list[0], signers: signers}
		return err
	})
	if err != nil {
		return nil, err
	}
	if t == nil {
		return nil, fault.NotFound.New("本平台没有这份文件的签署记录").WithCode("signature.unknown").WithHint("文件可能在其他平台签署，或签署后被改动")
	}
	out := &DocumentRecord{Task: t.id, State: t.state, Current: t.document == document, Until: ms(t.until), Signed: []Record{}}
	if t.over(s.DB.Now()) {
		out.State = Expired
	}
	if out.By, err = s.by(ctx, t.taskRow); err != nil {
		return nil, err
	}
	for _, r := range path(t, document) {
		one, err := s.record(ctx, r)
		if err != nil {
			return nil, err
		}
		out.Signed = append(out.Signed, one)
	}
	return out, nil
}

// path are the signers of a document, first to last: each signed over what the one
// before had signed.
func path(t *seen, document gm.Digest) (out []*signerRow) {
	for at := document[:]; len(out) <= len(t.signers); {
		var by *signerRow
		for _, r := range t.signers {
			if r.state == Signed && bytes.Equal(r.after, at) {
				by = r
			}
		}
		if by == nil {
			return out
		}
		out = append([]*signerRow{by}, out...)
		at = by.before
	}
	return out
}

func (s *Service) record(ctx context.Context, r *signerRow) (Record, error) {
	out := Record{Task: r.task, Number: r.number, Role: r.role, At: ms(r.ended), Factor: r.factor, Intent: r.intent, Way: r.way, Document: hexOf(r.after)}
	var err error
	if out.Name, err = s.maskedName(r); err != nil || r.identity == nil {
		return out, err
	}
	return out, s.DB.Read(ctx, func(tx *db.Tx) error {
		x, err := identityByID(tx, *r.identity)
		if err == nil {
			out.Serial, out.Issuer = x.serial, x.issuer
		}
		return err
	})
}

// RecordsIn finds the signatures of a document that were made here, whatever was
// added to it since, by what each of them signed. report is of the same document.
func (s *Service) RecordsIn(ctx context.Context, d *ofd.Document, report *sign.Report) ([]Record, error) {
	byMark := map[gm.Digest]string{}
	var marks []gm.Digest
	for _, x := range report.Signatures {
		p := d.Part(x.Part)
		if x.Verdict == sign.Invalid || p == nil {
			continue
		}
		m, err := p.Digest()
		if err != nil {
			return nil, fmt.Errorf("signature: digesting a signature: %w", err)
		}
		byMark[m] = x.ID
		marks = append(marks, m)
	}
	var rows []*signerRow
	if err := s.DB.Read(ctx, func(tx *db.Tx) (err error) { rows, err = signersMarked(tx, marks); return err }); err != nil {
		return nil, err
	}
	out := []Record{}
	for _, r := range rows {
		one, err := s.record(ctx, r)
		if err != nil {
			return nil, err
		}
		one.Signature = byMark[digestOf(r.mark)]
		out = append(out, one)
	}
	return out, nil
}

// Verified is a document's own proof beside what the register says of it.
type Verified struct {
	Report  *sign.Report    `json:"report"`
	Records []Record        `json:"records"`
	Known   *DocumentRecord `json:"known,omitempty"`
}

// Verify checks a document (验签): all its signatures, each joined with our record.
func (s *Service) Verify(ctx context.Context, name string, data []byte) (*Verified, error) {
	if len(data) > MaxFile {
		return nil, fault.TooLarge.New("文件超过 %d MB", MaxFile>>20).WithCode("signature.size").WithHint("请核对文件")
	}
	o, err := s.trust(ctx)
	if err != nil {
		return nil, err
	}
	o.File = name
	out := &Verified{Report: sign.Verify(data, o), Records: []Record{}}
	if out.Report.Verdict != sign.Refused {
		d, err := ofd.Open(data)
		if err != nil {
			return nil, fmt.Errorf("signature: opening a document: %w", err)
		}
		if out.Records, err = s.RecordsIn(ctx, d, out.Report); err != nil {
			return nil, err
		}
	}
	out.Known, err = s.RecordOf(ctx, gm.Sum(data))
	if errors.Is(err, fault.NotFound) {
		return out, nil
	}
	return out, err
}

// Named tells which of these stored documents a row of this package names: what a
// sweep of the store keeps.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (out map[gm.Digest]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = known(tx, digests); return err })
	return out, err
}
