package auditor

import (
	"archive/zip"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/audit/chain"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// Formats of an export.
const (
	NDJSON = "ndjson"
	CSV    = "csv"
	XLSX   = "xlsx"
)

// limits are the most entries of one export.
var limits = map[string]int{NDJSON: 1_000_000, CSV: 1_000_000, XLSX: 100_000}

// An Export is entries that the caller may take out. It is made by
// [Service.Export] and written once.
type Export struct {
	ID     string
	s      *Service
	format string
	limit  int
	query  audit.Query
	m      Manifest
}

// A Manifest says what an export holds. It is signed, and so commits the
// platform to the file, which it names by its SM3 digest.
type Manifest struct {
	Format    string    `json:"format"` // "sidian-audit-export-1"
	ID        string    `json:"id"`
	File      string    `json:"file"`
	SM3       string    `json:"sm3"`  // of the file
	Rows      int       `json:"rows"` // without the heading
	FirstSeq  int64     `json:"first_seq,omitempty"`
	LastSeq   int64     `json:"last_seq,omitempty"`
	Unlinked  int       `json:"unlinked,omitempty"` // rows that were not in the chain yet
	Truncated bool      `json:"truncated"`          // there is more than one export may hold
	Next      string    `json:"next,omitempty"`     // cursor to continue from
	Query     Query     `json:"query"`
	Scope     string    `json:"scope"` // "all", or the organisations
	Reason    string    `json:"reason"`
	Account   string    `json:"account"`
	Org       string    `json:"org"`
	At        time.Time `json:"at"`
	Head      *Head     `json:"head,omitempty"`
}

// maxReason is the most characters of a reason.
const maxReason = 500

func checkReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n == 0 || n > maxReason || !utf8.ValidString(reason) || strings.ContainsRune(reason, 0) {
		return "", fault.Invalid.New("必须写明理由，不超过五百字").WithCode("audit.reason").WithHint("请写明依据和用途").WithField("reason", "required", "写明理由，不超过五百字")
	}
	return reason, nil
}

// Export prepares an export of the entries that q asks for, after cursor, in a
// format. It needs a reason. Before it is answered, what waits is linked and the
// chain's head is signed, so that the export holds a head that covers it.
func (s *Service) Export(ctx context.Context, q Query, format, reason, from string) (*Export, error) {
	limit := limits[format]
	if limit == 0 {
		return nil, fault.Invalid.New("没有这种导出格式").WithCode("audit.format").WithHint("可选 ndjson、csv、xlsx").WithField("format", "unknown", "可选 ndjson、csv、xlsx")
	}
	if err := q.Validate(); err != nil {
		return nil, err
	}
	scope, err := s.scope(ctx, Take, q.Orgs)
	if err != nil {
		return nil, err
	}
	if reason, err = checkReason(reason); err != nil {
		return nil, err
	}
	x := &Export{ID: strings.ToLower(rand.Text()[:16]), s: s, format: format, limit: limit, query: q.within(scope)}
	if x.query.After, err = parseCursor(from); err != nil {
		return nil, err
	}
	if _, err := chain.Run(ctx, s.DB, s.Keys); err != nil {
		return nil, err
	}
	head, err := chain.Sign(ctx, s.DB, s.Keys)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	x.m = Manifest{Format: "sidian-audit-export-1", ID: x.ID, File: "audit." + format, Query: q, Scope: "all", Reason: reason}
	if scope != nil {
		x.m.Scope = strings.Join(scope, " ")
	}
	if p, ok := iam.From(ctx); ok {
		x.m.Account, x.m.Org = p.Account, p.Org
	}
	if head.Seq > 0 {
		if x.m.Head, err = s.headOf(ctx, head); err != nil {
			return nil, err
		}
	}
	return x, s.DB.Write(ctx, func(tx *db.Tx) error {
		x.m.At = tx.Now()
		if x.query.To.IsZero() || x.query.To.After(x.m.At) {
			x.query.To = x.m.At // what is written from now on is of the next
		}
		return audit.Put(tx, audit.Entry{Action: "audit.export", Object: "audit-export/" + x.ID, Reason: reason + "（" + format + "；" + q.criteria() + "）"})
	})
}

// Write writes the export: a ZIP of the file, the manifest, its signature, and
// what is needed to check it. How it ended is audited, with the digest of the
// file.
func (x *Export) Write(ctx context.Context, w io.Writer) (*Manifest, error) {
	sum, err := x.write(ctx, w)
	end := audit.Entry{Action: "audit.exported", Object: "audit-export/" + x.ID, After: sum, Reason: fmt.Sprintf("%d 条", x.m.Rows)}
	if err != nil {
		end = audit.Entry{Action: "audit.exported", Object: "audit-export/" + x.ID, Result: audit.Failed}
	}
	// The caller may have gone away: what was sent is noted all the same.
	return &x.m, errors.Join(err, x.s.note(context.WithoutCancel(ctx), end))
}

func (x *Export) write(ctx context.Context, w io.Writer) (sum gm.Digest, err error) {
	z := zip.NewWriter(w)
	file, err := z.CreateHeader(x.header(x.m.File))
	if err != nil {
		return sum, err
	}
	h := gm.NewHash()
	if err := x.rows(ctx, io.MultiWriter(file, h)); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	x.m.SM3 = hex.EncodeToString(sum[:])
	manifest, err := json.MarshalIndent(x.m, "", "  ")
	if err != nil {
		return sum, err
	}
	stamp, err := chain.Attest(ctx, x.s.DB, x.s.Keys, manifest)
	if err != nil {
		return sum, err
	}
	parts := []struct {
		name string
		data []byte
	}{{"manifest.json", manifest}, {"manifest.sig", stamp.Signature}, {"key.pem", stamp.Public}}
	if x.m.Head != nil {
		parts = append(parts, []struct {
			name string
			data []byte
		}{{"head.txt", []byte(x.m.Head.Message)}, {"head.sig", x.m.Head.Signature}, {"head.pem", []byte(x.m.Head.Key)}}...)
	}
	parts = append(parts, struct {
		name string
		data []byte
	}{"README.txt", []byte(x.readme())})
	for _, p := range parts {
		f, err := z.CreateHeader(x.header(p.name))
		if err != nil {
			return sum, err
		}
		if _, err := f.Write(p.data); err != nil {
			return sum, err
		}
	}
	return sum, z.Close()
}

func (x *Export) header(name string) *zip.FileHeader {
	return &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.m.At}
}

func (x *Export) readme() string {
	text := `审计记录导出，可用 OpenSSL 3 独立核验：

  openssl dgst -sm3 ` + x.m.File + `        # 与 manifest.json 中的 sm3 相同
  openssl dgst -sm3 -verify key.pem -sigopt distid:1234567812345678 -signature manifest.sig manifest.json
`
	if x.m.Head != nil {
		text += `  openssl dgst -sm3 -verify head.pem -sigopt distid:1234567812345678 -signature head.sig head.txt
`
	}
	return text + `
head.txt 是导出时审计链的链首：另行妥善保存，日后可据以发现审计记录末尾被删除。
公钥须与平台另行公布的一致：openssl pkey -pubin -in key.pem -outform DER | openssl dgst -sm3
`
}

// A sheet is a file of rows in one of the formats.
type sheet interface {
	row(*Entry) error
	end() error
}

// rows writes the entries, newest first, in snapshots of a page each.
func (x *Export) rows(ctx context.Context, w io.Writer) error {
	out, err := newSheet(x.format, w)
	if err != nil {
		return err
	}
	q := x.query
	for more := true; more; {
		q.Limit = min(1000, x.limit-x.m.Rows)
		if q.Limit == 0 {
			x.m.Truncated, x.m.Next = true, cursor(q.After)
			break
		}
		var entries []Entry
		err := x.s.DB.Read(ctx, func(tx *db.Tx) error {
			found, next, err := audit.List(tx, q)
			if err != nil {
				return err
			}
			q.After, more = next, next != (audit.Cursor{})
			entries, err = linked(tx, found)
			return err
		})
		if err == nil {
			err = x.s.name(ctx, pointers(entries))
		}
		if err != nil {
			return errors.Join(err, out.end())
		}
		for i := range entries {
			x.count(&entries[i])
			if err := out.row(&entries[i]); err != nil {
				return errors.Join(fmt.Errorf("auditor: writing an export: %w", err), out.end())
			}
		}
	}
	return out.end()
}

func (x *Export) count(e *Entry) {
	x.m.Rows++
	if e.Seq == 0 {
		x.m.Unlinked++
		return
	}
	if x.m.FirstSeq == 0 || e.Seq < x.m.FirstSeq {
		x.m.FirstSeq = e.Seq
	}
	x.m.LastSeq = max(x.m.LastSeq, e.Seq)
}
