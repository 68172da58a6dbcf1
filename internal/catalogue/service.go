package catalogue

import (
	"context"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"sidian/internal/audit"
	"sidian/internal/catalogue/face"
	"sidian/internal/db"
	"sidian/internal/fault"
	"sidian/internal/notice"
	"sidian/ofd/draw"
)

// State is the state of a version of a kind.
type State string

// A draft becomes published; a published version becomes disabled together
// with all published versions of its kind. Certificates made of a disabled
// kind stay; no new ones are made.
const (
	Drafted   State = "draft"
	Published State = "published"
	Disabled  State = "disabled"
)

// A Record is what the catalogue knows of a version of a kind.
type Record struct {
	Name        string     `json:"name"`
	Version     int        `json:"version"`
	Code        string     `json:"code"`
	Title       string     `json:"title"`
	Category    string     `json:"category"`
	State       State      `json:"state"`
	CreatedAt   time.Time  `json:"created_at"`
	CreatedBy   string     `json:"created_by"`
	PublishedAt *time.Time `json:"published_at,omitempty"`
	Starts      string     `json:"starts,omitempty" doc:"自何日起生效；空为发布即生效"`
	Org         string     `json:"org,omitempty" doc:"定义这一类型的单位；空为平台导入"`
	Manager     string     `json:"manager,omitempty" doc:"管理单位"`
	Entry       string     `json:"entry,omitempty" doc:"会签条目；空为平台导入"`
}

// Service keeps the catalogue. Its fields are set before use; it is safe for
// concurrent use.
type Service struct {
	DB    *db.DB
	Fonts *draw.Fonts

	// Used counts the certificates made of a kind, by its name; nil: nobody counts.
	// Package cert knows, and imports this one.
	Used func(ctx context.Context, name string) (int64, error)
	// Issuers are the units that issue a kind, by its name; nil: nobody knows.
	Issuers func(ctx context.Context, name string) ([]string, error)
	// Notices tells people what waits for them; nil: nobody is told.
	Notices *notice.Service

	kinds    cache[edition, *Kind]
	faces    cache[edition, *face.Face]
	pictures cache[picture, []byte]
	parts    remembered
}

// cache keeps what is made of a version. Versions never change, so that
// nothing is ever thrown away; a platform has some hundred.
type cache[K comparable, T any] struct{ m sync.Map }

// picture names a page of a version's sample.
type picture struct {
	of   edition
	page int
}

// edition names a version.
type edition struct {
	name    string
	version int
}

func (c *cache[K, T]) get(key K, make func() (T, error)) (T, error) {
	if v, ok := c.m.Load(key); ok {
		return v.(T), nil
	}
	v, err := make()
	if err != nil {
		return v, err
	}
	kept, _ := c.m.LoadOrStore(key, v)
	return kept.(T), nil
}

// Imported tells what Import did with a kind.
type Imported struct {
	Name    string `json:"name"`
	Title   string `json:"title"`
	Version int    `json:"version"`
	Changed bool   `json:"changed"` // false: the catalogue had exactly this
}

// Import puts the kinds whose folders stand in fsys, or only those named, into
// the catalogue and publishes them: a new version where something changed.
// All of them are checked first; if one is refused, none is imported.
func (s *Service) Import(ctx context.Context, fsys fs.FS, names ...string) ([]Imported, error) {
	kinds, err := s.prepareAll(fsys, names)
	if err != nil {
		return nil, err
	}
	var out []Imported
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		out = out[:0]
		for _, k := range kinds {
			did, err := importTx(tx, k, Published)
			if err != nil {
				return err
			}
			out = append(out, did)
		}
		return nil
	})
	return out, err
}

func (s *Service) prepareAll(fsys fs.FS, names []string) ([]*Kind, error) {
	if len(names) == 0 {
		entries, err := fs.ReadDir(fsys, ".")
		if err != nil {
			return nil, fault.NotFound.Wrap(err, "读不到证照类型目录")
		}
		for _, e := range entries {
			if e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	var kinds []*Kind
	for _, name := range names {
		folder, err := fs.Sub(fsys, name)
		if err != nil {
			return nil, fault.NotFound.Wrap(err, "读不到证照类型目录")
		}
		k, err := prepare(name, folder, s.Fonts)
		if err != nil {
			return nil, err
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

func importTx(tx *db.Tx, k *Kind, state State) (Imported, error) {
	digest := digestOf(k.source)
	last, err := newest(tx, k.Name)
	if err != nil {
		return Imported{}, err
	}
	if last != nil && last.State == state && string(last.digest) == string(digest[:]) {
		return Imported{k.Name, k.Title, last.Version, false}, nil
	}
	other, err := rival(tx, k.Name, k.Code.String(), k.Title)
	if err != nil {
		return Imported{}, err
	}
	if other != nil {
		return Imported{}, fault.Conflict.New("目录里已有名称或代码相同的证照类型“%s”（%s）", other.Title, other.Name).
			WithCode("catalogue.duplicate").WithHint("同一类型全省统一名称、代码和照面；请改用已有类型，或先停用它")
	}
	r := &row{Record: Record{
		Name: k.Name, Version: 1, Code: k.Code.String(), Title: k.Title, Category: string(k.Category), State: state,
		CreatedAt: tx.Now(), CreatedBy: audit.ActorFrom(tx.Context()).Account,
	}, digest: digest[:], files: k.source}
	entry := audit.Entry{Action: "catalogue.import", Object: "catalogue/" + k.Name, After: digest}
	if last != nil {
		r.Version, r.Org, r.Manager = last.Version+1, last.Org, last.Manager
		copy(entry.Before[:], last.digest)
	}
	if state != Drafted {
		at := tx.Now()
		r.PublishedAt = &at
	}
	if err := insert(tx, r); err != nil {
		return Imported{}, err
	}
	return Imported{k.Name, k.Title, r.Version, true}, audit.Put(tx, entry)
}

// KindTx finds the newest published version of a kind by its name or code. The
// Kind is shared and must not be changed.
func (s *Service) KindTx(tx *db.Tx, ref string) (*Kind, error) {
	e, err := current(tx, ref)
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, fault.NotFound.New("目录里没有这个证照类型，或尚未发布").WithCode("catalogue.kind").
			WithHint("可用的类型见 GET /api/v1/kinds；kind 写名称（name）或 21 位类型代码（code）")
	}
	return s.VersionTx(tx, e.name, e.version)
}

// VersionTx finds one version of a kind, in whatever state.
func (s *Service) VersionTx(tx *db.Tx, name string, n int) (*Kind, error) {
	return s.kinds.get(edition{name, n}, func() (*Kind, error) {
		r, err := version(tx, name, n)
		if err != nil {
			return nil, err
		}
		if r == nil {
			return nil, fault.NotFound.New("目录里没有这个证照类型的这一版").WithCode("catalogue.kind").WithHint("请在目录中核对名称和版本")
		}
		k, err := parse(r.Name, r.files)
		if err != nil {
			return nil, fmt.Errorf("catalogue: reading kind %s version %d: %w", name, n, err)
		}
		k.Version = n
		return k, nil
	})
}

// Face is the compiled face of a kind; one of the catalogue is compiled once.
func (s *Service) Face(k *Kind) (*face.Face, error) {
	if k.Version == 0 {
		return Compile(k, s.Fonts)
	}
	return s.faces.get(edition{k.Name, k.Version}, func() (*face.Face, error) { return Compile(k, s.Fonts) })
}

// Get is [Service.KindTx] in a transaction of its own.
func (s *Service) Get(ctx context.Context, ref string) (k *Kind, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		k, err = s.KindTx(tx, ref)
		return err
	})
	return k, err
}

// Version is [Service.VersionTx] in a transaction of its own, where it needs one.
func (s *Service) Version(ctx context.Context, name string, n int) (k *Kind, err error) {
	if k, ok := s.kinds.m.Load(edition{name, n}); ok {
		return k.(*Kind), nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		k, err = s.VersionTx(tx, name, n)
		return err
	})
	return k, err
}

// most is more kinds than any catalogue has.
const most = 10000

// Published lists the newest published version of each kind, by name.
func (s *Service) Published(ctx context.Context) ([]*Kind, error) { return s.List(ctx, "", most) }

// List is at most n of Published, after a name.
func (s *Service) List(ctx context.Context, after string, n int) (found []*Kind, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		editions, err := list(tx, after, n)
		if err != nil {
			return err
		}
		found = make([]*Kind, 0, len(editions))
		for _, e := range editions {
			k, err := s.VersionTx(tx, e.name, e.version)
			if err != nil {
				return err
			}
			found = append(found, k)
		}
		return nil
	})
	return found, err
}

// History lists all versions of a kind, the newest first.
func (s *Service) History(ctx context.Context, name string) (records []Record, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error {
		records, err = history(tx, name)
		return err
	})
	return records, err
}

// ImportDraft puts one kind into the catalogue as a draft that nobody can use
// until it is published.
func (s *Service) ImportDraft(ctx context.Context, name string, folder fs.FS) (did Imported, err error) {
	k, err := prepare(name, folder, s.Fonts)
	if err != nil {
		return did, err
	}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		did, err = importTx(tx, k, Drafted)
		return err
	})
	return did, err
}

// Publish makes a draft the version that certificates are made of.
func (s *Service) Publish(ctx context.Context, name string, n int) error {
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := publish(tx, name, n); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "catalogue.publish", Object: "catalogue/" + name})
	})
}

// Disable ends the making of certificates of a kind.
func (s *Service) Disable(ctx context.Context, name, reason string) error {
	if reason == "" {
		return fault.Invalid.New("停用证照类型要写明理由").WithField("reason", "required", "理由必填")
	}
	return s.DB.Write(ctx, func(tx *db.Tx) error {
		if err := disable(tx, name); err != nil {
			return err
		}
		return audit.Put(tx, audit.Entry{Action: "catalogue.disable", Object: "catalogue/" + name, Reason: reason})
	})
}
