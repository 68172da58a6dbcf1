package listing

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/iam"
)

// MaxDocument is how large the document of a norm may be, in bytes.
const MaxDocument = 10 << 20

// A Normed is what a unit says of a norm (技术和使用规范) of a kind.
type Normed struct {
	Unit     string `json:"unit" minLength:"1" maxLength:"64" doc:"发证单位"`
	Kind     string `json:"kind" minLength:"1" maxLength:"64" doc:"证照类型的目录名或代码"`
	Title    string `json:"title" minLength:"2" maxLength:"200"`
	Edition  string `json:"edition" minLength:"1" maxLength:"40" doc:"版本，如 V1.0、2026 版"`
	Issued   string `json:"issued" maxLength:"10" doc:"发布日期，2026-01-31，不晚于今天"`
	Link     string `json:"link,omitempty" maxLength:"300" doc:"文件的网址，https；与 document 二者取一"`
	Document []byte `json:"document,omitempty" doc:"PDF 或 OFD 文件，base64，至多 10 MB"`
}

// A Norm is a norm of the register.
type Norm struct {
	ID        string    `json:"id"`
	Kind      string    `json:"kind"`
	KindTitle string    `json:"kind_title"`
	Unit      string    `json:"unit"`
	UnitName  string    `json:"unit_name"`
	Title     string    `json:"title"`
	Edition   string    `json:"edition"`
	Issued    string    `json:"issued"`
	Link      string    `json:"link,omitempty"`
	Document  string    `json:"document,omitempty" doc:"文件在本平台的地址"`
	At        time.Time `json:"at"`
}

// A NormPage is a page of norms, newest first.
type NormPage struct {
	Items []Norm `json:"items"`
	Next  string `json:"cursor,omitempty" doc:"还有下一页时返回"`
}

// mediaOf is what a document is: PDF or OFD, and nothing that a browser would run.
func mediaOf(data []byte) string {
	switch {
	case bytes.HasPrefix(data, []byte("%PDF-")):
		return "application/pdf"
	case bytes.HasPrefix(data, []byte("PK\x03\x04")) && bytes.Contains(data, []byte("OFD.xml")):
		return "application/ofd"
	}
	return ""
}

func (n *Normed) check() error {
	err := check(text{"title", "名称", &n.Title, 2, 200, false}, text{"edition", "版本", &n.Edition, 1, 40, false}, text{"link", "网址", &n.Link, 0, 300, false})
	if err != nil {
		return err
	}
	if err := dateOf("issued", "发布日期", n.Issued); err != nil {
		return err
	}
	switch u, err := url.Parse(n.Link); {
	case (n.Link == "") == (len(n.Document) == 0):
		return errField("link", "listing.norm", "网址和文件二者取一")
	case n.Link != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil):
		return errField("link", "listing.link", "网址以 https:// 开头")
	case len(n.Document) > MaxDocument:
		return fault.TooLarge.New("文件超过 10 MB").WithCode("listing.document").WithHint("请压缩文件，或登记网址").WithField("document", "size", "至多 10 MB")
	case len(n.Document) > 0 && mediaOf(n.Document) == "":
		return errField("document", "listing.document", "文件应是 PDF 或 OFD")
	}
	return nil
}

// AddNorm publishes a norm of a kind.
func (s *Service) AddNorm(ctx context.Context, n Normed) (*Norm, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	if err := iam.Allow(ctx, permReport, n.Unit); err != nil {
		return nil, s.refused(ctx, "listing.norm", "norm", err)
	}
	r := &normRow{id: newID(), unit: n.Unit, title: n.Title, edition: n.Edition, issued: n.Issued, link: n.Link, account: actor(ctx)}
	if len(n.Document) > 0 {
		if s.Blob == nil {
			return nil, errField("document", "listing.document", "本平台不保存文件，请登记网址")
		}
		digest, err := s.Blob.Put(ctx, n.Document)
		if err != nil {
			return nil, err
		}
		r.digest, r.media = digest[:], mediaOf(n.Document)
	}
	var v Norm
	err := s.DB.Write(ctx, func(tx *db.Tx) error {
		if n.Issued > today(tx) {
			return errField("issued", "listing.date", "发布日期不晚于今天")
		}
		k, err := s.kindTx(tx, n.Kind)
		if err != nil {
			return err
		}
		o, err := iam.OrgTx(tx, n.Unit)
		if err != nil {
			return err
		}
		r.kind, r.path, r.at = k.Name, o.Path(), tx.Now().UnixMilli()
		made, err := insertNorm(tx, r)
		if err != nil {
			return err
		}
		if !made {
			return fault.Conflict.New("已经登记了这个规范的这个版本").WithCode("listing.norm-exists").WithHint("新版本请写新的版本号").WithField("edition", "listing.norm-exists", "已经登记")
		}
		if v, err = s.normView(tx, r); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.norm", Object: "norm/" + r.id, After: gm.Sum([]byte(strings.Join([]string{r.kind, r.title, r.edition, r.issued, r.link, string(r.digest)}, "\x00")))})
	})
	return &v, s.refused(ctx, "listing.norm", "norm", err)
}

func (s *Service) normView(tx *db.Tx, r *normRow) (v Norm, err error) {
	o, err := iam.OrgTx(tx, r.unit)
	if err != nil {
		return v, err
	}
	title, err := s.titleTx(tx, r.kind)
	v = Norm{ID: r.id, Kind: r.kind, KindTitle: title, Unit: r.unit, UnitName: o.Name, Title: r.title, Edition: r.edition, Issued: r.issued, Link: r.link, At: moment(r.at)}
	if len(r.digest) > 0 {
		v.Document = "/open/v1/norms/" + r.id + "/document"
	}
	return v, err
}

// WithdrawNorm takes a norm from the register; it stays in the records.
func (s *Service) WithdrawNorm(ctx context.Context, id, reason string) error {
	reason, err := reasonOf(reason)
	if err != nil {
		return err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		r, err := normByID(tx, id)
		if err != nil {
			return err
		}
		if err := iam.Allow(ctx, permReport, r.unit); err != nil {
			return err
		}
		if err := withdrawNorm(tx, id, actor(ctx), reason); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "listing.norm-over", Object: "norm/" + id, Reason: reason})
	})
	return s.refused(ctx, "listing.norm-over", "norm/"+id, err)
}

// Norms pages through the register, newest first: all, of a kind, or of a unit.
// Anybody may read it.
func (s *Service) Norms(ctx context.Context, kind, unit, cursor string, limit int) (*NormPage, error) {
	before, id, err := db.ParseCursor(cursor)
	if err != nil {
		return nil, err
	}
	if limit <= 0 || limit > 100 {
		limit = 50
	}
	p := &NormPage{}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		p.Items, p.Next = []Norm{}, ""
		list, err := listNorms(tx, kind, unit, before, id, limit+1)
		if err != nil {
			return err
		}
		if len(list) > limit {
			list = list[:limit]
			p.Next = db.Cursor(list[limit-1].at, list[limit-1].id)
		}
		for _, r := range list {
			v, err := s.normView(tx, r)
			if err != nil {
				return err
			}
			p.Items = append(p.Items, v)
		}
		return nil
	})
	return p, err
}

// Document is the document of a norm, with its media type and a name to save it as.
func (s *Service) Document(ctx context.Context, id string) (data []byte, media, name string, err error) {
	var digest gm.Digest
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		r, err := normByID(tx, id)
		if err != nil {
			return err
		}
		if len(r.digest) == 0 || s.Blob == nil {
			return fault.NotFound.New("这个规范没有保存文件").WithCode("listing.document").WithHint("请从登记的网址查看")
		}
		copy(digest[:], r.digest)
		media, name = r.media, r.title+" "+r.edition+map[string]string{"application/pdf": ".pdf", "application/ofd": ".ofd"}[r.media]
		return nil
	})
	if err != nil {
		return nil, "", "", err
	}
	data, err = s.Blob.Get(ctx, digest)
	return data, media, name, err
}

// Named tells which of some documents norms name: those are kept.
func (s *Service) Named(ctx context.Context, digests []gm.Digest) (named map[gm.Digest]bool, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { named, err = namedDigests(tx, digests); return err })
	return named, err
}
