package ferry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sidian/gm"
	"sidian/internal/audit"
	"sidian/internal/db"
	"sidian/internal/fault"
)

// A Taken is what became of a file.
type Taken struct {
	Seq     int64 `json:"seq"`
	Records int   `json:"records"`
	Before  bool  `json:"before" doc:"此前已经收过"`
}

// In takes a file in, whole or not at all. One that was taken before changes
// nothing.
func (s *Service) In(ctx context.Context, file []byte) (t Taken, err error) {
	c, digest, err := s.open(file)
	if err != nil {
		return t, s.refuse(ctx, digest, err)
	}
	t = Taken{Seq: c.Seq, Records: len(c.Records)}
	err = s.DB.Write(ctx, func(tx *db.Tx) error {
		t.Before = false
		last, err := lastIn(tx)
		if err != nil {
			return err
		}
		switch {
		case c.Seq <= last.seq:
			was, err := digestIn(tx, c.Seq)
			if err != nil || was == digest {
				t.Before = true
				return err
			}
			return fault.Conflict.New("第 %d 号摆渡文件有两份不同的，拒收", c.Seq).WithCode("ferry.forked").
				WithHint("请停止摆渡，核对两区的记录和文件来源")
		case c.Seq > last.seq+1:
			return fault.Conflict.New("缺少第 %d 到 %d 号摆渡文件", last.seq+1, c.Seq-1).WithCode("ferry.gap").WithHint("请按编号顺序导入；缺少的请从另一区重新导出")
		case c.Seq > 1 && c.Previous != hexOf(last.digest):
			return fault.Conflict.New("第 %d 号摆渡文件与此前的不相连", c.Seq).WithCode("ferry.forked").WithHint("请停止摆渡，核对两区的记录和文件来源")
		}
		for _, r := range c.Records {
			if err := s.take(tx, c.Seq, r); err != nil {
				return err
			}
		}
		if err := insertIn(tx, c.Seq, digest, len(c.Records), c.MadeAt); err != nil {
			return err
		}
		s.at("taken")
		return audit.Put(tx, audit.Entry{Action: "ferry.in", Object: fmt.Sprintf("ferry/%s/%d", s.Peer, c.Seq), After: digest})
	})
	if err != nil {
		return t, s.refuse(ctx, digest, err)
	}
	return t, nil
}

func (s *Service) take(tx *db.Tx, seq int64, r Record) error {
	if err := putRecord(tx, seq, r); err != nil {
		return err
	}
	if s.Taken == nil {
		return nil
	}
	return s.Taken(tx, r)
}

// refuse writes down what was refused for what it is, and not for its order.
func (s *Service) refuse(ctx context.Context, digest gm.Digest, why error) error {
	e := fault.As(why)
	if e == nil || e.Code == "ferry.gap" {
		return why
	}
	return errors.Join(why, s.DB.Write(ctx, func(tx *db.Tx) error {
		return audit.Put(tx, audit.Entry{Action: "ferry.in", Object: "ferry/" + s.Peer, Reason: e.Code, Result: audit.Refused, After: digest})
	}))
}

// InDir takes in the files of a directory, in their order, and stops at the
// first that cannot be taken.
func (s *Service) InDir(ctx context.Context, dir string) (taken []Taken, err error) {
	names, err := filepath.Glob(filepath.Join(dir, "sidian-ferry-"+s.Peer+"-*.p7"))
	if err != nil {
		return nil, err
	}
	for _, name := range names { // Glob sorts, and numbers have ten digits
		if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() || info.Size() > MaxFile {
			return taken, errors.Join(err, fault.Invalid.New("%s 不是摆渡文件", filepath.Base(name)).WithCode("ferry.format"))
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return taken, fmt.Errorf("ferry: reading a file: %w", err)
		}
		t, err := s.In(ctx, b)
		if err != nil {
			return taken, err
		}
		taken = append(taken, t)
	}
	return taken, nil
}

// A Neighbour is a record of the other zone as it was last told.
type Neighbour struct {
	Object string          `json:"object"`
	Name   string          `json:"name"`
	Body   json.RawMessage `json:"body"`
	Taken  time.Time       `json:"taken_at" doc:"何时摆渡到本区"`
}

// Neighbour returns what the other zone told of an object.
func (s *Service) Neighbour(ctx context.Context, kind, object string) (n *Neighbour, err error) {
	err = s.DB.Read(ctx, func(tx *db.Tx) error { n, err = record(tx, kind, object); return err })
	return n, err
}

// Neighbours finds records by the beginning of their name.
func (s *Service) Neighbours(ctx context.Context, kind, name string, limit int) (out []*Neighbour, err error) {
	if name = strings.TrimSpace(name); name == "" {
		return nil, nil
	}
	err = s.DB.Read(ctx, func(tx *db.Tx) error { out, err = recordsNamed(tx, kind, name, limit); return err })
	return out, err
}
